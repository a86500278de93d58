package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.TimerHandle;
import java.time.Duration;

/**
 * Notices that nothing has happened for a while. One timer, which moves only when it fires: a connection that
 * is busy costs one look at the clock per event, not one timer per event. Loop thread.
 */
final class IdleWatch {
    /** A hundred years, so that the nanoseconds fit into a long. */
    private static final Duration LONGEST = Duration.ofDays(36_500);

    private final EventLoop loop;
    private final long timeoutNanos;
    private final Runnable onIdle;
    private final TimerHandle timer;
    private long lastNanos;

    /** {@code onIdle} is called each time the timeout has passed without a {@link #touch}. */
    IdleWatch(EventLoop loop, Duration timeout, Runnable onIdle) {
        this.loop = loop;
        this.timeoutNanos = (timeout.compareTo(LONGEST) > 0 ? LONGEST : timeout).toNanos();
        this.onIdle = onIdle;
        touch();
        this.timer = loop.callLater(timeoutNanos, this::check);
    }

    /** Null is no timeout, and fine. */
    static void requirePositive(Duration timeout) {
        if (timeout != null && (timeout.isNegative() || timeout.isZero())) {
            throw new IllegalArgumentException(
                    "a timeout must be > 0, not " + timeout + "; null switches it off");
        }
    }

    /** Something has happened. */
    void touch() {
        lastNanos = loop.time();
    }

    void cancel() {
        timer.cancel();
    }

    private void check() {
        long leftNanos = lastNanos + timeoutNanos - loop.time();
        if (leftNanos > 0) {
            timer.reschedule(leftNanos);
            return;
        }
        touch();
        timer.reschedule(timeoutNanos); // first, since whoever is told may cancel it
        onIdle.run();
    }
}
