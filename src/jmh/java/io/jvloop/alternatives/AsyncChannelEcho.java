package io.jvloop.alternatives;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * An echo server on the JDK's asynchronous channels (NIO.2). It asks what completions cost against readiness:
 * each connection needs a buffer of its own while it waits, and on Linux the JDK arms epoll anew for every
 * read that does not succeed at once.
 *
 * <p>One thread serves all, as in an event loop.
 */
public final class AsyncChannelEcho {
    private static final int BUFFER_BYTES = 256 * 1024;

    private AsyncChannelEcho() {
    }

    /** Says where it listens and serves for ever. */
    public static void main(String... arguments) throws IOException, InterruptedException {
        AsynchronousChannelGroup group =
                AsynchronousChannelGroup.withFixedThreadPool(1, Executors.defaultThreadFactory());
        AsynchronousServerSocketChannel listener = AsynchronousServerSocketChannel.open(group);
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        System.out.println("listening on " + List.of(listener.getLocalAddress()));
        listener.accept(null, new Accepting(listener));
        group.awaitTermination(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
    }

    /** Starts a session for each connection. */
    private static final class Accepting implements CompletionHandler<AsynchronousSocketChannel, Void> {
        private final AsynchronousServerSocketChannel listener;

        Accepting(AsynchronousServerSocketChannel listener) {
            this.listener = listener;
        }

        @Override
        public void completed(AsynchronousSocketChannel client, Void nothing) {
            listener.accept(null, this);
            try {
                client.setOption(StandardSocketOptions.TCP_NODELAY, true);
                new Session(client).read();
            } catch (IOException e) {
                failed(e, nothing);
            }
        }

        @Override
        public void failed(Throwable cause, Void nothing) {
            cause.printStackTrace();
        }
    }

    /** One connection, which either reads or writes. */
    private static final class Session implements CompletionHandler<Integer, Void> {
        private final AsynchronousSocketChannel client;
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
        private boolean reading;

        Session(AsynchronousSocketChannel client) {
            this.client = client;
        }

        void read() {
            reading = true;
            client.read(buffer.clear(), null, this);
        }

        @Override
        public void completed(Integer count, Void nothing) {
            if (count < 0) {
                close();
            } else if (reading) {
                reading = false;
                client.write(buffer.flip(), null, this);
            } else if (buffer.hasRemaining()) {
                client.write(buffer, null, this);
            } else {
                read();
            }
        }

        @Override
        public void failed(Throwable cause, Void nothing) {
            close(); // the client has gone
        }

        private void close() {
            try {
                client.close();
            } catch (IOException e) {
                e.printStackTrace();
            }
        }
    }
}
