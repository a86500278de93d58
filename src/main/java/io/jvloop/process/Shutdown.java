package io.jvloop.process;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.LoopGroup;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;

/**
 * The end of a server in one call: on TERM, INT (Ctrl-C) or HUP it stops accepting, finishes what is in
 * flight, closes, and ends the process.
 *
 * <pre>
 * try (EventLoop loop = EventLoop.create()) {
 *     Net.listen(loop, address, Echo::new);
 *     Shutdown.onSignal(loop, Duration.ofSeconds(10));
 *     loop.runForever();        // returns when everything is finished, or the time is over
 * }
 * </pre>
 *
 * <p>At the signal the loop is {@linkplain EventLoop#drain drained}; then it is stopped, and its owner closes
 * it. The process ends when he has, or has not run it for a tenth of a second. Whoever is not done at the
 * deadline is cut off. <b>A second signal</b> ends the process without waiting any longer.
 *
 * <p><b>Exit code.</b> 128 + N for signal N: 143 for TERM, 130 for INT, 129 for HUP. If another code was
 * chosen, it is that when everything ended in order and in time.
 *
 * <p>It works with no flag in every JVM (but for {@code -Xrs}), by a shutdown hook. A chosen exit code then
 * needs {@code Runtime.halt}, which cuts other hooks short that are still running, and skips {@code
 * File.deleteOnExit}. Where {@link Signals} says INTERNAL the end is an ordinary {@code System.exit} after
 * everything is done, so other hooks run then, and a chosen code costs nothing.
 *
 * <p><b>Thread.</b> Any.
 */
public final class Shutdown {
    private final Leaver leaver;

    private Shutdown(Leaver leaver) {
        this.leaver = leaver;
        SignalTable.INSTANCE.addEnding(leaver);
    }

    /**
     * Ends a loop in order.
     *
     * @param loop whose connections are to finish
     * @param deadline how long they have
     * @return to take it back
     * @throws UnsupportedOperationException if the JVM was started with {@code -Xrs}
     */
    public static Shutdown onSignal(EventLoop loop, Duration deadline) {
        return new Shutdown(new Leaver(new LoopTarget(loop), deadline, OptionalInt.empty()));
    }

    /**
     * Ends a loop in order, with an exit code.
     *
     * @param loop whose connections are to finish
     * @param deadline how long they have
     * @param exitCode 0 to 255, if all did
     * @return to take it back
     * @throws UnsupportedOperationException if the JVM was started with {@code -Xrs}
     */
    public static Shutdown onSignal(EventLoop loop, Duration deadline, int exitCode) {
        return new Shutdown(new Leaver(new LoopTarget(loop), deadline, OptionalInt.of(checked(exitCode))));
    }

    /**
     * Ends a group in order: {@link LoopGroup#shutdown}.
     *
     * @param group whose connections are to finish
     * @param deadline how long they have
     * @return to take it back
     * @throws UnsupportedOperationException if the JVM was started with {@code -Xrs}
     */
    public static Shutdown onSignal(LoopGroup group, Duration deadline) {
        return new Shutdown(new Leaver(new GroupTarget(group), deadline, OptionalInt.empty()));
    }

    /**
     * Ends a group in order, with an exit code.
     *
     * @param group whose connections are to finish
     * @param deadline how long they have
     * @param exitCode 0 to 255, if all did
     * @return to take it back
     * @throws UnsupportedOperationException if the JVM was started with {@code -Xrs}
     */
    public static Shutdown onSignal(LoopGroup group, Duration deadline, int exitCode) {
        return new Shutdown(new Leaver(new GroupTarget(group), deadline, OptionalInt.of(checked(exitCode))));
    }

    private static int checked(int exitCode) {
        if (exitCode < 0 || exitCode > 255) {
            throw new IllegalArgumentException("an exit code is 0 to 255, not " + exitCode);
        }
        return exitCode;
    }

    /** {@return completed with the signal when one has come, on no particular thread} */
    public CompletableFuture<Signal> requested() {
        return leaver.requested();
    }

    /** Takes it back: the signals have their default effect again. Too late once one has come. */
    public void cancel() {
        SignalTable.INSTANCE.removeEnding(leaver);
    }

    @Override
    public String toString() {
        return "Shutdown[" + leaver + "]";
    }
}
