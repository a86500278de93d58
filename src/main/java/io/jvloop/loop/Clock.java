package io.jvloop.loop;

import java.time.Duration;

/** Monotonic time in nanoseconds. Exists so that tests can turn the hands themselves. */
interface Clock {
    /** Delays are capped here, 100 years, as in uvloop; so the sum of a time and a delay never overflows. */
    long MAX_DELAY_NANOS = 100L * 365 * 24 * 60 * 60 * 1_000_000_000;

    /**
     * The real clock. It starts near zero when this class is loaded, so that deadlines are positive for 292
     * years, compare with plain {@code <}, and mean the same on every loop of the process. ({@code
     * System.nanoTime()} itself may be negative and wrap.)
     */
    Clock SYSTEM = new Clock() {
        private final long origin = System.nanoTime();

        @Override
        public long nanoTime() {
            return System.nanoTime() - origin;
        }
    };

    long nanoTime();

    /** The time after a delay from now; negative counts as 0, and what is too long is capped. */
    default long after(long delayNanos) {
        return nanoTime() + Math.min(Math.max(delayNanos, 0), MAX_DELAY_NANOS);
    }

    /** Nanoseconds of a duration of any length, capped; what is negative becomes 0. */
    static long nanos(Duration duration) {
        boolean huge = duration.getSeconds() >= MAX_DELAY_NANOS / 1_000_000_000;
        return huge ? MAX_DELAY_NANOS : duration.isNegative() ? 0 : duration.toNanos();
    }
}
