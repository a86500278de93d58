package io.jvloop.http;

import io.jvloop.http.Deadlines.Phase;

/** What a client is at, and since when. Loop thread. */
final class PhaseClock {
    private Phase phase = Phase.HEAD;
    private int since; // the tick at which the phase began; for HANDLER the ticks that the body has had
    private long bytesBefore; // of the body, then

    Phase phase() {
        return phase;
    }

    /** The client begins something, also if it is the same again. */
    void begin(Phase newPhase, int tick, long bodyBytes) {
        phase = newPhase;
        since = newPhase == Phase.HANDLER ? 0 : tick;
        bytesBefore = bodyBytes;
    }

    /**
     * Goes on to another phase. While a handler is at a piece of the body the client's clock stands still,
     * but it is not set back: or a byte now and then would be enough.
     */
    void change(Phase newPhase, int tick, long bodyBytes) {
        if (newPhase == phase) {
            return;
        }
        if (isBodyOrHandler(newPhase) && isBodyOrHandler(phase)) {
            phase = newPhase;
            since = tick - since;
        } else {
            begin(newPhase, tick, bodyBytes);
        }
    }

    private static boolean isBodyOrHandler(Phase phase) {
        return phase == Phase.BODY || phase == Phase.HANDLER;
    }

    /** Whether the client takes too long. */
    boolean isOver(int tick, Deadlines deadlines, long bodyBytes) {
        if (phase == Phase.HANDLER || tick - since < deadlines.of(phase)) {
            return false;
        }
        if (phase == Phase.BODY) {
            long before = bytesBefore;
            begin(Phase.BODY, tick, bodyBytes);
            return bodyBytes - before < deadlines.bodyBytes();
        }
        return true;
    }

    @Override
    public String toString() {
        return phase.toString();
    }
}
