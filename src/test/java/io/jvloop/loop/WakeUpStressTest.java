package io.jvloop.loop;

import static io.jvloop.support.Section.BETTER;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.ReportedFailures;
import java.nio.channels.SelectableChannel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The wake-up handshake of {@link CallbackQueue} under fire. A lost wake-up would hang, until the patience of
 * Await ends.
 */
@ExtendWith(LoopExtension.class)
class WakeUpStressTest {
    private static final long NANOS_PER_PHASE = 700_000_000;

    private final AtomicLong posted = new AtomicLong();
    private final AtomicInteger failed = new AtomicInteger();
    private long ran; // on the loop's thread

    /** With one producer nobody else's post wakes the loop by chance; with eight they meet in the queue. */
    @Test
    @Contract(section = BETTER,
            value = "No post is lost and no sleeping loop overlooks one, however many threads post at once")
    void noPostIsLostAndNoWakeUpIsMissed(ReportedFailures failures) throws InterruptedException {
        ScriptedSelector selector = new ScriptedSelector();
        try (EventLoop loop = LatePoller.loop(() -> selector, failures)) {
            try (LoopThread thread = LoopThread.start(loop)) {
                for (int producers : new int[] {1, 2, 8}) {
                    produce(loop, producers);
                }
                assertThat(thread.call(selector.waits::size)).as("sleeps in between").isGreaterThan(50);
                assertThat(thread.call(() -> ran)).isEqualTo(posted.get()).isGreaterThan(1000);
            }
            assertThat(failed).hasValue(0);
            assertThat(loop.stats().selectorRebuilds()).isZero();
        }
    }

    private void produce(EventLoop loop, int producers) throws InterruptedException {
        long end = System.nanoTime() + NANOS_PER_PHASE;
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < producers; i++) {
            SplittableRandom random = new SplittableRandom(i);
            Thread thread = new Thread(() -> postUntil(end, loop, random));
            thread.setUncaughtExceptionHandler((self, thrown) -> failed.incrementAndGet());
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    /** Bursts of posts; after each it waits for its last one, so that the loop runs dry and goes to sleep. */
    private void postUntil(long end, EventLoop loop, SplittableRandom random) {
        while (System.nanoTime() < end) {
            int burst = 1 + random.nextInt(random.nextInt(20) == 0 ? 2_000 : 5);
            for (int i = 1; i < burst; i++) {
                loop.callSoonThreadsafe(() -> ran++);
            }
            CountDownLatch last = new CountDownLatch(1);
            loop.callSoonThreadsafe(() -> {
                ran++;
                last.countDown();
            });
            posted.addAndGet(burst);
            for (int spins = 0; spins < 20_000 && last.getCount() > 0; spins++) {
                Thread.onSpinWait(); // to post again just when the loop goes to sleep
            }
            Await.latch(last);
            if (random.nextInt(50) == 0) {
                LockSupport.parkNanos(random.nextInt(200_000));
            } else {
                Await.block(random.nextInt(2_000));
            }
        }
    }

    /**
     * Producer and loop chase each other: as soon as one post is taken the next is made, which is just when
     * the loop goes to sleep. Without a selector, which would slow both down, this meets the critical
     * nanoseconds thousands of times a second.
     */
    @Test
    void handshakeLosesNoWakeUpAtFullSpeed() {
        SpinningPoller poller = new SpinningPoller();
        CallbackQueue queue = new CallbackQueue(poller);
        AtomicLong taken = new AtomicLong();
        AtomicBoolean ended = new AtomicBoolean();
        Thread producer = new Thread(() -> {
            long end = System.nanoTime() + NANOS_PER_PHASE;
            for (long made = 1; System.nanoTime() < end; made++) {
                queue.addThreadsafe(new Handle(() -> {}, null));
                long number = made;
                spinUntil(() -> taken.get() >= number);
            }
            ended.set(true);
            queue.addThreadsafe(new Handle(() -> {}, null));
        });
        producer.start();
        long sleeps = 0;
        while (!ended.get()) {
            while (queue.poll() != null) {
                taken.incrementAndGet();
            }
            if (queue.prepareSleep()) {
                poller.poll(Poller.FOREVER);
                queue.awake();
                sleeps++;
            }
        }
        Await.end(producer);
        assertThat(sleeps).isGreaterThan(100);
    }

    private static void spinUntil(BooleanSupplier condition) {
        long start = System.nanoTime();
        for (int spins = 1; !condition.getAsBoolean(); spins++) {
            if (spins % 10_000 == 0) {
                assertThat(System.nanoTime() - start).as("nanoseconds waited").isLessThan(20_000_000_000L);
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
        }
    }

    /** Each post either runs, or is cancelled by the close, or throws; and what throws does not run. */
    @Test
    @Contract(section = BETTER,
            value = "A post that races with close either is accepted or throws; one that throws never runs")
    void postsThatRaceWithCloseRunOrThrow() {
        long refusals = 0;
        for (int round = 0; round < 100; round++) {
            EventLoop loop = EventLoop.create();
            List<Poster> posters = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                posters.add(new Poster(loop));
            }
            posters.forEach(Thread::start);
            LoopThread thread = LoopThread.start(loop);
            LockSupport.parkNanos(50_000L * (round % 5));
            thread.close();
            loop.close();
            posters.forEach(Await::end);
            posters.forEach(Poster::check);
            refusals += posters.stream().filter(poster -> poster.refused).count();
        }
        assertThat(refusals).as("posts that came after the close").isPositive();
    }

    /** Posts until the loop is closed. */
    private static final class Poster extends Thread {
        private static final int MOST = 20_000;

        private final EventLoop loop;
        private final List<Handle> accepted = new ArrayList<>();
        private final byte[] runs = new byte[MOST];
        private boolean refused;

        Poster(EventLoop loop) {
            this.loop = loop;
        }

        @Override
        public void run() {
            while (!refused && accepted.size() < MOST - 1) {
                int index = accepted.size();
                try {
                    accepted.add(loop.callSoonThreadsafe(() -> runs[index]++));
                } catch (IllegalStateException closed) {
                    refused = true;
                }
                if (index % 16 == 15) {
                    LockSupport.parkNanos(1_000); // or the queue would only grow
                }
            }
        }

        void check() {
            int wrong = 0;
            for (int i = 0; i < accepted.size(); i++) {
                wrong += runs[i] == (accepted.get(i).isCancelled() ? 0 : 1) ? 0 : 1;
            }
            assertThat(wrong).as("accepted, but neither run once nor cancelled").isZero();
            assertThat(runs[accepted.size()]).as("a post that threw").isZero();
        }
    }

    /** Sleeps without a system call. */
    private static final class SpinningPoller implements Poller {
        private volatile boolean woken;

        @Override
        public void poll(long timeoutNanos) {
            spinUntil(() -> woken);
            woken = false;
        }

        @Override
        public void wakeup() {
            woken = true;
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
