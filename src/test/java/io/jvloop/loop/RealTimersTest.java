package io.jvloop.loop;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.LOOP;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Timers on the real clock and the real selector. */
@ExtendWith(LoopExtension.class)
class RealTimersTest {
    private static final long MILLI = 1_000_000;

    private final List<Long> observed = new ArrayList<>();
    private final List<String> log = new ArrayList<>();

    @Test
    @Contract(section = BETTER, value = "A timer never fires early, not by a nanosecond")
    void eightTimersOfSeventyMillisecondsAreNeverEarly(EventLoop loop) {
        long start = System.nanoTime();
        for (int i = 0; i < 8; i++) {
            long begin = loop.time();
            loop.callLater(Duration.ofMillis(70), () -> {
                observed.add(loop.time() - begin);
                stopAfter(8, loop);
            });
        }
        loop.runForever();
        assertThat(observed).hasSize(8).allMatch(nanos -> nanos >= 70 * MILLI);
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(70 * MILLI);
    }

    @Test
    void oddDelaysAreNeverEarly(EventLoop loop) {
        for (int i = 1; i <= 40; i++) {
            long due = loop.time() + i * 777_777L;
            loop.callAt(due, () -> {
                observed.add(loop.time() - due);
                stopAfter(40, loop);
            });
        }
        loop.runForever();
        assertThat(observed).hasSize(40).allMatch(lateness -> lateness >= 0);
    }

    @Test
    void oddDelaysAreNeverEarlyWithASpinBudgetEither(EventLoop loop) {
        loop.setSpinBudget(Duration.ofMillis(1));
        oddDelaysAreNeverEarly(loop);
    }

    @Test
    @Contract(section = LOOP, value = "A short delay is slept through, not polled through")
    void fiveTinyDelaysTakeFewTurns(EventLoop loop) {
        Runnable next = new Runnable() {
            private int left = 5;

            @Override
            public void run() {
                if (left-- == 0) {
                    loop.stop();
                } else {
                    loop.callLater(left * 100_000L + 1, this);
                }
            }
        };
        loop.callSoon(next);
        loop.runForever();
        assertThat(loop.stats().turns()).isLessThanOrEqualTo(20);
    }

    @Test
    void cancelledAndFarTimersDoNotHoldUpTheOthers(EventLoop loop) {
        long start = loop.time();
        loop.callLater(20 * MILLI, () -> log.add("a"));
        loop.callLater(20 * MILLI, () -> log.add("never")).cancel();
        TimerHandle far = loop.callLater(Duration.ofSeconds(1000), () -> log.add("far"));
        loop.callLater(20 * MILLI, () -> {
            log.add("b");
            loop.stop();
        });
        loop.runForever();
        assertThat(log).containsExactly("a", "b");
        assertThat(loop.time() - start).isGreaterThanOrEqualTo(20 * MILLI);
        assertThat(loop.stats().timers()).isEqualTo(1);
        far.cancel();
    }

    @Test
    void codeThatBlocksDoesNotShortenTheNextDelay(EventLoop loop) {
        long[] times = new long[2];
        loop.callLater(MILLI, () -> {
            Await.block(10 * MILLI);
            times[0] = loop.time();
            loop.callLater(10 * MILLI, () -> {
                times[1] = loop.time();
                loop.stop();
            });
        });
        loop.runForever();
        assertThat(times[1] - times[0]).isGreaterThanOrEqualTo(10 * MILLI);
    }

    @Test
    @Contract(section = LOOP, value = "time() is monotonic, and all loops of the process share it")
    void timeIsMonotonicAndShared(EventLoop loop) {
        try (EventLoop other = EventLoop.create()) {
            long first = loop.time();
            long second = other.time();
            long third = loop.time();
            assertThat(first).isNotNegative();
            assertThat(second).isBetween(first, third);
            Await.block(MILLI);
            assertThat(loop.time() - third).isGreaterThanOrEqualTo(MILLI);
        }
    }

    @Test
    @Contract(section = LOOP, value = "A timer armed by a foreign thread wakes a loop that sleeps for longer")
    void timerOfAForeignThreadShortensTheSleep(EventLoop loop) {
        CountDownLatch fired = new CountDownLatch(1);
        TimerHandle far = loop.callLater(Duration.ofSeconds(1000), () -> log.add("far"));
        try (LoopThread thread = LoopThread.start(loop)) {
            TimerHandle near = loop.callLater(MILLI, fired::countDown);
            Await.latch(fired);
            assertThat(loop.time()).isGreaterThanOrEqualTo(near.when());
            thread.run(far::cancel);
        }
        assertThat(log).isEmpty();
    }

    @Test
    @Contract(section = LOOP,
            value = "A timer may be cancelled by any thread, and leaves the loop as soon as that notices")
    void timerCancelledByAForeignThreadLeavesTheLoop(EventLoop loop) {
        TimerHandle timer = loop.callLater(Duration.ofSeconds(1000), () -> log.add("never"));
        try (LoopThread thread = LoopThread.start(loop)) {
            timer.cancel();
            assertThat(timer.isCancelled()).isTrue();
            assertThat(thread.call(() -> loop.stats().timers())).isZero();
        }
    }

    @Test
    void timerArmedAndCancelledByAForeignThreadIsNeverArmed(EventLoop loop) {
        CountDownLatch busy = new CountDownLatch(1);
        try (LoopThread thread = LoopThread.start(loop)) {
            thread.post(() -> Await.latch(busy));
            loop.callLater(0, () -> log.add("never")).cancel();
            busy.countDown();
            assertThat(thread.call(() -> loop.stats().timers())).isZero();
        }
        assertThat(log).isEmpty();
    }

    private void stopAfter(int count, EventLoop loop) {
        if (observed.size() == count) {
            loop.stop();
        }
    }
}
