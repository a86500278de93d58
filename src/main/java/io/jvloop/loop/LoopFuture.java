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
        refuseToDeadlock("join()");
        return super.join();
    }

    @Override
    public T get() throws InterruptedException, ExecutionException {
        refuseToDeadlock("get()");
        return super.get();
    }

    @Override
    public T get(long timeout, TimeUnit unit)
            throws InterruptedException, ExecutionException, TimeoutException {
        refuseToDeadlock("get(timeout)");
        return super.get(timeout, unit);
    }

    private void refuseToDeadlock(String method) {
        if (!isDone() && loop.inLoop()) {
            throw new IllegalStateException(
                    method + " on the loop's own thread would wait for ever, for only this thread can "
                            + "complete the future. Use thenAccept or whenComplete");
        }
    }
}
