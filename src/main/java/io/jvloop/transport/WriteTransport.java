package io.jvloop.transport;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.concurrent.CompletableFuture;

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
     * Sends a part of a file, after everything written before and before everything written after; to a
     * socket the kernel moves the bytes, they never enter this process. What the kernel does not have in
     * memory yet it reads meanwhile, and this thread waits for the disk.
     *
     * <p>Cancelling the future, on any thread, or letting it time out, leaves out what the socket has not
     * taken yet; what was written after the file is sent all the same.
     *
     * @param file open for reading. It must stay open until the future completes, and its position is then
     *             behind the last byte sent, or not, if it is being sent to several peers at once
     * @param offset where to begin in the file
     * @param count bytes, more than 0; fewer are sent if the file ends before
     * @return the number of bytes sent, completed in a later turn. If the connection ends first it fails with
     *             a {@link SendFileException}, which has the number sent until then. If the file cannot be
     *             read to the end the connection is aborted, since the peer could not tell the torso from the
     *             whole
     * @throws IllegalArgumentException if the file is closed or cannot be read, or offset or count is out of
     *             range
     * @throws IllegalStateException after {@link #writeEof}
     * @throws java.nio.channels.NonReadableChannelException if the file is not open for reading
     */
    CompletableFuture<Long> sendFile(FileChannel file, long offset, long count);

    /**
     * Sends a whole file, as {@link #sendFile(FileChannel, long, long)}.
     *
     * @param file open for reading
     * @return the number of bytes sent
     */
    default CompletableFuture<Long> sendFile(FileChannel file) {
        return sendFile(file, 0, FilePart.TO_THE_END);
    }

    /**
     * Ends the writing side once everything queued is sent; the peer sees the end, reading goes on.
     * Idempotent.
     */
    void writeEof();

    /** {@return whether {@link #writeEof} is possible on this kind of transport} */
    boolean canWriteEof();

    /** {@return bytes taken by {@code write} that the socket has not taken yet, without those of files} */
    long writeBufferSize();

    /**
     * How far the peer has come with what is written: what is waiting is not among it, files are. What the
     * kernel has taken the peer may not have yet. With TLS these are the bytes of the records.
     *
     * @return bytes taken by the socket since the connection began; after its end, those until then
     */
    long sentBytes();

    /**
     * {@return whether anything that was written waits in this process: bytes or a file, here or in a
     * transport below}
     */
    boolean hasUnsent();

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
     * turn. Idempotent. What is written until then is sent too; a file is not, its future fails.
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
