package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.time.Duration;

/**
 * A connection, as a {@link Protocol} sees it: both halves, the addresses and the socket's options, but not
 * the socket itself, for a channel has one owner. Every method belongs to the loop's thread, except where it
 * says so.
 *
 * <p>A pipe is a transport with one half; what belongs to the other throws {@code
 * UnsupportedOperationException}.
 */
public interface Transport extends ReadTransport, WriteTransport {
    /** {@return the loop that serves this connection, always the same} Any thread. */
    EventLoop loop();

    /**
     * {@return this end's address, null for a pipe; stays valid after the end of the connection} Any thread.
     */
    SocketAddress localAddress();

    /**
     * {@return the peer's address, null for a pipe; stays valid after the end of the connection} Any thread.
     */
    SocketAddress remoteAddress();

    /**
     * Ends the connection when nothing has been received or sent for a while, with a {@code
     * SocketTimeoutException} for {@code connectionLost}; the protocol may object, see {@link
     * Protocol#idleTimeout}. Bytes that are queued because the peer does not read them do not count as sent,
     * and while reading is paused nothing is received. A peer that reads slowly shows a sign of life only
     * when a good part of the kernel's send buffer is free: allow for that much, or make that buffer smaller.
     *
     * @param timeout how long; replaces a timeout set before, and begins now. Null for none, as at first
     * @throws IllegalArgumentException if it is not positive
     */
    void setIdleTimeout(Duration timeout);

    /**
     * Reads a socket option.
     *
     * @param <T> its type
     * @param option for example {@code StandardSocketOptions.SO_RCVBUF}
     * @return its value
     * @throws IOException if the connection is closed or the system refuses
     * @throws UnsupportedOperationException if this kind of socket has no such option
     */
    <T> T option(SocketOption<T> option) throws IOException;

    /**
     * Sets a socket option.
     *
     * @param <T> its type
     * @param option for example {@code StandardSocketOptions.SO_SNDBUF}
     * @param value its value
     * @throws IOException if the connection is closed or the system refuses
     * @throws UnsupportedOperationException if this kind of socket has no such option
     */
    <T> void setOption(SocketOption<T> option, T value) throws IOException;
}
