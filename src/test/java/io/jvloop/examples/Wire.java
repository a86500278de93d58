package io.jvloop.examples;

import io.jvloop.support.Await;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/** A client or a backend of the examples: plain blocking calls, TCP or UNIX. */
final class Wire implements AutoCloseable {
    /** Small enough that the kernel is soon full. */
    static final int NARROW_BYTES = 8 * 1024;

    private static final int PIECE_BYTES = 64 * 1024;
    private static final int BACKLOG = 1024;

    private final SocketChannel channel;

    private Wire(SocketChannel channel) {
        this.channel = channel;
    }

    /** A blocking step; its failure is a failure of the test, unless the test expects it. */
    private interface Step<T> {
        T run() throws IOException;
    }

    private static <T> T now(Step<T> step) {
        try {
            return step.run();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A free TCP port of the loopback interface, or a path in the folder. */
    static SocketAddress anyAddress(String family, Path folder, String name) {
        return family.equals("unix") ? UnixDomainSocketAddress.of(folder.resolve(name))
                : new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    static ServerSocketChannel listen(SocketAddress address) {
        return now(() -> (address instanceof UnixDomainSocketAddress
                ? ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                : ServerSocketChannel.open()).bind(address, BACKLOG));
    }

    static Wire connect(SocketAddress address) {
        return now(() -> new Wire(SocketChannel.open(address)));
    }

    /** With a small receive buffer, so that little is underway when it does not read. */
    static Wire connectNarrow(SocketAddress address) {
        return now(() -> {
            SocketChannel channel = SocketChannel.open();
            channel.setOption(StandardSocketOptions.SO_RCVBUF, NARROW_BYTES);
            channel.connect(address);
            return new Wire(channel);
        });
    }

    static Wire accept(ServerSocketChannel server) {
        return now(() -> new Wire(server.accept()));
    }

    /** Runs a blocking task in a thread of its own. */
    static <T> CompletableFuture<T> background(Callable<T> task) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                result.complete(task.call());
            } catch (Throwable t) { // for whoever waits
                result.completeExceptionally(t);
            }
        }, "wire");
        thread.setDaemon(true);
        thread.start();
        return result;
    }

    Wire send(byte[] bytes) {
        return now(() -> {
            ByteBuffer rest = ByteBuffer.wrap(bytes);
            while (rest.hasRemaining()) {
                channel.write(rest.slice(rest.position(), Math.min(PIECE_BYTES, rest.remaining())));
                rest.position(Math.min(rest.limit(), rest.position() + PIECE_BYTES));
            }
            return this;
        });
    }

    /** Ends its own direction only. */
    Wire end() {
        return now(() -> {
            channel.shutdownOutput();
            return this;
        });
    }

    /** So many bytes; an earlier end is a failure. */
    byte[] read(int count) {
        return now(() -> {
            ByteBuffer bytes = ByteBuffer.allocate(count);
            while (bytes.hasRemaining()) {
                if (channel.read(bytes) < 0) {
                    throw new IOException("the end came after " + bytes.position() + " of " + count);
                }
            }
            return bytes.array();
        });
    }

    /** Everything to the orderly end, never more than so many bytes at once; a reset is a failure. */
    byte[] readAll(int pieceBytes) {
        return now(() -> {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            ByteBuffer piece = ByteBuffer.allocate(pieceBytes);
            while (channel.read(piece.clear()) >= 0) {
                all.write(piece.array(), 0, piece.position());
            }
            return all.toByteArray();
        });
    }

    byte[] readAll() {
        return readAll(PIECE_BYTES);
    }

    /** Reads to the end, whichever; whether it was a reset. */
    boolean endsWithReset() {
        return Await.result(background(() -> {
            try {
                readAll();
                return false;
            } catch (UncheckedIOException reset) {
                return true;
            }
        }));
    }

    /** Ends the connection with a reset; TCP only. */
    void reset() {
        now(() -> {
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            channel.close();
            return null;
        });
    }

    /** Bytes that look like noise, always the same for the same seed. */
    static byte[] noise(int count, int seed) {
        byte[] bytes = new byte[count];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    @Override
    public void close() {
        now(() -> {
            channel.close();
            return null;
        });
    }
}
