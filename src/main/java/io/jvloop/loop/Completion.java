package io.jvloop.loop;

import java.util.concurrent.CompletableFuture.AsynchronousCompletionTask;
import java.util.concurrent.RejectedExecutionException;

/** A callback that a loop does not drop when it is closed, since somebody waits for what it does. */
interface Completion extends Runnable, AsynchronousCompletionTask {
    /**
     * On the loop, even if that is being closed; or here, if it is closed already: a thread that waits for
     * the result must not wait for ever.
     */
    static void deliver(EventLoop loop, Completion completion) {
        try {
            loop.execute(completion);
        } catch (RejectedExecutionException closed) {
            completion.run();
        }
    }
}
