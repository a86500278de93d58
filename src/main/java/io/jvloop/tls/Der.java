package io.jvloop.tls;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.util.Arrays;

/**
 * Writes DER (ITU-T X.690), as much of it as keys and certificates need. By hand, since the JDK has an
 * encoder only inside {@code sun.security}.
 */
final class Der {
    static final int BOOLEAN = 0x01;
    static final int INTEGER = 0x02;
    static final int BIT_STRING = 0x03;
    static final int OCTET_STRING = 0x04;
    static final int OBJECT_ID = 0x06;
    static final int UTF8_STRING = 0x0c;
    static final int UTC_TIME = 0x17;
    static final int GENERALIZED_TIME = 0x18;
    static final int SEQUENCE = 0x30;
    static final int SET = 0x31;

    /** The first tag of the context-specific kind; constructed ones begin at {@link #TAGGED}. */
    static final int IMPLICIT = 0x80;
    static final int TAGGED = 0xa0;

    private Der() {
    }

    /** A value made of these parts, one after the other. */
    static byte[] value(int tag, byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        byte[] head = header(tag, length);
        byte[] value = Arrays.copyOf(head, head.length + length);
        int at = head.length;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, value, at, part.length);
            at += part.length;
        }
        return value;
    }

    private static byte[] header(int tag, int length) {
        if (length < 0x80) {
            return new byte[] {(byte) tag, (byte) length};
        }
        byte[] digits = BigInteger.valueOf(length).toByteArray();
        int from = digits[0] == 0 ? 1 : 0; // a sign, where the first digit is above 0x7f
        byte[] head = new byte[2 + digits.length - from];
        head[0] = (byte) tag;
        head[1] = (byte) (0x80 | digits.length - from);
        System.arraycopy(digits, from, head, 2, digits.length - from);
        return head;
    }

    static byte[] sequence(byte[]... parts) {
        return value(SEQUENCE, parts);
    }

    static byte[] integer(long number) {
        return integer(BigInteger.valueOf(number));
    }

    static byte[] integer(BigInteger number) {
        return value(INTEGER, number.toByteArray());
    }

    static byte[] yes() {
        return value(BOOLEAN, new byte[] {(byte) 0xff});
    }

    /** Bits that fill their bytes but for the last few. */
    static byte[] bits(int unused, byte... bytes) {
        return value(BIT_STRING, new byte[] {(byte) unused}, bytes);
    }

    /** An object identifier from its dotted form. */
    static byte[] oid(String dotted) {
        String[] arcs = dotted.split("\\.");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        base128(out, Long.parseLong(arcs[0]) * 40 + Long.parseLong(arcs[1]));
        for (int i = 2; i < arcs.length; i++) {
            base128(out, Long.parseLong(arcs[i]));
        }
        return value(OBJECT_ID, out.toByteArray());
    }

    /** Seven bits per byte, the highest first; all but the last have the eighth bit set (X.690, 8.19.2). */
    private static void base128(ByteArrayOutputStream out, long number) {
        int shift = 0;
        while (number >> shift + 7 != 0) {
            shift += 7;
        }
        for (; shift > 0; shift -= 7) {
            out.write((int) (0x80 | number >> shift & 0x7f));
        }
        out.write((int) (number & 0x7f));
    }
}
