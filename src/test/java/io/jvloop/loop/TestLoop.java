package io.jvloop.loop;

import java.nio.channels.SelectableChannel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;

/**
 * A loop whose time stands still unless it waits, so that tests of timers and of the turn are exact and take
 * no time.
 *
 * <p>Waiting is scripted: {@link #ioAt} says what becomes ready when. A wait ends with the first of these,
 * with a wake-up, or after its timeout, and the clock is set to that moment. A wait that nothing would ever
 * end is an {@code AssertionError} out of the run. Failures of callbacks are collected in {@link #failures};
 * {@link #close} throws if a test did not take them out.
 */
final class TestLoop implements AutoCloseable {
    /** What the clock shows at the beginning. */
    static final long START = 1_000_000_000_000L;

    /** The loop under test. */
    final EventLoop loop;

    /** The timeouts of all polls so far. */
    final List<Long> timeouts = new ArrayList<>();

    /** What the exception handler got. */
    final List<ExceptionContext> failures = new ArrayList<>();

    private final TreeMap<Long, List<Runnable>> script = new TreeMap<>();
    private volatile long now = START;
    private volatile boolean woken;
    private boolean stopWhenIdle;
    private boolean stopAfterPoll;

    TestLoop() {
        loop = new EventLoop(() -> now, new ScriptedPoller());
        loop.setExceptionHandler((self, context) -> failures.add(context));
    }

    /** What the clock shows. */
    long now() {
        return now;
    }

    /** Lets time pass, as a callback does that works for so long. */
    void advance(long nanos) {
        now += nanos;
    }

    /** At this time, or at the first poll after it, a channel is ready and this is its handler. */
    TestLoop ioAt(long time, Runnable handler) {
        script.computeIfAbsent(time, key -> new ArrayList<>()).add(handler);
        return this;
    }

    /** One turn that does not wait. */
    void turn() {
        loop.stop();
        loop.runForever();
    }

    /**
     * A turn that waits as long as it would in a run, and the last one after its stop, which does not wait.
     */
    void turnThatWaits() {
        stopAfterPoll = true;
        try {
            loop.runForever();
        } finally {
            stopAfterPoll = false;
        }
    }

    /** Runs until there is nothing left to wait for. */
    void runUntilIdle() {
        stopWhenIdle = true;
        try {
            loop.runForever();
        } finally {
            stopWhenIdle = false;
        }
    }

    @Override
    public void close() {
        loop.close();
        if (!failures.isEmpty()) {
            AssertionError error =
                    new AssertionError("reported failures that the test did not take: " + failures);
            failures.stream().map(ExceptionContext::exception).filter(Objects::nonNull)
                    .forEach(error::addSuppressed);
            throw error;
        }
    }

    private final class ScriptedPoller implements Poller {
        @Override
        public void poll(long timeoutNanos) {
            timeouts.add(timeoutNanos);
            if (timeoutNanos > 0 && !woken) {
                waitAtMost(timeoutNanos);
            }
            woken = false;
            while (!script.isEmpty() && script.firstKey() <= now) {
                script.pollFirstEntry().getValue().forEach(Runnable::run);
            }
            if (stopAfterPoll) {
                loop.stop();
            }
        }

        private void waitAtMost(long timeoutNanos) {
            long first = script.isEmpty() ? FOREVER : Math.max(now, script.firstKey());
            long end = timeoutNanos == FOREVER ? FOREVER : now + timeoutNanos;
            if (first != FOREVER || end != FOREVER) {
                now = Math.min(first, end);
            } else if (stopWhenIdle) {
                loop.stop();
            } else {
                throw new AssertionError(
                        "the loop would wait for ever: nothing is scripted, and no timer is armed");
            }
        }

        @Override
        public void wakeup() {
            woken = true;
        }

        @Override
        public Registration register(SelectableChannel channel, int ops, IoHandler handler) {
            throw new UnsupportedOperationException(
                    "readiness is scripted with ioAt; for channels use a real loop");
        }

        @Override
        public Collection<Registration> registrations() {
            return List.of();
        }

        @Override
        public void spinNanos(long nanos) {
            throw new UnsupportedOperationException("a scripted poller does not spin");
        }

        @Override
        public long rebuilds() {
            return 0;
        }

        @Override
        public void close() {
            // nothing is open
        }
    }
}
