package io.jvloop.examples;

import io.jvloop.loop.EventLoop;
import io.jvloop.transport.DatagramProtocol;
import io.jvloop.transport.DatagramTransport;
import io.jvloop.transport.Net;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/** Sends each datagram back to where it came from; who cannot be answered is no trouble. */
final class UdpEcho implements DatagramProtocol {
    private DatagramTransport transport;

    @Override
    public void connectionMade(DatagramTransport made) { transport = made; }

    @Override
    public void datagramReceived(ByteBuffer data, InetSocketAddress sender) {
        transport.sendTo(data, sender);
    }

    @Override
    public void pauseWriting() { transport.pauseReading(); }

    @Override
    public void resumeWriting() { transport.resumeReading(); }

    static void serve(InetSocketAddress address) throws IOException {
        try (EventLoop loop = EventLoop.create()) {
            var endpoint = Net.bind(loop, address, UdpEcho::new);
            System.out.println("receiving on " + endpoint.localAddress());
            loop.runForever();
        }
    }
}
