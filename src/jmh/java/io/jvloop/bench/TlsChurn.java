package io.jvloop.bench;

import com.sun.management.UnixOperatingSystemMXBean;
import io.jvloop.loop.EventLoop;
import io.jvloop.loop.LoopStats;
import io.jvloop.tls.SelfSigned;
import io.jvloop.tls.Tls;
import io.jvloop.tls.TlsConfig;
import io.jvloop.tls.TlsFactory;
import io.jvloop.transport.Net;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Server;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLContext;

/**
 * A hundred thousand TLS connections that come and go, both ends on one loop: resumed and full handshakes,
 * ended by close and by abort, clients that do not trust the server and clients that give up. What is in use
 * after each round must not grow.
 */
public final class TlsChurn {
    private static final int CONNECTIONS = 100_000;
    private static final int ROUNDS = 10;
    private static final int AT_ONCE = 32;
    private static final int SESSIONS = 100;
    private static final int COLLECTIONS = 3;
    private static final double MIB = 1024 * 1024;

    /** How a connection ends. */
    private enum End {
        CLOSED, ABORTED, NOT_TRUSTED, CANCELLED
    }

    private static final End[] MIX = {End.CLOSED, End.CLOSED, End.ABORTED, End.CLOSED, End.CLOSED, End.CLOSED,
        End.NOT_TRUSTED, End.CLOSED, End.CANCELLED, End.CLOSED};

    private final EventLoop loop = EventLoop.create();
    private final SelfSigned certificate = SelfSigned.of("localhost");
    private final SSLContext stranger = SelfSigned.of("localhost").clientContext();
    private final TlsConfig config = TlsConfig.DEFAULT.withInlineTasks();
    private final Server server;
    private int begun;
    private int ended;
    private CompletableFuture<Void> round;

    private TlsChurn() throws IOException {
        certificate.context().getServerSessionContext().setSessionCacheSize(SESSIONS);
        certificate.clientContext().getClientSessionContext().setSessionCacheSize(SESSIONS);
        server = Net.listen(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                Tls.server(certificate.context(), Echo::new, config));
    }

    /**
     * Prints a line for each round.
     *
     * @param arguments how many connections in all; a hundred thousand without
     * @throws IOException if a socket fails
     */
    public static void main(String... arguments) throws IOException {
        int each = (arguments.length > 0 ? Integer.parseInt(arguments[0]) : CONNECTIONS) / ROUNDS;
        TlsChurn churn = new TlsChurn();
        for (int i = 1; i <= ROUNDS; i++) {
            churn.round(i, each);
        }
        churn.server.close();
        churn.loop.close();
    }

    private void round(int number, int connections) {
        begun = 0;
        ended = 0;
        round = new CompletableFuture<>();
        long start = System.nanoTime();
        for (int i = 0; i < AT_ONCE; i++) {
            loop.callSoon(() -> next(connections));
        }
        loop.runUntilComplete(round);
        double seconds = (System.nanoTime() - start) / 1e9;
        while (server.activeConnections() > 0) {
            loop.runUntilComplete(loop.runInExecutor(() -> null));
        }
        print(number, connections / seconds);
    }

    private void next(int connections) {
        if (begun < connections) {
            connect(MIX[begun % MIX.length], begun++ % 2 == 0, connections);
        }
    }

    private void connect(End end, boolean resume, int connections) {
        Runnable over = () -> {
            if (++ended == connections) {
                round.complete(null);
            }
            next(connections);
        };
        SSLContext trusted = end == End.NOT_TRUSTED ? stranger : certificate.clientContext();
        TlsFactory factory = Tls.client(trusted, "localhost", () -> new Guest(end, over),
                config.withSessionResumption(resume));
        CompletableFuture<Transport> ready =
                Tls.handshake(Net.connect(loop, server.addresses().get(0), factory));
        ready.whenComplete((transport, failure) -> {
            if (failure != null) {
                loop.callSoon(over);
            }
        });
        if (end == End.CANCELLED) {
            loop.callSoon(() -> ready.cancel(false));
        }
    }

    private void print(int number, double perSecond) {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        Runtime runtime = Runtime.getRuntime();
        long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct")).mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
        LoopStats stats = loop.stats();
        System.out.printf(Locale.ROOT, "round %2d: %,6.0f connections/s, heap %.1f MiB, direct %.1f MiB, "
                + "%d timers, %d buffers, %d channels, %d descriptors%n", number, perSecond,
                (runtime.totalMemory() - runtime.freeMemory()) / MIB, direct / MIB, stats.timers(),
                stats.buffers(), stats.channels(), descriptors());
    }

    private static long descriptors() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
                ? system.getOpenFileDescriptorCount()
                : -1;
    }

    private static final class Echo implements Protocol {
        private Transport transport;

        @Override
        public void connectionMade(Transport opened) {
            transport = opened;
        }

        @Override
        public void dataReceived(ByteBuffer data) {
            transport.write(data);
        }
    }

    private static final class Guest implements Protocol {
        private final End end;
        private final Runnable over;
        private Transport transport;

        Guest(End end, Runnable over) {
            this.end = end;
            this.over = over;
        }

        @Override
        public void connectionMade(Transport opened) {
            transport = opened;
            opened.write(ByteBuffer.wrap(new byte[100]));
        }

        @Override
        public void dataReceived(ByteBuffer data) {
            if (end == End.ABORTED) {
                transport.abort();
            } else {
                transport.close();
            }
        }

        @Override
        public void connectionLost(Throwable cause) {
            if (end != End.CANCELLED) {
                over.run();
            }
        }
    }
}
