package io.jvloop.loop;

import java.time.Duration;

/**
 * A callback with a deadline: what {@link EventLoop#callLater} and {@link EventLoop#callAt} return.
 *
 * <p>It knows its place in the heap, so that cancelling is O(log n) and leaves no corpse behind. (asyncio
 * only marks a cancelled timer and purges when more than half are dead; a server that sets a timeout per
 * request then drags thousands along.) For the same reason it can be moved: a timeout that every message puts
 * off is one object for the life of its connection, and so is a periodic timer.
 *
 * <p><b>Who keeps the callback.</b> While armed, the timer. While the callback runs, only the frame that runs
 * it, which gives it back if the timer was armed again meanwhile. After that nobody: a timer that has fired
 * keeps nothing alive, and for the same reason cannot be moved any more. (To keep the callback until
 * {@code cancel()} would make every forgotten timer a leak.)
 *
 * <p>Read next: {@link Timers}, {@link TimerHeap}.
 */
public final class TimerHandle extends Handle {
    static final int NOT_ARMED = -1;

    /** Its callback runs now and has neither cancelled nor moved it so far. */
    private static final int FIRING = -2;

    private final Timers timers;
    private long deadlineNanos;

    /** Order of arming; breaks ties between equal deadlines. */
    long sequence;

    /** Its slot in the heap's tables while armed; there written by {@link TimerHeap} only. */
    int slot = NOT_ARMED;

    TimerHandle(Timers timers, Runnable callback, long deadlineNanos, Throwable creation) {
        super(callback, creation);
        this.timers = timers;
        this.deadlineNanos = deadlineNanos;
    }

    /**
     * When the callback is due, on the clock of {@link EventLoop#time()}.
     *
     * @return nanoseconds; stays valid after the timer has fired or was cancelled
     */
    public long when() {
        return deadlineNanos;
    }

    /**
     * Moves the timer: it is now due this long after this call, as if armed anew, behind all others of the
     * same deadline. For timers that are armed, and for one whose callback is running: called in there it
     * makes a periodic timer. Allocates nothing.
     *
     * <p>On a foreign thread it is a race with the loop, as {@link #cancel()} is: the timer moves when the
     * loop gets to it, and if it has fired or was cancelled by then, nothing happens.
     *
     * @param delayNanos nanoseconds; as for {@link EventLoop#callLater(long, Runnable)}
     * @throws IllegalStateException if the timer was cancelled or has fired; arm a new one then
     */
    public void reschedule(long delayNanos) {
        timers.reschedule(this, delayNanos);
    }

    /**
     * {@link #reschedule(long)} with a {@code Duration}, of any length.
     *
     * @param delay how long to wait from now
     * @throws IllegalStateException if the timer was cancelled or has fired; arm a new one then
     */
    public void reschedule(Duration delay) {
        reschedule(Clock.nanos(delay));
    }

    /**
     * {@inheritDoc} A cancelled timer leaves the heap at once. Called from its own callback, it lets that end
     * and takes back a {@link #reschedule} in there; another one is refused. So a periodic timer ends, too,
     * when another thread calls this, at the latest after the present run.
     */
    @Override
    public void cancel() {
        timers.cancel(this);
    }

    /** The loop's part of {@link #cancel}. */
    void cancelHere(TimerHeap heap) {
        if (isArmed()) {
            heap.remove(this);
            forget(); // even if the callback is not here: it armed the timer again and is still running
        } else if (slot == FIRING) {
            slot = NOT_ARMED;
        } else {
            markCancelled(); // put aside, or not armed yet
        }
    }

    /** A foreign thread's part of {@link #cancel}: if the callback has not begun, it will not. */
    void markCancelled() {
        super.cancel();
    }

    /** Whether there is, or will be, a callback to move. */
    boolean isMovable() {
        return slot == FIRING || !isCancelled() && (isArmed() || isPending());
    }

    /** The loop's part of {@link #reschedule}, for a timer that is movable. */
    void moveHere(TimerHeap heap, long newDeadlineNanos) {
        deadlineNanos = newDeadlineNanos;
        if (isArmed()) {
            heap.move(this);
        } else if (slot == FIRING) {
            heap.arm(this);
        } else {
            heap.number(this); // put aside, or not armed yet: whoever has it will add it
        }
    }

    @Override
    void run() {
        Runnable task = take();
        if (task == null) {
            return;
        }
        slot = FIRING;
        try {
            task.run();
        } finally {
            if (isArmed()) {
                giveBack(task);
            }
            slot = slot == FIRING ? NOT_ARMED : slot;
        }
    }

    private boolean isArmed() {
        return slot >= 0;
    }

    @Override
    public String toString() {
        boolean running = slot != NOT_ARMED && !isPending() && !isCancelled();
        return "TimerHandle[" + (running ? "running" : describe()) + ", when=" + deadlineNanos + " ns]";
    }
}
