package io.jvloop.transport;

import io.jvloop.buffer.BufferPool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/** Two uses of the loop's one read buffer besides the plain one. */
final class Scratch {
    private static final byte POISON = (byte) 0xDB;

    private Scratch() {
    }

    /**
     * A heap buffer given to a channel would make the JDK copy through a hidden buffer; the loop has one for
     * that already.
     */
    static int readThrough(BufferPool pool, ReadableByteChannel channel, ByteBuffer target)
            throws IOException {
        ByteBuffer data = pool.scratch();
        data.limit(Math.min(data.capacity(), target.remaining()));
        int count = channel.read(data);
        target.put(data.flip());
        return count;
    }

    /**
     * Debug mode: a protocol that kept the borrowed buffer reads rubbish at once, not some day in production.
     */
    static void poison(BufferPool pool, int count) {
        ByteBuffer scratch = pool.scratch();
        for (int i = 0; i < count; i++) {
            scratch.put(i, POISON);
        }
    }
}
