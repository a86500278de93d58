package io.jvloop.process;

import java.time.Duration;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** A loop or a group that is to end in order when a signal asks for the end of the process. */
final class Leaver implements Receiver {
    /** For answers that are on their way at the deadline. */
    private static final long SLACK_NANOS = Duration.ofSeconds(1).toNanos();

    /** What is to end. */
    interface Target {
        /** Begins; tells in the end whether everybody was done in time. */
        void leave(Duration deadline, Consumer<Boolean> answer);

        boolean isAlive();

        boolean isOver();
    }

    private final Target target;
    private final Duration deadline;
    private final OptionalInt chosen;
    private final CompletableFuture<Signal> requested = new CompletableFuture<>();
    private volatile boolean inOrder;

    Leaver(Target target, Duration deadline, OptionalInt chosen) {
        this.target = target;
        this.deadline = Objects.requireNonNull(deadline, "deadline");
        this.chosen = chosen;
    }

    /** A caller's own. */
    CompletableFuture<Signal> requested() {
        return requested.copy();
    }

    @Override
    public void deliver(Signal signal) {
        if (requested.complete(signal)) {
            target.leave(deadline, everybody -> inOrder = everybody);
        }
    }

    @Override
    public boolean isAlive() {
        return target.isAlive();
    }

    @Override
    public boolean isOver() {
        return target.isOver();
    }

    @Override
    public long patienceNanos() {
        return Departure.nanos(deadline) + SLACK_NANOS;
    }

    @Override
    public boolean endsTheProcess() {
        return true;
    }

    @Override
    public OptionalInt exitCode() {
        return inOrder ? chosen : OptionalInt.empty();
    }

    @Override
    public String toString() {
        return target + " within " + deadline;
    }
}
