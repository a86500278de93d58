package io.jvloop.process;

import io.jvloop.loop.LoopGroup;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;

/** A group of loops that is shut down. */
final class GroupTarget implements Leaver.Target {
    private final LoopGroup group;
    private volatile boolean over;

    GroupTarget(LoopGroup group) {
        this.group = Objects.requireNonNull(group, "group");
    }

    @Override
    public void leave(Duration deadline, Consumer<Boolean> answer) {
        group.shutdown(deadline).whenComplete((everybody, failure) -> {
            answer.accept(failure == null && everybody);
            over = true;
        });
    }

    @Override
    public boolean isAlive() {
        return !group.closed().isDone();
    }

    @Override
    public boolean isOver() {
        return over;
    }

    @Override
    public String toString() {
        return group.toString();
    }
}
