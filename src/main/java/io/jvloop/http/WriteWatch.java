package io.jvloop.http;

/** Whether a client takes what is waiting for it. Loop thread. */
final class WriteWatch {
    private static final long NOTHING_WAITS = -1;

    private long takenBefore = NOTHING_WAITS; // at the tick of
    private int since;

    /** At a tick: whether it does not take enough. What the kernel took at once is no merit. */
    boolean isStuck(boolean waiting, long taken, int now, Deadlines deadlines) {
        boolean begins = waiting && takenBefore == NOTHING_WAITS;
        boolean over = waiting && !begins && now - since >= deadlines.write();
        boolean stuck = over && taken - takenBefore < deadlines.writeBytes();
        if (begins || over) {
            since = now;
            takenBefore = taken;
        } else if (!waiting) {
            takenBefore = NOTHING_WAITS;
        }
        return stuck;
    }
}
