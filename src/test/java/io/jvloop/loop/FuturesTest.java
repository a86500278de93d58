package io.jvloop.loop;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.LOOP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Futures that belong to a loop, and the loop as an executor of any others. */
@ExtendWith(LoopExtension.class)
class FuturesTest {
    @Test
    @Contract(section = LOOP, value = "The async stages of a loop's future run on the loop")
    void asyncStagesOfALoopsFutureRunOnTheLoop(EventLoop loop) {
        try (LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<String> future = loop.createFuture();
            CompletableFuture<Thread> stage = future.thenApplyAsync(x -> Thread.currentThread());
            CompletableFuture<Thread> second = stage.thenApply(x -> x).thenComposeAsync(
                    x -> CompletableFuture.completedFuture(Thread.currentThread()));
            assertThat(stage.isDone()).isFalse();
            thread.run(() -> future.complete("go"));
            assertThat(Await.result(stage)).isSameAs(thread.thread());
            assertThat(Await.result(second)).isSameAs(thread.thread());
        }
    }

    @Test
    void stagesWithoutAsyncRunWhereTheFutureIsCompleted(EventLoop loop) {
        CompletableFuture<String> future = loop.createFuture();
        CompletableFuture<Thread> stage = future.thenApply(x -> Thread.currentThread());
        try (LoopThread thread = LoopThread.start(loop)) {
            thread.run(() -> future.complete("go"));
            assertThat(Await.result(stage)).isSameAs(thread.thread());
        }
    }

    @Test
    @Contract(section = LOOP, value = "A loop can be the executor of any CompletableFuture stage")
    void loopIsAnExecutorForAnyFuture(EventLoop loop) {
        CompletableFuture<Boolean> onLoop =
                CompletableFuture.supplyAsync(() -> 1).thenApplyAsync(x -> loop.inLoop(), loop);
        boolean inLoop = loop.runUntilComplete(onLoop);
        assertThat(inLoop).isTrue();
    }

    @Test
    @Contract(section = LOOP, value = "join and get on the loop's thread throw instead of waiting for ever")
    void waitingOnTheLoopForItsOwnFutureIsRefused(EventLoop loop) {
        CompletableFuture<String> future = loop.createFuture();
        CompletableFuture<String> dependent = future.thenApply(x -> x);
        try (LoopThread thread = LoopThread.start(loop)) {
            thread.run(() -> {
                assertThatIllegalStateException().isThrownBy(future::join).withMessageContaining("join()");
                assertThatIllegalStateException().isThrownBy(future::get).withMessageContaining("get()");
                assertThatIllegalStateException().isThrownBy(() -> future.get(1, TimeUnit.DAYS))
                        .withMessageContaining("thenAccept");
                assertThatIllegalStateException().isThrownBy(dependent::join);
                assertThat(future.getNow("not yet")).isEqualTo("not yet");
            });
        }
    }

    @Test
    @Contract(section = LOOP,
            value = "join and get of a future that is done are allowed anywhere; other threads may wait")
    void waitingIsAllowedWhenDoneOrElsewhere(EventLoop loop) throws Exception {
        CompletableFuture<String> future = loop.createFuture();
        try (LoopThread thread = LoopThread.start(loop)) {
            thread.post(() -> future.complete("done"));
            assertThat(future.get(Await.PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo("done");
            assertThat(future.join()).isEqualTo("done");
            List<String> onTheLoop =
                    thread.call(() -> List.of(future.join(), future.get(), future.get(0, TimeUnit.SECONDS)));
            assertThat(onTheLoop).containsExactly("done", "done", "done");
        }
    }

    @Test
    void anotherLoopsThreadMayWait(EventLoop loop) {
        try (EventLoop other = EventLoop.create();
                LoopThread thread = LoopThread.start(loop);
                LoopThread otherThread = LoopThread.start(other)) {
            CompletableFuture<String> future = loop.createFuture();
            thread.post(() -> future.complete("from the first loop"));
            String got = otherThread.call(() -> future.get());
            assertThat(got).isEqualTo("from the first loop");
        }
    }

    /** CompletableFuture lets a thread that waits help with the stages; these belong on the loop. */
    @Test
    @Contract(section = BETTER,
            value = "A thread that waits for a loop's future never runs stages of that future")
    void threadsThatWaitDoNotRunStages(EventLoop loop) throws InterruptedException {
        Set<Thread> seen = ConcurrentHashMap.newKeySet();
        try (LoopThread thread = LoopThread.start(loop)) {
            for (int round = 0; round < 100; round++) {
                CompletableFuture<String> future = loop.createFuture();
                for (int i = 0; i < 50; i++) {
                    future.thenAccept(x -> seen.add(Thread.currentThread()));
                }
                Thread waiter = new Thread(future::join);
                waiter.start();
                Await.until("the waiter waits", () -> waiter.getState() == Thread.State.WAITING);
                for (int i = 0; i < 50; i++) {
                    future.thenAccept(x -> seen.add(Thread.currentThread()));
                }
                thread.run(() -> future.complete("done"));
                waiter.join();
            }
            assertThat(seen).containsExactly(thread.thread());
        }
    }

    @Test
    @Contract(section = BETTER, value = "close drops queued callbacks, but not the completion of a future")
    void completionsQueuedWhenTheLoopIsClosedStillHappen(EventLoop loop) {
        List<String> log = new ArrayList<>();
        CompletableFuture<String> start = loop.createFuture();
        CompletableFuture<String> stage = start.thenApplyAsync(x -> x + ", in loop: " + loop.inLoop());
        CompletableFuture<String> supplied = CompletableFuture.supplyAsync(() -> "supplied", loop);
        CompletableFuture<String> work = loop.runInExecutor(() -> "work");
        Handle callback = loop.callSoon(() -> log.add("callback"));
        start.complete("started");
        Await.until("the work's completion is queued", () -> loop.stats().callbacks() == 4);
        loop.close();
        assertThat(stage).isCompletedWithValue("started, in loop: true");
        assertThat(supplied).isCompletedWithValue("supplied");
        assertThat(work).isCompletedWithValue("work");
        assertThat(callback.isCancelled()).isTrue();
        assertThat(log).isEmpty();
    }

    @Test
    void asyncStageOfAClosedLoopFailsInsteadOfHanging(EventLoop loop) {
        CompletableFuture<String> future = loop.createFuture();
        CompletableFuture<String> stage = future.thenApplyAsync(x -> x);
        loop.close();
        future.complete("too late");
        assertThat(stage).isCompletedExceptionally();
        assertThatThrownBy(stage::join).hasCauseInstanceOf(RejectedExecutionException.class);
    }
}
