package io.jvloop.http.codec;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Which bytes may stand where, as a table: one look-up for each byte.
 *
 * <p>Ranges are taken eight bytes at a time where most bytes are good: a value of a header has nothing but
 * visible characters, spaces and rarely a tab.
 */
final class Tokens {
    /** RFC 9110, 5.6.2: letters, digits and these. */
    private static final String TOKEN_MARKS = "!#$%&'*+-.^_`|~";

    /** RFC 3986, 3.2.2: what a host's name may have besides letters, digits and %XX. */
    private static final String HOST_MARKS = "-._~!$&'()*+,;=";

    private static final byte TOKEN = 1;
    private static final byte VALUE = 2;
    private static final byte TARGET = 4;
    private static final byte HOST = 8;
    private static final byte HEX = 16;

    private static final byte[] CLASS = new byte[256];

    static {
        for (int c = 0; c < CLASS.length; c++) {
            CLASS[c] = (byte) (c > ' ' && c < 0x7F ? visible(c)
                    : c == ' ' || c == '\t' || c >= 0x80 ? VALUE : 0);
        }
    }

    private static int visible(int c) {
        int alphanumeric = Character.isLetterOrDigit(c) ? TOKEN | HOST : 0;
        return alphanumeric | VALUE | (TOKEN_MARKS.indexOf(c) >= 0 ? TOKEN : 0) | (c != '#' ? TARGET : 0)
                | (HOST_MARKS.indexOf(c) >= 0 ? HOST : 0) | (Character.digit(c, 16) >= 0 ? HEX : 0);
    }

    private static final long ONES = 0x0101010101010101L;
    private static final long HIGH_BITS = 0x8080808080808080L;
    private static final long SPACES = ' ' * ONES;
    private static final long DELETES = 0x7F * ONES;

    private Tokens() {
    }

    static boolean isToken(int c) {
        return (CLASS[c & 0xFF] & TOKEN) != 0;
    }

    static boolean isValue(int c) {
        return (CLASS[c & 0xFF] & VALUE) != 0;
    }

    static boolean isHost(int c) {
        return (CLASS[c & 0xFF] & HOST) != 0;
    }

    static boolean isHex(int c) {
        return c < CLASS.length && (CLASS[c & 0xFF] & HEX) != 0;
    }

    static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }

    static boolean isBlank(int c) {
        return c == ' ' || c == '\t';
    }

    /** The first byte from {@code start} on that is no character of a token; {@code end} if there is none. */
    static int endOfToken(ByteBuffer in, int start, int end) {
        int i = start;
        while (i < end && (CLASS[in.get(i) & 0xFF] & TOKEN) != 0) {
            i++;
        }
        return i;
    }

    /** The first byte that may not stand in a request's target. */
    static int endOfTarget(ByteBuffer in, int start, int end) {
        int i = start;
        while (i < end && (CLASS[in.get(i) & 0xFF] & TARGET) != 0) {
            i++;
        }
        return i;
    }

    /** The first byte that may not stand in a header's value, for example the CR behind it. */
    static int endOfValue(ByteBuffer in, int start, int end) {
        int i = start;
        while (true) {
            while (i + Long.BYTES <= end && !hasControl(in.getLong(i))) {
                i += Long.BYTES;
            }
            int stop = Math.min(i + Long.BYTES, end);
            while (i < stop && (CLASS[in.get(i) & 0xFF] & VALUE) != 0) {
                i++;
            }
            if (i < stop || i >= end) {
                return i;
            }
        }
    }

    /**
     * Whether one of eight bytes is below a space, or DEL; a byte above 0x7F is none. The well-known tricks
     * of "has a byte less than n" and "has a zero byte"; the order of the bytes does not matter.
     */
    private static boolean hasControl(long bytes) {
        long low = (bytes - SPACES) & ~bytes;
        long deletes = bytes ^ DELETES;
        long zero = (deletes - ONES) & ~deletes;
        return ((low | zero) & HIGH_BITS) != 0;
    }

    /** The first LF; -1 if there is none. */
    static int indexOfLf(ByteBuffer in, int start, int end) {
        int i = start;
        while (i + Long.BYTES <= end) {
            long zeros = zeroBytes(bigEndianLong(in, i) ^ '\n' * ONES);
            if (zeros != 0) {
                return i + Long.numberOfLeadingZeros(zeros) / Byte.SIZE;
            }
            i += Long.BYTES;
        }
        while (i < end) {
            if (in.get(i) == '\n') {
                return i;
            }
            i++;
        }
        return -1;
    }

    /**
     * The high bit of each byte that is zero, and no other. The shorter trick of {@link #hasControl} tells
     * whether there is one, but not which.
     */
    private static long zeroBytes(long bytes) {
        return ~((bytes & ~HIGH_BITS) + ~HIGH_BITS | bytes | ~HIGH_BITS);
    }

    /** Eight bytes with the first one on top, whatever the order of the buffer is. */
    static long bigEndianLong(ByteBuffer in, int index) {
        long bytes = in.getLong(index);
        return in.order() == ByteOrder.BIG_ENDIAN ? bytes : Long.reverseBytes(bytes);
    }

    /** Four bytes, likewise. */
    static int bigEndianInt(ByteBuffer in, int index) {
        int bytes = in.getInt(index);
        return in.order() == ByteOrder.BIG_ENDIAN ? bytes : Integer.reverseBytes(bytes);
    }

    /** Whether a text is a token; an empty one is not. */
    static boolean isToken(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= CLASS.length || !isToken(text.charAt(i))) {
                return false;
            }
        }
        return !text.isEmpty();
    }

    /** Whether a text may be the value of a header field: no control characters, nothing beyond Latin 1. */
    static boolean isValue(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= CLASS.length || !isValue(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    /** Whether a text may be the target of a request. */
    static boolean isTarget(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= CLASS.length || (CLASS[text.charAt(i)] & TARGET) == 0) {
                return false;
            }
        }
        return !text.isEmpty();
    }
}
