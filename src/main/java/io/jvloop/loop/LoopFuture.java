package io.jvloop.loop;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A {@link CompletableFuture} at home on a loop: its async stages run there, and waiting for it <em>on</em>
 * the loop's thread, which could only ever deadlock, fails instead.
 *
 * <p>{@code CompletableFuture} was kept, rather than an own future type, because it is what Java readers
 * know.
 */
final class LoopFuture<T> extends CompletableFuture<T> {
    private final EventLoop loop;

    LoopFuture(EventLoop loop) {
        this.loop = loop;
    }

    EventLoop loop() {
        return loop;
    }

    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new LoopFuture<>(loop);
    }

    @Override
    public Executor defaultExecutor() {
        return loop;
    }

    @Override
    public T join() {
        return awaitable("join()").join();
    }

    @Override
    public T get() throws InterruptedException, ExecutionException {
        return awaitable("get()").get();
    }

    @Override
    public T get(long timeout, TimeUnit unit)
            throws InterruptedException, ExecutionException, TimeoutException {
        return awaitable("get(timeout)").get(timeout, unit);
    }

    /**
     * What a thread may wait on: a future of its own. If it waited on this one itself, it would be made to
     * help with the stages that depend on it, and those belong on the loop.
     */
    private CompletableFuture<T> awaitable(String method) {
        if (!isDone()) {
            refuseToDeadlock(method);
        }
        CompletableFuture<T> own = new CompletableFuture<>();
        whenComplete((value, failure) -> Async.complete(own, value, failure));
        return own;
    }

    private void refuseToDeadlock(String method) {
        if (loop.inLoop()) {
            throw new IllegalStateException(
                    method + " on the loop's own thread would wait for ever, for only this thread can "
                            + "complete the future. Use thenAccept or whenComplete");
        }
    }
}
