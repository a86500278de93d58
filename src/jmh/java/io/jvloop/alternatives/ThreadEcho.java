package io.jvloop.alternatives;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.function.Consumer;

/**
 * An echo server with a thread for each connection, which blocks: the simplest program there is. It asks what
 * waking a thread for each message costs, against serving all that are ready from one.
 *
 * <p>Each connection has a buffer as large as the one that jvloop has for all.
 */
public final class ThreadEcho {
    private static final int BUFFER_BYTES = 256 * 1024;

    private ThreadEcho() {
    }

    /** Says where it listens and serves for ever. */
    public static void main(String... arguments) throws IOException {
        serve(session -> new Thread(session).start());
    }

    /** Serves for ever, each connection in what the starter makes of it. */
    static void serve(Consumer<Runnable> starter) throws IOException {
        try (ServerSocketChannel listener = ServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            System.out.println("listening on " + List.of(listener.getLocalAddress()));
            while (true) {
                SocketChannel client = listener.accept();
                client.setOption(StandardSocketOptions.TCP_NODELAY, true);
                starter.accept(() -> echo(client));
            }
        }
    }

    private static void echo(SocketChannel client) {
        try (client) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
            while (client.read(buffer) >= 0) {
                client.write(buffer.flip()); // blocks until all is written
                buffer.clear();
            }
        } catch (IOException e) {
            // the client has gone
        }
    }
}
