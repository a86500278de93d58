package io.jvloop.loop;

/**
 * Where failures go that nobody is waiting for: a callback that threw, a protocol that threw, an accept that
 * failed.
 *
 * <p>Called on the loop's thread. If it throws itself, the default handler logs both failures and the loop
 * goes on.
 *
 * @see EventLoop#setExceptionHandler
 */
@FunctionalInterface
public interface ExceptionHandler {
    /**
     * Takes note of a failure.
     *
     * @param loop the loop it happened on; {@link EventLoop#defaultExceptionHandler} logs it the usual way
     * @param context what happened
     */
    void handle(EventLoop loop, ExceptionContext context);
}
