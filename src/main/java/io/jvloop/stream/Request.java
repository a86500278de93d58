package io.jvloop.stream;

import io.jvloop.loop.EventLoop;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletableFuture.AsynchronousCompletionTask;
import java.util.concurrent.RejectedExecutionException;

/**
 * A call on its way to the loop. One that is being closed does not drop it, so whoever waits for its answer,
 * on a virtual thread perhaps, hears of the end and does not wait for ever.
 */
interface Request extends Runnable, AsynchronousCompletionTask {
    /** At once on the loop's thread, soon on any other; on a closed loop the result fails. */
    static void make(EventLoop loop, String verb, CompletableFuture<?> result, Request request) {
        if (loop.inLoop()) {
            request.run();
            return;
        }
        try {
            loop.execute(request);
        } catch (RejectedExecutionException e) {
            result.completeExceptionally(
                    new IllegalStateException("cannot " + verb + ": " + e.getMessage(), e));
        }
    }
}
