package io.jvloop.process;

import io.jvloop.loop.EventLoop;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * Signals as callbacks on a loop.
 *
 * <p>Java has no public way to catch a signal, so what is possible depends on what the program may do; {@link
 * #supported} says it for each:
 *
 * <table>
 * <caption>Tiers</caption>
 * <tr><th>tier</th><th>signals</th><th>needs</th></tr>
 * <tr><td>{@link Tier#SHUTDOWN}</td><td>TERM, INT, HUP: the handler runs, then the JVM ends</td>
 * <td>nothing</td></tr>
 * <tr><td>{@link Tier#INTERNAL}</td><td>these, USR1, WINCH, CONT and more; the process goes on</td>
 * <td>{@code Launcher-Agent-Class: io.jvloop.process.SignalAgent} in the application's manifest, {@code
 * -javaagent:jvloop.jar}, or {@code --add-exports java.base/jdk.internal.misc=ALL-UNNAMED}</td></tr>
 * <tr><td>{@link Tier#HELPER}</td><td>USR1, WINCH, CONT, TSTP, ALRM, sent to a helper process</td>
 * <td>{@link #startHelper}, and a {@code sh}</td></tr>
 * </table>
 *
 * <p>Handlers run on their loop, in its queue; signals of one kind that come at once may count as one, as
 * everywhere. For servers that are to end in order there is {@link Shutdown}, which does the rest, too.
 *
 * <p><b>SHUTDOWN.</b> The exit waits until each loop whose handler was called is closed or has stopped for
 * good, but no longer than the {@linkplain #setGrace grace}, and no longer than a second signal. The exit
 * code is 128 + N. A JVM that was started with such a signal ignored ({@code nohup}) never hears of it.
 *
 * <p><b>Thread.</b> Any.
 */
public final class Signals {
    private static final Duration DEFAULT_GRACE = Duration.ofSeconds(10);

    private static volatile long graceNanos = DEFAULT_GRACE.toNanos();

    private Signals() {
    }

    /** How a signal can be handled. */
    public enum Tier {
        /** Not at all, as things are. */
        NONE,
        /** On the way out: the JVM is ending, and waits for the handler's loop. */
        SHUTDOWN,
        /** By the JDK's own means; the process goes on. */
        INTERNAL,
        /** By a helper process, which is the one to send the signal to. */
        HELPER
    }

    /**
     * Calls a handler for each such signal.
     *
     * @param loop where it runs
     * @param signal which
     * @param handler replaces the one that this loop had for this signal
     * @throws IllegalArgumentException if nobody can or should catch this signal; the message says why
     * @throws UnsupportedOperationException if it cannot be handled as things are; the message says what
     *             would help
     * @throws IllegalStateException if the loop is closed
     */
    public static void handle(EventLoop loop, Signal signal, Runnable handler) {
        Objects.requireNonNull(signal, "signal");
        Objects.requireNonNull(handler, "handler");
        if (loop.isClosed()) {
            throw new IllegalStateException("Event loop is closed");
        }
        SignalTable.INSTANCE.put(signal, loop, new LoopHandler(loop, handler));
    }

    /**
     * Takes a handler back. When it was the last for its signal, that has its default effect again.
     *
     * @param loop whose handler
     * @param signal which
     * @return whether there was one
     */
    public static boolean remove(EventLoop loop, Signal signal) {
        return SignalTable.INSTANCE.remove(Objects.requireNonNull(signal, "signal"), loop);
    }

    /**
     * {@return how a signal can be handled at present}
     *
     * @param signal which
     */
    public static Tier supported(Signal signal) {
        return SignalTable.INSTANCE.tier(Objects.requireNonNull(signal, "signal"));
    }

    /**
     * Says how long an exit waits for the loops whose handlers were called (SHUTDOWN only).
     *
     * @param grace 10 s unless set
     */
    public static void setGrace(Duration grace) {
        graceNanos = Departure.nanos(grace);
    }

    static long graceNanos() {
        return graceNanos;
    }

    /**
     * Starts a small {@code sh} that catches USR1, WINCH, CONT, TSTP and ALRM, for programs that cannot have
     * the INTERNAL tier. What is in the way of the terminal (WINCH, CONT) it gets by itself; the others have
     * to be sent to it instead of this process. It ends with this process, or with the loop.
     *
     * @param loop where it lives; a drain ends it
     * @return its process number, to be published; the same if there is one already. From then on {@link
     *         #supported} says HELPER for these signals, unless it says INTERNAL
     */
    public static CompletableFuture<Long> startHelper(EventLoop loop) {
        return SignalHelper.start(loop);
    }

    /** Ends the helper, if there is one. Handlers stay, and hear nothing until there is another. */
    public static void stopHelper() {
        SignalHelper.stop();
    }
}
