package io.jvloop.process;

import io.jvloop.loop.Async;
import io.jvloop.loop.EventLoop;
import java.time.Duration;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;

/**
 * A whole program in one call: makes a loop, runs what {@code main} begins until that is complete, ends
 * everything in order, and closes the loop.
 *
 * <pre>
 * public static void main(String[] args) {
 *     String answer = Runner.run(loop -&gt; ask(loop, "example.org"));
 * }
 * </pre>
 *
 * <p><b>Ctrl-C</b>, TERM or HUP cancels {@code main}'s future; what depends on it can clean up, and
 * connections end in order, for as long as the grace allows. Then the process ends with 128 + N, so that
 * {@code run} does not return. A second signal ends it at once.
 */
public final class Runner {
    /** How long connections, and tasks of the loop's executor, have to end, if nothing else is said. */
    public static final Duration DEFAULT_GRACE = Duration.ofSeconds(10);

    private Runner() {
    }

    /**
     * Runs with {@link #DEFAULT_GRACE}.
     *
     * @param <T> type of the result
     * @param main see {@link #run(Duration, Function)}
     * @return its result
     */
    public static <T> T run(Function<EventLoop, ? extends CompletionStage<T>> main) {
        return run(DEFAULT_GRACE, main);
    }

    /**
     * Runs a program.
     *
     * @param <T> type of the result
     * @param grace how long connections, and tasks of the loop's executor, have to end when {@code main} is
     *            complete or was cancelled
     * @param main called on the loop; the program is over when the stage it returns is complete
     * @return its result
     * @throws java.util.concurrent.CompletionException with the cause, if {@code main} fails or throws
     * @throws java.util.concurrent.CancellationException if it is cancelled, but not by a signal
     * @throws IllegalStateException if this thread runs a loop already
     */
    public static <T> T run(Duration grace, Function<EventLoop, ? extends CompletionStage<T>> main) {
        Objects.requireNonNull(grace, "grace");
        Objects.requireNonNull(main, "main");
        EventLoop loop = EventLoop.create();
        Program<T> program = new Program<>(loop, grace, main);
        try {
            program.listen();
            return program.run();
        } finally {
            program.end();
        }
    }

    /** One run. */
    private static final class Program<T> implements Receiver {
        private final EventLoop loop;
        private final Duration grace;
        private final Function<EventLoop, ? extends CompletionStage<T>> main;
        private final CompletableFuture<T> result;
        private CompletableFuture<T> running; // null before main has returned
        private volatile Signal signal; // null until one comes
        private volatile boolean over;

        Program(EventLoop loop, Duration grace, Function<EventLoop, ? extends CompletionStage<T>> main) {
            this.loop = loop;
            this.grace = grace;
            this.main = main;
            this.result = loop.createFuture();
        }

        void listen() {
            if (Signals.supported(Signal.INT) != Signals.Tier.NONE) {
                SignalTable.INSTANCE.addEnding(this);
            }
        }

        T run() {
            loop.callSoon(this::begin);
            return loop.runUntilComplete(result);
        }

        private void begin() {
            try {
                running = Objects.requireNonNull(main.apply(loop), "main returned null instead of a stage")
                        .toCompletableFuture();
            } catch (Throwable t) { // whoever has called run gets it
                result.completeExceptionally(t);
                return;
            }
            running.whenComplete((value, failure) -> Async.complete(result, value, failure));
            if (signal != null) {
                running.cancel(false);
            }
        }

        @Override
        public void deliver(Signal which) {
            signal = which;
            try {
                loop.execute(this::interrupt);
            } catch (RejectedExecutionException closed) {
                // then it is over anyway
            }
        }

        private void interrupt() {
            if (running != null) {
                running.cancel(false);
            }
        }

        /** Connections, then tasks, then the loop; what one step throws must not keep the next from it. */
        void end() {
            try (loop) {
                loop.runUntilComplete(loop.drain(grace));
                loop.runUntilComplete(loop.shutdownDefaultExecutor(grace));
            } catch (IllegalStateException cannotRun) {
                // Stopped by somebody, or never able to run: run() has said so, and closing does the rest.
            } finally {
                over = true;
                leave();
            }
        }

        private void leave() {
            if (signal != null) {
                System.exit(signal.exitCode()); // while the JVM is ending anyway this just never returns
            }
            SignalTable.INSTANCE.removeEnding(this);
        }

        @Override
        public boolean isAlive() {
            return !over;
        }

        @Override
        public boolean isOver() {
            return over;
        }

        /** For the drain, for the executor, and for what is on its way. */
        @Override
        public long patienceNanos() {
            return 2 * Departure.nanos(grace) + Duration.ofSeconds(1).toNanos();
        }

        @Override
        public boolean endsTheProcess() {
            return true;
        }

        @Override
        public OptionalInt exitCode() {
            return OptionalInt.empty();
        }

        @Override
        public String toString() {
            return "Runner of " + main + " on " + loop;
        }
    }
}
