package io.jvloop.stream;

import java.util.concurrent.CompletableFuture.AsynchronousCompletionTask;

/**
 * A call on its way to the loop. One that is being closed does not drop it, so whoever waits for its answer,
 * on a virtual thread perhaps, hears of the end and does not wait for ever.
 */
interface Request extends Runnable, AsynchronousCompletionTask {
}
