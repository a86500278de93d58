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

    /**
     * What is larger does not go in one write: its beginning goes first, the rest at once behind it. To BBR a
     * second write shows that it is the application which sets the pace. With one write it takes a client on
     * this machine that reads late for a slow network, and sends each segment by a timer. To CUBIC it is one
     * system call more.
     */
    private static final int ONE_WRITE_BYTES = 64 * 1024;

    private final BufferPool pool;
    private HttpConnection connection;
    private ByteBuffer gathered; // null if there is nothing
    private boolean lost; // something of this connection

    Outlet(BufferPool pool) {
        this.pool = pool;
    }

    /** What follows is for this one. */
    void of(HttpConnection client) {
        connection = client;
        lost = false;
    }

    void flush() {
        if (gathered != null) {
            sendGathered(null);
        }
    }

    /** With something behind it, or null. */
    private void sendGathered(ByteBuffer more) {
        ByteBuffer buffer = gathered;
        gathered = null; // first, since a write may call us back
        try {
            send(buffer.flip(), more);
        } finally { // an application may have ended our side behind our back
            pool.release(buffer);
        }
    }

    /** One or two buffers. Those of a connection that is closing are dropped; its end says so. */
    private void send(ByteBuffer first, ByteBuffer second) {
        Transport transport = connection.transport();
        if (transport.isClosing()) {
            lost = true;
            return;
        }
        if (second == null) {
            transport.write(first);
        } else {
            transport.writeAll(first, second);
        }
        lost |= transport.isClosing();
    }

    /** Whether what was put here does not get to the client, as far as is known. */
    boolean hasLost() {
        return lost;
    }

    void put(MessageWriter message) {
        ByteBuffer buffer = room(message.size());
        if (message.size() <= buffer.remaining()) {
            message.writeTo(buffer);
        } else { // a head of more than 64 KiB
            ByteBuffer large = ByteBuffer.allocate(message.size());
            message.writeTo(large);
            putCopy(large.flip(), large.remaining());
        }
    }

    void put(byte[] data) {
        if (data.length <= GATHER_BYTES) {
            ByteBuffer buffer = room(data.length);
            buffer.put(data);
        } else {
            putCopy(ByteBuffer.wrap(data), data.length);
        }
    }

    /** Takes all of it. */
    void put(ByteBuffer data) {
        if (data.isDirect() && data.remaining() >= LARGE_BYTES) {
            putLarge(data);
        } else {
            putCopy(data, data.remaining());
        }
    }

    private void putLarge(ByteBuffer data) {
        if (gathered != null && data.remaining() > ONE_WRITE_BYTES) {
            putCopy(data, LARGE_BYTES);
            flush();
        }
        if (gathered == null) {
            send(data, null);
        } else {
            sendGathered(data);
        }
        data.position(data.limit());
    }

    private void putCopy(ByteBuffer data, int count) {
        int left = count;
        while (left > 0) {
            ByteBuffer buffer = room(1);
            int bytes = Math.min(buffer.remaining(), left);
            left -= bytes;
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
            gathered = acquire();
        }
        return gathered;
    }

    /** Without memory the connection ends, since nobody else would end one that waits for an answer. */
    private ByteBuffer acquire() {
        try {
            return pool.acquire(GATHER_BYTES);
        } catch (IllegalStateException noMemory) {
            Closing.reset(connection.transport());
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
