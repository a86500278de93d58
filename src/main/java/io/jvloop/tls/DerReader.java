package io.jvloop.tls;

import java.io.IOException;
import java.math.BigInteger;
import java.util.Arrays;

/**
 * Reads DER (ITU-T X.690) one value after the other, without copying: what it reads may be a key, and each
 * copy would have to be wiped. What is wrong is {@link Damaged}, which does not say where; that is for the
 * caller, who knows the file.
 */
final class DerReader {
    private final byte[] bytes;
    private final int end;
    private int at;

    DerReader(byte[] bytes) {
        this(bytes, 0, bytes.length);
    }

    private DerReader(byte[] bytes, int from, int end) {
        this.bytes = bytes;
        this.at = from;
        this.end = end;
    }

    boolean hasNext() {
        return at < end;
    }

    /** The tag of the next value, -1 if there is none. */
    int tag() {
        return hasNext() ? bytes[at] & 0xff : -1;
    }

    /** What is in the next value, which must have this tag. */
    DerReader enter(int tag) throws Damaged {
        if (tag() != tag) {
            throw new Damaged(hasNext()
                    ? String.format("damaged DER: tag %02x where %02x is due", tag(), tag)
                    : String.format("damaged DER: it ends where tag %02x is due", tag));
        }
        at++;
        int length = length();
        DerReader inside = new DerReader(bytes, at, at + length);
        at += length;
        return inside;
    }

    private int length() throws Damaged {
        int first = next();
        if (first < 0x80) {
            return within(first);
        }
        int digits = first & 0x7f;
        if (digits == 0 || digits > 4) { // 0: BER's open end, which DER does not have
            throw new Damaged("damaged DER: no valid length");
        }
        long length = 0;
        for (int i = 0; i < digits; i++) {
            length = length << 8 | next();
        }
        return within(length);
    }

    private int within(long length) throws Damaged {
        if (length > end - at) {
            throw new Damaged("DER cut short: " + length + " bytes announced, " + (end - at) + " there");
        }
        return (int) length;
    }

    private int next() throws Damaged {
        if (!hasNext()) {
            throw new Damaged("DER cut short: it ends within a length");
        }
        return bytes[at++] & 0xff;
    }

    /** A copy of what is in the next value, which must have this tag. */
    byte[] value(int tag) throws Damaged {
        DerReader inside = enter(tag);
        return Arrays.copyOfRange(bytes, inside.at, inside.end);
    }

    /** A copy of the next value, its tag and length included. */
    byte[] whole() throws Damaged {
        if (!hasNext()) {
            throw new Damaged("damaged DER: it ends where a value is due");
        }
        int from = at;
        enter(tag());
        return Arrays.copyOfRange(bytes, from, at);
    }

    /** A positive number that fits into an {@code int}, or zero. */
    int integer() throws Damaged {
        byte[] digits = value(Der.INTEGER);
        if (digits.length < 1 || digits.length > 4 || digits[0] < 0) {
            throw new Damaged("damaged DER: a number out of range");
        }
        return new BigInteger(digits).intValue();
    }

    /** An object identifier in dotted form. */
    String oid() throws Damaged {
        byte[] arcs = value(Der.OBJECT_ID);
        StringBuilder dotted = new StringBuilder();
        long number = 0;
        for (byte digit : arcs) {
            number = number << 7 | digit & 0x7f;
            if (digit >= 0) {
                append(dotted, number);
                number = 0;
            }
        }
        return dotted.toString();
    }

    /** The first number holds two arcs, of which the first is 0, 1 or 2 (X.690, 8.19.4). */
    private static void append(StringBuilder dotted, long number) {
        if (dotted.isEmpty()) {
            long first = Math.min(number / 40, 2);
            dotted.append(first).append('.').append(number - first * 40);
        } else {
            dotted.append('.').append(number);
        }
    }

    void requireEnd() throws Damaged {
        if (hasNext()) {
            throw new Damaged("damaged DER: " + (end - at) + " bytes too many");
        }
    }

    /** This is no DER, or not the one that is due. */
    static final class Damaged extends IOException {
        private static final long serialVersionUID = 1;

        private Damaged(String what) {
            super(what);
        }
    }
}
