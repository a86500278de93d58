package io.jvloop.tls;

import io.jvloop.buffer.BufferPool;
import io.jvloop.buffer.ByteQueue;
import java.nio.ByteBuffer;

/**
 * Cuts what arrives into records, however it comes in pieces, and keeps what cannot be decrypted yet: the
 * beginning of a record, and whole ones while nobody wants them. Sans-IO; loop thread.
 *
 * <p>A record that is complete in what has just arrived is taken from there. Only what is left over is
 * copied, and memory is taken for the bytes that are there, not for those that a header promises: ten
 * thousand peers that announce 16 KiB and send 5 bytes cost ten thousand pages.
 */
final class RecordReader {
    /** Type, version and length (RFC 8446, 5.1). */
    static final int HEADER_BYTES = 5;

    /**
     * No record is longer: what the JDK's engine bears with at most, 33,093 bytes. One that claims more is
     * given to the engine as far as it is here, to be refused there.
     */
    private static final int MOST_BYTES = 33_093;

    private static final int LOWEST_TYPE = 20;
    private static final int HIGHEST_TYPE = 24;

    /** More than any cipher suite's tag or padding, and whole blocks. */
    private static final int ODD_BYTES = 64;

    private static final int MAJOR_VERSION = 3;
    private static final int LENGTH_OFFSET = 3;

    /** SSLv2's hello, which the engine refuses with an alert, or takes if it is told to. */
    private static final int SSL2 = 0x80;
    private static final int SSL2_LENGTH = 0x7FFF;
    private static final int SSL2_HEADER_BYTES = 2;
    private static final int SSL2_CLIENT_HELLO = 1;

    private final ByteQueue held;
    private final ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
    private boolean begun; // the engine has taken a record

    RecordReader(BufferPool pool) {
        held = new ByteQueue(pool);
    }

    /** Bytes kept. */
    long heldBytes() {
        return held.size();
    }

    /**
     * The type of the next record, -1 if there is none yet. Takes from {@code data} what is missing to the
     * record of which the beginning is held.
     */
    int nextType(ByteBuffer data) {
        return length(data) > 0 ? header.get(0) & 0xFF : -1;
    }

    /**
     * Copies the next record, and does not drop it yet; 0 if it is not complete.
     *
     * @param data what has arrived behind what is held
     * @param record cleared, with room for the longest; filled from 0 to the limit
     * @return its length, or 0
     */
    int next(ByteBuffer data, ByteBuffer record) {
        int length = length(data);
        if (length > 0) {
            if (held.isEmpty()) {
                record.put(0, data, data.position(), length).limit(length);
            } else {
                held.copyTo(record, length);
                record.flip();
            }
            if (isOdd() && begun) {
                completeOdd(record);
            }
        }
        return length;
    }

    /**
     * A record of a type that does not exist, or text that got into the stream: what claims to be its length
     * is not worth waiting for. The engine gets as many bytes as it needs to refuse it as it would the whole.
     */
    private static void completeOdd(ByteBuffer record) {
        int bytes = Math.min(record.getShort(LENGTH_OFFSET) & 0xFFFF, ODD_BYTES);
        record.limit(HEADER_BYTES + bytes).putShort(LENGTH_OFFSET, (short) bytes);
        record.put(HEADER_BYTES, new byte[bytes]);
    }

    /** The length of the next record, if it is complete. */
    private int length(ByteBuffer data) {
        if (!held.isEmpty()) {
            hold(data, HEADER_BYTES);
        }
        if (!readHeader(data)) {
            return 0;
        }
        int length = recordLength();
        if (!held.isEmpty()) {
            hold(data, Math.min(length, MOST_BYTES));
        }
        long available = held.isEmpty() ? data.remaining() : held.size();
        if (length > MOST_BYTES) { // long enough to be refused
            return (int) Math.min(available, MOST_BYTES);
        }
        return length <= available ? length : 0;
    }

    private boolean readHeader(ByteBuffer data) {
        header.clear();
        if (held.size() >= HEADER_BYTES) {
            held.copyTo(header, HEADER_BYTES);
        } else if (held.isEmpty() && data.remaining() >= HEADER_BYTES) {
            header.put(0, data, data.position(), HEADER_BYTES).position(HEADER_BYTES);
        }
        return !header.hasRemaining();
    }

    /**
     * What does not begin like TLS, HTTP for example: the header alone, which is enough for the engine to
     * judge.
     */
    private int recordLength() {
        int type = header.get(0) & 0xFF;
        if (!begun && (type & SSL2) != 0 && header.get(2) == SSL2_CLIENT_HELLO) {
            return SSL2_HEADER_BYTES + (header.getShort(0) & SSL2_LENGTH);
        }
        return isOdd() ? HEADER_BYTES : HEADER_BYTES + (header.getShort(LENGTH_OFFSET) & 0xFFFF);
    }

    private boolean isOdd() {
        int type = header.get(0) & 0xFF;
        return type < LOWEST_TYPE || type > HIGHEST_TYPE || !begun && (header.get(1) & 0xFF) < MAJOR_VERSION;
    }

    /** Moves bytes from {@code data} until so many are held. */
    private void hold(ByteBuffer data, int total) {
        int missing = (int) Math.max(0, total - held.size());
        int end = data.limit();
        data.limit(data.position() + Math.min(missing, data.remaining()));
        held.append(data);
        data.limit(end);
    }

    /** The engine has consumed so many bytes of the record that {@link #next} has shown. */
    void advance(ByteBuffer data, int bytes) {
        begun |= bytes > 0;
        if (held.isEmpty()) {
            data.position(data.position() + bytes);
        } else {
            held.skip(bytes);
        }
    }

    /** Keeps all that is left. */
    void hold(ByteBuffer data) {
        held.append(data);
    }

    /** Copies the front of what is held, at most as much as there is room for. */
    void peek(ByteBuffer target) {
        held.copyTo(target, (int) Math.min(held.size(), target.remaining()));
    }

    void clear() {
        held.clear();
    }

    @Override
    public String toString() {
        return held.size() + " bytes undecrypted";
    }
}
