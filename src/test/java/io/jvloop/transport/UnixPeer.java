package io.jvloop.transport;

import io.jvloop.support.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The other end of a UNIX connection under test: plain blocking calls, independent of the code under test.
 */
final class UnixPeer implements AutoCloseable {
    private final SocketChannel channel;

    private UnixPeer(SocketChannel channel) {
        this.channel = channel;
    }

    /** A blocking step; its failure is a failure of the test. */
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

    static UnixPeer connect(Path path) {
        return now(() -> new UnixPeer(SocketChannel.open(UnixDomainSocketAddress.of(path))));
    }

    /** Binds a listening socket that holds this many connections nobody accepts. */
    static ServerSocketChannel listen(Path path, int backlog) {
        return now(() -> {
            ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            return server.bind(UnixDomainSocketAddress.of(path), backlog);
        });
    }

    /** Leaves a socket file behind that nobody serves. */
    static void leaveStaleFile(Path path) {
        now(() -> {
            listen(path, 1).close();
            return null;
        });
    }

    static UnixPeer accept(ServerSocketChannel server) {
        return Await.result(Peer.background(() -> new UnixPeer(server.accept())));
    }

    UnixPeer send(String text) {
        return now(() -> {
            ByteBuffer bytes = StandardCharsets.ISO_8859_1.encode(text);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            return this;
        });
    }

    /** So many bytes, or fewer if the end comes before. */
    String read(int count) {
        return Await.result(Peer.background(() -> {
            ByteBuffer bytes = ByteBuffer.allocate(count);
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                continue;
            }
            return StandardCharsets.ISO_8859_1.decode(bytes.flip()).toString();
        }));
    }

    /** Up to the next line feed, which is not part of it. */
    String readLine() {
        StringBuilder line = new StringBuilder();
        for (String next; !(next = read(1)).equals("\n");) {
            line.append(next);
        }
        return line.toString();
    }

    UnixPeer end() {
        return now(() -> {
            channel.shutdownOutput();
            return this;
        });
    }

    @Override
    public void close() {
        now(() -> {
            channel.close();
            return null;
        });
    }
}
