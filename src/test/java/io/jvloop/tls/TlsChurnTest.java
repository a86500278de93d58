package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.LoopStats;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.Descriptors;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.transport.Net;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Server;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Thousands of short connections that end in every way there is: nothing may be left of them. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class TlsChurnTest {
    private static final int ROUNDS = 3;
    private static final int PER_ROUND = 200;
    private static final int AT_ONCE = 16;
    private static final int SAMPLE_EVERY = 50;
    private static final int SESSIONS = 20;

    /** A connection has two engines, of more than 10 KiB each: ten megabytes, if a round left its behind. */
    private static final long TOLERATED_BYTES = 4 * 1024 * 1024;

    private static final Duration SHORT = Duration.ofMillis(20);

    /** How a connection ends. */
    private enum End {
        RESUMED_AND_CLOSED, FULL_AND_CLOSED, ABORTED_AT_ONCE, ABORTED_LATER, NOT_TRUSTED, CANCELLED,
        CANCELLED_LATER, TIMED_OUT
    }

    private static final End[] MIX = {End.RESUMED_AND_CLOSED, End.RESUMED_AND_CLOSED, End.RESUMED_AND_CLOSED,
        End.FULL_AND_CLOSED, End.ABORTED_AT_ONCE, End.ABORTED_LATER, End.NOT_TRUSTED, End.CANCELLED,
        End.CANCELLED_LATER, End.RESUMED_AND_CLOSED};

    private final SelfSigned certificate = SelfSigned.of("localhost");
    private final SSLContext stranger = SelfSigned.of("localhost").clientContext();
    private final AtomicInteger number = new AtomicInteger();
    private final List<WeakReference<Object>> remains = new CopyOnWriteArrayList<>();

    /** What is in use after a round. */
    private record Use(int descriptors, long direct, long heap) {
        static Use now() {
            for (int i = 0; i < 2; i++) {
                Await.collected(List.of(new WeakReference<>(new Object())));
            }
            long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                    .filter(pool -> pool.getName().equals("direct")).findFirst().orElseThrow()
                    .getMemoryUsed();
            Runtime runtime = Runtime.getRuntime();
            return new Use(Descriptors.open(), direct, runtime.totalMemory() - runtime.freeMemory());
        }
    }

    @Test
    @Contract(section = TLS, value = "Nothing is left of a TLS connection that is over, however it ended: no "
            + "descriptor, timer, buffer or object")
    void nothingIsLeftOfConnections(EventLoop loop) throws IOException {
        limitSessions();
        TlsConfig config = TlsConfig.DEFAULT.withInlineTasks();
        Server server = Net.listen(loop, any(), Tls.server(certificate.context(), Echo::new, config));
        SocketAddress address = server.addresses().get(0);
        try (LoopThread thread = LoopThread.start(loop)) {
            round(loop, thread, server, address); // fills pools and caches
            Use before = Use.now();
            for (int i = 1; i < ROUNDS; i++) {
                round(loop, thread, server, address);
            }
            Await.collected(remains);
            Use after = Use.now();
            assertThat(after.descriptors()).isLessThanOrEqualTo(before.descriptors());
            assertThat(after.direct()).isLessThanOrEqualTo(before.direct() + TOLERATED_BYTES);
            assertThat(after.heap()).isLessThanOrEqualTo(before.heap() + TOLERATED_BYTES);
            thread.run(server::close);
        }
        assertThat(remains).hasSizeGreaterThan(ROUNDS * PER_ROUND / SAMPLE_EVERY);
    }

    @Test
    void nothingIsLeftOfClientsWhoseServerSaysNothing(EventLoop loop) throws IOException {
        Server silent = Net.listen(loop, any(), () -> new Protocol() {
        });
        try (LoopThread thread = LoopThread.start(loop)) {
            CountDownLatch over = new CountDownLatch(AT_ONCE);
            thread.run(() -> {
                for (int i = 0; i < AT_ONCE; i++) {
                    connect(loop, silent.addresses().get(0), End.TIMED_OUT, over::countDown);
                }
            });
            Await.latch(over);
            Await.until("the end of all", () -> thread.call(silent::activeConnections) == 0);
            assertNothingLeft(thread.call(loop::stats));
            Await.collected(remains);
            thread.run(silent::close);
        }
    }

    private static InetSocketAddress any() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    /** Else the JDK's caches would grow meanwhile. */
    private void limitSessions() {
        certificate.context().getServerSessionContext().setSessionCacheSize(SESSIONS);
        certificate.clientContext().getClientSessionContext().setSessionCacheSize(SESSIONS);
    }

    private void round(EventLoop loop, LoopThread thread, Server server, SocketAddress address) {
        CountDownLatch over = new CountDownLatch(PER_ROUND);
        int last = number.get() + PER_ROUND;
        thread.run(() -> {
            for (int i = 0; i < AT_ONCE; i++) {
                next(loop, address, last, over);
            }
        });
        Await.latch(over);
        Await.until("the end of all", () -> thread.call(server::activeConnections) == 0);
        Await.until("the last turn", () -> thread.call(loop::stats).channels() == 1);
        assertNothingLeft(thread.call(loop::stats));
    }

    private static void assertNothingLeft(LoopStats stats) {
        assertThat(stats.channels()).isEqualTo(1); // the server
        assertThat(stats.buffers()).isZero();
        assertThat(stats.timers()).isZero();
    }

    private void next(EventLoop loop, SocketAddress address, int last, CountDownLatch over) {
        if (number.get() < last) {
            End end = MIX[number.getAndIncrement() % MIX.length];
            connect(loop, address, end, () -> {
                over.countDown();
                next(loop, address, last, over);
            });
        }
    }

    private void connect(EventLoop loop, SocketAddress address, End end, Runnable then) {
        TlsConfig config = TlsConfig.DEFAULT.withInlineTasks();
        if (end == End.TIMED_OUT) {
            config = config.withHandshakeTimeout(SHORT);
        }
        config = config.withSessionResumption(end == End.RESUMED_AND_CLOSED);
        SSLContext trusted = end == End.NOT_TRUSTED ? stranger : certificate.clientContext();
        Guest guest = new Guest(end, then);
        TlsFactory factory = Tls.client(trusted, "localhost", () -> guest, config);
        CompletableFuture<Transport> connecting = Net.connect(loop, address, () -> {
            Protocol layer = factory.get();
            sample(layer, guest);
            return layer;
        });
        CompletableFuture<Transport> ready = Tls.handshake(connecting);
        ready.whenComplete((transport, failure) -> {
            if (failure != null) {
                loop.callSoon(then);
            }
        });
        switch (end) {
            case CANCELLED -> loop.callSoon(() -> ready.cancel(false));
            case CANCELLED_LATER -> connecting.thenAccept(below -> loop.callSoon(() -> ready.cancel(false)));
            default -> {}
        }
    }

    private void sample(Object... objects) {
        if (number.get() % SAMPLE_EVERY < MIX.length) {
            for (Object object : objects) {
                remains.add(new WeakReference<>(object));
            }
        }
    }

    private final class Echo implements Protocol {
        private Transport transport;

        @Override
        public void connectionMade(Transport opened) {
            transport = opened;
            sample(this, opened);
        }

        @Override
        public void dataReceived(ByteBuffer data) {
            transport.write(data);
        }
    }

    private final class Guest implements Protocol {
        private final End end;
        private final Runnable then;
        private Transport transport;

        Guest(End end, Runnable then) {
            this.end = end;
            this.then = then;
        }

        @Override
        public void connectionMade(Transport opened) {
            transport = opened;
            sample(opened);
            if (end == End.ABORTED_AT_ONCE) {
                opened.abort();
            } else {
                opened.write(ByteBuffer.wrap(new byte[10]));
            }
        }

        @Override
        public void dataReceived(ByteBuffer data) {
            if (end == End.ABORTED_LATER) {
                transport.abort();
            } else {
                transport.close();
            }
        }

        @Override
        public void connectionLost(Throwable cause) {
            if (end != End.CANCELLED && end != End.CANCELLED_LATER) {
                then.run();
            }
        }
    }
}
