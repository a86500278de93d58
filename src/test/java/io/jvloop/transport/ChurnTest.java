package io.jvloop.transport;

import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.LoopStats;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Thousands of short connections; descriptors and buffers are counted by the extension as well. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class ChurnTest {
    private static final int TIMES = 2_000;
    private static final int SAMPLE_EVERY = 100;

    /** Of some of the connections. */
    private final List<WeakReference<Object>> remains = new CopyOnWriteArrayList<>();

    @Test
    @Contract(section = TRANSPORT,
            value = "Nothing is left of a connection that is over: no descriptor, key, "
                    + "buffer, timer, thread or object")
    void nothingIsLeftOfAcceptedConnections(EventLoop loop) throws IOException {
        int[] number = {0};
        Server server = Net.listen(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                () -> new ShortEcho(number[0]++ % SAMPLE_EVERY == 0 ? remains : null));
        SocketAddress address = server.addresses().get(0);
        int threads = Thread.activeCount();
        try (LoopThread thread = LoopThread.start(loop)) {
            for (int i = 0; i < TIMES; i++) {
                try (Peer peer = Peer.connect(address)) {
                    peer.send("message");
                    assertThat(peer.readText(7)).isEqualTo("message");
                    if (i % 3 == 0) {
                        peer.reset();
                    } else if (i % 3 == 1) {
                        peer.end().drain();
                    }
                }
            }
            Await.until("the end of all", () -> thread.call(server::activeConnections) == 0);
            assertNothingLeft(thread.call(loop::stats), 1);
            assertThat(Thread.activeCount()).isLessThanOrEqualTo(threads + 1);
            assertCollected();
            thread.run(server::close);
        }
        assertThat(number[0]).isEqualTo(TIMES);
    }

    @Test
    void nothingIsLeftOfOutgoingConnections(EventLoop loop) throws IOException {
        try (ServerSocket server = Peer.listen();
                LoopThread thread = LoopThread.start(loop)) {
            InetSocketAddress address = (InetSocketAddress) server.getLocalSocketAddress();
            CompletableFuture<Void> serving = Peer.background(() -> {
                for (int i = 0; i < TIMES; i++) {
                    try (Peer peer = Peer.accept(server)) {
                        assertThat(peer.readText(5)).isEqualTo("hello");
                        peer.send("x");
                    }
                }
                return null;
            });
            for (int i = 0; i < TIMES; i++) {
                List<WeakReference<Object>> sample = i % SAMPLE_EVERY == 0 ? remains : null;
                CompletableFuture<Void> over = new CompletableFuture<>();
                thread.post(() -> Net.connect(loop, address, () -> new Greeter(sample, over)));
                Await.result(over);
            }
            Await.result(serving);
            assertNothingLeft(thread.call(loop::stats), 0);
            assertCollected();
        }
    }

    private static void assertNothingLeft(LoopStats stats, int servers) {
        assertThat(stats.channels()).isEqualTo(servers);
        assertThat(stats.buffers()).isZero();
        assertThat(stats.timers()).isZero();
    }

    private void assertCollected() {
        assertThat(remains).hasSize(2 * TIMES / SAMPLE_EVERY);
        Await.collected(remains);
    }

    private static void sample(List<WeakReference<Object>> sample, Object... objects) {
        if (sample != null) {
            for (Object object : objects) {
                sample.add(new WeakReference<>(object));
            }
        }
    }

    private static final class ShortEcho implements Protocol {
        private final List<WeakReference<Object>> sample;
        private Transport transport;

        ShortEcho(List<WeakReference<Object>> sample) {
            this.sample = sample;
        }

        @Override
        public void connectionMade(Transport opened) {
            transport = opened;
            sample(sample, this, opened);
        }

        @Override
        public void dataReceived(ByteBuffer data) {
            transport.write(data);
        }
    }

    private static final class Greeter implements Protocol {
        private final List<WeakReference<Object>> sample;
        private final CompletableFuture<Void> over;

        Greeter(List<WeakReference<Object>> sample, CompletableFuture<Void> over) {
            this.sample = sample;
            this.over = over;
        }

        @Override
        public void connectionMade(Transport opened) {
            sample(sample, this, opened);
            opened.write(Bytes.heap("hello"));
        }

        @Override
        public void connectionLost(Throwable cause) {
            over.complete(null);
        }
    }
}
