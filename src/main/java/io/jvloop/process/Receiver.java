package io.jvloop.process;

import java.util.OptionalInt;

/** Somebody who wants to know of a signal. Any thread. */
interface Receiver {
    /** A signal has come; must not block. */
    void deliver(Signal signal);

    /** False if a signal would not reach anybody any more. */
    boolean isAlive();

    /** While the process is ending: whether it need not wait for this one any longer. */
    boolean isOver();

    /** How long the process may wait for it. */
    long patienceNanos();

    /** Whether the process is to end after this one is over, also where it need not. */
    boolean endsTheProcess();

    /** The exit code it has chosen, if everything went in order. */
    OptionalInt exitCode();
}
