package io.jvloop.loop;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Locale;

/**
 * Where everything goes that went wrong with nobody waiting for it; and debug mode's watch on slow callbacks.
 *
 * <p>Three lines of defence, so that nothing is swallowed and nothing escapes: the user's handler; if that
 * throws, the default, which logs through {@code System.Logger} "io.jvloop"; if even logging throws, the
 * thread's uncaught-exception handler.
 */
final class Diagnostics {
    static final Logger LOGGER = System.getLogger("io.jvloop");

    /** A callback that takes longer than 100 ms is reported in debug mode; asyncio's value. */
    private static final long SLOW_NANOS = 100_000_000;

    private final EventLoop loop;
    private ExceptionHandler handler;
    private volatile boolean debug = Boolean.getBoolean("jvloop.debug");
    private long slowNanos = SLOW_NANOS;
    private long failures;

    Diagnostics(EventLoop loop) {
        this.loop = loop;
    }

    boolean debug() {
        return debug;
    }

    void debug(boolean on) {
        debug = on;
    }

    /** Where we are, for a handle to remember; null outside debug mode. */
    Throwable trace() {
        return debug ? new Throwable("scheduled here") : null;
    }

    void slowNanos(long nanos) {
        slowNanos = nanos;
    }

    long failures() {
        return failures;
    }

    ExceptionHandler handler() {
        return handler;
    }

    void handler(ExceptionHandler newHandler) {
        handler = newHandler;
    }

    /**
     * Whoever calls a user's code comes here with what that threw: fatal errors are thrown on, the rest is
     * reported.
     */
    void failed(String message, Throwable thrown, String role, Object culprit) {
        report(ExceptionContext.of(message, thrown).with(role, culprit));
    }

    /**
     * Debug mode: runs a callback, watches the time, and keeps for the report what a handle forgets by
     * running.
     */
    void runWatched(Handle handle) {
        String name = handle.describe();
        Throwable creation = handle.creation();
        try {
            timed(name, handle::run);
        } catch (Throwable t) { // whatever a user's callback throws must not end the loop
            report(ExceptionContext.of("Exception in callback", t).with("handle", handle)
                    .with("callback", name)
                    .with("created", creation));
        }
    }

    /**
     * Whether an error concerns the whole process. A {@code StackOverflowError} is a {@code
     * VirtualMachineError} too, but by the time it is caught here the stack is whole again: one connection's
     * deep recursion must not end a server.
     */
    static boolean isFatal(Throwable thrown) {
        return thrown instanceof VirtualMachineError && !(thrown instanceof StackOverflowError);
    }

    /** Tells a channel's owner that the loop is being closed. */
    void closing(Registration registration) {
        closing(registration.handler(), "channel", registration);
    }

    void closing(Attachment attachment) {
        closing(attachment.handler(), "attachment", attachment);
    }

    private void closing(IoHandler handler, String kind, Object concerned) {
        try {
            handler.loopClosing();
        } catch (Throwable t) { // the other owners must hear of it too
            failed("Exception while the loop closes", t, kind, concerned);
        }
    }

    void report(ExceptionContext context) {
        if (isFatal(context.exception())) {
            throw (VirtualMachineError) context.exception();
        }
        deliver(context);
    }

    /** Reports even a fatal error, for who has caught it in the end; throws only what the handler throws. */
    void deliver(ExceptionContext context) {
        failures++;
        if (handler == null) {
            logOrDie(context);
            return;
        }
        try {
            handler.handle(loop, context);
        } catch (Throwable t) {
            if (isFatal(t)) {
                throw t;
            }
            logOrDie(ExceptionContext.of("Unhandled error in exception handler", t).with("context", context)
                    .with("original", context.exception()));
        }
    }

    /** The default handler: one log record. */
    void log(ExceptionContext context) {
        LOGGER.log(Level.ERROR, context.toString(), context.exception());
    }

    /** Logging can fail, even with an Error: without descriptors the JDK's own cannot load its time zones. */
    private void logOrDie(ExceptionContext context) {
        try {
            log(context);
        } catch (Throwable loggingFailed) {
            if (context.exception() != null && context.exception() != loggingFailed) {
                loggingFailed.addSuppressed(context.exception());
            }
            tellUncaughtExceptionHandler(loggingFailed);
        }
    }

    private static void tellUncaughtExceptionHandler(Throwable loggingFailed) {
        if (isFatal(loggingFailed)) {
            throw (VirtualMachineError) loggingFailed;
        }
        Thread self = Thread.currentThread();
        try {
            self.getUncaughtExceptionHandler().uncaughtException(self, loggingFailed);
        } catch (Throwable evenThatFailed) {
            if (isFatal(evenThatFailed)) {
                throw evenThatFailed;
            } // the VM itself ignores what this handler throws, and nobody is left to tell
        }
    }

    static void warn(String message) {
        try {
            LOGGER.log(Level.WARNING, message);
        } catch (Throwable loggingFailed) {
            tellUncaughtExceptionHandler(loggingFailed);
        }
    }

    /** Debug mode: runs and, if it took too long, says so once, with a name that a person can search for. */
    void timed(String name, Runnable work) {
        long start = loop.time();
        try {
            work.run();
        } finally {
            long took = loop.time() - start;
            if (took > slowNanos) {
                warn(String.format(Locale.ROOT, "Executing %s took %.3f seconds", name, took / 1e9));
            }
        }
    }
}
