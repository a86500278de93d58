package io.jvloop.transport;

import io.jvloop.buffer.BufferPool;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/**
 * Datagrams that the socket did not take yet: copies in pooled direct buffers, in order. Loop thread.
 *
 * <p><b>Invariants.</b> The {@code count} entries from {@code head} on, around the end of the ring, are
 * waiting; other slots are null. Entry {@code i} has {@code lengths[i]} bytes from {@code offsets[i]} on in
 * {@code chunks[i]}. Entries of the same chunk are neighbours, and this queue owns a chunk as long as an
 * entry is in it. {@code fill} is the end of the last entry in its chunk, and {@code size} the sum of all
 * lengths and overheads.
 *
 * <p>A datagram has to lie in one piece, but need not have a chunk for itself: a thousand of sixty bytes
 * share one buffer of 64 KiB, where one each would be 4 MiB.
 */
final class DatagramQueue {
    /** More fits into no datagram: the length in its header has 16 bits (RFC 768). */
    static final int MAX_BYTES = 65_535;

    /** A UDP header. If a datagram counted its bytes only, empty ones could fill the memory unnoticed. */
    static final int OVERHEAD_BYTES = 8;

    private static final int CHUNK_BYTES = 64 * 1024;

    private final BufferPool pool;
    private ByteBuffer[] chunks = new ByteBuffer[4]; // all four: a power of two
    private int[] offsets = new int[4];
    private int[] lengths = new int[4];
    private InetSocketAddress[] targets = new InetSocketAddress[4];
    private int head;
    private int count;
    private int fill;
    private long size;

    DatagramQueue(BufferPool pool) {
        this.pool = pool;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** Bytes waiting, overheads included. */
    long size() {
        return size;
    }

    /** Copies {@code data}, at most {@link #MAX_BYTES}, to the end. */
    void append(ByteBuffer data, InetSocketAddress to) {
        int bytes = data.remaining();
        ByteBuffer chunk = chunkFor(bytes);
        chunk.limit(fill + bytes).put(fill, data, data.position(), bytes);
        if (count == chunks.length) {
            grow();
        }
        int tail = index(count++);
        chunks[tail] = chunk;
        offsets[tail] = fill;
        lengths[tail] = bytes;
        targets[tail] = to;
        fill += bytes;
        size += bytes + OVERHEAD_BYTES;
    }

    /** The last chunk if it has room, or a new one; the first is small, since often there is no second. */
    private ByteBuffer chunkFor(int bytes) {
        if (count > 0) {
            ByteBuffer last = chunks[index(count - 1)];
            if (last.capacity() - fill >= bytes) {
                return last;
            }
        }
        ByteBuffer chunk = pool.acquire(count == 0 ? Math.max(bytes, 1) : CHUNK_BYTES);
        fill = 0;
        return chunk;
    }

    /** The content of the first datagram, between position and limit; valid until the next call. */
    ByteBuffer first() {
        return chunks[head].limit(offsets[head] + lengths[head]).position(offsets[head]);
    }

    /** Where the first datagram goes. */
    InetSocketAddress firstTarget() {
        return targets[head];
    }

    /** Drops the first datagram, sent or not. */
    void removeFirst() {
        ByteBuffer chunk = chunks[head];
        size -= lengths[head] + OVERHEAD_BYTES;
        chunks[head] = null;
        targets[head] = null;
        head = index(1);
        count--;
        if (count == 0 || chunks[head] != chunk) {
            pool.release(chunk);
        }
    }

    /** Drops everything. */
    void clear() {
        while (count > 0) {
            removeFirst();
        }
    }

    private int index(int distance) {
        return head + distance & chunks.length - 1;
    }

    private void grow() {
        chunks = unrolled(chunks, new ByteBuffer[count * 2]);
        targets = unrolled(targets, new InetSocketAddress[count * 2]);
        offsets = unrolled(offsets, new int[count * 2]);
        lengths = unrolled(lengths, new int[count * 2]);
        head = 0;
    }

    /** Copies a full ring, array or array of ints, into one of twice the size, from its beginning on. */
    private <A> A unrolled(A ring, A larger) {
        System.arraycopy(ring, head, larger, 0, count - head);
        System.arraycopy(ring, 0, larger, count - head, head);
        return larger;
    }

    @Override
    public String toString() {
        return count + " datagrams queued";
    }
}
