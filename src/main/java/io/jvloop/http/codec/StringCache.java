package io.jvloop.http.codec;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Strings that come again and again, and lists of fields that do. A client sends the same target, host and
 * user agent with each request of a connection; here they are one object each, made once.
 *
 * <p>A table with one place for each hash: a newcomer takes the place of who has it. So it cannot grow, and
 * whoever makes strings collide on purpose gains nothing but what no cache would cost. It keeps at most
 * {@value #SLOTS} strings of {@value #LONGEST} bytes, and the last list of fields without secrets.
 *
 * <p><b>Thread.</b> One at a time; share it between all parsers of a thread.
 */
public final class StringCache {
    private static final int SLOTS = 1024; // a power of two
    private static final int LONGEST = 128;
    private static final int HASH_MULTIPLIER = 0x9E3779B9;

    private final byte[][] bytes = new byte[SLOTS][];
    private final String[] strings = new String[SLOTS];
    private Headers fields = Headers.NONE; // the last ones

    /** Makes an empty one. */
    public StringCache() {
    }

    /** The bytes from {@code start} to {@code end} as a string of Latin 1, made now or before. */
    String get(ByteBuffer in, int start, int end) {
        int length = end - start;
        if (length == 0) {
            return "";
        }
        if (length > LONGEST) {
            return decode(in, start, end);
        }
        int slot = hash(in, start, end) & SLOTS - 1;
        byte[] known = bytes[slot];
        if (known == null || !equal(known, in, start, length)) {
            known = copy(in, start, length);
            bytes[slot] = known;
            strings[slot] = new String(known, StandardCharsets.ISO_8859_1);
        }
        return strings[slot];
    }

    /** A read-only list of these fields; the last one, if that has the same strings. */
    Headers get(Headers section) {
        if (!fields.hasSameStrings(section)) {
            fields = section.readOnlyCopy();
        }
        return fields;
    }

    /** The same, without keeping it: for secrets, and what is sent once. */
    static String decode(ByteBuffer in, int start, int end) {
        return new String(copy(in, start, end - start), StandardCharsets.ISO_8859_1);
    }

    private static byte[] copy(ByteBuffer in, int start, int length) {
        byte[] copy = new byte[length];
        in.get(start, copy);
        return copy;
    }

    /** Of the ends: what differs in the middle only is rare, and would only share a place. */
    private static int hash(ByteBuffer in, int start, int end) {
        int length = end - start;
        int hash = length;
        if (length >= Integer.BYTES) {
            hash = hash * 31 + in.getInt(start);
            hash = hash * 31 + in.getInt(start + length / 2 - 2);
            hash = hash * 31 + in.getInt(end - Integer.BYTES);
        } else {
            for (int i = start; i < end; i++) {
                hash = hash * 31 + in.get(i);
            }
        }
        hash *= HASH_MULTIPLIER;
        return hash ^ hash >>> 16;
    }

    private static boolean equal(byte[] known, ByteBuffer in, int start, int length) {
        if (known.length != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (known[i] != in.get(start + i)) {
                return false;
            }
        }
        return true;
    }
}
