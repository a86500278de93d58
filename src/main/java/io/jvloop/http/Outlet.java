package io.jvloop.http;

import io.jvloop.buffer.BufferPool;
import io.jvloop.http.codec.MessageWriter;
import io.jvloop.transport.Transport;
import java.nio.ByteBuffer;

/**
 * The way of answers to the transport: gathered while input is worked on, so that all answers to one read are
 * one write. Loop thread.
 *
 * <p>What is large, and direct memory already, is not copied but goes along in the same system call.
 */
final class Outlet {
    private static final int GATHER_BYTES = 64 * 1024;

    /** Copying less than this is cheaper than a second part of a write. */
    private static final int LARGE_BYTES = 16 * 1024;

    private final BufferPool pool;
    private HttpConnection connection;
    private ByteBuffer gathered; // null if there is nothing

    Outlet(BufferPool pool) {
        this.pool = pool;
    }

    /** What follows is for this one. */
    void of(HttpConnection client) {
        connection = client;
    }

    void flush() {
        ByteBuffer buffer = gathered;
        if (buffer != null) {
            gathered = null; // first, since a write may call us back
            Transport transport = connection.transport();
            if (!transport.isClosing()) { // else it is lost, and will say so
                connection.count(buffer.flip().remaining());
                transport.write(buffer);
            }
            pool.release(buffer);
        }
    }

    void put(MessageWriter message) {
        ByteBuffer buffer = room(message.size());
        if (message.size() <= buffer.remaining()) {
            message.writeTo(buffer);
        } else { // a head of more than 64 KiB
            ByteBuffer large = ByteBuffer.allocate(message.size());
            message.writeTo(large);
            putCopy(large.flip());
        }
    }

    void put(byte[] data) {
        if (data.length <= GATHER_BYTES) {
            ByteBuffer buffer = room(data.length);
            buffer.put(data);
        } else {
            putCopy(ByteBuffer.wrap(data));
        }
    }

    /** Takes all of it. */
    void put(ByteBuffer data) {
        if (data.isDirect() && data.remaining() >= LARGE_BYTES) {
            putLarge(data);
        } else {
            putCopy(data);
        }
    }

    private void putLarge(ByteBuffer data) {
        Transport transport = connection.transport();
        ByteBuffer buffer = gathered;
        if (buffer == null || transport.isClosing()) {
            connection.count(data.remaining());
            transport.write(data);
            return;
        }
        gathered = null;
        connection.count(data.remaining() + buffer.flip().remaining());
        transport.writeAll(buffer, data);
        pool.release(buffer);
    }

    private void putCopy(ByteBuffer data) {
        while (data.hasRemaining()) {
            ByteBuffer buffer = room(1);
            int bytes = Math.min(buffer.remaining(), data.remaining());
            buffer.put(buffer.position(), data, data.position(), bytes);
            buffer.position(buffer.position() + bytes);
            data.position(data.position() + bytes);
        }
    }

    /** A buffer with room for so many bytes, or an empty one. */
    private ByteBuffer room(int bytes) {
        if (gathered != null && gathered.remaining() < bytes) {
            flush();
        }
        if (gathered == null) {
            gathered = acquire(pool, GATHER_BYTES, connection.transport());
        }
        return gathered;
    }

    /**
     * A buffer; without memory the connection ends, since nobody else would end one that waits for an answer.
     *
     * @throws IllegalStateException as the pool
     */
    static ByteBuffer acquire(BufferPool pool, int bytes, Transport transport) {
        try {
            return pool.acquire(bytes);
        } catch (IllegalStateException noMemory) {
            transport.abort();
            throw noMemory;
        }
    }

    /** The connection is over. */
    void clear() {
        if (gathered != null) {
            pool.release(gathered);
            gathered = null;
        }
    }
}
