package io.jvloop.loop;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.LOOP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Contract;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Timers that are moved, on a clock that the test moves. */
class RescheduleTest {
    private final TestLoop test = new TestLoop();
    private final EventLoop loop = test.loop;
    private final List<String> log = new ArrayList<>();
    private TimerHandle timer;

    @AfterEach
    void close() {
        test.close();
    }

    @Test
    @Contract(section = BETTER,
            value = "A timer that is armed can be moved, later or earlier, without a new one")
    void armedTimerIsMovedLaterAndEarlier() {
        timer = loop.callLater(1_000, () -> note("moved"));
        loop.callLater(2_000, () -> note("other"));
        timer.reschedule(5_000);
        assertThat(timer.when()).isEqualTo(TestLoop.START + 5_000);
        assertThat(loop.stats().timers()).isEqualTo(2);
        test.advance(100);
        timer.reschedule(Duration.ofNanos(3_000));
        assertThat(timer.when()).isEqualTo(TestLoop.START + 3_100);
        test.runUntilIdle();
        assertThat(log).containsExactly("other at 2000", "moved at 3100");
        timer = loop.callLater(9_000, () -> note("earlier"));
        timer.reschedule(10);
        test.runUntilIdle();
        assertThat(log).endsWith("earlier at 3110");
    }

    @Test
    @Contract(section = LOOP,
            value = "A timer that is moved counts as armed anew: last among equal deadlines")
    void movedTimerIsLastAmongEqualDeadlines() {
        timer = loop.callLater(1_000, () -> note("first"));
        loop.callLater(1_000, () -> note("second"));
        timer.reschedule(1_000);
        loop.callLater(1_000, () -> note("third"));
        test.runUntilIdle();
        assertThat(log).containsExactly("second at 1000", "first at 1000", "third at 1000");
    }

    @Test
    @Contract(section = BETTER, value = "A timer that is moved by its own callback is a periodic timer")
    void timerMovedByItsOwnCallbackIsPeriodic() {
        timer = loop.callLater(1_000, () -> {
            note("tick");
            if (log.size() < 4) {
                timer.reschedule(500);
                assertThat(timer.when()).isEqualTo(test.now() + 500);
                assertThat(loop.stats().timers()).isEqualTo(1);
            }
        });
        test.runUntilIdle();
        assertThat(log).containsExactly("tick at 1000", "tick at 1500", "tick at 2000", "tick at 2500");
        assertThat(loop.stats().timers()).isZero();
        assertThat(timer.isCancelled()).isFalse();
    }

    @Test
    void lastOfSeveralMovesCounts() {
        timer = loop.callLater(1_000, () -> {
            note("tick");
            if (log.size() == 1) {
                timer.reschedule(500);
                timer.reschedule(50);
                timer.reschedule(70);
            }
        });
        timer.reschedule(10);
        timer.reschedule(20);
        test.runUntilIdle();
        assertThat(log).containsExactly("tick at 20", "tick at 90");
    }

    @Test
    @Contract(section = LOOP,
            value = "A timer that is moved to now while timers run, runs in the next turn, not this")
    void movedToNowItRunsInTheNextTurn() {
        TimerHandle[] other = new TimerHandle[1];
        timer = loop.callLater(0, () -> {
            note("tick");
            if (log.size() < 3) {
                timer.reschedule(0);
                other[0].reschedule(-1);
            }
        });
        other[0] = loop.callLater(0, () -> note("other"));
        test.turn();
        assertThat(log).containsExactly("tick at 0");
        test.turn();
        assertThat(log).containsExactly("tick at 0", "tick at 0");
        test.turn();
        assertThat(log).containsExactly("tick at 0", "tick at 0", "tick at 0", "other at 0");
        test.turn();
        assertThat(log).hasSize(4);
    }

    @Test
    void timerThatWaitsForTheNextTurnCanBeMovedAndCancelledMeanwhile() {
        List<TimerHandle> young = new ArrayList<>();
        loop.callAt(10, () -> {
            young.add(loop.callAt(1, () -> note("moved on")));
            young.add(loop.callAt(2, () -> note("cancelled")));
            young.add(loop.callAt(3, () -> note("stays")));
        });
        loop.callAt(20, () -> {
            young.get(0).reschedule(100);
            young.get(1).cancel();
            assertThatIllegalStateException().isThrownBy(() -> young.get(1).reschedule(100));
        });
        test.turn();
        assertThat(log).isEmpty();
        assertThat(loop.stats().timers()).isEqualTo(2);
        test.runUntilIdle();
        assertThat(log).containsExactly("stays at 0", "moved on at 100");
    }

    @Test
    @Contract(section = LOOP, value = "A cancelled timer cannot be moved, nor one whose callback has ended")
    void timerThatIsOverCannotBeMoved() {
        TimerHandle cancelled = loop.callLater(1_000, () -> note("never"));
        cancelled.cancel();
        TimerHandle fired = loop.callLater(0, () -> note("fired"));
        test.turn();
        long when = fired.when();
        for (TimerHandle over : List.of(cancelled, fired)) {
            assertThatIllegalStateException().isThrownBy(() -> over.reschedule(1))
                    .withMessageContaining("arm a new one with callLater")
                    .withMessageContaining(over.toString());
            assertThatIllegalStateException().isThrownBy(() -> over.reschedule(Duration.ZERO));
        }
        assertThat(fired.when()).isEqualTo(when);
        assertThat(loop.stats().timers()).isZero();
        test.runUntilIdle();
        assertThat(log).containsExactly("fired at 0");
    }

