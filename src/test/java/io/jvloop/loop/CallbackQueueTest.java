package io.jvloop.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.channels.SelectableChannel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The handshake step by step, in one thread; WakeUpStressTest has the threads. */
class CallbackQueueTest {
    private final CountingPoller poller = new CountingPoller();
    private final CallbackQueue queue = new CallbackQueue(poller);

    @Test
    void postToALoopThatIsAwakeWakesNobody() {
        queue.addThreadsafe(handle());
        queue.add(handle());
        assertThat(poller.wakeups).isZero();
        assertThat(queue.size()).isEqualTo(2);
    }

    @Test
    void postsToALoopThatSleepsWakeItOnce() {
        assertThat(queue.prepareSleep()).isTrue();
        for (int i = 0; i < 1000; i++) {
            queue.addThreadsafe(handle());
        }
        assertThat(poller.wakeups).isEqualTo(1);
    }

    @Test
    void everySleepCanBeEnded() {
        for (int sleep = 1; sleep <= 3; sleep++) {
            assertThat(queue.prepareSleep()).isTrue();
            queue.addThreadsafe(handle());
            assertThat(poller.wakeups).isEqualTo(sleep);
            queue.awake();
            assertThat(queue.poll()).isNotNull();
        }
    }

    @Test
    void loopMustNotSleepOnAPostItDidNotSee() {
        queue.addThreadsafe(handle());
        assertThat(queue.prepareSleep()).isFalse();
        queue.addThreadsafe(handle());
        assertThat(poller.wakeups).as("a loop that did not go to sleep is awake").isZero();
    }

    @Test
    void loopThatWokeForAnotherReasonIsNotWoken() {
        assertThat(queue.prepareSleep()).isTrue();
        queue.awake();
        queue.addThreadsafe(handle());
        assertThat(poller.wakeups).isZero();
    }

    @Test
    void localAndForeignCallbacksKeepOneOrder() {
        List<Handle> added = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            Handle handle = handle();
            added.add(handle);
            if (i % 3 == 0 || i % 1000 < 100) {
                queue.add(handle);
            } else {
                queue.addThreadsafe(handle);
            }
        }
        assertThat(queue.size()).isEqualTo(5_000);
        List<Handle> taken = new ArrayList<>();
        while (!queue.isEmpty()) {
            taken.add(queue.poll());
        }
        assertThat(taken).isEqualTo(added);
        assertThat(queue.poll()).isNull();
    }

    private static Handle handle() {
        return new Handle(() -> {}, null);
    }

    private static final class CountingPoller implements Poller {
        private int wakeups;

        @Override
        public void wakeup() {
            wakeups++;
        }

        @Override
        public void poll(long timeoutNanos) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Registration register(SelectableChannel channel, int ops, IoHandler handler) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Collection<Registration> registrations() {
            return List.of();
        }

        @Override
        public void spinNanos(long nanos) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long rebuilds() {
            return 0;
        }

        @Override
        public void close() {
            // nothing is open
        }
    }
}
