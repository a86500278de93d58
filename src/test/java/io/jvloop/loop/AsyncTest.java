package io.jvloop.loop;

import static io.jvloop.support.Section.STREAMS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Waiting for futures, in several ways. */
@Timeout(60)
@ExtendWith(LoopExtension.class)
class AsyncTest {
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration SHORT = Duration.ofMillis(5);

    @Test
    @Contract(section = STREAMS, value = "sleep never wakes early, and leaves no timer when it is cancelled")
    void sleepIsNeverShortAndCanBeCancelled(EventLoop loop) {
        long begin = loop.time();
        loop.runUntilComplete(Async.sleep(loop, SHORT));
        assertThat(loop.time() - begin).isGreaterThanOrEqualTo(SHORT.toNanos());
        loop.runUntilComplete(Async.sleep(loop, Duration.ZERO.minusDays(1)));
        CompletableFuture<Void> sleeping = Async.sleep(loop, HOUR);
        loop.callSoon(() -> sleeping.cancel(false));
        assertThatThrownBy(() -> loop.runUntilComplete(sleeping)).isNotNull();
        assertThat(loop.stats().timers()).isZero();
    }

    @Test
    @Contract(section = STREAMS,
            value = "withTimeout gives the result in time, else a TimeoutException, and cancels the source")
    void timeoutCancelsTheSource(EventLoop loop) {
        assertThat(loop.runUntilComplete(
                Async.withTimeout(loop, loop.runInExecutor(() -> "in time"), HOUR))).isEqualTo("in time");
        assertThat(loop.stats().timers()).isZero();
        CompletableFuture<String> never = loop.createFuture();
        assertThatThrownBy(() -> loop.runUntilComplete(Async.withTimeout(loop, never, SHORT))).cause()
                .isInstanceOf(TimeoutException.class).hasMessageContaining("PT0.005S");
        assertThat(never).isCancelled();
        assertThat(loop.runUntilComplete(
                Async.withTimeout(loop, CompletableFuture.completedFuture(1), Duration.ZERO))).isEqualTo(1);
        CompletableFuture<String> inner = loop.createFuture();
        CompletableFuture<String> nested =
                Async.withTimeout(loop, Async.withTimeout(loop, inner, HOUR), SHORT);
        assertThatThrownBy(() -> loop.runUntilComplete(nested)).cause().isInstanceOf(TimeoutException.class);
        assertThat(inner).isCancelled();
        assertThat(loop.stats().timers()).isZero();
    }

    @Test
    void cancelledAnswerCancelsTheSourceAndFailuresPassUnwrapped(EventLoop loop) {
        CompletableFuture<String> source = loop.createFuture();
        CompletableFuture<String> answer = Async.withTimeout(loop, source, HOUR);
        loop.callSoon(() -> answer.cancel(false));
        assertThatThrownBy(() -> loop.runUntilComplete(answer)).isNotNull();
        assertThat(source).isCancelled();
        CompletableFuture<String> failed = CompletableFuture.<String>failedFuture(new IOException("its own"))
                .thenApply(text -> text);
        List<Throwable> told = new ArrayList<>();
        CompletableFuture<String> passed = Async.withTimeout(loop, failed, HOUR);
        passed.whenComplete((text, failure) -> told.add(failure));
        assertThatThrownBy(() -> loop.runUntilComplete(passed)).isInstanceOf(CompletionException.class);
        assertThat(told).singleElement().isInstanceOf(IOException.class);
        assertThat(Async.cause(null)).isNull();
    }

    @Test
    @Contract(section = STREAMS,
            value = "gather has all results in order, or the first failure at once; cancelled it cancels all")
    void gatherHasAllResultsInOrder(EventLoop loop) {
        CompletableFuture<Integer> late = loop.createFuture();
        CompletableFuture<List<Integer>> both =
                Async.gather(loop, List.of(late, loop.runInExecutor(() -> 2)));
        loop.callLater(SHORT, () -> late.complete(1));
        assertThat(loop.runUntilComplete(both)).containsExactly(1, 2);
        assertThat(loop.runUntilComplete(Async.gather(loop, List.<CompletableFuture<Integer>>of())))
                .isEmpty();
        CompletableFuture<Integer> never = loop.createFuture();
        CompletableFuture<List<Integer>> failing = Async.gather(loop, List.of(never,
                CompletableFuture.failedFuture(new IOException("first"))));
        assertThatThrownBy(() -> loop.runUntilComplete(failing)).cause().hasMessage("first");
        assertThat(never).isNotDone();
        CompletableFuture<List<Integer>> given = Async.gather(loop, List.of(never));
        loop.callSoon(() -> given.cancel(false));
        assertThatThrownBy(() -> loop.runUntilComplete(given)).isNotNull();
        assertThat(never).isCancelled();
    }

    @Test
    @Contract(section = STREAMS, value = "race has the first that is complete, and cancels the others")
    void raceCancelsTheLosers(EventLoop loop) {
        CompletableFuture<String> slow = loop.createFuture();
        assertThat(loop.runUntilComplete(
                Async.race(loop, List.of(slow, loop.runInExecutor(() -> "fast"))))).isEqualTo("fast");
        assertThat(slow).isCancelled();
        CompletableFuture<String> other = loop.createFuture();
        assertThatThrownBy(() -> loop.runUntilComplete(Async.race(loop,
                List.of(other, CompletableFuture.failedFuture(new IOException("a failure wins, too"))))))
                .cause().hasMessage("a failure wins, too");
        assertThat(other).isCancelled();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Async.race(loop, List.<CompletableFuture<String>>of()));
    }

    @Test
    void everythingCanBeAskedFromAnotherThread(EventLoop loop) {
        try (LoopThread thread = LoopThread.start(loop)) {
            Async.sleep(loop, SHORT).join();
            CompletableFuture<String> foreign = new CompletableFuture<>();
            CompletableFuture<Boolean> onLoop = Async.withTimeout(loop, foreign, HOUR)
                    .thenApply(text -> Thread.currentThread() == thread.thread());
            foreign.complete("done");
            assertThat(onLoop.join()).isTrue();
            assertThat(Async.gather(loop, List.of(CompletableFuture.completedFuture(1))).join())
                    .containsExactly(1);
        }
        EventLoop closed = EventLoop.create();
        closed.close();
        assertThatIllegalStateException().isThrownBy(() -> Async.sleep(closed, SHORT));
    }
}
