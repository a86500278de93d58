package io.jvloop.transport;

import io.jvloop.support.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * An address that neither accepts nor refuses: a listening socket whose backlog is full, so that the kernel
 * ignores whoever knocks.
 */
final class BlackHole implements AutoCloseable {
    private static final int MOST_FILLERS = 100;
    private static final long LOOPBACK_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

    private final ServerSocket server;
    private final List<SocketChannel> fillers = new ArrayList<>();

    private BlackHole(ServerSocket server) {
        this.server = server;
    }

    /** One on the loopback address; the test is skipped where backlogs do not work that way. */
    static BlackHole open() {
        return open(InetAddress.getLoopbackAddress());
    }

    static BlackHole open(InetAddress address) {
        try {
            BlackHole hole = new BlackHole(new ServerSocket(0, 1, address));
            boolean full = hole.fill();
            if (!full) {
                hole.close();
            }
            Assumptions.assumeTrue(full, "this system accepts more connections than the backlog allows");
            return hole;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Connects until one is not answered. */
    private boolean fill() throws IOException {
        while (fillers.size() < MOST_FILLERS) {
            SocketChannel filler = SocketChannel.open();
            fillers.add(filler);
            filler.configureBlocking(false);
            if (!filler.connect(address()) && !Await.within(LOOPBACK_NANOS, () -> isConnected(filler))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isConnected(SocketChannel channel) {
        try {
            return channel.finishConnect();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    InetSocketAddress address() {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    @Override
    public void close() {
        try {
            for (SocketChannel filler : fillers) {
                filler.close();
            }
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
