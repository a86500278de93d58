package io.jvloop.bench;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/**
 * Clients of an echo server, all in one thread. Each sends a message, waits until all of it has come back,
 * checks it, and sends the next: a closed loop, in which a slower server gets less to do, never a backlog.
 */
final class EchoLoad implements Closeable {
    /** A server that has not said anything for so long never will. */
    private static final int PATIENCE_MILLIS = 10_000;

    /** No power of two, so that a piece that is missing or doubled shows. */
    private static final int PATTERN = 23;

    private final int bytes;
    private final Selector selector = Selector.open();
    private final ByteBuffer content;
    private final ByteBuffer received = ByteBuffer.allocateDirect(256 * 1024);
    private long messages;

    /** Connects, and sends the first message on each connection. */
    EchoLoad(SocketAddress server, int connections, int bytes) throws IOException {
        this.bytes = bytes;
        content = ByteBuffer.allocateDirect(bytes);
        for (int i = 0; i < bytes; i++) {
            content.put(i, expected(i));
        }
        for (int i = 0; i < connections; i++) {
            new Client(server).send();
        }
    }

    /** How many messages came back in the time it really took. */
    record Count(long messages, long nanos) {
    }

    /** Lets the clients go on for so long. */
    Count run(long nanos) throws IOException {
        messages = 0;
        long start = System.nanoTime();
        long now;
        do {
            if (selector.select(EchoLoad::ready, PATIENCE_MILLIS) == 0) {
                throw new IOException("no answer within " + PATIENCE_MILLIS + " ms");
            }
            now = System.nanoTime();
        } while (now - start < nanos);
        return new Count(messages, now - start);
    }

    private static void ready(SelectionKey key) {
        try {
            ((Client) key.attachment()).ready(key.readyOps());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte expected(int index) {
        return (byte) ('a' + index % PATTERN);
    }

    @Override
    public void close() throws IOException {
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }

    /** One connection. */
    private final class Client {
        private final SocketChannel channel;
        private final SelectionKey key;
        private final ByteBuffer out = content.duplicate();
        private int back; // so many bytes of the message have come back

        Client(SocketAddress server) throws IOException {
            channel = SocketChannel.open(server);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            key = channel.register(selector, SelectionKey.OP_READ, this);
        }

        void ready(int ops) throws IOException {
            if ((ops & SelectionKey.OP_WRITE) != 0) {
                send();
            }
            if ((ops & SelectionKey.OP_READ) != 0) {
                receive();
            }
        }

        void send() throws IOException {
            channel.write(out);
            int ops =
                    out.hasRemaining() ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ;
            if (key.interestOps() != ops) {
                key.interestOps(ops);
            }
        }

        private void receive() throws IOException {
            received.clear().limit(Math.min(received.capacity(), bytes - back));
            int count = channel.read(received);
            if (count < 0) {
                throw new EOFException("the server closed a connection");
            }
            if (count == 0) {
                return;
            }
            check(0, back);
            check(count - 1, back + count - 1);
            back += count;
            if (back == bytes) {
                messages++;
                back = 0;
                out.rewind();
                send();
            }
        }

        private void check(int at, int index) throws IOException {
            if (received.get(at) != expected(index)) {
                throw new IOException("byte " + index + " of a message came back changed");
            }
        }
    }
}
