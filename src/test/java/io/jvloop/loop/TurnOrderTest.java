package io.jvloop.loop;

import static io.jvloop.support.Section.CHOICES;
import static io.jvloop.support.Section.CONSTANTS;
import static io.jvloop.support.Section.LOOP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Contract;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What runs when within a turn, and how long the loop waits. */
class TurnOrderTest {
    private final TestLoop test = new TestLoop();
    private final EventLoop loop = test.loop;
    private final List<String> log = new ArrayList<>();

    @AfterEach
    void close() {
        test.close();
    }

    @Test
    @Contract(section = CHOICES,
            value = "A turn runs queued callbacks, then ready channels, then timers that are due")
    void callbacksThenChannelsThenTimers() {
        loop.callAt(test.now(), () -> log.add("timer"));
        test.ioAt(test.now(), () -> log.add("channel"));
        loop.callSoon(() -> log.add("callback"));
        test.turn();
        assertThat(log).containsExactly("callback", "channel", "timer");
    }

    @Test
    @Contract(section = LOOP,
            value = "callSoon runs callbacks in the order they were queued, each exactly once")
    void callbacksRunOnceInTheOrderTheyWereQueued() {
        loop.callSoon(() -> log.add("1"));
        loop.callSoonThreadsafe(() -> log.add("2"));
        loop.execute(() -> log.add("3"));
        loop.callSoon(() -> log.add("4"));
        test.turn();
        test.turn();
        assertThat(log).containsExactly("1", "2", "3", "4");
    }

    @Test
    @Contract(section = LOOP, value = "A callback never runs inside the call that queues it")
    void callbackDoesNotRunInsideTheCallThatQueuesIt() {
        loop.callSoon(() -> {
            loop.callSoon(() -> log.add("soon"));
            loop.callSoonThreadsafe(() -> log.add("threadsafe"));
            loop.execute(() -> log.add("executed"));
            loop.callLater(0, () -> log.add("later"));
            loop.callAt(0, () -> log.add("at"));
            log.add("end of the caller");
        });
        test.runUntilIdle();
        assertThat(log.get(0)).isEqualTo("end of the caller");
        assertThat(log).hasSize(6);
    }

    @Test
    @Contract(section = LOOP,
            value = "What a callback queues runs in the next turn, after channels and timers had theirs")
    @Contract(section = CONSTANTS,
            value = "A turn runs as many callbacks as were queued when it began, however many follow")
    void callbackQueuedByACallbackRunsInTheNextTurn() {
        loop.callSoon(() -> {
            log.add("first");
            loop.callSoon(() -> log.add("second"));
        });
        test.ioAt(test.now(), () -> log.add("channel"));
        loop.callAt(test.now(), () -> log.add("timer"));
        test.turn();
        assertThat(log).containsExactly("first", "channel", "timer");
        test.turn();
        assertThat(log).containsExactly("first", "channel", "timer", "second");
    }

    @Test
    void endlessCallbacksDoNotKeepChannelsAndTimersWaiting() {
        Runnable again = new Runnable() {
            @Override
            public void run() {
                loop.callSoon(this);
            }
        };
        loop.callSoon(again);
        loop.callAt(test.now(), () -> log.add("timer"));
        test.ioAt(test.now(), () -> log.add("channel"));
        test.turn();
        assertThat(log).containsExactly("channel", "timer");
        test.turn();
        assertThat(loop.stats().callbacks()).isEqualTo(1);
    }

    @Test
    void callbackQueuedByAChannelRunsAfterTheTimersOfThatTurn() {
        test.ioAt(test.now(), () -> {
            log.add("channel");
            loop.callSoon(() -> log.add("its callback"));
        });
        loop.callAt(test.now(), () -> log.add("timer"));
        test.turn();
        assertThat(log).containsExactly("channel", "timer");
        test.turn();
        assertThat(log).endsWith("its callback");
    }

    @Test
    void timerArmedByAChannelForNowRunsInTheSameTurn() {
        test.ioAt(test.now(), () -> loop.callLater(0, () -> log.add("timer")));
        test.turn();
        assertThat(log).containsExactly("timer");
    }

    @Test
    @Contract(section = LOOP,
            value = "A timer that re-arms itself for zero delay does not keep channels and callbacks waiting")
    void timerThatRearmsItselfForNowDoesNotStarveTheRest() {
        Runnable again = new Runnable() {
            @Override
            public void run() {
                log.add("timer");
                loop.callLater(0, this);
            }
        };
        loop.callLater(0, again);
        test.turn();
        test.ioAt(test.now(), () -> log.add("channel"));
        loop.callSoon(() -> log.add("callback"));
        test.turn();
        assertThat(log).containsExactly("timer", "callback", "channel", "timer");
    }

