package io.jvloop.tls;

import io.jvloop.buffer.BufferPool;
import io.jvloop.transport.Transport;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import javax.net.ssl.SSLException;

/**
 * Plaintext in, records out to the transport below: a "channel" that takes bytes until the transport below
 * has enough. Hot; loop thread.
 *
 * <p><b>By way of the heap.</b> A record is made in the loop's heap scratch and copied to a direct buffer:
 * the JDK encrypts arrays so much faster than direct memory that the copy pays (see {@code
 * TlsRecordBenchmark}). All records of one call leave with one write.
 */
final class RecordWriter implements GatheringByteChannel {
    /** Bytes of plaintext that certainly fit into a record, and what a record adds at most. */
    private static final int PLAIN_BYTES = 16_000;
    private static final int OVERHEAD_BYTES = 128;

    /** Enough for what a server says in a handshake, with a usual chain of certificates. */
    private static final int OWN_BYTES = 8 * 1024;

    /** What may be handed down although the transport below has enough: see {@link #urgent}. */
    private static final long URGENT_BYTES = 1024 * 1024;

    private final TlsEngine engine;
    private final Transport below;
    private final BufferPool pool;
    private final ByteBuffer[] one = new ByteBuffer[1];
    private boolean full;
    private boolean urgent;

    RecordWriter(TlsEngine engine, Transport below, BufferPool pool) {
        this.engine = engine;
        this.below = below;
        this.pool = pool;
        this.full = below.writeBufferSize() > below.writeBufferLimits().highBytes();
    }

    /** Whether the transport below has asked for a pause. */
    boolean isFull() {
        return full && !(urgent && below.writeBufferSize() < URGENT_BYTES);
    }

    /**
     * Whether there is room for what the engine itself has to say. More than for data: with two peers that
     * both wait with an answer until the other has read, neither would read.
     */
    boolean hasRoomForOwn() {
        return !full || below.writeBufferSize() < URGENT_BYTES;
    }

    void full(boolean isFull) {
        full = isFull;
    }

    /** Whether to go on although the transport below has enough, since it is now or never. */
    void urgent(boolean isUrgent) {
        urgent = isUrgent;
    }

    @Override
    public int write(ByteBuffer source) throws SSLException {
        one[0] = source;
        try {
            return (int) write(one, 0, 1);
        } finally {
            one[0] = null;
        }
    }

    @Override
    public long write(ByteBuffer[] sources) throws SSLException {
        return write(sources, 0, sources.length);
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) throws SSLException {
        long total = remaining(sources, offset, length);
        if (isFull() || total == 0) {
            return 0;
        }
        try {
            return write(sources, offset, length, total);
        } catch (IllegalStateException e) { // no memory: half a message may be out
            throw new SSLException("cannot encrypt what was written: " + e.getMessage(), e);
        }
    }

    private long write(ByteBuffer[] sources, int offset, int length, long total) throws SSLException {
        long left = total;
        ByteBuffer wire = pool.acquire(wireBytes(total));
        try {
            int taken;
            do {
                if (wire.remaining() < Math.min(left, PLAIN_BYTES) + 2 * OVERHEAD_BYTES) {
                    send(wire);
                }
                taken = seal(sources, offset, length, wire);
                left -= taken;
            } while (left > 0 && taken > 0 && !isFull() && isOpen());
        } finally {
            send(wire);
            pool.release(wire);
        }
        return isOpen() ? total - left : drop(sources, offset, length, total);
    }

    /** The transport below has failed, perhaps with our last write: nobody gets the rest. */
    private static long drop(ByteBuffer[] sources, int offset, int length, long total) {
        for (int i = offset; i < offset + length; i++) {
            sources[i].position(sources[i].limit());
        }
        return total;
    }

    private static long remaining(ByteBuffer[] sources, int offset, int length) {
        long total = 0;
        for (int i = offset; i < offset + length; i++) {
            total += sources[i].remaining();
        }
        return total;
    }

    private static int wireBytes(long plainBytes) {
        long records = plainBytes / PLAIN_BYTES + 1;
        return (int) Math.min(plainBytes + records * OVERHEAD_BYTES, BufferPool.MAX_BYTES);
    }

    private int seal(ByteBuffer[] sources, int offset, int length, ByteBuffer wire) throws SSLException {
        ByteBuffer record = pool.heapScratch();
        int taken = engine.seal(sources, offset, length, record);
        if (taken == TlsEngine.NO_ROOM) { // not the JDK's, which is content with 64 KiB
            record = ByteBuffer.allocate(engine.packetBufferSize());
            taken = engine.seal(sources, offset, length, record);
        }
        if (taken == TlsEngine.NO_ROOM) {
            throw new SSLException("the TLS engine finds no room in " + record.capacity() + " bytes");
        }
        append(record.flip(), wire);
        return taken;
    }

    /** Whoever is below may need the scratch too, TLS in TLS does: the record must be out of it by then. */
    private void append(ByteBuffer record, ByteBuffer wire) {
        if (record.remaining() <= wire.remaining()) {
            wire.put(record);
        } else {
            ByteBuffer copy = ByteBuffer.allocate(record.remaining()).put(record).flip();
            send(wire);
            below.write(copy);
        }
    }

    private void send(ByteBuffer wire) {
        if (wire.position() > 0 && isOpen()) {
            below.write(wire.flip());
        }
        wire.clear();
    }

    /** Sends what the engine itself has to say. */
    void sendOwn() throws SSLException {
        ByteBuffer wire = pool.acquire(OWN_BYTES);
        try {
            ByteBuffer record = pool.heapScratch();
            while (engine.needsToSend() && engine.sealOwn(record)) {
                append(record.flip(), wire);
                record = pool.heapScratch();
            }
        } finally {
            send(wire);
            pool.release(wire);
        }
    }

    @Override
    public boolean isOpen() {
        return !below.isClosing();
    }

    @Override
    public void close() {
        // whoever made the transport below closes it
    }
}
