package io.jvloop.stream;

import io.jvloop.loop.Async;
import io.jvloop.loop.EventLoop;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A loop over what a reader gives, in which each step may be a future. What is here already is gone through
 * in a {@code while}, not by a chain of stages: a million lines must not be a million frames deep, nor an
 * endless stream an endless chain.
 */
final class Iteration {
    private final EventLoop loop;
    private final Supplier<CompletableFuture<byte[]>> read;
    private final Function<byte[], ? extends CompletionStage<?>> action;
    private final CompletableFuture<Void> result;
    private CompletableFuture<byte[]> reading;

    Iteration(EventLoop loop, Supplier<CompletableFuture<byte[]>> read,
            Function<byte[], ? extends CompletionStage<?>> action) {
        this.loop = loop;
        this.read = read;
        this.action = action;
        this.result = loop.createFuture();
    }

    CompletableFuture<Void> start() {
        result.whenComplete((end, failure) -> {
            if (failure != null) {
                onLoop(this::stopReading);
            }
        });
        onLoop(this::goOn);
        return result;
    }

    private void stopReading() {
        if (reading != null) {
            reading.cancel(false);
        }
    }

    private void goOn() {
        while (!result.isDone()) {
            CompletableFuture<byte[]> next = read.get();
            reading = next;
            if (!next.isDone()) {
                next.whenComplete((bytes, failure) -> {
                    if (step(bytes, failure)) {
                        goOn();
                    }
                });
                return;
            }
            boolean goOn = next.isCompletedExceptionally() ? next.handle(this::step).getNow(false)
                    : step(next.getNow(null), null);
            if (!goOn) {
                return;
            }
        }
    }

    /** One piece, or the end. True if the next may follow at once. */
    private boolean step(byte[] piece, Throwable failure) {
        if (failure != null) {
            result.completeExceptionally(failure);
            return false;
        }
        if (piece.length == 0) {
            result.complete(null);
            return false;
        }
        CompletionStage<?> stage;
        try {
            stage = action.apply(piece);
        } catch (Throwable t) { // whoever waits for the future gets it
            result.completeExceptionally(t);
            return false;
        }
        return stage == null || isOver(stage);
    }

    /** If it is not, it will go on with the next piece itself. */
    private boolean isOver(CompletionStage<?> stage) {
        CompletableFuture<?> future = stage.toCompletableFuture();
        if (future.isDone() && !future.isCompletedExceptionally()) {
            return true;
        }
        future.whenComplete((value, failure) -> {
            if (failure == null) {
                onLoop(this::goOn);
            } else {
                result.completeExceptionally(Async.cause(failure));
            }
        });
        return false;
    }

    private void onLoop(Request step) {
        Request.make(loop, "go on", result, step);
    }
}
