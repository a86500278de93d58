package io.jvloop.transport;

import io.jvloop.buffer.BufferPool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.util.Arrays;

/**
 * What the socket did not take: a copy in pooled direct buffers, in order. Loop thread.
 *
 * <p><b>Invariants.</b> {@code chunks[head .. head+count)} are owned by this queue; the bytes between
 * position and limit of each are waiting, never none; {@code size} is their sum. Other slots are null.
 *
 * <p>Small writes fill up the last chunk, so a thousand writes of ten bytes are one buffer and one system
 * call, not a thousand.
 */
final class WriteQueue {
    /** Copies are made in pieces of at most 64 KiB: 100 MiB for a stuck peer need no contiguous memory. */
    private static final int CHUNK_BYTES = 64 * 1024;

    /**
     * Chunks per {@code writev}: a megabyte is more than a socket takes, and preparing a thousand for it
     * would be wasted work.
     */
    private static final int GATHER = 16;

    private final BufferPool pool;
    private ByteBuffer[] chunks = new ByteBuffer[2];
    private int head;
    private int count;
    private long size;

    WriteQueue(BufferPool pool) {
        this.pool = pool;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** Bytes waiting. */
    long size() {
        return size;
    }

    /** Copies all of {@code data} to the end. */
    void append(ByteBuffer data) {
        size += data.remaining();
        if (count > 0) {
            fill(chunks[head + count - 1], data);
        }
        while (data.hasRemaining()) {
            ByteBuffer chunk = pool.acquire(Math.min(data.remaining(), CHUNK_BYTES)).limit(0);
            fill(chunk, data);
            add(chunk);
        }
    }

    /**
     * Sends what the channel takes with one system call. One per readiness event is fair to the other
     * channels.
     */
    void flush(GatheringByteChannel channel) throws IOException {
        long sent = count == 1 ? channel.write(chunks[head])
                : channel.write(chunks, head, Math.min(count, GATHER));
        size -= sent;
        while (count > 0 && !chunks[head].hasRemaining()) {
            pool.release(chunks[head]);
            chunks[head++] = null;
            count--;
        }
        if (count == 0) {
            head = 0;
        }
    }

    /** Drops everything. */
    void clear() {
        for (int i = 0; i < count; i++) {
            pool.release(chunks[head + i]);
        }
        Arrays.fill(chunks, null);
        head = 0;
        count = 0;
        size = 0;
    }

    private static void fill(ByteBuffer chunk, ByteBuffer data) {
        int end = chunk.limit();
        int bytes = Math.min(chunk.capacity() - end, data.remaining());
        chunk.limit(end + bytes);
        chunk.put(end, data, data.position(), bytes);
        data.position(data.position() + bytes);
    }

    private void add(ByteBuffer chunk) {
        if (head + count == chunks.length) {
            ByteBuffer[] target = count > chunks.length / 2 ? new ByteBuffer[chunks.length * 2] : chunks;
            System.arraycopy(chunks, head, target, 0, count);
            if (target == chunks) {
                Arrays.fill(chunks, count, chunks.length, null);
            }
            chunks = target;
            head = 0;
        }
        chunks[head + count++] = chunk;
    }
}
