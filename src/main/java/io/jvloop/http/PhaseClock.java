package io.jvloop.http;

import io.jvloop.http.Deadlines.Phase;

/** What a client is at, and since when. Loop thread. */
final class PhaseClock {
    private Phase phase = Phase.HEAD;
    private int since; // the tick at which the phase began; for HANDLER the ticks that the body has had
    private long bytesBefore; // that had moved then

    Phase phase() {
        return phase;
    }

    /** The client begins something, also if it is the same again. */
    void begin(Phase newPhase, int tick, long bytes) {
        phase = newPhase;
        since = newPhase == Phase.HANDLER ? 0 : tick;
        bytesBefore = bytes;
    }

    /**
     * Goes on to another phase. While a handler is at a piece of the body the client's clock stands still,
     * but it is not set back: or a byte now and then would be enough. Nor is it for what looked like a head
     * and was an empty line.
     */
    void change(Phase newPhase, int tick, long bytes) {
        if (newPhase == phase || phase == Phase.HEAD && newPhase == Phase.KEEP_ALIVE) {
            return;
        }
        if (isBodyOrHandler(newPhase) && isBodyOrHandler(phase)) {
            phase = newPhase;
            since = tick - since;
        } else {
            begin(newPhase, tick, bytes);
        }
    }

    private static boolean isBodyOrHandler(Phase phase) {
        return phase == Phase.BODY || phase == Phase.HANDLER;
    }

    /**
     * Whether the client takes too long.
     *
     * @param bytes have moved: of the body, or in LINGER of what we have sent
     */
    boolean isOver(int tick, Deadlines deadlines, long bytes) {
        if (phase == Phase.HANDLER || tick - since < deadlines.of(phase)) {
            return false;
        }
        long moved = bytes - bytesBefore;
        if (phase == Phase.BODY) {
            begin(Phase.BODY, tick, bytes);
            return moved < deadlines.bodyBytes();
        }
        if (phase == Phase.LINGER && moved > 0) {
            begin(Phase.LINGER, tick, bytes); // the time is for what follows the last byte
            return false;
        }
        return true;
    }

    @Override
    public String toString() {
        return phase.toString();
    }
}
