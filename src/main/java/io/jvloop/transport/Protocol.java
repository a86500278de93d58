package io.jvloop.transport;

import java.nio.ByteBuffer;

/**
 * What an application implements: the calls a connection makes. All run on the loop's thread, one at a time,
 * and none may block.
 *
 * <p>The order of the calls is a grammar:
 *
 * <pre>
 *   start → connectionMade [dataReceived]* [eofReceived]? connectionLost → end
 * </pre>
 * with {@code pauseWriting} and {@code resumeWriting} strictly alternating in between, pause first.
 *
 * <p>{@code connectionMade} and {@code connectionLost} always come from the loop's callback queue, never from
 * inside a call of the application's own to {@code write} or {@code close}; so a protocol is not re-entered.
 * {@code pauseWriting} is the one deliberate exception: told later, it would come too late.
 *
 * <p>What a method throws: from {@code dataReceived}, {@code eofReceived} and {@code idleTimeout} it is
 * fatal, the connection is aborted and {@code connectionLost} gets it; from the others it is only reported.
 * Either way the loop's exception handler hears of it.
 *
 * <p>{@code connectionLost}, {@code pauseWriting}, {@code resumeWriting} and {@code draining} are inherited
 * from {@link BaseProtocol}.
 *
 * @see BufferedProtocol
 * @see Transport
 */
public interface Protocol extends BaseProtocol {
    /**
     * The connection is up. Reading begins when this returns, unless it called {@code pauseReading}; writing
     * may begin here.
     *
     * @param transport the connection, to be kept for answering
     */
    default void connectionMade(Transport transport) {
    }

    /**
     * Bytes have arrived, at least one.
     *
     * @param data the bytes between position and limit. <b>Borrowed:</b> it is the loop's one read buffer,
     *             valid until this method returns; copy what is needed later. Passing it to {@code write} is
     *             fine, that takes the bytes at once
     */
    default void dataReceived(ByteBuffer data) {
    }

    /**
     * The peer has finished sending; called at most once, and not after {@code close}.
     *
     * @return false, the default, to close the connection once everything written has been sent; true to keep
     *             the writing side open, when a reset by the peer is noticed at the next write only
     */
    default boolean eofReceived() {
        return false;
    }

    /**
     * Nothing was received, and nothing sent, for as long as {@link Transport#setIdleTimeout} allows. Also
     * called while a {@code close} waits for a peer that does not read.
     *
     * @return false, the default, to abort the connection with a {@code SocketTimeoutException}; true to go
     *             on for another such time, after asking the peer for a sign of life for example
     */
    default boolean idleTimeout() {
        return false;
    }
}
