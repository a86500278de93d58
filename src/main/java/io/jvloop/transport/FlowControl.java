package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import java.util.Objects;

/**
 * Turns a queue's size into strictly paired {@code pauseWriting} and {@code resumeWriting} calls. Public
 * because every transport needs it, those of users too. Loop thread.
 *
 * <p>Strict: pause when the size is <em>above</em> the high mark, resume when it is <em>at or below</em> the
 * low one. What the two methods throw is reported and changes nothing, since a broken answer must not tear a
 * healthy connection down.
 */
public final class FlowControl {
    private final EventLoop loop;
    private WriteBufferLimits limits;
    private boolean paused;

    /**
     * Starts unpaused.
     *
     * @param loop where failures are reported
     * @param limits the marks
     */
    public FlowControl(EventLoop loop, WriteBufferLimits limits) {
        this.loop = Objects.requireNonNull(loop, "loop");
        this.limits = Objects.requireNonNull(limits, "limits");
    }

    /** {@return the marks} */
    public WriteBufferLimits limits() {
        return limits;
    }

    /** {@return whether the last call made was {@code pauseWriting}} */
    public boolean isPaused() {
        return paused;
    }

    /**
     * Changes the marks and applies them to the present size, in both directions. (asyncio forgets to resume
     * here: asyncio#329.)
     *
     * @param newLimits the marks
     * @param bytes the present size
     * @param protocol whom to tell
     */
    public void limits(WriteBufferLimits newLimits, long bytes, BaseProtocol protocol) {
        limits = Objects.requireNonNull(newLimits, "limits");
        grown(bytes, protocol);
        shrunk(bytes, protocol);
    }

    /**
     * The queue has grown.
     *
     * @param bytes its size now
     * @param protocol whom to tell if that is above the high mark
     */
    public void grown(long bytes, BaseProtocol protocol) {
        if (!paused && bytes > limits.highBytes()) {
            paused = true;
            tell("pauseWriting", protocol::pauseWriting, protocol);
        }
    }

    /**
     * The queue has shrunk.
     *
     * @param bytes its size now
     * @param protocol whom to tell if that is at or below the low mark
     */
    public void shrunk(long bytes, BaseProtocol protocol) {
        if (paused && bytes <= limits.lowBytes()) {
            paused = false;
            tell("resumeWriting", protocol::resumeWriting, protocol);
        }
    }

    private void tell(String method, Runnable call, BaseProtocol protocol) {
        try {
            call.run();
        } catch (Throwable t) { // reported, not fatal
            loop.callExceptionHandler(
                    ExceptionContext.of("protocol." + method + "() failed", t).with("protocol", protocol));
        }
    }
}
