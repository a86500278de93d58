package io.jvloop.process;

import io.jvloop.loop.EventLoop;
import java.util.concurrent.CompletableFuture.AsynchronousCompletionTask;
import java.util.concurrent.RejectedExecutionException;

/** Hands over to a loop what must not get lost when the loop is being closed. */
interface Delivery extends Runnable, AsynchronousCompletionTask {
    /** On the loop, even if it is being closed; if it is closed already {@code otherwise} runs here. */
    static void to(EventLoop loop, Delivery delivery, Runnable otherwise) {
        try {
            loop.execute(delivery);
        } catch (RejectedExecutionException closed) {
            otherwise.run();
        }
    }
}
