package io.jvloop.loop;

/**
 * Something that lives on a loop and is no channel: a child process, for example. Made by {@link
 * EventLoop#attach}. A drain waits for it as for a channel, and whoever attached it hears when the loop is
 * drained or closed.
 *
 * <p><b>Thread.</b> The loop's, or any one thread while the loop does not run.
 */
public final class Attachment {
    private final Ending ending;
    private final IoHandler handler;

    Attachment(Ending ending, IoHandler handler) {
        this.ending = ending;
        this.handler = handler;
    }

    IoHandler handler() {
        return handler;
    }

    /** It is over: nothing more is called, and nobody waits for it any more. Idempotent. */
    public void detach() {
        ending.detach(this);
    }

    @Override
    public String toString() {
        return "Attachment[" + handler + "]";
    }
}
