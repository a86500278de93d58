package io.jvloop.transport;

import io.jvloop.support.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** The other end of an endpoint under test: a plain blocking socket, independent of the code under test. */
final class DatagramPeer implements AutoCloseable {
    private static final int PATIENCE_MILLIS = (int) TimeUnit.SECONDS.toMillis(Await.PATIENCE_SECONDS);
    private static final int LARGEST = 65_536;

    private final DatagramSocket socket;

    private DatagramPeer(DatagramSocket socket) {
        this.socket = socket;
    }

    /** A datagram that has arrived. */
    record Received(byte[] bytes, InetSocketAddress from) {
        String text() {
            return new String(bytes, StandardCharsets.ISO_8859_1);
        }
    }

    /** On a free port of the IPv4 loopback address. */
    static DatagramPeer open() {
        return open("127.0.0.1", 0);
    }

    static DatagramPeer open(String host, int port) {
        try {
            DatagramSocket socket = new DatagramSocket(new InetSocketAddress(host, port));
            socket.setSoTimeout(PATIENCE_MILLIS);
            return new DatagramPeer(socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    InetSocketAddress address() {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    DatagramPeer send(String text, InetSocketAddress to) {
        return send(text.getBytes(StandardCharsets.ISO_8859_1), to);
    }

    /** The wildcard stands for the loopback address. */
    DatagramPeer send(byte[] bytes, InetSocketAddress to) {
        InetAddress host = to.getAddress().isAnyLocalAddress() ? socket.getLocalAddress() : to.getAddress();
        try {
            socket.send(new DatagramPacket(bytes, bytes.length, host, to.getPort()));
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for a datagram. */
    Received receive() {
        try {
            DatagramPacket packet = new DatagramPacket(new byte[LARGEST], LARGEST);
            socket.receive(packet);
            return new Received(Arrays.copyOf(packet.getData(), packet.getLength()),
                    (InetSocketAddress) packet.getSocketAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