    @Test
    @Contract(section = LOOP,
            value = "A periodic timer can be ended by its own callback with cancel, before or after "
                    + "it was moved")
    void cancelInTheOwnCallbackEndsThePeriod() {
        for (boolean moveFirst : List.of(true, false)) {
            log.clear();
            timer = loop.callLater(0, () -> {
                if (moveFirst) {
                    timer.reschedule(10);
                }
                timer.cancel();
                assertThatIllegalStateException().isThrownBy(() -> timer.reschedule(10));
                assertThat(timer.isCancelled()).isEqualTo(moveFirst);
                note("ran");
            });
            test.runUntilIdle();
            assertThat(log).hasSize(1);
            assertThat(loop.stats().timers()).isZero();
            assertThat(timer.isCancelled()).isEqualTo(moveFirst);
            assertThat(timer.isPending()).isFalse();
        }
    }

    @Test
    void callbackThatFailsAfterMovingItsTimerIsReportedAndRunsAgain() {
        timer = loop.callLater(0, () -> {
            note("ran");
            if (log.size() < 3) {
                timer.reschedule(10);
                throw new IllegalStateException("made by the test");
            }
        });
        test.runUntilIdle();
        assertThat(log).containsExactly("ran at 0", "ran at 10", "ran at 20");
        assertThat(test.failures).hasSize(2)
                .allMatch(context -> context.exception().getMessage().equals("made by the test"));
        test.failures.clear();
    }

    @Test
    void fatalErrorAfterMovingLeavesTheTimerArmed() {
        timer = loop.callLater(0, () -> {
            note("ran");
            if (log.size() == 1) {
                timer.reschedule(10);
                throw new InternalError("made by the test");
            }
        });
        assertThatThrownBy(test::turn).isInstanceOf(InternalError.class);
        test.runUntilIdle();
        assertThat(log).containsExactly("ran at 0", "ran at 10");
    }

    @Test
    @Contract(section = LOOP,
            value = "A timer prints its callback while armed, and that it is running meanwhile")
    void timersPrintTheirState() {
        List<String> texts = new ArrayList<>();
        timer = loop.callLater(0, () -> {
            texts.add(timer.toString());
            if (texts.size() == 1) {
                timer.reschedule(10);
                texts.add(timer.toString());
            }
        });
        test.turn();
        texts.add(timer.toString());
        test.runUntilIdle();
        texts.add(timer.toString());
        String at0 = ", when=" + TestLoop.START + " ns]";
        String at10 = ", when=" + (TestLoop.START + 10) + " ns]";
        assertThat(texts).containsExactly("TimerHandle[running" + at0, "TimerHandle[running" + at10,
                "TimerHandle[io.jvloop.loop.RescheduleTest (lambda)" + at10, "TimerHandle[running" + at10,
                "TimerHandle[has run" + at10);
    }

    @Test
    void closedLoopRefusesToMoveItsTimers() {
        timer = loop.callLater(0, () -> note("never"));
        loop.close();
        assertThatIllegalStateException().isThrownBy(() -> timer.reschedule(1));
        assertThat(timer.isCancelled()).isTrue();
    }

    @Test
    void debugModeKnowsWhoArmedATimerThatWasMoved() {
        loop.setDebug(true);
        timer = loop.callLater(0, () -> {
            note("ran");
            if (log.size() == 1) {
                timer.reschedule(10);
            } else {
                throw new IllegalStateException("made by the test");
            }
        });
        test.runUntilIdle();
        assertThat(test.failures).hasSize(1);
        assertThat(test.failures.get(0).details().get("created")).isInstanceOf(Throwable.class);
        assertThat(test.failures.get(0).details().get("callback").toString()).contains("RescheduleTest");
        test.failures.clear();
    }

    /** Against a model: a list of what is armed, sorted by deadline and age. */
    @Test
    void manyMovesGiveTheSameOrderAsArmingAnew() {
        SplittableRandom random = new SplittableRandom(7);
        List<TimerHandle> timers = new ArrayList<>();
        List<Integer> order = new ArrayList<>();
        List<Integer> age = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            int number = i;
            timers.add(loop.callLater(random.nextLong(50), () -> order.add(number)));
            age.add(number);
        }
        for (int i = 0; i < 4_000; i++) {
            Integer number = random.nextInt(400);
            timers.get(number).reschedule(random.nextLong(50));
            age.remove(number);
            age.add(number);
        }
        List<Integer> expected = new ArrayList<>(age);
        expected.sort((a, b) -> Long.compare(timers.get(a).when(), timers.get(b).when())); // stable
        test.runUntilIdle();
        assertThat(order).isEqualTo(expected);
    }

    private void note(String what) {
        log.add(what + " at " + (test.now() - TestLoop.START));
    }
}
