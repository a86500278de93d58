package io.jvloop.transport;

import java.nio.ByteBuffer;

/**
 * Asks a {@link BufferedProtocol} for its buffer and does not trust the answer. For every transport; loop
 * thread.
 */
public final class ReceiveBuffer {
    /** What libuv suggests to uvloop's protocols. */
    private static final int SIZE_HINT = 64 * 1024;

    private ReceiveBuffer() {
    }

    /**
     * Asks for a buffer.
     *
     * @param protocol whose {@code getBuffer} is called
     * @return a writable buffer with room, the protocol's own
     * @throws IllegalStateException if there is none, or the call failed; the connection has to end then
     */
    public static ByteBuffer of(BufferedProtocol protocol) {
        ByteBuffer buffer;
        try {
            buffer = protocol.getBuffer(SIZE_HINT);
        } catch (RuntimeException e) {
            throw new IllegalStateException(
                    "unhandled error in getBuffer() of " + protocol.getClass().getName(), e);
        }
        if (buffer == null || !buffer.hasRemaining() || buffer.isReadOnly()) {
            throw new IllegalStateException(
                    "getBuffer() of " + protocol.getClass().getName() + " must return a writable buffer "
                            + "with room between position and limit, not " + buffer);
        }
        return buffer;
    }
}
