package io.jvloop.transport;

/**
 * The reading half of a connection. Every method belongs to the loop's thread; another gets {@code
 * IllegalStateException}.
 */
public interface ReadTransport {
    /**
     * Stops {@code dataReceived}, in this very turn; the kernel's buffers fill and the peer has to wait.
     * Idempotent.
     *
     * <p>While paused the channel waits for nothing, and the JDK then takes it out of epoll; {@code java.nio}
     * has no interest in errors alone. So a reset by the peer is noticed at the next write or when reading
     * resumes.
     */
    void pauseReading();

    /**
     * Goes on with {@code dataReceived}. Idempotent; nothing happens once the transport is closing or the
     * peer has ended.
     */
    void resumeReading();

    /** {@return whether bytes that arrive would be delivered: open, not paused, no end from the peer} */
    boolean isReading();

    /**
     * Stops reading, sends what is still queued, then ends the connection; {@code connectionLost(null)}
     * follows in a later turn. Idempotent.
     */
    void close();

    /** {@return whether the transport is closing or closed, by whatever cause} */
    boolean isClosing();

    /** {@return who receives the calls; null after {@code connectionLost}} */
    Protocol protocol();

    /**
     * Hands the connection to another protocol, from the next call on. {@code connectionMade} is not called
     * on it.
     *
     * @param protocol the new one; if it is a {@link BufferedProtocol} its buffer is used from the next read
     *             on
     */
    void setProtocol(Protocol protocol);
}
