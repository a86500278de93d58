package io.jvloop.support;

import io.jvloop.loop.EventLoop;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

/**
 * Runs a loop in a thread of its own, so that a test can do blocking things meanwhile.
 *
 * <pre>
 * try (LoopThread thread = LoopThread.start(loop)) {
 *     int answer = thread.call(() -&gt; 6 * 7);
 * }
 * </pre>
 *
 * Closing stops the loop and waits for its thread; it does not close the loop. If the run ended with an
 * exception, closing throws.
 */
public final class LoopThread implements AutoCloseable {
    private final EventLoop loop;
    private final Thread thread;
    private volatile Throwable failure;

    private LoopThread(EventLoop loop) {
        this.loop = loop;
        this.thread = new Thread(this::run, "loop-under-test");
        thread.setDaemon(true);
    }

    /** Starts the loop; it runs when this returns. */
    public static LoopThread start(EventLoop loop) {
        LoopThread started = new LoopThread(loop);
        CountDownLatch running = new CountDownLatch(1);
        loop.callSoonThreadsafe(running::countDown);
        started.thread.start();
        Await.latch(running);
        return started;
    }

    private void run() {
        try {
            loop.runForever();
        } catch (Throwable t) { // for whoever closes this
            failure = t;
        }
    }

    /** The thread the loop runs in. */
    public Thread thread() {
        return thread;
    }

    /** Queues a callback on the loop and does not wait for it. */
    public void post(Runnable callback) {
        loop.callSoonThreadsafe(callback);
    }

    /**
     * Runs a task on the loop and waits for its result; what it throws becomes the cause of an {@code
     * AssertionError}.
     */
    public <T> T call(Callable<T> task) {
        CompletableFuture<T> result = new CompletableFuture<>();
        post(() -> {
            try {
                result.complete(task.call());
            } catch (Throwable t) { // for whoever waits
                result.completeExceptionally(t);
            }
        });
        return Await.result(result);
    }

    /** Runs a task on the loop and waits for its end; for tasks without a result. */
    public void run(Runnable task) {
        call(() -> {
            task.run();
            return null;
        });
    }

    /** Waits until the loop stops by itself; throws what its run threw. */
    public void join() {
        Await.end(thread);
        if (failure != null) {
            throw new AssertionError("the loop's run ended with an exception", failure);
        }
    }

    @Override
    public void close() {
        if (thread.isAlive() && loop.isRunning()) {
            loop.stop();
        }
        join();
    }
}
