package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.TimerHandle;
import java.time.Duration;

/**
 * Notices that nothing has happened for a while. One timer, which moves only when it fires: a connection that
 * is busy costs one look at the clock per event, not one timer per event. Loop thread.
 */
final class IdleWatch {
    /** So that the nanoseconds fit into a long. */
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
        this.lastNanos = loop.time();
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
        long idleNanos = loop.time() - lastNanos;
        if (idleNanos < timeoutNanos) {
            timer.reschedule(timeoutNanos - idleNanos);
            return;
        }
        touch();
        timer.reschedule(timeoutNanos);
        onIdle.run();
    }
}
