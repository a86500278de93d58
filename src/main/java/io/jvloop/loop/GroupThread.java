package io.jvloop.loop;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * One loop of a {@link LoopGroup} and its thread: makes the loop, runs it, closes it.
 *
 * <pre>
 *   made, set up ──▶ running ──group's drain and stop──▶ closed, in order or not
 *        │              └──fatal error, foreign stop──▶ reported, closed, not in order
 *        └──failure──▶ closed, thrown by the group's start
 * </pre>
 */
final class GroupThread {
    private final Thread thread;
    private final Consumer<EventLoop> setUp;
    private final CompletableFuture<EventLoop> running = new CompletableFuture<>();
    private final CompletableFuture<Void> ending = new CompletableFuture<>();
    private volatile boolean toldToEnd;
    private volatile boolean inOrder;

    GroupThread(String name, Consumer<EventLoop> setUp) {
        this.setUp = setUp;
        this.thread = new Thread(this::live, name);
        thread.setDaemon(false); // not as the creator's happens to be
    }

    /** Returns when the loop runs, or throws what keeps it from that; then nothing is left of it. */
    void start() {
        thread.start();
        try {
            running.join();
        } catch (RuntimeException e) {
            join();
            throw new IllegalStateException("Cannot start " + thread.getName() + ": " + e.getCause(),
                    e.getCause());
        }
    }

    EventLoop loop() {
        return running.join();
    }

    boolean isCurrent() {
        return Thread.currentThread() == thread;
    }

    /** Completed as the last thing this thread does. */
    CompletableFuture<Void> ending() {
        return ending;
    }

    /** Whether the loop ran until its group ended it, and nobody had to be cut off. */
    boolean endedInOrder() {
        return inOrder;
    }

    /**
     * Asks the loop to drain. At the deadline it is stopped by a timer of its own: it must not wait for the
     * answer of another loop, which may be stuck in a callback.
     */
    CompletableFuture<Boolean> drain(long deadlineNanos) {
        toldToEnd = true;
        EventLoop loop = loop();
        try {
            CompletableFuture<Boolean> drained = loop.reactor().ending().drain(deadlineNanos);
            loop.callSoonThreadsafe(() -> loop.callAt(deadlineNanos, loop::stop));
            return drained;
        } catch (IllegalStateException closed) { // it has ended by itself
            return CompletableFuture.completedFuture(false);
        }
    }

    void stop() {
        toldToEnd = true;
        loop().stop();
    }

    /** Waits for the thread's end; being interrupted does not shorten that, and is not forgotten. */
    void join() {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void live() {
        try {
            makeAndRun();
        } finally {
            ending.complete(null);
        }
    }

    private void makeAndRun() {
        EventLoop loop = null;
        Throwable failure = null;
        try {
            loop = EventLoop.create();
            EventLoop made = loop;
            setUp.accept(made);
            made.callSoon(() -> running.complete(made));
            made.runForever();
        } catch (Throwable t) { // whoever waits for the start gets it, else the exception handler
            failure = t;
        }
        if (loop == null) {
            running.completeExceptionally(failure);
        } else {
            end(loop, failure);
        }
    }

    private void end(EventLoop loop, Throwable failure) {
        boolean tidy = failure == null && toldToEnd && loop.stats().channels() == 0;
        Attempts attempts = new Attempts();
        if (running.isDone() && (failure != null || !toldToEnd)) {
            attempts.add(() -> loop.reactor().diagnostics().deliver(endedEarly(failure)));
        }
        attempts.add(loop::close);
        inOrder = tidy && !attempts.haveFailed();
        if (failure != null) {
            running.completeExceptionally(failure); // if it never ran
        }
        attempts.throwFirst(); // to this thread's uncaught-exception handler: there is nobody else
    }

    private ExceptionContext endedEarly(Throwable failure) {
        String how = failure == null ? "was stopped" : "ended with " + failure.getClass().getName();
        return ExceptionContext.of("A loop of a group " + how + " and is closed; the others go on", failure)
                .with("thread", thread.getName());
    }
}
