package io.jvloop.transport;

import java.nio.ByteBuffer;

/**
 * A protocol that supplies its own receive buffer, so that bytes land where they are wanted: a frame being
 * assembled, a file block, an engine's input. Grammar: {@code getBuffer bufferUpdated} in place of each
 * {@code dataReceived}.
 */
public interface BufferedProtocol extends Protocol {
    /**
     * Where to put the next bytes. Called before every read.
     *
     * @param sizeHint bytes that would be a good size, 65,536; less is allowed
     * @return a buffer with room between position and limit, kept by the transport only until {@link
     *             #bufferUpdated}; direct buffers are read into without a copy. Null, no room or an exception
     *             ends the connection with a {@code RuntimeException}
     */
    ByteBuffer getBuffer(int sizeHint);

    /**
     * Bytes were put into the buffer; its position was advanced by as many.
     *
     * @param count how many, at least 1
     */
    void bufferUpdated(int count);

    /** Serves transports that only know {@code dataReceived}: copies through {@link #getBuffer}. */
    @Override
    default void dataReceived(ByteBuffer data) {
        while (data.hasRemaining()) {
            ByteBuffer target = ReceiveBuffer.of(this);
            int count = Math.min(target.remaining(), data.remaining());
            target.put(target.position(), data, data.position(), count);
            target.position(target.position() + count);
            data.position(data.position() + count);
            bufferUpdated(count);
        }
    }
}
