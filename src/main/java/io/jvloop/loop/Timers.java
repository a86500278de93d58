package io.jvloop.loop;

import java.util.ArrayDeque;

/**
 * The timers of a loop: the step of the turn that runs them, and what to do when arming, moving and
 * cancelling come from another thread.
 *
 * <p><b>Thread.</b> The heap is the loop's. Another thread's call is handed over through the callback queue;
 * only the mark of a cancelled timer is set at once, for what it is worth in that race.
 *
 * <p>Read next: {@link TimerHeap}.
 */
final class Timers {
    private final Reactor reactor;
    private final Clock clock;
    private final TimerHeap heap = new TimerHeap();

    Timers(Reactor reactor, Clock clock) {
        this.reactor = reactor;
        this.clock = clock;
    }

    int size() {
        return heap.size();
    }

    /** How long the loop may wait. */
    long timeoutNanos() {
        if (heap.isEmpty()) {
            return Poller.FOREVER;
        }
        long earliest = Math.max(0, heap.earliestNanos()); // the difference must not overflow
        return Math.max(0, earliest - clock.nanoTime());
    }

    /** Runs what is due, earliest first. What is armed or moved meanwhile waits for the next turn. */
    void runDue() {
        if (heap.isEmpty()) {
            return;
        }
        long now = clock.nanoTime();
        long bound = heap.nextSequence();
        ArrayDeque<TimerHandle> armedMeanwhile = null;
        try {
            TimerHandle timer;
            while ((timer = heap.popDue(now)) != null) {
                if (timer.sequence < bound) {
                    reactor.run(timer);
                } else { // rare: a callback of this very step armed a timer for the past
                    armedMeanwhile = armedMeanwhile == null ? new ArrayDeque<>() : armedMeanwhile;
                    armedMeanwhile.add(timer);
                }
            }
        } finally {
            if (armedMeanwhile != null) {
                armedMeanwhile.stream().filter(Handle::isPending).forEach(heap::add);
            }
        }
    }

    TimerHandle arm(Runnable callback, long deadlineNanos, Throwable creation) {
        TimerHandle timer = new TimerHandle(this, callback, deadlineNanos, creation);
        reactor.refuseIfClosed();
        if (reactor.isForeign()) {
            reactor.refuseInDebugMode("callLater or callAt");
            reactor.addThreadsafe(new Handle(() -> armIfPending(timer), null));
        } else {
            heap.arm(timer);
        }
        return timer;
    }

    private void armIfPending(TimerHandle timer) {
        if (timer.isPending()) {
            heap.arm(timer);
        }
    }

    void reschedule(TimerHandle timer, long delayNanos) {
        long deadlineNanos = clock.after(delayNanos);
        boolean home = reactor.isHome();
        if (timer.isCancelled() && !home || home && !timer.isMovable()) {
            throw new IllegalStateException("This timer cannot be moved any more: " + timer
                    + "; arm a new one with callLater. (While its callback runs it can be moved from there)");
        }
        if (home) {
            timer.moveHere(heap, deadlineNanos);
        } else {
            reactor.addThreadsafe(new Handle(() -> moveIfMovable(timer, deadlineNanos), null));
        }
    }

    private void moveIfMovable(TimerHandle timer, long deadlineNanos) {
        if (timer.isMovable()) {
            timer.moveHere(heap, deadlineNanos);
        }
    }

    /**
     * Handed over even if the timer seems to have run: it may be running, and about to arm itself again.
     */
    void cancel(TimerHandle timer) {
        if (reactor.isHome()) {
            timer.cancelHere(heap);
        } else if (!timer.isCancelled()) {
            timer.markCancelled();
            reactor.postUnlessClosed(() -> timer.cancelHere(heap));
        }
    }

    /** The loop is being closed. */
    void cancelAll() {
        for (TimerHandle timer : heap.clear()) {
            timer.cancelHere(heap);
        }
    }
}
