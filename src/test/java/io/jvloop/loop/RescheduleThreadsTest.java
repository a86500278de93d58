package io.jvloop.loop;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.LOOP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Timers that are moved on a real loop: other threads, and memory. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class RescheduleThreadsTest {
    private static final long HOUR = 3_600_000_000_000L;
    private static final int MOVES = 100_000;

    private TimerHandle timer;

    @Test
    @Contract(section = BETTER,
            value = "Moving a timer allocates nothing, neither from outside nor from its callback")
    void movingAllocatesNothing(EventLoop loop) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        assumeTrue(threads.isThreadAllocatedMemorySupported(), "this JVM does not count allocations");
        threads.setThreadAllocatedMemoryEnabled(true);
        loop.setDebug(false);
        TimerHandle[] idle = new TimerHandle[1_000];
        for (int i = 0; i < idle.length; i++) {
            idle[i] = loop.callLater(HOUR + i, () -> {});
        }
        Periodic periodic = new Periodic(loop);
        timer = loop.callLater(0, periodic);
        long id = Thread.currentThread().getId();
        periodic.run(MOVES / 2, idle);
        long before = threads.getThreadAllocatedBytes(id);
        periodic.run(MOVES, idle);
        long allocated = threads.getThreadAllocatedBytes(id) - before;
        assertThat((double) allocated / MOVES).as("bytes per move").isLessThan(1);
        timer.cancel();
        for (TimerHandle each : idle) {
            each.cancel();
        }
    }

    private final class Periodic implements Runnable {
        private final EventLoop loop;
        private TimerHandle[] idle;
        private int left;

        Periodic(EventLoop loop) {
            this.loop = loop;
        }

        void run(int times, TimerHandle[] others) {
            idle = others;
            left = times;
            loop.runForever();
        }

        @Override
        public void run() {
            timer.reschedule(1);
            idle[left % idle.length].reschedule(HOUR);
            if (--left == 0) {
                loop.stop();
            }
        }
    }

    @Test
    @Contract(section = LOOP,
            value = "A timer that was moved and has fired or was cancelled keeps nothing alive")
    void movedTimerForgetsItsCallbackInTheEnd(EventLoop loop) {
        for (boolean cancelled : List.of(false, true)) {
            WeakReference<Object> captured = armPeriodic(loop, cancelled);
            loop.stop();
            loop.runForever();
            assertThat(loop.stats().timers()).isEqualTo(1);
            loop.callLater(1, loop::stop);
            timer.reschedule(0);
            loop.runForever();
            assertThat(loop.stats().timers()).isZero();
            Await.collected(List.of(captured));
            Reference.reachabilityFence(timer);
        }
    }

    private WeakReference<Object> armPeriodic(EventLoop loop, boolean cancelled) {
        Object big = new byte[1_000];
        AtomicInteger runs = new AtomicInteger(big.hashCode() & 0);
        timer = loop.callLater(0, () -> {
            if (runs.incrementAndGet() == 1) {
                timer.reschedule(HOUR + big.hashCode());
            } else if (cancelled) {
                timer.reschedule(HOUR);
                timer.cancel();
            }
        });
        return new WeakReference<>(big);
    }

    @Test
    @Contract(section = LOOP, value = "Another thread may move a timer; the loop does it when it gets to it")
    void foreignThreadMovesATimer(EventLoop loop) {
        CountDownLatch fired = new CountDownLatch(1);
        timer = loop.callLater(HOUR, fired::countDown);
        loop.setDebug(true);
        try (LoopThread thread = LoopThread.start(loop)) {
            timer.reschedule(2 * HOUR);
            thread.run(() -> assertThat(timer.when()).isGreaterThan(loop.time() + HOUR));
            timer.reschedule(0);
            Await.latch(fired);
            thread.run(() -> assertThat(loop.stats().timers()).isZero());
            timer.reschedule(0); // has fired: too late, as for cancel
            thread.run(() -> assertThat(loop.stats().timers()).isZero());
            timer.cancel();
            thread.run(() -> assertThat(timer.isCancelled()).isFalse());
        }
    }

    @Test
    void foreignThreadCannotMoveWhatItHasCancelled(EventLoop loop) {
        timer = loop.callLater(HOUR, () -> {});
        try (LoopThread thread = LoopThread.start(loop)) {
            timer.cancel();
            assertThatIllegalStateException().isThrownBy(() -> timer.reschedule(1))
                    .withMessageContaining("cancelled");
            thread.run(() -> assertThat(loop.stats().timers()).isZero());
        }
    }

    @Test
    void timerArmedByAForeignThreadCanBeMovedBeforeTheLoopKnowsIt(EventLoop loop) {
        loop.setDebug(false);
        CountDownLatch go = new CountDownLatch(1);
        try (LoopThread thread = LoopThread.start(loop)) {
            thread.post(() -> {
                Await.latch(go);
                timer.reschedule(2 * HOUR);
            });
            timer = loop.callLater(0, () -> {});
            go.countDown();
            thread.run(() -> {
                assertThat(loop.stats().timers()).isEqualTo(1);
                assertThat(timer.when()).isGreaterThan(loop.time() + HOUR);
                timer.cancel();
                assertThat(loop.stats().timers()).isZero();
            });
        }
    }

    @Test
    @Contract(section = LOOP,
            value = "Another thread's cancel ends a periodic timer, whatever moment it comes at")
    void foreignCancelEndsAPeriodicTimer(EventLoop loop) {
        try (LoopThread thread = LoopThread.start(loop)) {
            for (int round = 0; round < 2_000; round++) {
                CountDownLatch running = new CountDownLatch(2);
                TimerHandle periodic = thread.call(() -> armed(loop, running));
                Await.latch(running);
                periodic.cancel();
                thread.run(() -> assertThat(loop.stats().timers()).isZero());
            }
        }
    }

    private static TimerHandle armed(EventLoop loop, CountDownLatch running) {
        TimerHandle[] self = new TimerHandle[1];
        self[0] = loop.callLater(0, () -> {
            running.countDown();
            self[0].reschedule(1); // not refused: it cannot know of a cancel that comes while it runs
        });
        return self[0];
    }

    @Test
    void idleLoopTakesMovesOfAnyThreadInItsNextRun(EventLoop loop) throws InterruptedException {
        timer = loop.callLater(HOUR, loop::stop);
        Thread other = new Thread(() -> timer.reschedule(0));
        other.start();
        other.join();
        loop.runForever();
        assertThat(loop.stats().timers()).isZero();
    }

    @Test
    @Contract(section = LOOP,
            value = "A handle can be printed by any thread while the loop runs its callback")
    void handlesArePrintedByAnotherThreadWhileTheyRun(EventLoop loop) {
        try (LoopThread thread = LoopThread.start(loop)) {
            for (int round = 0; round < 20_000; round++) {
                Handle soon = loop.callSoonThreadsafe(() -> {});
                while (!soon.toString().equals("Handle[has run]")) {
                    assertThat(soon.toString()).startsWith("Handle[");
                    soon.isCompletion();
                    soon.creation();
                }
                loop.setDebug(round % 2 == 0);
            }
            thread.run(() -> {});
        }
    }
}
