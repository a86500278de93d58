package io.jvloop.loop;

/**
 * What a registered channel calls when it is ready: the whole interface between the loop and everything above
 * it.
 *
 * <p>All methods run on the loop's thread and must not block. What they throw goes to the loop's exception
 * handler; the other channels of the same turn are served all the same.
 */
@FunctionalInterface
public interface IoHandler {
    /**
     * The channel is ready. Level-triggered: what is not dealt with is reported again in the next turn.
     *
     * @param ops the ready operations, a set of {@code SelectionKey.OP_*} bits; a handler that serves both
     *             should read before it writes, so that an answer can leave in the turn its question came
     */
    void ready(int ops);

    /**
     * The loop has been asked to {@linkplain EventLoop#drain end in order}: accept nothing new, finish, and
     * close by yourself. Called once; for a channel that is registered later, or handed to this handler
     * later, in the turn after that. Whoever is not done in time hears {@link #loopClosing}.
     */
    default void draining() {
    }

    /**
     * The loop is being closed with this channel still registered. Last chance to end in order: what is
     * queued now with {@link EventLoop#callSoon} still runs, then the channel is closed.
     */
    default void loopClosing() {
    }

    /**
     * Somebody closed the channel itself instead of its registration. Only those are told who asked with
     * {@link Registration#watchClosing}; if another thread closed it while the loop slept, they are told when
     * the loop wakes up for any other reason, because closing a channel does not wake a selector.
     */
    default void channelClosed() {
    }
}
