package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import java.util.concurrent.RejectedExecutionException;

/** The seam between futures, which anybody may cancel from anywhere, and objects that belong to a loop. */
final class Futures {
    private Futures() {
    }

    /**
     * Now, if this thread may; else on the loop; and if the loop is closed not at all, since that has
     * released everything.
     */
    static void onLoop(EventLoop loop, Runnable action) {
        if (loop.isClosed()) {
            return;
        }
        if (loop.inLoop() || !loop.isRunning()) {
            action.run();
            return;
        }
        try {
            loop.execute(action);
        } catch (RejectedExecutionException closedMeanwhile) {
            // as above
        }
    }
}
