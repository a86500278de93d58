package io.jvloop.transport;

import static io.jvloop.support.Section.BETTER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.UnixOperatingSystemMXBean;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.SocketPair;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The price of a connection on which nothing happens. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class IdleConnectionsTest {
    private static final int CONNECTIONS = 1_000;
    private static final int SPARE_DESCRIPTORS = 500;
    private static final long MOST_BYTES_EACH = 2 * 1024;

    private static final class Idle implements Protocol {
    }

    @Test
    @Contract(section = BETTER, value = "An idle connection costs at most 2 KiB of heap besides its channel, "
            + "and no buffer")
    void idleConnectionIsCheap(EventLoop loop) throws IOException {
        requireDescriptors();
        List<SocketPair> pairs = new ArrayList<>();
        try {
            for (int i = 0; i < CONNECTIONS; i++) {
                pairs.add(SocketPair.open());
            }
            Protocol shared = new Idle();
            List<CompletableFuture<Transport>> adopted = new ArrayList<>();
            long before = usedHeap();
            for (SocketPair pair : pairs) {
                adopted.add(Net.adopt(loop, pair.near(), () -> shared));
            }
            Turns.run(loop, 3);
            long each = (usedHeap() - before) / CONNECTIONS;
            assertThat(loop.stats().channels()).isEqualTo(CONNECTIONS);
            assertThat(loop.stats().buffers()).isZero();
            assertThat(adopted).allMatch(CompletableFuture::isDone);
            // no lower bound: garbage of earlier tests may go between the two measurements
            assertThat(each).as("bytes per connection, with the selection key")
                    .isLessThanOrEqualTo(MOST_BYTES_EACH);
            adopted.forEach(transport -> transport.join().abort());
            Turns.run(loop, 2);
        } finally {
            for (SocketPair pair : pairs) {
                pair.close();
            }
        }
    }

    private static void requireDescriptors() {
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system) {
            long free = system.getMaxFileDescriptorCount() - system.getOpenFileDescriptorCount();
            assumeTrue(free > 2 * CONNECTIONS + SPARE_DESCRIPTORS,
                    () -> "only " + free + " descriptors are free");
        }
    }

    /** After a collection, so that only what is in use counts. */
    private static long usedHeap() {
        for (int i = 0; i < 2; i++) {
            Await.collected(List.of(new WeakReference<>(new Object())));
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
