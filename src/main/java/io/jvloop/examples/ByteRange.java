package io.jvloop.examples;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of a file that a Range field asks for, RFC 9110, 14. One range only: several may be answered with
 * the whole.
 *
 * @param first its first byte
 * @param count bytes
 */
record ByteRange(long first, long count) {
    private static final Pattern SINGLE = Pattern.compile("bytes=\\s*(\\d{0,18})-(\\d{0,18})\\s*");

    static ByteRange whole(long size) {
        return new ByteRange(0, size);
    }

    /** Null if it cannot be satisfied; the whole if there is none, or none that is understood. */
    static ByteRange parse(String field, long size) {
        Matcher range = SINGLE.matcher(field == null ? "" : field);
        if (!range.matches()) {
            return whole(size);
        }
        String from = range.group(1);
        String to = range.group(2);
        if (from.isEmpty()) {
            return to.isEmpty() ? whole(size) : last(Long.parseLong(to), size);
        }
        long first = Long.parseLong(from);
        long last = to.isEmpty() ? Long.MAX_VALUE : Long.parseLong(to);
        if (last < first) {
            return whole(size); // not a range at all
        }
        return first >= size ? null : new ByteRange(first, Math.min(size - 1, last) - first + 1);
    }

    private static ByteRange last(long bytes, long size) {
        long count = Math.min(size, bytes);
        return count == 0 ? null : new ByteRange(size - count, count);
    }

    /** The field Content-Range. */
    String of(long size) {
        return "bytes " + first + "-" + (first + count - 1) + "/" + size;
    }
}
