package io.jvloop.loop;

import java.util.concurrent.CompletableFuture.AsynchronousCompletionTask;

/**
 * One scheduled callback: what {@link EventLoop#callSoon} returns, and itself the element of the loop's
 * queue, so that scheduling makes exactly one object.
 *
 * <p><b>Invariant.</b> A handle that was cancelled or has run refers to nothing: its callback, and all that
 * the callback captured, can be collected even while someone keeps the handle.
 *
 * <p><b>Thread.</b> Made for the loop's thread. {@link #cancel()} may be called from others too; then it is a
 * race with the loop that either side may win, but a callback runs wholly or not at all.
 *
 * <p>The state is the one field: a pending handle refers to its callback, a cancelled one to a marker, one
 * that has run to nothing. A second field would make the object half as big again, which a burst of a million
 * callbacks feels. Other threads may look at any moment, so each method reads the field once.
 *
 * <p>Read next: {@link TimerHandle}.
 */
public sealed class Handle permits TimerHandle {
    private static final Runnable CANCELLED = () -> {};

    private Runnable callback;

    /** {@code creation} tells where the callback was scheduled; null outside debug mode. */
    Handle(Runnable callback, Throwable creation) {
        this.callback = creation == null ? callback : new Traced(callback, creation);
    }

    /**
     * Takes the callback back. It will not run, even if it is due in this very turn. Idempotent; does nothing
     * if the callback has already begun.
     */
    public void cancel() {
        if (isPending()) {
            forget();
        }
    }

    /**
     * {@return whether {@link #cancel()} came before the callback} False while pending and after running.
     */
    public final boolean isCancelled() {
        return callback == CANCELLED;
    }

    /** Runs the callback unless cancelled. */
    void run() {
        Runnable task = take();
        if (task != null) {
            task.run();
        }
    }

    /**
     * The callback, for whoever runs it now, or null if it was cancelled. It is forgotten first: while it
     * runs not even this handle keeps it.
     */
    final Runnable take() {
        Runnable task = callback;
        if (task == CANCELLED) {
            return null;
        }
        callback = null;
        return task;
    }

    /** The handle is to run this once more: what {@link #take} returned. */
    final void giveBack(Runnable task) {
        callback = task;
    }

    /** Cancelled, whatever it was before. */
    final void forget() {
        callback = CANCELLED;
    }

    /** For a queue nobody serves any more: true if the callback has not run, and now never will. */
    final boolean cancelUnlessRun() {
        cancel();
        return isCancelled();
    }

    final boolean isPending() {
        Runnable task = callback;
        return task != null && task != CANCELLED;
    }

    /** Whether a future's completion depends on this callback, so that it must not be dropped. */
    final boolean isCompletion() {
        return untraced(callback) instanceof AsynchronousCompletionTask;
    }

    /** Where a pending callback was scheduled, if debug mode was on then, else null. */
    final Throwable creation() {
        return callback instanceof Traced traced ? traced.creation : null;
    }

    /** "has run", "cancelled" or the callback's name. */
    final String describe() {
        Runnable task = callback;
        if (task == null) {
            return "has run";
        }
        if (task == CANCELLED) {
            return "cancelled";
        }
        return CallbackNames.of(untraced(task));
    }

    private static Runnable untraced(Runnable task) {
        return task instanceof Traced traced ? traced.task : task;
    }

    @Override
    public String toString() {
        return "Handle[" + describe() + "]";
    }

    /** Debug mode's callback: the real one and the stack of whoever scheduled it. */
    private record Traced(Runnable task, Throwable creation) implements Runnable {
        @Override
        public void run() {
            task.run();
        }
    }
}
