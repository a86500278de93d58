package io.jvloop.transport;

/**
 * What the protocols of all transports have in common: the end, and back-pressure. Implement {@link Protocol}
 * or {@link DatagramProtocol}, which have the rest.
 */
public interface BaseProtocol {
    /**
     * The connection is over: the last call, exactly once for each {@code connectionMade}. The transport is
     * closed already.
     *
     * @param cause null after {@code close}, {@code abort} or the peer's orderly end; otherwise the failure
     */
    default void connectionLost(Throwable cause) {
    }

    /** More than the high mark is waiting to be sent: stop writing. Called from inside the write. */
    default void pauseWriting() {
    }

    /** What was waiting has sunk to the low mark: go on writing. */
    default void resumeWriting() {
    }

    /**
     * The program wants to end in order, see {@link io.jvloop.loop.EventLoop#drain}: finish what is in flight
     * and begin nothing new.
     *
     * @return false, the default, to let the transport close itself now, once everything written has been
     *             sent; true to go on and close it when done, in time for the drain's deadline
     */
    default boolean draining() {
        return false;
    }
}
