package io.jvloop.loop;

import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Blocking work off the loop, results back on it.
 *
 * <p>The default pool is made at first use: daemon threads, so that it never keeps a process alive, and at
 * most min(32, processors + 4) of them, Python's rule, which suits work that mostly waits. Threads with
 * nothing to do end after a minute.
 */
final class DefaultExecutor {
    private static final int MAX_THREADS = 32;
    private static final int EXTRA_THREADS = 4;
    private static final int KEEP_ALIVE_SECONDS = 60;
    private static final AtomicInteger THREADS = new AtomicInteger();

    private final EventLoop loop;
    private ExecutorService pool;
    private boolean shutdown;

    DefaultExecutor(EventLoop loop) {
        this.loop = loop;
    }

    <T> CompletableFuture<T> run(Executor given, Callable<T> task) {
        Objects.requireNonNull(task, "task");
        Executor executor = given != null ? given : pool();
        CompletableFuture<T> result = loop.createFuture();
        executor.execute(() -> {
            if (!result.isCancelled()) { // cancelled before a thread was free: do not even begin
                call(task, result);
            }
        });
        return result;
    }

    synchronized void replace(ExecutorService executor) {
        refuseAfterShutdown();
        pool = Objects.requireNonNull(executor, "executor");
    }

    synchronized CompletableFuture<Void> shutdown(long timeoutNanos) {
        shutdown = true;
        CompletableFuture<Void> done = loop.createFuture();
        ExecutorService ending = pool;
        pool = null;
        if (ending == null) {
            done.complete(null);
            return done;
        }
        ending.shutdown();
        Thread waiter = new Thread(() -> awaitEnd(ending, timeoutNanos, done), "jvloop-executor-shutdown");
        waiter.setDaemon(true);
        waiter.start();
        return done;
    }

    /** The loop is closing: tell the pool to end, do not wait. */
    synchronized void abandon() {
        shutdown = true;
        if (pool != null) {
            pool.shutdown();
            pool = null;
        }
    }

    private synchronized ExecutorService pool() { // any thread may be the first
        refuseAfterShutdown();
        if (pool == null) {
            int threads = Math.min(MAX_THREADS, Runtime.getRuntime().availableProcessors() + EXTRA_THREADS);
            ThreadPoolExecutor made =
                    new ThreadPoolExecutor(threads, threads, KEEP_ALIVE_SECONDS, TimeUnit.SECONDS,
                            new LinkedBlockingQueue<>(), DefaultExecutor::thread);
            made.allowCoreThreadTimeOut(true);
            pool = made;
        }
        return pool;
    }

    private static Thread thread(Runnable work) {
        Thread thread = new Thread(work, "jvloop-executor-" + THREADS.incrementAndGet());
        thread.setDaemon(true);
        return thread;
    }

    private void refuseAfterShutdown() {
        if (shutdown) {
            throw new IllegalStateException("Executor shutdown has been called");
        }
    }

    private <T> void call(Callable<T> task, CompletableFuture<T> result) {
        T value = null;
        Throwable failure = null;
        try {
            value = task.call();
        } catch (Throwable t) { // whoever waits for the future gets it, Errors too
            failure = t;
        }
        T finalValue = value;
        Throwable finalFailure = failure;
        Completion.deliver(loop, () -> Async.complete(result, finalValue, finalFailure));
    }

    private void awaitEnd(ExecutorService ending, long nanos, CompletableFuture<Void> done) {
        boolean ended = false;
        try {
            ended = ending.awaitTermination(nanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        boolean inTime = ended;
        Completion.deliver(loop, () -> {
            if (!inTime) {
                Diagnostics.warn(
                        "The executor did not finish its work within the timeout and was left to itself: "
                                + ending);
            }
            done.complete(null);
        });
    }
}
