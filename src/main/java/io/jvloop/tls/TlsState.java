package io.jvloop.tls;

/**
 * The life of a TLS connection; forward only.
 *
 * <pre>
 *   UNWRAPPED ──▶ HANDSHAKE ──▶ WRAPPED ──▶ FLUSHING ──▶ SHUTDOWN ──▶ ENDING ──▶ CLOSED
 *       │             │            └──────────┴── failure ──────────────▲          ▲
 *       └─────────────┴──── failure ────────────────────────────────────┘          │
 *                 from everywhere: the transport below is lost ────────────────────┘
 * </pre>
 */
enum TlsState {
    /** No engine yet: not connected, or the server's name is awaited that decides which certificate. */
    UNWRAPPED,
    /** The application does not know of the connection yet. */
    HANDSHAKE,
    /** The application reads and writes. */
    WRAPPED,
    /** Closed by us: what is queued is encrypted and sent, what arrives is dropped. */
    FLUSHING,
    /** Our close_notify is sent, the peer's awaited. */
    SHUTDOWN,
    /** Nothing is left to say: the transport below sends what it has, and closes. */
    ENDING,
    /** Over; the application has been told. */
    CLOSED;

    /** The one place where a state is left. */
    TlsState to(TlsState next) {
        boolean forward = next.ordinal() > ordinal();
        boolean skipsHandshake = ordinal() < WRAPPED.ordinal() && (next == FLUSHING || next == SHUTDOWN);
        boolean skipsEngine = this == UNWRAPPED && next == WRAPPED;
        if (!forward || skipsHandshake || skipsEngine || this == WRAPPED && next == SHUTDOWN) {
            throw new IllegalStateException("illegal move from " + this + " to " + next);
        }
        return next;
    }

    /** Whether close_notify, or a failure, has ended the conversation for good. */
    boolean isOver() {
        return this == ENDING || this == CLOSED;
    }

    /** Whether the application may neither read nor write any more. */
    boolean isClosing() {
        return ordinal() > WRAPPED.ordinal();
    }
}
