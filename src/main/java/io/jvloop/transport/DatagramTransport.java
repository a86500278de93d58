package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketOption;
import java.nio.ByteBuffer;

/**
 * A UDP endpoint as its protocol sees it: bound to a port, and either <em>connected</em> to the one address
 * that it sends to and hears, or open to all. Every method belongs to the loop's thread, except where it says
 * so; another gets {@code IllegalStateException}.
 *
 * <p>Addresses are always {@code InetSocketAddress}: the JDK has no UNIX datagram sockets.
 */
public interface DatagramTransport {
    /** {@return the loop that serves this endpoint, always the same} Any thread. */
    EventLoop loop();

    /** {@return where this endpoint is bound; stays valid after its end} Any thread. */
    InetSocketAddress localAddress();

    /** {@return the address that this endpoint is connected to; null if it is open to all} Any thread. */
    InetSocketAddress remoteAddress();

    /**
     * Sends a datagram to the address that this endpoint is connected to, as {@link #sendTo(ByteBuffer,
     * InetSocketAddress)}.
     *
     * @param data the content, all taken; borrowed
     * @throws IllegalStateException if the endpoint is not connected
     * @throws UnsupportedOperationException if there is no content: the JDK sends an empty datagram only from
     *             an endpoint that is not connected
     */
    void send(ByteBuffer data);

    /**
     * Sends an array as a datagram, as {@link #send(ByteBuffer)}.
     *
     * @param data the content; may be reused at once
     */
    default void send(byte[] data) {
        send(ByteBuffer.wrap(data));
    }

    /**
     * Sends a datagram: straight to the socket if nothing is queued, else after what is. Never blocks; keeps
     * the order.
     *
     * <p>What fails is told to {@code errorReceived} in a later turn, not thrown here, and costs this one
     * datagram. Once the endpoint is closing, datagrams are dropped and the calls counted; the fifth is
     * logged.
     *
     * @param data the content between position and limit, all taken: position = limit on return; none is an
     *             empty datagram. <b>Borrowed:</b> the buffer may be reused at once. Direct buffers are sent
     *             without a copy
     * @param to a resolved address. To answer, pass the very {@code sender} that was received: the JDK then
     *             need not encode it again
     * @throws IllegalArgumentException if the address is a name that was not looked up, an IPv6 address while
     *             this endpoint has IPv4 only, or not the one that this endpoint is connected to
     * @throws UnsupportedOperationException as for {@link #send(ByteBuffer)}
     */
    void sendTo(ByteBuffer data, InetSocketAddress to);

    /**
     * Sends an array as a datagram, as {@link #sendTo(ByteBuffer, InetSocketAddress)}.
     *
     * @param data the content; may be reused at once
     * @param to a resolved address
     */
    default void sendTo(byte[] data, InetSocketAddress to) {
        sendTo(ByteBuffer.wrap(data), to);
    }

    /**
     * Stops {@code datagramReceived}, in this very turn. Unlike a stream's peer nobody has to wait: when the
     * kernel's buffer is full it drops what arrives. Idempotent.
     */
    void pauseReading();

    /** Goes on with {@code datagramReceived}. Idempotent; nothing happens once the endpoint is closing. */
    void resumeReading();

    /** {@return whether datagrams that arrive would be delivered: open and not paused} */
    boolean isReading();

    /**
     * {@return bytes taken by {@code send} that the socket has not taken yet; each datagram counts eight more
     * for its UDP header, so that empty ones count as well}
     */
    long writeBufferSize();

    /** {@return the marks of {@code pauseWriting} and {@code resumeWriting}} */
    WriteBufferLimits writeBufferLimits();

    /**
     * Changes the marks; takes effect at once in both directions.
     *
     * @param limits the new marks
     */
    void setWriteBufferLimits(WriteBufferLimits limits);

    /**
     * Receives what is sent to a multicast group; the endpoint must be bound to the group's port. Nothing
     * happens if it is a member already. Interface, hops and loopback of what is <em>sent</em> to groups are
     * options: {@code IP_MULTICAST_IF}, {@code IP_MULTICAST_TTL}, {@code IP_MULTICAST_LOOP}.
     *
     * @param group the group
     * @param nif the interface to listen on
     * @throws IOException if the system refuses, or the endpoint is closed
     * @throws IllegalArgumentException if it is no multicast address, or of the wrong family
     * @throws UnsupportedOperationException if this kind of socket cannot join it
     */
    default void join(InetAddress group, NetworkInterface nif) throws IOException {
        join(group, nif, null);
    }

    /**
     * Receives what one source sends to a multicast group (RFC 4607).
     *
     * @param group the group
     * @param nif the interface to listen on
     * @param source who is heard; may be called again for others. Null for anybody
     * @throws IOException as for {@link #join(InetAddress, NetworkInterface)}
     * @throws IllegalArgumentException as for {@link #join(InetAddress, NetworkInterface)}
     * @throws UnsupportedOperationException as for {@link #join(InetAddress, NetworkInterface)}
     * @throws IllegalStateException if the group is joined for anybody and this is for one source, or the
     *             other way round
     */
    void join(InetAddress group, NetworkInterface nif, InetAddress source) throws IOException;

    /**
     * Ends what {@link #join(InetAddress, NetworkInterface)} began; closing the endpoint does so too.
     *
     * @param group the group
     * @param nif the interface
     * @throws IllegalStateException if it has not been joined
     */
    default void leave(InetAddress group, NetworkInterface nif) {
        leave(group, nif, null);
    }

    /**
     * Ends what {@link #join(InetAddress, NetworkInterface, InetAddress)} began.
     *
     * @param group the group
     * @param nif the interface
     * @param source who was heard; null for anybody
     * @throws IllegalStateException if it has not been joined for this source
     */
    void leave(InetAddress group, NetworkInterface nif, InetAddress source);

    /**
     * Reads a socket option.
     *
     * @param <T> its type
     * @param option for example {@code StandardSocketOptions.SO_RCVBUF}
     * @return its value
     * @throws IOException if the endpoint is closed or the system refuses
     * @throws UnsupportedOperationException if datagram sockets have no such option
     */
    <T> T option(SocketOption<T> option) throws IOException;

    /**
     * Sets a socket option.
     *
     * @param <T> its type
     * @param option for example {@code StandardSocketOptions.IP_TOS}
     * @param value its value
     * @throws IOException if the endpoint is closed or the system refuses
     * @throws UnsupportedOperationException if datagram sockets have no such option
     */
    <T> void setOption(SocketOption<T> option, T value) throws IOException;

    /** {@return who receives the calls; null after {@code connectionLost}} */
    DatagramProtocol protocol();

    /**
     * Hands the endpoint to another protocol, from the next call on. {@code connectionMade} is not called on
     * it.
     *
     * @param protocol the new one
     */
    void setProtocol(DatagramProtocol protocol);

    /**
     * Stops reading, sends what is queued, then ends; {@code connectionLost(null)} follows in a later turn.
     * Called before {@code connectionMade} it takes effect after that. Idempotent.
     */
    void close();

    /**
     * Ends now; what is queued is dropped. {@code connectionLost(null)} follows in a later turn, unless
     * {@code connectionMade} has not been called: then neither is. Idempotent.
     */
    void abort();

    /** {@return whether the endpoint is closing or closed, by whatever cause} */
    boolean isClosing();
}
