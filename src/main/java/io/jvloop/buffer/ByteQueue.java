package io.jvloop.buffer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.util.Arrays;

/**
 * Bytes that have to wait, in order: a copy in pooled direct buffers. What a socket did not take is kept in
 * one, and what a TLS engine cannot decrypt yet. Loop thread.
 *
 * <p><b>Invariants.</b> {@code chunks[head .. head+count)} are owned by this queue; the bytes between
 * position and limit of each are waiting, never none; {@code size} is their sum. Other slots are null.
 *
 * <p>Small writes fill up the last chunk, so a thousand writes of ten bytes are one buffer and one system
 * call, not a thousand.
 */
public final class ByteQueue {
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

    /**
     * Makes an empty queue, which holds no buffer.
     *
     * @param pool where its buffers come from, and go back to as soon as their bytes are gone
     */
    public ByteQueue(BufferPool pool) {
        this.pool = pool;
    }

    /** {@return whether nothing waits} */
    public boolean isEmpty() {
        return count == 0;
    }

    /** {@return the bytes waiting} */
    public long size() {
        return size;
    }

    /**
     * Copies bytes to the end.
     *
     * @param data all of it is taken
     * @throws IllegalStateException if there is no direct memory left; a part may have been taken
     */
    public void append(ByteBuffer data) {
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
     *
     * @param channel gets up to 16 buffers
     * @return the bytes it has taken
     * @throws IOException if the channel fails; then nothing is gone
     */
    public long flush(GatheringByteChannel channel) throws IOException {
        long sent = count == 1 ? channel.write(chunks[head])
                : channel.write(chunks, head, Math.min(count, GATHER));
        size -= sent;
        dropEmptyChunks();
        return sent;
    }

    /**
     * A look at the bytes in front, without a copy.
     *
     * @return at least one of them, borrowed up to the next call of a method of this queue; to be read only.
     *         What was read of it is dropped with {@link #skip}
     * @throws IllegalStateException if there are none
     */
    public ByteBuffer first() {
        if (count == 0) {
            throw new IllegalStateException("the queue is empty");
        }
        return chunks[head].duplicate();
    }

    /**
     * Copies bytes from the front, and keeps them.
     *
     * @param target where to
     * @param bytes how many, at most {@link #size} and at most what the target has room for
     */
    public void copyTo(ByteBuffer target, int bytes) {
        int left = bytes;
        for (int i = head; left > 0; i++) {
            ByteBuffer chunk = chunks[i];
            int part = Math.min(left, chunk.remaining());
            target.put(target.position(), chunk, chunk.position(), part);
            target.position(target.position() + part);
            left -= part;
        }
    }

    /**
     * Drops bytes from the front.
     *
     * @param bytes how many, at most {@link #size}
     */
    public void skip(int bytes) {
        size -= bytes;
        int left = bytes;
        for (int i = head; left > 0; i++) {
            int part = Math.min(left, chunks[i].remaining());
            chunks[i].position(chunks[i].position() + part);
            left -= part;
        }
        dropEmptyChunks();
    }

    private void dropEmptyChunks() {
        while (count > 0 && !chunks[head].hasRemaining()) {
            pool.release(chunks[head]);
            chunks[head++] = null;
            count--;
        }
        if (count == 0) {
            head = 0;
        }
    }

    /** Drops everything; every buffer goes back to the pool. */
    public void clear() {
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
