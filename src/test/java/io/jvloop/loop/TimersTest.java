package io.jvloop.loop;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.CHOICES;
import static io.jvloop.support.Section.CONSTANTS;
import static io.jvloop.support.Section.LOOP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.jvloop.support.Contract;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** callLater and callAt on a clock that the test moves. */
class TimersTest {
    private static final long HUNDRED_YEARS = Duration.ofDays(100 * 365).toNanos();

    private final TestLoop test = new TestLoop();
    private final EventLoop loop = test.loop;
    private final List<String> log = new ArrayList<>();

    @AfterEach
    void close() {
        test.close();
    }

    @Test
    @Contract(section = BETTER, value = "A timer never fires early, not by a nanosecond")
    @Contract(section = CHOICES,
            value = "Timers are exact to the nanosecond; there is no rounding to milliseconds")
    void timersNeverFireEarly() {
        SplittableRandom random = new SplittableRandom(1);
        List<Long> lateness = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            long due = test.now() + random.nextLong(10_000_000);
            loop.callAt(due, () -> lateness.add(test.now() - due));
            test.ioAt(test.now() + random.nextLong(10_000_000), () -> log.add("a channel ends the wait"));
        }
        test.runUntilIdle();
        assertThat(lateness).hasSize(500).containsOnly(0L);
    }

    @Test
    void timerIsNotRunWhenTheWaitEndsJustBeforeIt() {
        TimerHandle timer = loop.callLater(1_000, () -> log.add("timer"));
        test.ioAt(timer.when() - 1, () -> log.add("channel"));
        test.turnThatWaits();
        assertThat(log).containsExactly("channel");
        test.turnThatWaits();
        assertThat(log).containsExactly("channel", "timer");
        assertThat(test.now()).isEqualTo(timer.when());
    }

    @Test
    @Contract(section = CHOICES, value = "Timers with equal deadlines fire in the order they were armed")
    void equalDeadlinesFireInTheOrderOfArming() {
        long due = test.now() + 1_000;
        List<Integer> order = new ArrayList<>();
        List<Integer> expected = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            int number = i;
            TimerHandle timer = loop.callAt(due, () -> order.add(number));
            if (i % 3 == 0) {
                timer.cancel();
            } else {
                expected.add(number);
            }
        }
        test.runUntilIdle();
        assertThat(order).isEqualTo(expected);
    }

    @Test
    @Contract(section = LOOP, value = "A negative delay counts as zero")
    void negativeDelayCountsAsZero() {
        TimerHandle negative = loop.callLater(-1, () -> log.add("long"));
        TimerHandle least = loop.callLater(Long.MIN_VALUE, () -> log.add("least"));
        TimerHandle duration = loop.callLater(Duration.ofSeconds(Long.MIN_VALUE), () -> log.add("duration"));
        assertThat(List.of(negative.when(), least.when(), duration.when())).containsOnly(test.now());
        test.turn();
        assertThat(log).containsExactly("long", "least", "duration");
    }

    @Test
    @Contract(section = CONSTANTS,
            value = "Delays are capped at 100 years; any longer one, and infinity, is accepted")
    void hugeDelaysAreAccepted() {
        List<TimerHandle> timers = List.of(
                loop.callLater(Long.MAX_VALUE, () -> log.add("never")),
                loop.callLater(HUNDRED_YEARS + 1, () -> log.add("never")),
                loop.callLater(Duration.ofSeconds(Long.MAX_VALUE, 999_999_999), () -> log.add("never")),
                loop.callLater(ChronoUnit.FOREVER.getDuration(), () -> log.add("never")),
                loop.callLater(Duration.ofDays(1L << 40), () -> log.add("never")));
        assertThat(timers).extracting(TimerHandle::when).containsOnly(test.now() + HUNDRED_YEARS);
        test.turn();
        timers.forEach(TimerHandle::cancel);
        assertThat(log).isEmpty();
        assertThat(loop.stats().timers()).isZero();
    }

    @Test
    void durationsAreExact() {
        Duration odd = Duration.ofSeconds(3, 141_592_653);
        assertThat(loop.callLater(odd, () -> log.add("a")).when()).isEqualTo(test.now() + 3_141_592_653L);
        assertThat(loop.callLater(HUNDRED_YEARS, () -> log.add("b")).when())
                .isEqualTo(test.now() + HUNDRED_YEARS);
    }

    @Test
    @Contract(section = LOOP,
            value = "callAt takes points in the past; they run in the coming turn, the earliest first")
    void deadlinesInThePastRunAtOnceEarliestFirst() {
        loop.callAt(test.now() - 10, () -> log.add("-10"));
        loop.callAt(test.now() - 30, () -> log.add("-30"));
        loop.callAt(-5, () -> log.add("negative"));
        loop.callAt(test.now() - 20, () -> log.add("-20"));
        loop.callAt(test.now(), () -> log.add("now"));
        test.turn();
        assertThat(log).containsExactly("negative", "-30", "-20", "-10", "now");
    }

    @Test
    void callAtTakesTheExtremesOfLong() {
        TimerHandle end = loop.callAt(Long.MAX_VALUE, () -> log.add("at the end of time"));
        loop.callAt(Long.MIN_VALUE, () -> log.add("at the beginning of time"));
        test.turnThatWaits();
        assertThat(log).containsExactly("at the beginning of time");
        assertThat(test.timeouts).containsOnly(0L);
        assertThat(end.when()).isEqualTo(Long.MAX_VALUE);
        end.cancel();
    }

    @Test
    @Contract(section = LOOP,
            value = "The delay of callLater counts from the call, however long the callback worked before")
    void workBeforeCallLaterDoesNotShortenTheDelay() {
        loop.callLater(1_000, () -> {
            test.advance(10_000);
            loop.callLater(1_000, () -> log.add("after " + (test.now() - TestLoop.START)));
        });
        test.runUntilIdle();
        assertThat(log).containsExactly("after 12000");
    }

    @Test
    @Contract(section = LOOP, value = "time() goes on inside a long callback")
    void timeGoesOnInsideACallback() {
        loop.callSoon(() -> {
            long before = loop.time();
            test.advance(50_000_000);
            log.add("took " + (loop.time() - before));
        });
        test.turn();
        assertThat(log).containsExactly("took 50000000");
    }

    @Test
    @Contract(section = LOOP,
            value = "A callback or timer cancelled by a neighbour of the same turn does not run")
    void cancelWorksWithinTheSameBatch() {
        Handle[] victims = new Handle[4];
        loop.callSoon(() -> victims[0].cancel());
        victims[0] = loop.callSoon(() -> log.add("callback"));
        loop.callAt(test.now(), () -> victims[1].cancel());
        victims[1] = loop.callAt(test.now(), () -> log.add("timer"));
        test.ioAt(test.now(), () -> victims[2].cancel());
        victims[2] = loop.callAt(test.now(), () -> log.add("timer cancelled by a channel"));
        loop.callSoon(() -> victims[3].cancel());
        victims[3] = loop.callLater(500, () -> log.add("timer cancelled by a callback"));
        test.runUntilIdle();
        assertThat(log).isEmpty();
        assertThat(victims).allMatch(Handle::isCancelled);
        assertThat(loop.stats().timers()).isZero();
    }

    @Test
    @Contract(section = BETTER,
            value = "A cancelled timer leaves the loop at once; nothing waits for it and nothing keeps it")
    void cancelledTimerLeavesAtOnce() {
        TimerHandle timer = loop.callLater(500, () -> log.add("never"));
        assertThat(loop.stats().timers()).isEqualTo(1);
        timer.cancel();
        timer.cancel();
        assertThat(loop.stats().timers()).isZero();
        test.runUntilIdle();
        assertThat(test.timeouts).startsWith(Poller.FOREVER);
        assertThat(log).isEmpty();
    }

    @Test
    @Contract(section = LOOP, value = "when() stays valid after the timer has fired or was cancelled")
    void whenStaysValid() {
        TimerHandle fired = loop.callLater(700, () -> log.add("fired"));
        TimerHandle cancelled = loop.callLater(900, () -> log.add("never"));
        cancelled.cancel();
        test.runUntilIdle();
        assertThat(log).containsExactly("fired");
        assertThat(fired.when()).isEqualTo(TestLoop.START + 700);
        assertThat(cancelled.when()).isEqualTo(TestLoop.START + 900);
    }

    @Test
    void timerThatCancelsItselfHasRun() {
        TimerHandle[] self = new TimerHandle[1];
        self[0] = loop.callLater(0, () -> {
            self[0].cancel();
            log.add("ran");
        });
        test.turn();
        assertThat(log).containsExactly("ran");
        assertThat(self[0].isCancelled()).isFalse();
    }

    @Test
    void closedLoopAndMissingCallbackAreRefused() {
        assertThatNullPointerException().isThrownBy(() -> loop.callLater(1, null)).withMessage("callback");
        assertThatNullPointerException().isThrownBy(() -> loop.callAt(1, null)).withMessage("callback");
        assertThatNullPointerException().isThrownBy(() -> loop.callSoon(null)).withMessage("callback");
        assertThatNullPointerException().isThrownBy(() -> loop.callSoonThreadsafe(null))
                .withMessage("callback");
        loop.close();
        assertThatIllegalStateException().isThrownBy(() -> loop.callLater(1, () -> {}))
                .withMessage("Event loop is closed");
        assertThatIllegalStateException().isThrownBy(() -> loop.callAt(1, () -> {}))
                .withMessage("Event loop is closed");
        assertThatIllegalStateException().isThrownBy(() -> loop.callSoon(() -> {}))
                .withMessage("Event loop is closed");
    }
}
