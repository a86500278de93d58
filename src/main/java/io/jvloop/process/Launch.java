package io.jvloop.process;

import io.jvloop.loop.Async;
import io.jvloop.loop.EventLoop;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * Starts a child off the loop and hands it to the loop; whatever happens on the way, a cancel or the end of
 * the loop, the child is either delivered or killed.
 *
 * @param loop where the child will live
 * @param command the program and its arguments
 * @param config how it is started
 * @param byThreads see {@link ChildThreads}
 */
record Launch(EventLoop loop, List<String> command, SubprocessConfig config, boolean byThreads) {
    private static final boolean THREADS_WANTED = Boolean.getBoolean("jvloop.process.threads");

    /** What is made of the child, on the loop; completes the result, or throws. */
    interface Use<T> {
        void begin(Spawned child, CompletableFuture<T> result) throws IOException;
    }

    static Launch of(EventLoop loop, List<String> command, SubprocessConfig config) {
        Objects.requireNonNull(loop, "loop");
        Objects.requireNonNull(config, "config");
        return new Launch(loop, checked(command), config, THREADS_WANTED);
    }

    private static List<String> checked(List<String> command) {
        List<String> copy = List.copyOf(command);
        if (copy.isEmpty() || copy.get(0).isEmpty()) {
            throw new IllegalArgumentException("a command has at least the name of a program");
        }
        return copy;
    }

    <T> CompletableFuture<T> start(Use<T> use) {
        CompletableFuture<T> result = loop.createFuture();
        CompletableFuture<Spawned> spawning = loop.runInExecutor(() -> result.isDone() ? null
                : Spawned.spawn(command, config, byThreads || !ChildPipes.areSupported()));
        spawning.whenComplete((child, failure) -> {
            if (failure != null) {
                result.completeExceptionally(Async.cause(failure));
            } else if (child != null) {
                Delivery.to(loop, () -> deliver(child, use, result), () -> {
                    child.discard();
                    result.completeExceptionally(new IllegalStateException("Event loop is closed"));
                });
            }
        });
        return result;
    }

    private <T> void deliver(Spawned child, Use<T> use, CompletableFuture<T> result) {
        if (result.isDone()) { // cancelled meanwhile
            child.discard();
            return;
        }
        try {
            use.begin(child, result);
        } catch (IOException | RuntimeException | Error e) { // the factory's, or the loop is being closed
            child.discard();
            result.completeExceptionally(e);
        }
    }
}
