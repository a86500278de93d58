package io.jvloop.process;

import io.jvloop.loop.EventLoop;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;

/** A loop that is drained and then stopped; its owner closes it. */
final class LoopTarget implements Leaver.Target {
    private final EventLoop loop;
    private final LoopWatch watch; // of the exit's thread

    LoopTarget(EventLoop loop) {
        this.loop = Objects.requireNonNull(loop, "loop");
        this.watch = new LoopWatch(loop);
    }

    @Override
    public void leave(Duration deadline, Consumer<Boolean> answer) {
        try {
            loop.drain(deadline).whenComplete((everybody, failure) -> {
                answer.accept(failure == null && everybody);
                loop.stop();
            });
        } catch (IllegalStateException closed) {
            answer.accept(true); // there was nobody
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
    public String toString() {
        return loop.toString();
    }
}
