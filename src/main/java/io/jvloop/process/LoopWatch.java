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
    private long lastSeenRunning = System.nanoTime();

    LoopWatch(EventLoop loop) {
        this.loop = loop;
    }

    boolean isOver() {
        if (loop.isClosed()) {
            return true;
        }
        if (loop.isRunning()) {
            lastSeenRunning = System.nanoTime();
        }
        return System.nanoTime() - lastSeenRunning > STANDSTILL_NANOS;
    }
}
