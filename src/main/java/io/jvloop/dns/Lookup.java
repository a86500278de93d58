package io.jvloop.dns;

import io.jvloop.loop.EventLoop;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletableFuture.AsynchronousCompletionTask;
import java.util.concurrent.RejectedExecutionException;

/**
 * One question on its way through the pool, and the future of its answer.
 *
 * <pre>
 *   QUEUED ──▶ ASKING ──▶ HANDED OVER ──loop──▶ DONE
 *      │          │            │
 *      └──────────┴────────────┴──▶ cancelled: the rest is skipped; loop closed: the future fails
 * </pre>
 *
 * <p>A query that has begun cannot be stopped, since {@code getaddrinfo(3)} heeds no interrupt. Cancelling
 * gives up the answer, not the thread. A query cancelled in the queue stays there until a thread comes by and
 * skips it: taking it out is a search, and a server that gives up 10,000 look-ups at once would make 10,000
 * of them.
 *
 * <p>Invariant: the future is completed by the loop, or the loop is closed and it fails.
 *
 * <p>Thread: one of the pool's.
 */
final class Lookup<T> implements Runnable {
    private final EventLoop loop;
    private final Callable<T> question;
    private final CompletableFuture<T> answer;

    Lookup(EventLoop loop, Callable<T> question, CompletableFuture<T> answer) {
        this.loop = loop;
        this.question = question;
        this.answer = answer;
    }

    @Override
    public void run() {
        if (answer.isDone()) {
            return;
        }
        if (loop.isClosed()) {
            fail();
            return;
        }
        Completion completion = ask();
        if (!answer.isDone()) { // else do not wake the loop for nothing
            handOver(completion);
        }
    }

    private Completion ask() {
        try {
            T found = question.call();
            return () -> answer.complete(found);
        } catch (Throwable t) { // whoever waits for the future gets it, Errors too
            return () -> answer.completeExceptionally(t);
        }
    }

    private void handOver(Completion completion) {
        try {
            loop.execute(completion);
        } catch (RejectedExecutionException closed) {
            fail();
        }
    }

    /** Even if there is an answer: what depends on it would go on here, off the loop's thread. */
    private void fail() {
        answer.completeExceptionally(new IllegalStateException("Event loop is closed"));
    }

    /** A callback that a loop does not drop when it is closed. */
    private interface Completion extends Runnable, AsynchronousCompletionTask {
    }
}
