package io.jvloop.alternatives;

/** A timer of the stores that compare objects: as large as jvloop's own {@code TimerHandle}. */
public final class Timer implements Comparable<Timer> {
    /** The index of a timer that was cancelled or popped. */
    static final int NOWHERE = -1;

    final long deadlineNanos;
    final long sequence;

    /** Where it is, for a store that wants to know. */
    int index;

    Timer(long deadlineNanos, long sequence) {
        this.deadlineNanos = deadlineNanos;
        this.sequence = sequence;
    }

    boolean isBefore(Timer other) {
        return deadlineNanos < other.deadlineNanos
                || deadlineNanos == other.deadlineNanos && sequence < other.sequence;
    }

    @Override
    public int compareTo(Timer other) {
        int byDeadline = Long.compare(deadlineNanos, other.deadlineNanos);
        return byDeadline != 0 ? byDeadline : Long.compare(sequence, other.sequence);
    }
}
