package io.jvloop.process;

import io.jvloop.loop.EventLoop;
import java.util.concurrent.TimeUnit;

/**
 * Tells whether a loop has come to its end: it is closed, or nobody has run it for a while. (Between two
 * calls of {@code runUntilComplete} nobody does either, for a moment.) Any one thread.
 */
final class LoopWatch {
    private static final long STANDSTILL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final EventLoop loop;
    private boolean looking;
    private long lastSeenRunning;

    LoopWatch(EventLoop loop) {
        this.loop = loop;
    }

    /** The first look is where the while begins. */
    boolean isOver() {
        if (loop.isClosed()) {
            return true;
        }
        long now = System.nanoTime();
        if (!looking || loop.isRunning()) {
            looking = true;
            lastSeenRunning = now;
        }
        return now - lastSeenRunning > STANDSTILL_NANOS;
    }
}
