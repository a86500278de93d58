package io.jvloop.loop;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.CONSTANTS;
import static io.jvloop.support.Section.LOOP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Blocking work beside the loop. */
@ExtendWith(LoopExtension.class)
class ExecutorTest {
    @Test
    @Contract(section = LOOP,
            value = "runInExecutor runs blocking work off the loop and completes its future on the loop")
    void workRunsOffTheLoopAndCompletesOnIt(EventLoop loop) {
        CompletableFuture<Thread> work = loop.runInExecutor(Thread::currentThread);
        CompletableFuture<Thread> completion = work.thenApply(x -> Thread.currentThread());
        assertThat(loop.runUntilComplete(work)).isNotSameAs(Thread.currentThread());
        assertThat(completion.join()).isSameAs(Thread.currentThread());
    }

    @Test
    @Contract(section = CONSTANTS,
            value = "The default executor's threads are daemons called jvloop-executor-N")
    void threadsOfTheDefaultExecutorAreNamedDaemons(EventLoop loop) {
        Thread thread = loop.runUntilComplete(loop.runInExecutor(Thread::currentThread));
        assertThat(thread.getName()).matches("jvloop-executor-\\d+");
        assertThat(thread.isDaemon()).isTrue();
    }

    @Test
    void resultsOfManyJobsAreGatheredInOrder(EventLoop loop) {
        List<CompletableFuture<Long>> jobs = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            int n = i;
            jobs.add(loop.runInExecutor(() -> fibonacci(n + 10)));
        }
        loop.runUntilComplete(CompletableFuture.allOf(jobs.toArray(CompletableFuture<?>[]::new)));
        assertThat(jobs).extracting(CompletableFuture::join)
                .containsExactly(55L, 89L, 144L, 233L, 377L, 610L, 987L, 1597L, 2584L, 4181L);
    }

    private static long fibonacci(int n) {
        return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
    }

    @Test
    @Contract(section = CONSTANTS, value = "The default executor has at most min(32, processors + 4) threads")
    void defaultExecutorIsBounded(EventLoop loop) {
        int limit = Math.min(32, Runtime.getRuntime().availableProcessors() + 4);
        AtomicInteger started = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch release = new CountDownLatch(1);
        List<CompletableFuture<Integer>> jobs = new ArrayList<>();
        for (int i = 0; i < limit + 20; i++) {
            jobs.add(loop.runInExecutor(() -> {
                most.accumulateAndGet(started.incrementAndGet(), Math::max);
                Await.latch(release);
                return started.getAndDecrement();
            }));
        }
        Await.until("all threads busy", () -> started.get() == limit);
        release.countDown();
        loop.runUntilComplete(CompletableFuture.allOf(jobs.toArray(CompletableFuture<?>[]::new)));
        assertThat(most.get()).isEqualTo(limit);
    }

    @Test
    void failureOfTheWorkIsTheFailureOfTheFuture(EventLoop loop) {
        IOException failure = new IOException("made by the test");
        assertThatThrownBy(() -> loop.runUntilComplete(loop.runInExecutor(() -> {
            throw failure;
        }))).hasCause(failure);
        assertThatThrownBy(() -> loop.runUntilComplete(loop.runInExecutor(() -> {
            throw new StackOverflowError("made by the test");
        }))).hasCauseInstanceOf(StackOverflowError.class);
    }

    @Test
    @Contract(section = LOOP,
            value = "Cancelling a future of runInExecutor prevents work, or lets it end if it has begun")
    void cancellingDoesNotInterruptWorkThatHasBegun(EventLoop loop) {
        ExecutorService single = Executors.newSingleThreadExecutor();
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        AtomicBoolean ended = new AtomicBoolean();
        AtomicBoolean neverBegan = new AtomicBoolean(true);
        CompletableFuture<Boolean> first = loop.runInExecutor(single, () -> {
            begun.countDown();
            Await.latch(release);
            ended.set(!Thread.currentThread().isInterrupted());
            return true;
        });
        CompletableFuture<Boolean> second = loop.runInExecutor(single, () -> neverBegan.getAndSet(false));
        Await.latch(begun);
        assertThat(first.cancel(true)).isTrue();
        assertThat(second.cancel(true)).isTrue();
        release.countDown();
        loop.runUntilComplete(loop.runInExecutor(single, () -> "behind them"));
        assertThat(ended).isTrue();
        assertThat(neverBegan).isTrue();
        assertThat(first).isCancelled();
        single.shutdown();
    }

    @Test
    void workMayBeHandedOverByAnyThreadWhileTheLoopRuns(EventLoop loop) {
        try (LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<Thread> completion =
                    loop.runInExecutor(() -> 1).thenApplyAsync(x -> Thread.currentThread());
            assertThat(Await.result(completion)).isSameAs(thread.thread());
        }
    }

    /** If each made a pool of its own, one of the two would never be told to end. */
    @Test
    void threadsThatUseTheDefaultExecutorFirstAtTheSameMomentShareIt() {
        for (int round = 0; round < 100; round++) {
            EventLoop loop = EventLoop.create();
            CyclicBarrier together = new CyclicBarrier(2);
            List<CompletableFuture<Thread>> workers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                workers.add(CompletableFuture.supplyAsync(() -> {
                    meet(together);
                    return loop.runInExecutor(Thread::currentThread);
                }, task -> new Thread(task).start()).thenCompose(x -> x));
            }
            loop.runUntilComplete(CompletableFuture.allOf(workers.toArray(CompletableFuture<?>[]::new)));
            loop.close();
            workers.forEach(worker -> Await.end(worker.join()));
        }
    }

    private static void meet(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (InterruptedException | BrokenBarrierException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void executorOfTheCallerIsUsed(EventLoop loop) {
        List<Runnable> given = new ArrayList<>();
        CompletableFuture<String> future = loop.runInExecutor(given::add, () -> "done");
        assertThat(given).hasSize(1);
        assertThat(future).isNotDone();
        given.get(0).run();
        assertThat(future).isNotDone();
        assertThat(loop.runUntilComplete(future)).isEqualTo("done");
        assertThatNullPointerException().isThrownBy(() -> loop.runInExecutor(null, () -> 1))
                .withMessage("pool");
        assertThatNullPointerException().isThrownBy(() -> loop.runInExecutor(null)).withMessage("task");
    }

    @Test
    @Contract(section = LOOP,
            value = "The default executor can be replaced, and is told to end when the loop is closed")
    void defaultExecutorCanBeReplaced(EventLoop loop) {
        ExecutorService own = Executors.newSingleThreadExecutor(work -> new Thread(work, "own"));
        loop.setDefaultExecutor(own);
        assertThat(loop.runUntilComplete(loop.runInExecutor(Thread::currentThread)).getName())
                .isEqualTo("own");
        assertThat(own.isShutdown()).isFalse();
        loop.close();
        assertThat(own.isShutdown()).isTrue();
        assertThatIllegalStateException().isThrownBy(() -> loop.runInExecutor(() -> 1));
    }

    @Test
    @Contract(section = LOOP,
            value = "shutdownDefaultExecutor completes when all work is done, and more is refused")
    void shutdownWaitsForTheWorkAndRefusesMore(EventLoop loop) {
        CountDownLatch release = new CountDownLatch(1);
        CompletableFuture<String> work = loop.runInExecutor(() -> {
            Await.latch(release);
            return "finished";
        });
        CompletableFuture<Void> shutdown = loop.shutdownDefaultExecutor(Duration.ofSeconds(60));
        assertThatIllegalStateException().isThrownBy(() -> loop.runInExecutor(() -> 1))
                .withMessage("Executor shutdown has been called");
        ExecutorService late = Executors.newSingleThreadExecutor();
        assertThatIllegalStateException().isThrownBy(() -> loop.setDefaultExecutor(late));
        late.shutdown();
        assertThat(shutdown).isNotDone();
        release.countDown();
        loop.runUntilComplete(shutdown);
        assertThat(work).isCompletedWithValue("finished");
    }

    @Test
    @Contract(section = LOOP, value = "shutdownDefaultExecutor gives up after its timeout with a warning")
    void shutdownGivesUpAfterItsTimeout(EventLoop loop, ExpectedLogs logs) {
        CountDownLatch release = new CountDownLatch(1);
        CompletableFuture<Integer> work = loop.runInExecutor(() -> {
            Await.latch(release);
            return 1;
        });
        loop.runUntilComplete(loop.shutdownDefaultExecutor(Duration.ofMillis(1)));
        assertThat(logs.takeText()).contains("did not finish its work within the timeout");
        assertThat(work).isNotDone();
        release.countDown();
        int result = loop.runUntilComplete(work);
        assertThat(result).isEqualTo(1);
    }

    @Test
    void shutdownOfAnExecutorThatWasNeverUsedIsDoneAtOnce(EventLoop loop) {
        assertThat(loop.shutdownDefaultExecutor(Duration.ZERO)).isCompleted();
        assertThat(loop.shutdownDefaultExecutor(Duration.ZERO)).isCompleted();
        assertThatIllegalStateException().isThrownBy(() -> loop.runInExecutor(() -> 1));
    }

    @Test
    @Contract(section = BETTER,
            value = "Work still completes its future if its loop was closed meanwhile")
    void workOutlivesItsLoop(EventLoop loop) {
        CountDownLatch release = new CountDownLatch(1);
        CompletableFuture<String> work = loop.runInExecutor(() -> {
            Await.latch(release);
            return "late";
        });
        loop.close();
        release.countDown();
        assertThat(Await.result(work)).isEqualTo("late");
    }
}
