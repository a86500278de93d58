package io.jvloop.examples;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of a file that a Range field asks for, RFC 9110, 14. One range only: several may be answered with
 * the whole.
 *
 * @param first its first byte
 * @param count bytes
 * @param isPart whether it was asked for, even if it is all there is: some players insist on status 206 then
 */
record ByteRange(long first, long count, boolean isPart) {
    private static final Pattern SINGLE = Pattern.compile("bytes=\\s*(\\d{0,18})-(\\d{0,18})\\s*");

    static ByteRange whole(long size) {
        return new ByteRange(0, size, false);
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
        return first >= size ? null : new ByteRange(first, Math.min(size - 1, last) - first + 1, true);
    }

    private static ByteRange last(long bytes, long size) {
        if (bytes == 0) {
            return null;
        }
        long count = Math.min(size, bytes);
        return count == 0 ? whole(size) : new ByteRange(size - count, count, true);
    }

    /** The field Content-Range. */
    String of(long size) {
        return "bytes " + first + "-" + (first + count - 1) + "/" + size;
    }
}
