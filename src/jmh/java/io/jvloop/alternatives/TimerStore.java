package io.jvloop.alternatives;

/**
 * What all ways of keeping timers have in common, so that {@code TimerHeapBenchmark} can exchange them.
 *
 * @param <T> an armed timer
 */
public interface TimerStore<T> {
    /** Adds a timer. */
    T arm(long deadlineNanos);

    /** Takes back a timer that was armed and has not been popped. */
    void cancel(T timer);

    /** Takes out a timer that is due, the earliest first, or returns null; time never goes back. */
    T popDue(long nowNanos);
}
