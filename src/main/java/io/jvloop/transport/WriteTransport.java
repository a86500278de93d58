package io.jvloop.transport;

import java.nio.ByteBuffer;

/**
 * The writing half of a connection. Every method belongs to the loop's thread; another gets {@code
 * IllegalStateException}.
 */
public interface WriteTransport {
    /**
     * Sends bytes: straight to the socket if nothing is queued, the rest as soon as the socket takes more.
     * Never blocks.
     *
     * <p>What fails on the way is told to {@code connectionLost}, not thrown here. Once the connection is
     * lost, bytes are dropped and the calls counted; the fifth is logged, since it means that a protocol does
     * not listen to {@code connectionLost}.
     *
     * @param data the bytes between position and limit, all taken: position = limit on return.
     *             <b>Borrowed:</b> the buffer may be reused at once. Direct buffers are sent without a copy
     * @throws IllegalStateException after {@link #writeEof}
     */
    void write(ByteBuffer data);

    /**
     * Sends an array, as {@link #write(ByteBuffer)}.
     *
     * @param data the bytes; may be reused at once
     */
    default void write(byte[] data) {
        write(ByteBuffer.wrap(data));
    }

    /**
     * Sends several buffers in order, with one system call where the socket takes them all; as {@link
     * #write(ByteBuffer)} otherwise.
     *
     * @param parts the buffers, borrowed
     */
    void writeAll(ByteBuffer... parts);

    /**
     * Ends the writing side once everything queued is sent; the peer sees the end, reading goes on.
     * Idempotent.
     */
    void writeEof();

    /** {@return whether {@link #writeEof} is possible on this kind of transport} */
    boolean canWriteEof();

    /** {@return bytes taken by {@code write} that the socket has not taken yet} */
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
     * Sends what is still queued, then ends the connection; {@code connectionLost(null)} follows in a later
     * turn. Idempotent.
     */
    void close();

    /**
     * Ends the connection now; what is queued is dropped. {@code connectionLost(null)} follows in a later
     * turn. Idempotent.
     */
    void abort();

    /** {@return whether the transport is closing or closed, by whatever cause} */
    boolean isClosing();
}
