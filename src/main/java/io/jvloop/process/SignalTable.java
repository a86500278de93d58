package io.jvloop.process;

import io.jvloop.loop.EventLoop;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who waits for which signal: one table for the process, as there is one set of signals. All tiers end here,
 * and from here it goes to the loops.
 *
 * <p><b>Thread.</b> Any; receivers are called outside the lock.
 */
final class SignalTable {
    static final SignalTable INSTANCE = new SignalTable();

    /** Those that make a JVM end in order. */
    static final Set<Signal> ENDING = EnumSet.of(Signal.TERM, Signal.INT, Signal.HUP);

    private static final Map<Signal, String> REFUSED = new EnumMap<>(Map.of(
            Signal.KILL, "no process can catch it",
            Signal.STOP, "no process can catch it",
            Signal.ABRT, "a JVM that crashes ends itself with it",
            Signal.QUIT, "the JVM answers it with a thread dump",
            Signal.USR2, "the JVM needs it to suspend threads; Flight Recorder would see nothing any more",
            Signal.PIPE, "the JVM needs it, so that a write to a closed socket fails and does not kill"));

    private final Map<Signal, List<Receiver>> receivers = new EnumMap<>(Signal.class);
    private final Map<Signal, Object> before = new EnumMap<>(Signal.class); // of the INTERNAL tier
    private boolean hooked;
    private boolean departing; // somebody wants the process to end
    private volatile boolean forced;

    private SignalTable() {
    }

    // --------------------------------------------------------------------------------------- registration

    synchronized Signals.Tier tier(Signal signal) {
        if (REFUSED.containsKey(signal) || ENDING.contains(signal) && JvmOptions.signalsAreReduced()) {
            return Signals.Tier.NONE;
        }
        if (InternalSignals.find().isPresent()) {
            return Signals.Tier.INTERNAL;
        }
        if (ENDING.contains(signal)) {
            return Signals.Tier.SHUTDOWN;
        }
        return SignalHelper.catches(signal) ? Signals.Tier.HELPER : Signals.Tier.NONE;
    }

    /** One handler for each loop. */
    synchronized void put(Signal signal, EventLoop loop, LoopHandler handler) {
        prepare(signal);
        of(signal).removeIf(other -> other instanceof LoopHandler old && old.isFor(loop));
        add(signal, handler);
    }

    synchronized boolean remove(Signal signal, EventLoop loop) {
        boolean removed =
                of(signal).removeIf(other -> other instanceof LoopHandler old && old.isFor(loop));
        releaseIfUnused(signal);
        return removed;
    }

    /** For all signals that end a process, as far as they can be handled. */
    synchronized void addEnding(Receiver receiver) {
        for (Signal signal : ENDING) {
            prepare(signal);
            add(signal, receiver);
        }
    }

    synchronized void removeEnding(Receiver receiver) {
        for (Signal signal : ENDING) {
            of(signal).remove(receiver);
            releaseIfUnused(signal);
        }
    }

    private void add(Signal signal, Receiver receiver) {
        of(signal).removeIf(other -> !other.isAlive());
        of(signal).add(receiver);
    }

    private List<Receiver> of(Signal signal) {
        return receivers.computeIfAbsent(signal, key -> new ArrayList<>());
    }

    /** Makes sure that the signal reaches this table, or says why it cannot. */
    private void prepare(Signal signal) {
        if (REFUSED.containsKey(signal)) {
            throw new IllegalArgumentException(
                    "SIG" + signal + " cannot be handled: " + REFUSED.get(signal));
        }
        switch (tier(signal)) {
            case NONE -> throw new UnsupportedOperationException(JvmOptions.whatWouldHelp(signal));
            case INTERNAL -> before.computeIfAbsent(signal,
                    key -> InternalSignals.find().orElseThrow().install(signal, this::arrived));
            case SHUTDOWN -> hooked = hooked || new ExitHook(this::leaving).install();
            case HELPER -> {
                // it reports all it catches
            }
        }
    }

    private void releaseIfUnused(Signal signal) {
        if (of(signal).isEmpty() && before.containsKey(signal)) {
            InternalSignals.find().orElseThrow().restore(signal, before.remove(signal));
        }
    }

    // -------------------------------------------------------------------------------------------- delivery

    private synchronized List<Receiver> leaving(Signal signal) {
        return of(signal).stream().filter(Receiver::isAlive).toList();
    }

    /** A signal has come and the process goes on. On a thread of the JDK's, or the helper's loop. */
    void arrived(Signal signal) {
        List<Receiver> called = leaving(signal);
        if (called.isEmpty()) {
            letItTakeItsCourse(signal);
            return;
        }
        called.stream().filter(receiver -> !receiver.endsTheProcess())
                .forEach(receiver -> receiver.deliver(signal));
        List<Receiver> ending = called.stream().filter(Receiver::endsTheProcess).toList();
        if (!ending.isEmpty()) {
            depart(signal, ending);
        }
    }

    /** All the loops that waited for it are closed: it must not get lost, least of all a TERM. */
    private void letItTakeItsCourse(Signal signal) {
        synchronized (this) {
            of(signal).removeIf(receiver -> !receiver.isAlive());
            if (!before.containsKey(signal)) {
                return; // the helper's
            }
            releaseIfUnused(signal);
        }
        // If somebody has come in between, it reaches him; else the default.
        InternalSignals.find().ifPresent(signals -> signals.raise(signal));
    }

    /**
     * A thread that keeps the JVM alive until it ends it: a {@code main} that returns meanwhile must not end
     * it with 0.
     */
    private synchronized void depart(Signal signal, List<Receiver> ending) {
        if (departing) {
            forced = true;
            return;
        }
        departing = true;
        Departure departure = new Departure(signal, ending);
        Thread thread = new Thread(
                () -> System.exit(departure.await(() -> forced).orElse(signal.exitCode())), "jvloop-exit");
        thread.setDaemon(false);
        thread.start();
    }
}
