package io.jvloop.loop;

import static io.jvloop.support.Section.LOOP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.ReportedFailures;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** runForever, runUntilComplete, and who may call them. */
@ExtendWith(LoopExtension.class)
class RunTest {
    private final List<String> log = new ArrayList<>();

    @Test
    @Contract(section = LOOP, value = "runUntilComplete returns the result of its future")
    void runUntilCompleteReturnsTheResult(EventLoop loop) {
        CompletableFuture<String> future = loop.createFuture();
        loop.callLater(1_000_000, () -> future.complete("done"));
        assertThat(loop.runUntilComplete(future)).isEqualTo("done");
        assertThat(loop.isRunning()).isFalse();
    }

    @Test
    void runUntilCompleteOfACompleteFutureTakesOneTurn(EventLoop loop) {
        loop.callSoon(() -> log.add("queued"));
        assertThat(loop.runUntilComplete(CompletableFuture.completedFuture(7))).isEqualTo(7);
        assertThat(log).containsExactly("queued");
        assertThat(loop.stats().turns()).isEqualTo(1);
    }

    @Test
    void runUntilCompleteWakesForAFutureThatAnotherThreadCompletes(EventLoop loop) {
        CompletableFuture<Integer> future = new CompletableFuture<>();
        Thread other = new Thread(() -> future.complete(3));
        loop.callSoon(other::start);
        int result = loop.runUntilComplete(future.thenApply(x -> x + 1));
        assertThat(result).isEqualTo(4);
    }

    @Test
    @Contract(section = LOOP,
            value = "runUntilComplete throws a CompletionException with what its future failed with")
    void runUntilCompletePassesOnTheFailure(EventLoop loop) {
        IOException cause = new IOException("broken");
        CompletableFuture<String> future = loop.createFuture();
        loop.callSoon(() -> future.completeExceptionally(cause));
        assertThatThrownBy(() -> loop.runUntilComplete(future)).isInstanceOf(CompletionException.class)
                .hasCause(cause);
    }

    @Test
    void runUntilCompleteOfACancelledFutureThrowsCancellation(EventLoop loop) {
        CompletableFuture<String> future = loop.createFuture();
        loop.callSoon(() -> future.cancel(true));
        assertThatThrownBy(() -> loop.runUntilComplete(future)).isInstanceOf(CancellationException.class);
    }

    @Test
    @Contract(section = LOOP,
            value = "runUntilComplete throws if the loop is stopped before its future is complete")
    void runUntilCompleteOfALoopStoppedEarlyThrows(EventLoop loop) {
        CompletableFuture<String> future = loop.createFuture();
        loop.callSoon(loop::stop);
        assertThatIllegalStateException().isThrownBy(() -> loop.runUntilComplete(future))
                .withMessageContaining("stopped");
    }

    @Test
    @Contract(section = LOOP, value = "A future given up by runUntilComplete does not stop a later run")
    void lateCompletionDoesNotStopALaterRun(EventLoop loop) {
        CompletableFuture<String> orphan = loop.createFuture();
        loop.callSoon(loop::stop);
        assertThatIllegalStateException().isThrownBy(() -> loop.runUntilComplete(orphan));
        loop.callSoon(() -> orphan.complete("late"));
        CompletableFuture<String> second = loop.createFuture();
        loop.callLater(2_000_000, () -> second.complete("second"));
        assertThat(loop.runUntilComplete(second)).isEqualTo("second");
    }

    @Test
    void futureOfARunEndedByAFatalErrorDoesNotStopALaterRun(EventLoop loop) {
        CompletableFuture<String> orphan = loop.createFuture();
        loop.callSoon(() -> {
            throw new OutOfMemoryError("made by the test");
        });
        assertThatThrownBy(() -> loop.runUntilComplete(orphan)).isInstanceOf(OutOfMemoryError.class);
        orphan.complete("late");
        loop.callLater(2_000_000, () -> {
            log.add("still running");
            loop.stop();
        });
        loop.runForever();
        assertThat(log).containsExactly("still running");
    }

