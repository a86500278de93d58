package io.jvloop.transport;

/**
 * The life of a transport.
 *
 * <pre>
 *   NEW ──▶ OPEN ──close(), nothing queued · abort() · failure──▶ CLOSED
 *    │        │                                                     ▲
 *    │        └──close(), bytes queued──▶ CLOSING ──drained · abort() · failure
 *    └──aborted before connectionMade ran───────────────────────────▲
 * </pre>
 */
enum TransportState {
    /** Waiting for its turn to call {@code connectionMade}. */
    NEW,
    /** Reading (unless paused or ended by the peer) and writing. */
    OPEN,
    /** Closed by us, sending what is queued; does not read. */
    CLOSING,
    /** Over; {@code connectionLost} has run or is queued. */
    CLOSED;

    /** The one place where a state is left. */
    TransportState to(TransportState next) {
        if (next.ordinal() <= ordinal() || this == NEW && next == CLOSING) {
            throw new IllegalStateException("illegal move from " + this + " to " + next);
        }
        return next;
    }
}
