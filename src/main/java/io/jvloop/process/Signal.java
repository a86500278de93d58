package io.jvloop.process;

/** A signal, by its POSIX name. Which of them this process can handle says {@link Signals#supported}. */
public enum Signal {
    /** The terminal has gone, or a daemon is to read its configuration again. */
    HUP(1),
    /** Ctrl-C. */
    INT(2),
    /** Ctrl-\; the JVM answers with a thread dump. */
    QUIT(3),
    /** Abort with a core dump. */
    ABRT(6),
    /** Ends a process at once; cannot be caught. */
    KILL(9),
    /** For the application. */
    USR1(10),
    /** For the application, but the JVM needs it for itself. */
    USR2(12),
    /** A write to something that nobody reads any more. */
    PIPE(13),
    /** A timer. */
    ALRM(14),
    /** Please end. */
    TERM(15),
    /** A child has ended or stopped. */
    CHLD(17),
    /** Go on after a stop. */
    CONT(18),
    /** Stops a process; cannot be caught. */
    STOP(19),
    /** Ctrl-Z. */
    TSTP(20),
    /** A background process reads from the terminal. */
    TTIN(21),
    /** A background process writes to the terminal. */
    TTOU(22),
    /** Urgent data on a socket. */
    URG(23),
    /** A timer of virtual time. */
    VTALRM(26),
    /** A profiler's timer. */
    PROF(27),
    /** The terminal has another size. */
    WINCH(28),
    /** Something can be read or written. */
    IO(29);

    private static final int EXIT_CODE_BASE = 128;

    private final int number;

    Signal(int number) {
        this.number = number;
    }

    /**
     * {@return the exit code of a process that this signal has ended, as shells and the JDK count: 128 and
     * the signal's number} On Linux; other systems have other numbers for those beyond TERM, and for USR1.
     */
    public int exitCode() {
        return EXIT_CODE_BASE + number;
    }
}