    @Test
    void timerArmedByATimerForThePastWaitsForTheNextTurn() {
        loop.callAt(test.now(), () -> {
            log.add("first");
            loop.callAt(test.now() - 1000, () -> log.add("second"));
        });
        loop.callAt(test.now(), () -> log.add("neighbour"));
        test.ioAt(test.now() + 1, () -> log.add("channel"));
        test.turn();
        assertThat(log).containsExactly("first", "neighbour");
        assertThat(loop.stats().timers()).isEqualTo(1);
        test.advance(1);
        test.turn();
        assertThat(log).containsExactly("first", "neighbour", "channel", "second");
    }

    @Test
    void timerForThePastThatIsCancelledInTheSameTurnNeverRuns() {
        loop.callAt(test.now(), () -> {
            TimerHandle second = loop.callAt(test.now() - 1000, () -> log.add("never"));
            loop.callSoon(second::cancel);
            loop.callAt(test.now() - 500, () -> log.add("third"));
        });
        loop.callAt(test.now(), () -> log.add("neighbour"));
        test.runUntilIdle();
        assertThat(log).containsExactly("neighbour", "third");
        assertThat(loop.stats().timers()).isZero();
    }

    @Test
    void timerForThePastThatANeighbourCancelsIsGoneAfterTheTurn() {
        TimerHandle[] victim = new TimerHandle[1];
        loop.callAt(test.now(), () -> victim[0] = loop.callAt(test.now() - 1000, () -> log.add("never")));
        loop.callAt(test.now(), () -> {
            log.add("neighbour");
            victim[0].cancel();
        });
        test.turn();
        assertThat(loop.stats().timers()).isZero();
        test.runUntilIdle();
        assertThat(log).containsExactly("neighbour");
    }

    @Test
    void timerThatBecomesDueWhileOthersRunWaitsForTheNextTurn() {
        loop.callAt(test.now(), () -> {
            log.add("slow");
            test.advance(1_000);
        });
        loop.callAt(test.now() + 500, () -> log.add("due meanwhile"));
        test.turn();
        assertThat(log).containsExactly("slow");
        test.turn();
        assertThat(log).containsExactly("slow", "due meanwhile");
    }

    @Test
    void waitsExactlyUntilTheEarliestTimer() {
        loop.callLater(700, () -> log.add("b"));
        loop.callLater(300, () -> log.add("a"));
        test.runUntilIdle();
        assertThat(test.timeouts).startsWith(300L, 400L, Poller.FOREVER);
        assertThat(log).containsExactly("a", "b");
    }

    @Test
    void doesNotWaitWhileACallbackIsQueued() {
        loop.callLater(500, () -> log.add("timer"));
        loop.callSoon(() -> loop.callSoon(() -> log.add("callback")));
        test.runUntilIdle();
        assertThat(test.timeouts).startsWith(0L, 500L);
    }

    @Test
    void doesNotWaitForATimerThatIsOverdue() {
        loop.callLater(500, () -> log.add("timer"));
        test.advance(2_000);
        test.turn();
        assertThat(test.timeouts).containsExactly(0L);
        assertThat(log).containsExactly("timer");
    }

    @Test
    @Contract(section = LOOP,
            value = "An idle loop sleeps until a channel is ready or somebody posts; it never polls")
    void waitsForEverWhenThereIsNothingElseToDo() {
        test.ioAt(test.now() + 5_000_000_000L, () -> {
            log.add("channel");
            loop.stop();
        });
        loop.runForever();
        assertThat(test.timeouts).containsExactly(Poller.FOREVER, 0L);
        assertThat(log).containsExactly("channel");
    }

    @Test
    void afterAWaitABusyLoopLooksAtItsChannelsInEveryTurnAgain() {
        callbacksInARow(200);
        loop.callLater(500, () -> {
            assertThat(test.timeouts).as("looks while busy, and the wait").hasSizeLessThan(100)
                    .endsWith(500L);
            test.timeouts.clear();
            callbacksInARow(30);
        });
        test.runUntilIdle();
        assertThat(test.timeouts.subList(0, 29)).containsOnly(0L);
        assertThat(log).hasSize(230);
    }

    /** Each queues the next, so they take a turn each. */
    private void callbacksInARow(int count) {
        if (count > 0) {
            loop.callSoon(() -> {
                log.add("callback");
                callbacksInARow(count - 1);
            });
        }
    }

    @Test
    void scriptedLoopFailsInsteadOfWaitingForEver() {
        assertThatThrownBy(loop::runForever).isInstanceOf(AssertionError.class)
                .hasMessageContaining("for ever");
        assertThat(loop.isRunning()).isFalse();
    }

    @Test
    void callbackQueuedFromOutsideDuringTheWaitEndsIt() {
        test.ioAt(test.now() + 10, () -> loop.callSoonThreadsafe(() -> {
            log.add("posted");
            loop.stop();
        }));
        loop.runForever();
        assertThat(test.timeouts).containsExactly(Poller.FOREVER, 0L);
        assertThat(log).containsExactly("posted");
    }
}
