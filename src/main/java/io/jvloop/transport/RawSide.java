package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * One direction of a raw channel: free, or taken by a callback, or by the one operation that waits. Loop
 * thread.
 */
final class RawSide {
    private final RawChannel owner;
    private final EventLoop loop;
    private final String callbackName;
    private final int ops;
    private Runnable callback;
    private RawOperation<?> waiting;

    RawSide(RawChannel owner, String callbackName, int ops) {
        this.owner = owner;
        this.loop = owner.loop();
        this.callbackName = callbackName;
        this.ops = ops;
    }

    /** What the channel has to be watched for at present. */
    int interest() {
        return callback != null || waiting != null && waiting.waitsForChannel() ? ops : 0;
    }

    boolean isWaiting() {
        return waiting != null;
    }

    boolean handles(int readyOps) {
        return (readyOps & ops) != 0;
    }

    void install(Runnable newCallback) {
        Objects.requireNonNull(newCallback, "callback");
        if (ops == 0) {
            throw new UnsupportedOperationException("no " + callbackName + " for " + owner.channel());
        }
        refuseIfWaiting(callbackName);
        callback = newCallback;
        owner.updateInterest();
    }

    boolean removeCallback() {
        boolean removed = callback != null;
        callback = null;
        if (removed) {
            owner.updateInterest();
        }
        return removed;
    }

    void refuseIfTaken(String what) {
        if (callback != null) {
            throw new IllegalStateException(
                    what + " refused: a " + callbackName + " is installed on " + owner + "; remove it first");
        }
        refuseIfWaiting(what);
    }

    private void refuseIfWaiting(String what) {
        if (waiting != null && waiting.isDone()) {
            release(waiting); // whoever was told of the end first may come back before we have heard of it
        }
        if (waiting != null) {
            throw new IllegalStateException(what + " refused: " + waiting + " is pending on " + owner
                    + "; wait for its future, or cancel it");
        }
    }

    /** Tries at once, and waits if that was not enough. */
    <T> CompletableFuture<T> start(RawOperation<T> operation) {
        CompletableFuture<T> future = operation.future();
        if (operation.attempt()) {
            owner.updateInterest();
            operation.deliver();
        } else {
            waiting = operation;
            owner.updateInterest();
            future.whenComplete((value, failure) -> Futures.onLoop(loop, () -> release(operation)));
        }
        return future;
    }

    /** The channel is ready. */
    void ready() {
        if (callback == null) {
            advance();
            return;
        }
        try {
            callback.run();
        } catch (Throwable t) { // it stays installed: whether that makes sense is for its owner to say
            loop.callExceptionHandler(ExceptionContext.of("Exception in " + callbackName + " callback", t)
                    .with("channel", owner));
        }
    }

    /** Tries the operation that waits once more, if there is one. */
    void advance() {
        RawOperation<?> operation = waiting;
        if (operation == null) {
            return;
        }
        if (operation.isDone()) { // cancelled by another thread: what has arrived is for the next one
            release(operation);
        } else if (operation.attempt()) {
            free();
            operation.deliver();
        } else {
            owner.updateInterest(); // an attempt may have begun to wait for the channel
        }
    }

    private void release(RawOperation<?> operation) {
        if (waiting == operation) {
            free();
            operation.abandon();
        }
    }

    private void free() {
        waiting = null;
        owner.updateInterest();
    }

    /** The channel is closed. */
    void end(Throwable cause) {
        callback = null;
        RawOperation<?> operation = waiting;
        if (operation != null) {
            waiting = null;
            operation.fail(cause);
        }
    }

    @Override
    public String toString() {
        return callback != null ? ", " + callbackName : waiting != null ? ", " + waiting + " pending" : "";
    }
}
