package io.jvloop.process;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Signals without any help: TERM, INT and HUP make the JVM run its shutdown hooks, this one among them, on
 * whatever system and with no flag. It finds out which signal it was, tells those who wait for it, and holds
 * the exit up until they are done. The exit itself cannot be called off.
 *
 * <p><b>Which signal.</b> The JVM runs the exit on a thread that it names "SIGTERM handler", and which waits
 * until the end; each further signal adds such a thread. The name is no promise of the JDK's (17 and 25 have
 * the same); without it this hook does nothing, as after {@code System.exit}.
 */
final class ExitHook implements Runnable {
    private static final String PREFIX = "SIG";
    private static final String SUFFIX = " handler";

    private final Function<Signal, List<Receiver>> receivers;

    ExitHook(Function<Signal, List<Receiver>> receivers) {
        this.receivers = receivers;
    }

    /** False if the JVM is ending already, so that it is too late for hooks. */
    boolean install() {
        try {
            Runtime.getRuntime().addShutdownHook(new Thread(this, "jvloop-exit"));
            return true;
        } catch (IllegalStateException shutdownInProgress) {
            return false;
        }
    }

    @Override
    public void run() {
        List<Signal> signals = pending();
        if (signals.isEmpty()) {
            return;
        }
        List<Receiver> leaving = receivers.apply(signals.get(0));
        if (!leaving.isEmpty()) {
            new Departure(signals.get(0), leaving).await(() -> pending().size() > 1)
                    .ifPresent(code -> Runtime.getRuntime().halt(code)); // exit() would wait for this hook
        }
    }

    /** Those that have come and are being handled by the JVM: a thread each. */
    private static List<Signal> pending() {
        List<Signal> signals = new ArrayList<>();
        for (Thread thread : threads()) {
            String name = thread == null ? "" : thread.getName();
            if (name.startsWith(PREFIX) && name.endsWith(SUFFIX)) {
                add(signals, name.substring(PREFIX.length(), name.length() - SUFFIX.length()));
            }
        }
        return signals;
    }

    private static void add(List<Signal> signals, String name) {
        try {
            Signal signal = Signal.valueOf(name);
            if (SignalTable.ENDING.contains(signal)) { // others are some library's
                signals.add(signal);
            }
        } catch (IllegalArgumentException unknown) {
            // one that nobody can have asked for
        }
    }

    private static Thread[] threads() {
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        while (group.getParent() != null) {
            group = group.getParent();
        }
        Thread[] threads = new Thread[2 * group.activeCount() + 16]; // it is an estimate
        group.enumerate(threads, true);
        return threads;
    }
}
