package io.jvloop.loop;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;

/**
 * Words about futures that {@code CompletableFuture} has not, or not quite: its {@code orTimeout} completes
 * on a thread of the JDK's and cancels nothing, its {@code allOf} has no results, its {@code anyOf} lets the
 * losers go on. Everything here completes on the loop. Any thread.
 */
public final class Async {
    private Async() {
    }

    /**
     * Waits.
     *
     * @param loop the loop
     * @param delay how long; zero or less is one turn
     * @return completed when the delay has passed; cancelling it takes the timer back
     * @throws IllegalStateException if the loop is closed
     */
    public static CompletableFuture<Void> sleep(EventLoop loop, Duration delay) {
        CompletableFuture<Void> over = loop.createFuture();
        long deadlineNanos = loop.time() + Clock.nanos(delay);
        onLoop(loop, () -> {
            TimerHandle timer = loop.callAt(deadlineNanos, () -> over.complete(null));
            over.whenComplete((nothing, cancelled) -> timer.cancel());
        });
        return over;
    }

    /**
     * Gives up on a stage that takes too long: cancels it.
     *
     * @param <T> type of the result
     * @param loop where the answer is completed
     * @param stage what is waited for; cancelled when the time is over, or the answer is cancelled
     * @param timeout how long, from this call; zero or less is one turn
     * @return the stage's result, or its failure; a {@code TimeoutException} when the time is over
     * @throws IllegalStateException if the loop is closed
     */
    public static <T> CompletableFuture<T> withTimeout(EventLoop loop, CompletionStage<T> stage,
            Duration timeout) {
        CompletableFuture<T> source = stage.toCompletableFuture();
        CompletableFuture<T> answer = loop.createFuture();
        long deadlineNanos = loop.time() + Clock.nanos(timeout);
        onLoop(loop, () -> {
            TimerHandle timer = loop.callAt(deadlineNanos, () -> giveUp(source, answer, timeout));
            answer.whenComplete((value, failure) -> {
                timer.cancel();
                source.cancel(false); // for one that is complete this does nothing
            });
            source.whenComplete((value, failure) -> deliver(loop,
                    () -> complete(answer, value, cause(failure))));
        });
        return answer;
    }

    /** A result that is there but still on its way to the loop counts. */
    private static <T> void giveUp(CompletableFuture<T> source, CompletableFuture<T> answer,
            Duration timeout) {
        if (!source.isDone()) {
            answer.completeExceptionally(new TimeoutException("not done within " + timeout));
        }
    }

    /**
     * Waits for all, and has their results.
     *
     * @param <T> type of the results
     * @param loop where the answer is completed
     * @param stages what is waited for
     * @return the results in the order of the stages; or the first failure, at once, while the others go on.
     *         Cancelling it cancels them all
     */
    public static <T> CompletableFuture<List<T>> gather(EventLoop loop,
            Collection<? extends CompletionStage<? extends T>> stages) {
        CompletableFuture<List<T>> answer = loop.createFuture();
        List<CompletableFuture<? extends T>> sources = futures(stages);
        onLoop(loop, () -> {
            cancelWith(answer, sources);
            CompletableFuture.allOf(sources.toArray(CompletableFuture[]::new))
                    .thenRun(() -> deliver(loop, () -> answer.complete(results(sources))));
            sources.forEach(source -> source.whenComplete((value, failure) -> {
                if (failure != null) {
                    deliver(loop, () -> answer.completeExceptionally(cause(failure)));
                }
            }));
        });
        return answer;
    }

    /**
     * Waits for the first of several, and cancels the others.
     *
     * @param <T> type of the result
     * @param loop where the answer is completed
     * @param stages at least one
     * @return the result, or the failure, of the first that is complete; cancelling it cancels them all
     * @throws IllegalArgumentException if there is no stage, since that would be waited for for ever
     */
    public static <T> CompletableFuture<T> race(EventLoop loop,
            Collection<? extends CompletionStage<? extends T>> stages) {
        if (stages.isEmpty()) {
            throw new IllegalArgumentException("a race has at least one runner");
        }
        CompletableFuture<T> answer = loop.createFuture();
        List<CompletableFuture<? extends T>> sources = futures(stages);
        onLoop(loop, () -> {
            answer.whenComplete((value, failure) -> sources.forEach(source -> source.cancel(false)));
            sources.forEach(source -> source.whenComplete((value, failure) -> deliver(loop,
                    () -> Async.<T>complete(answer, value, cause(failure)))));
        });
        return answer;
    }

    private static <T> List<CompletableFuture<? extends T>> futures(
            Collection<? extends CompletionStage<? extends T>> stages) {
        List<CompletableFuture<? extends T>> futures = new ArrayList<>();
        for (CompletionStage<? extends T> stage : stages) {
            futures.add(Objects.requireNonNull(stage, "stage").toCompletableFuture());
        }
        return futures;
    }

    private static <T> List<T> results(List<CompletableFuture<? extends T>> complete) {
        List<T> results = new ArrayList<>(complete.size());
        complete.forEach(source -> results.add(source.getNow(null)));
        return results;
    }

    private static void cancelWith(CompletableFuture<?> answer,
            List<? extends CompletableFuture<?>> sources) {
        answer.whenComplete((value, failure) -> {
            boolean byASource = sources.stream().anyMatch(CompletableFuture::isCancelled);
            if (answer.isCancelled() && !byASource) {
                sources.forEach(source -> source.cancel(false));
            }
        });
    }

    private static void onLoop(EventLoop loop, Completion action) {
        if (loop.inLoop()) {
            action.run();
        } else {
            loop.callSoonThreadsafe(action);
        }
    }

    private static void deliver(EventLoop loop, Completion action) {
        if (loop.inLoop()) {
            action.run();
        } else {
            Completion.deliver(loop, action);
        }
    }

    /**
     * Completes a future as another one is, on the calling thread: {@code stage.whenComplete((value, failure)
     * -> complete(…))}.
     *
     * @param <T> type of the result
     * @param future to be completed; nothing happens if it is already
     * @param value its value, if there is no failure
     * @param failure its failure, or null
     */
    public static <T> void complete(CompletableFuture<T> future, T value, Throwable failure) {
        if (failure == null) {
            future.complete(value);
        } else {
            future.completeExceptionally(failure);
        }
    }

    /**
     * What really happened: stages that depend on a failed one wrap its failure.
     *
     * @param failure what a stage was told, or null
     * @return the cause of a {@code CompletionException}; anything else as it is
     */
    public static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause()
                : failure;
    }
}
