package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.UnixOperatingSystemMXBean;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.transport.Net;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Server;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The buffers of idle TLS connections; their heap is measured by the benchmark TlsIdle. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class TlsIdleConnectionsTest {
    private static final int WANTED = 10_000;
    private static final int LEAST = 500;
    private static final int SPARE_DESCRIPTORS = 300;
    private static final int AT_ONCE = 32;

    private final List<Transport> clients = new ArrayList<>();
    private int begun;

    @Test
    @Contract(section = TLS,
            value = "An idle TLS connection holds no buffer, were there ten thousand of them")
    void idleConnectionsHoldNoBuffer(EventLoop loop) throws IOException {
        SelfSigned certificate = SelfSigned.of("localhost");
        int count = connections();
        // resumed sessions of 1.2 are quick: they need no key exchange
        TlsConfig quick = TlsConfig.DEFAULT.withInlineTasks().withProtocols("TLSv1.2");
        Server server = Net.listen(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                Tls.server(certificate.context(), Idle::new, quick));
        CountDownLatch answered = new CountDownLatch(count);
        TlsFactory client =
                Tls.client(certificate.clientContext(), "localhost", () -> new Asker(answered), quick);
        try (LoopThread thread = LoopThread.start(loop)) {
            thread.run(() -> {
                for (int i = 0; i < AT_ONCE; i++) {
                    next(loop, server, client, count);
                }
            });
            Await.latch(answered);
            thread.run(() -> {
                assertThat(server.activeConnections()).isEqualTo(count);
                assertThat(loop.stats().channels()).isEqualTo(2 * count + 1);
                assertThat(loop.stats().buffers()).isZero();
                assertThat(loop.stats().timers()).isZero();
                clients.forEach(Transport::close);
            });
            Await.until("the end of all", () -> thread.call(loop::stats).channels() == 1);
            thread.run(() -> {
                assertThat(loop.stats().buffers()).isZero();
                assertThat(loop.stats().timers()).isZero();
                server.close();
            });
        }
    }

    private void next(EventLoop loop, Server server, TlsFactory client, int count) {
        if (begun < count) {
            begun++;
            Tls.handshake(Net.connect(loop, server.addresses().get(0), client)).thenAccept(transport -> {
                clients.add(transport);
                next(loop, server, client, count);
            });
        }
    }

    /** Both ends are ours, so a usual limit of 20,000 descriptors is a little too low for all. */
    private static int connections() {
        int count = WANTED;
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system) {
            long free = system.getMaxFileDescriptorCount() - system.getOpenFileDescriptorCount();
            count = (int) Math.min(WANTED, (free - SPARE_DESCRIPTORS) / 2);
            assumeTrue(count >= LEAST, () -> "only " + free + " descriptors are free");
        }
        return count;
    }

    /** Answers, and waits for more. */
    private static final class Idle implements Protocol {
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

    /** Says one thing, and nothing more. */
    private record Asker(CountDownLatch answered) implements Protocol {
        @Override
        public void connectionMade(Transport opened) {
            opened.write(ByteBuffer.wrap(new byte[100]));
        }

        @Override
        public void dataReceived(ByteBuffer data) {
            answered.countDown();
        }
    }
}
