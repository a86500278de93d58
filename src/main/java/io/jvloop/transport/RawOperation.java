package io.jvloop.transport;

import io.jvloop.loop.Async;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/**
 * One {@code recv}, {@code sendAll} … on its way: tries, until it has a result or a failure, and then gives
 * that to its future. Between the two its {@link RawSide} becomes free, so that whoever hears of the end can
 * at once begin the next.
 */
final class RawOperation<T> {
    /** What is tried. Loop thread. */
    @FunctionalInterface
    interface Attempt<T> {
        /**
         * Tries, without waiting.
         *
         * @return false to be called again when the channel is ready
         */
        boolean attempt(RawOperation<T> operation) throws IOException;

        /** Whether it is the channel that is waited for; else somebody calls {@link RawSide#advance}. */
        default boolean waitsForChannel() {
            return true;
        }

        /**
         * The future was cancelled by another thread while the attempt succeeded, and this is what it came
         * to. (Failures need no such care: a broken channel says so again.)
         */
        default void unheard(T result) {
        }

        /** It is over, one way or the other; called once, before anybody else hears of it. */
        default void ended() {
        }
    }

    private final String name;
    private final CompletableFuture<T> future;
    private final Attempt<T> attempt;
    private T result;
    private Throwable failure;

    RawOperation(String name, CompletableFuture<T> future, Attempt<T> attempt) {
        this.name = name;
        this.future = future;
        this.attempt = attempt;
    }

    /** For attempts: notes the result; returns whether there is one. */
    boolean yields(T value) {
        result = value;
        return value != null;
    }

    /** Tries; true if {@link #deliver} is due. */
    boolean attempt() {
        try {
            return attempt.attempt(this);
        } catch (Throwable t) { // whoever waits for the future is told, and nobody else
            failure = Async.cause(t);
            return true;
        }
    }

    void deliver() {
        attempt.ended();
        if (failure != null) {
            future.completeExceptionally(failure);
        } else if (!future.complete(result)) {
            attempt.unheard(result);
        }
    }

    void fail(Throwable cause) {
        failure = cause;
        deliver();
    }

    /** Its future was completed by somebody else, usually cancelled. */
    void abandon() {
        attempt.ended();
    }

    boolean isDone() {
        return future.isDone();
    }

    boolean waitsForChannel() {
        return attempt.waitsForChannel();
    }

    CompletableFuture<T> future() {
        return future;
    }

    @Override
    public String toString() {
        return name;
    }
}