    @Test
    @Contract(section = LOOP, value = "runUntilComplete refuses a future of another loop")
    void runUntilCompleteRefusesAFutureOfAnotherLoop(EventLoop loop) {
        try (EventLoop other = EventLoop.create()) {
            CompletableFuture<String> foreign = other.createFuture();
            assertThatIllegalArgumentException().isThrownBy(() -> loop.runUntilComplete(foreign));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> loop.runUntilComplete(foreign.thenApply(x -> x)));
        }
    }

    @Test
    void runUntilCompleteOfNothingThrows(EventLoop loop) {
        assertThatNullPointerException().isThrownBy(() -> loop.runUntilComplete(null));
        assertThat(loop.isRunning()).isFalse();
    }

    @Test
    @Contract(section = LOOP,
            value = "A loop that runs, or another one in its thread, cannot be run again inside a callback")
    void nestedRunsAreRefused(EventLoop loop) {
        try (EventLoop other = EventLoop.create()) {
            CompletableFuture<String> done = CompletableFuture.completedFuture("x");
            loop.callSoon(() -> {
                assertThatIllegalStateException().isThrownBy(loop::runForever)
                        .withMessageContaining("already running");
                assertThatIllegalStateException().isThrownBy(() -> loop.runUntilComplete(done))
                        .withMessageContaining("already running");
                assertThatIllegalStateException().isThrownBy(other::runForever)
                        .withMessageContaining("another loop is running");
                assertThatIllegalStateException().isThrownBy(() -> other.runUntilComplete(done))
                        .withMessageContaining("another loop is running");
                log.add("refused");
                loop.stop();
            });
            loop.runForever();
            assertThat(log).containsExactly("refused");
            assertThat(other.runUntilComplete(done)).isEqualTo("x");
        }
    }

    @Test
    @Contract(section = LOOP, value = "A loop that runs in one thread cannot be run in a second one")
    void runInASecondThreadIsRefused(EventLoop loop) {
        try (LoopThread thread = LoopThread.start(loop)) {
            assertThatIllegalStateException().isThrownBy(loop::runForever)
                    .withMessageContaining("already running")
                    .withMessageContaining(thread.thread().getName());
            CompletableFuture<String> never = loop.createFuture();
            assertThatIllegalStateException().isThrownBy(() -> loop.runUntilComplete(never));
            assertThat(loop.isRunning()).isTrue();
        }
    }

    @Test
    void ofTwoThreadsThatRunALoopAtTheSameMomentOneIsRefused(EventLoop loop) {
        for (int round = 0; round < 300; round++) {
            CountDownLatch refused = new CountDownLatch(1);
            AtomicBoolean bothRan = new AtomicBoolean();
            loop.callSoon(() -> {
                bothRan.set(!Await.within(20_000_000_000L, () -> refused.getCount() == 0));
                loop.stop();
            });
            CyclicBarrier together = new CyclicBarrier(2);
            Runnable run = () -> {
                try {
                    together.await();
                    loop.runForever();
                } catch (IllegalStateException alreadyRunning) {
                    refused.countDown();
                } catch (InterruptedException | BrokenBarrierException e) {
                    throw new IllegalStateException(e);
                }
            };
            Thread first = new Thread(run);
            Thread second = new Thread(run);
            second.setDaemon(true); // if both run, nobody stops it
            first.setDaemon(true);
            first.start();
            second.start();
            Await.until("the end of one run", () -> !first.isAlive() || !second.isAlive());
            assertThat(bothRan).isFalse();
            Await.end(first);
            Await.end(second);
        }
    }

    @Test
    void closedLoopDoesNotRun(EventLoop loop) {
        loop.close();
        assertThatIllegalStateException().isThrownBy(loop::runForever).withMessage("Event loop is closed");
        assertThatIllegalStateException()
                .isThrownBy(() -> loop.runUntilComplete(CompletableFuture.completedFuture(1)))
                .withMessage("Event loop is closed");
    }

    @Test
    @Contract(section = LOOP,
            value = "EventLoop.current() is the loop that runs in the calling thread, or throws")
    void currentIsTheLoopOfTheCallingThread(EventLoop loop) {
        AtomicReference<EventLoop> seen = new AtomicReference<>();
        assertThatIllegalStateException().isThrownBy(EventLoop::current)
                .withMessageContaining("no running event loop");
        try (LoopThread thread = LoopThread.start(loop)) {
            assertThat(thread.call(EventLoop::current)).isSameAs(loop);
            assertThatIllegalStateException().isThrownBy(EventLoop::current);
            thread.run(() -> loop.callLater(0, () -> seen.set(EventLoop.current())));
        }
        assertThat(seen.get()).isSameAs(loop);
        assertThatIllegalStateException().isThrownBy(EventLoop::current);
    }

    @Test
    void stateIsVisibleFromEveryThread(EventLoop loop) {
        assertThat(loop.isRunning()).isFalse();
        assertThat(loop.inLoop()).isFalse();
        try (LoopThread thread = LoopThread.start(loop)) {
            assertThat(loop.isRunning()).isTrue();
            assertThat(loop.inLoop()).isFalse();
            assertThat(thread.call(loop::inLoop)).isTrue();
            assertThat(loop.toString()).contains("running on " + thread.thread().getName());
            thread.run(() -> loop.requireLoopThread("anything"));
            assertThatIllegalStateException().isThrownBy(() -> loop.requireLoopThread("frobnicate"))
                    .withMessageContaining("frobnicate").withMessageContaining("callSoonThreadsafe");
        }
        loop.requireLoopThread("any thread may set up a loop that does not run");
        assertThat(loop.toString()).contains("idle");
    }

    @Test
    @Contract(section = LOOP,
            value = "A fatal error in a callback leaves the run with that error; the loop can be run again")
    void fatalErrorLeavesTheRunAndTheLoopCanRunAgain(EventLoop loop) {
        Error fatal = new InternalError("made by the test");
        loop.callSoon(() -> {
            throw fatal;
        });
        loop.callSoon(() -> log.add("queued behind it"));
        loop.callSoon(loop::stop);
        assertThatThrownBy(loop::runForever).isSameAs(fatal);
        assertThat(loop.isRunning()).isFalse();
        assertThat(loop.isClosed()).isFalse();
        assertThat(log).isEmpty();
        loop.runForever();
        assertThat(log).containsExactly("queued behind it");
    }

    @Test
    void fatalErrorInATimerLeavesTheRunAndKeepsTheOtherTimers(EventLoop loop) {
        loop.callLater(0, () -> {
            loop.callAt(0, () -> log.add("armed for the past"));
            throw new OutOfMemoryError("made by the test");
        });
        long later = loop.time() + 1_000_000;
        loop.callAt(later, () -> log.add("other timer"));
        loop.callAt(later, loop::stop);
        assertThatThrownBy(loop::runForever).isInstanceOf(OutOfMemoryError.class);
        loop.runForever();
        assertThat(log).containsExactly("armed for the past", "other timer");
    }

    @Test
    void fatalErrorIsNotAlsoReported(EventLoop loop, ReportedFailures failures) {
        loop.callSoon(() -> {
            throw new OutOfMemoryError("made by the test");
        });
        assertThatThrownBy(loop::runForever).isInstanceOf(OutOfMemoryError.class);
        assertThat(failures.count()).isZero();
    }

    @Test
    void stopBeforeAFatalErrorIsForgotten(EventLoop loop) {
        loop.callSoon(() -> {
            loop.stop();
            throw new InternalError("made by the test");
        });
        assertThatThrownBy(loop::runForever).isInstanceOf(InternalError.class);
        loop.callLater(1_000_000, () -> {
            log.add("own stop");
            loop.stop();
        });
        loop.runForever();
        assertThat(log).containsExactly("own stop");
    }
}
