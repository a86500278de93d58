package io.jvloop.process;

import io.jvloop.loop.EventLoop;
import java.util.OptionalInt;
import java.util.concurrent.RejectedExecutionException;

/** A handler of {@link Signals#handle}. */
final class LoopHandler implements Receiver {
    private final EventLoop loop;
    private final Runnable handler;
    private final LoopWatch watch; // of the exit's thread

    LoopHandler(EventLoop loop, Runnable handler) {
        this.loop = loop;
        this.handler = handler;
        this.watch = new LoopWatch(loop);
    }

    boolean isFor(EventLoop other) {
        return loop == other;
    }

    @Override
    public void deliver(Signal signal) {
        try {
            loop.execute(handler);
        } catch (RejectedExecutionException closedMeanwhile) {
            // isAlive will tell
        }
    }

    @Override
    public boolean isAlive() {
        return !loop.isClosed();
    }

    @Override
    public boolean isOver() {
        return watch.isOver();
    }

    @Override
    public long patienceNanos() {
        return Signals.graceNanos();
    }

    @Override
    public boolean endsTheProcess() {
        return false;
    }

    @Override
    public OptionalInt exitCode() {
        return OptionalInt.empty();
    }

    @Override
    public String toString() {
        return handler + " on " + loop;
    }
}
