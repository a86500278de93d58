package io.jvloop.tls;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.function.UnaryOperator;

/**
 * Changes what an engine says: gets its {@code index}th record, and returns what to send instead.
 *
 * @param change changes the record
 * @param last the record after which nothing is sent but the end of the stream; none by default
 */
record Tamper(Change change, int last) {
    /** The change of one record. */
    @FunctionalInterface
    interface Change {
        byte[] of(int index, byte[] record);
    }

    private static final int HEADER_BYTES = 5;
    private static final int NEVER = Integer.MAX_VALUE;
    private static final int BIT = 0x10;

    static final Tamper NONE = new Tamper((index, record) -> record, NEVER);

    /** Turns over one bit of one record, counted from its end if negative, and ends the stream. */
    static Tamper flip(int which, int at) {
        return new Tamper(only(which, record -> {
            int position = at < 0 ? Math.max(0, record.length + at) : Math.min(at, record.length - 1);
            record[position] ^= BIT;
            return record;
        }), which);
    }

    /** Ends the stream after one record; {@code part} says how much of that is sent. */
    static Tamper cut(int which, double part) {
        return new Tamper(only(which, record -> Arrays.copyOf(record, (int) (record.length * part))), which);
    }

    /** Puts something before one record. */
    static Tamper insert(int which, byte... bytes) {
        return new Tamper(only(which, record -> concat(bytes, record)), NEVER);
    }

    /** Sends one record twice. */
    static Tamper twice(int which) {
        return new Tamper(only(which, record -> concat(record, record)), NEVER);
    }

    /** Sends something else than the first record, and ends the stream. */
    static Tamper instead(byte... bytes) {
        return new Tamper(only(0, record -> bytes), 0);
    }

    /** Spreads the first record over many small ones. */
    static Tamper spread(int bytesEach) {
        return new Tamper(only(0, record -> {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            for (int i = HEADER_BYTES; i < record.length; i += bytesEach) {
                int count = Math.min(bytesEach, record.length - i);
                out.write(record, 0, HEADER_BYTES - 2);
                out.write(count >> 8);
                out.write(count);
                out.write(record, i, count);
            }
            return out.toByteArray();
        }), NEVER);
    }

    private static Change only(int which, UnaryOperator<byte[]> change) {
        return (index, record) -> index == which ? change.apply(record) : record;
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] all = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, all, first.length, second.length);
        return all;
    }
}
