package io.jvloop.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/**
 * What an application implements to receive datagrams. All calls run on the loop's thread, one at a time, and
 * none may block.
 *
 * <p>The order of the calls is a grammar:
 *
 * <pre>
 *   start → connectionMade [datagramReceived | errorReceived]* connectionLost → end
 * </pre>
 * with {@code pauseWriting} and {@code resumeWriting} strictly alternating in between, pause first. Of all
 * calls only {@code pauseWriting} may come from inside a {@code send} of the application's own.
 *
 * <p>What a method throws is reported to the loop's exception handler and changes nothing: unlike the bytes
 * of a stream, datagrams stand alone, so one that could not be handled says nothing about the next.
 *
 * <p>{@code connectionLost}, {@code pauseWriting}, {@code resumeWriting} and {@code draining} are inherited
 * from {@link BaseProtocol}.
 *
 * @see DatagramTransport
 */
public interface DatagramProtocol extends BaseProtocol {
    /**
     * The endpoint is bound. Receiving begins when this returns, unless it called {@code pauseReading}.
     *
     * @param transport the endpoint, to be kept for answering
     */
    default void connectionMade(DatagramTransport transport) {
    }

    /**
     * A datagram has arrived, whole; an empty one too.
     *
     * @param data its content between position and limit. <b>Borrowed:</b> it is the loop's one read buffer,
     *             valid until this method returns; copy what is needed later. Passing it to {@code sendTo} is
     *             fine, that takes the bytes at once
     * @param sender where it says it comes from; may be kept. IPv4 senders have IPv4 addresses also on an
     *             endpoint that hears both families
     */
    default void datagramReceived(ByteBuffer data, InetSocketAddress sender) {
    }

    /**
     * A datagram could not be sent, or the system tells of one that did not arrive; the endpoint goes on.
     *
     * @param failure for example {@code PortUnreachableException}: nobody listens where a connected endpoint
     *             sends to. The system tells that to connected endpoints only. Other causes: a datagram that
     *             is too long, no route, no permission to broadcast, no memory
     */
    default void errorReceived(IOException failure) {
    }
}
