package io.jvloop.loop;

import static io.jvloop.support.Section.LOOP;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** stop(), called from each place there is. */
@ExtendWith(LoopExtension.class)
class StopTest {
    private final TestLoop test = new TestLoop();
    private final EventLoop loop = test.loop;
    private final List<String> log = new ArrayList<>();

    @AfterEach
    void close() {
        test.close();
    }

    @Test
    @Contract(section = LOOP, value = "stop lets everything run that is queued already")
    void stopFromACallbackLetsTheWholeBatchRun() {
        loop.callSoon(() -> {
            log.add("first");
            loop.stop();
        });
        Handle second = loop.callSoon(() -> log.add("second"));
        loop.callSoon(() -> log.add("third"));
        second.cancel();
        loop.runForever();
        assertThat(log).containsExactly("first", "third");
        assertThat(second.toString()).contains("cancelled");
        assertThat(loop.isClosed()).isFalse();
    }

    @Test
    @Contract(section = LOOP, value = "What the last callbacks of a stopped loop queue runs in the next run")
    void whatTheLastBatchQueuesWaitsForTheNextRun() {
        loop.callSoon(() -> {
            loop.stop();
            loop.callSoon(() -> log.add("late"));
        });
        loop.runForever();
        assertThat(log).isEmpty();
        assertThat(loop.stats().callbacks()).isEqualTo(1);
        test.turn();
        assertThat(log).containsExactly("late");
    }

    @Test
    void stopFromACallbackStillServesChannelsAndTimersOfThatTurnWithoutWaiting() {
        test.ioAt(test.now(), () -> log.add("channel"));
        loop.callAt(test.now(), () -> log.add("timer"));
        loop.callLater(500, () -> log.add("not yet"));
        loop.callSoon(loop::stop);
        loop.runForever();
        assertThat(log).containsExactly("channel", "timer");
        assertThat(test.timeouts).containsExactly(0L);
    }

    @Test
    void stopFromAChannelLetsWhatIsQueuedByThenRun() {
        test.ioAt(test.now() + 10, () -> {
            loop.callSoon(() -> log.add("before"));
            loop.stop();
            loop.callSoon(() -> {
                log.add("after");
                loop.callSoon(() -> log.add("too late"));
            });
        });
        loop.runForever();
        assertThat(log).containsExactly("before", "after");
        assertThat(test.timeouts).containsExactly(Poller.FOREVER, 0L);
    }

    @Test
    void stopFromATimerLetsWhatIsQueuedByThenRun() {
        loop.callLater(10, () -> {
            loop.callSoon(() -> log.add("queued"));
            loop.stop();
        });
        loop.callLater(10, () -> log.add("other timer"));
        loop.callLater(20, () -> log.add("not yet"));
        loop.runForever();
        assertThat(log).containsExactly("other timer", "queued");
        assertThat(test.timeouts).containsExactly(10L, 0L);
    }

    @Test
    @Contract(section = LOOP, value = "stop before a run makes that run one turn that does not wait")
    void stopBeforeTheRunMakesItOneTurnThatDoesNotWait() {
        loop.callSoon(() -> {
            log.add("callback");
            loop.callSoon(() -> log.add("next turn"));
        });
        loop.callAt(test.now(), () -> log.add("timer"));
        loop.stop();
        loop.stop();
        loop.runForever();
        assertThat(log).containsExactly("callback", "timer");
        assertThat(test.timeouts).containsExactly(0L);
    }

    @Test
    void stopIsForgottenAfterTheRun() {
        loop.stop();
        loop.runForever();
        loop.callLater(10, () -> {
            log.add("second run");
            loop.stop();
        });
        loop.runForever();
        assertThat(log).containsExactly("second run");
    }

    @Test
    void stopOfAClosedLoopDoesNothing() {
        loop.close();
        loop.stop();
        assertThat(loop.isClosed()).isTrue();
    }

    @Test
    @Contract(section = LOOP, value = "stop may be called from any thread and wakes a loop that sleeps")
    void stopFromAForeignThreadWakesASleepingLoop(EventLoop real) {
        LoopThread thread = LoopThread.start(real);
        real.stop();
        thread.join();
        assertThat(real.isRunning()).isFalse();
    }

    @Test
    void whatAThreadPostedBeforeItsStopStillRuns(EventLoop real) {
        LoopThread thread = LoopThread.start(real);
        CountDownLatch ran = new CountDownLatch(100);
        for (int i = 0; i < 100; i++) {
            thread.post(ran::countDown);
        }
        real.stop();
        thread.join();
        assertThat(ran.getCount()).isZero();
    }

    @Test
    void stopFromAForeignThreadBeforeTheRunCountsToo(EventLoop real) throws InterruptedException {
        Thread other = new Thread(real::stop);
        other.start();
        other.join();
        real.callSoon(() -> log.add("ran"));
        real.runForever();
        assertThat(log).containsExactly("ran");
    }

    /** A stop that falls between the check "does it run?" and the run must not be lost. */
    @Test
    void stopAtTheMomentTheRunBeginsIsNotLost(EventLoop real) {
        for (int round = 0; round < 300; round++) {
            Thread runner = new Thread(real::runForever);
            runner.start();
            Await.block(round * 500L);
            real.stop();
            Await.end(runner);
        }
        assertThat(real.isRunning()).isFalse();
    }
}
