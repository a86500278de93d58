package io.jvloop.http.codec;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Cuts the input into lines. A line that is there as a whole is read where it stands; only one whose end has
 * not come yet is copied, and what was looked at is not looked at again, so that a peer who sends byte by
 * byte costs no more than another.
 *
 * <p>A line ends with CR LF and nothing else: where one program takes a bare LF for an end and the next one
 * does not, a request can be smuggled past the first (RFC 9112, 2.2 and 11.2).
 */
final class LineReader {
    private static final int FIRST_BYTES = 128;
    private static final int LINE_END = 2;

    /** The beginning of a line whose end has not come; null if there is none. */
    private byte[] cut;
    private int cutBytes;

    private ByteBuffer source;
    private int start;
    private int end;

    // of the line that is read
    private long most;
    private int status;
    private String what;

    /**
     * Takes a line, or what there is of it.
     *
     * @param mostBytes that it may have, without its end
     * @param excess the status to answer if it has more
     * @param name what the line is, for the message
     * @return whether it is complete
     */
    boolean next(ByteBuffer in, long mostBytes, int excess, String name) throws HttpParseException {
        most = mostBytes;
        status = excess;
        what = name;
        int from = in.position();
        int lf = Tokens.indexOfLf(in, from, in.limit());
        if (cut == null && lf >= 0) {
            in.position(lf + 1);
            finish(in, from, lf);
            return true;
        }
        keep(in, lf < 0 ? in.limit() : lf + 1);
        if (lf < 0) {
            return false;
        }
        byte[] line = cut;
        cut = null;
        finish(ByteBuffer.wrap(line), 0, cutBytes - 1);
        return true;
    }

    /** Copies up to a position. Refuses before it copies: memory is what the limit is for. */
    private void keep(ByteBuffer in, int to) throws HttpParseException {
        int bytes = to - in.position();
        int before = cut == null ? 0 : cutBytes;
        if (bytes > most + LINE_END - before || before + bytes == most + LINE_END && in.get(to - 1) != '\n') {
            throw tooLong();
        }
        if (bytes == 0) {
            return;
        }
        if (cut == null) {
            cut = new byte[Math.max(FIRST_BYTES, bytes)];
        } else if (before + bytes > cut.length) {
            cut = Arrays.copyOf(cut, Math.max(2 * cut.length, before + bytes));
        }
        in.get(cut, before, bytes);
        cutBytes = before + bytes;
    }

    private void finish(ByteBuffer line, int from, int lf) throws HttpParseException {
        boolean hasCr = lf > from && line.get(lf - 1) == '\r';
        source = line;
        start = from;
        end = hasCr ? lf - 1 : lf;
        if (end - start > most) {
            throw tooLong();
        }
        if (!hasCr) {
            throw new HttpParseException(status < 500 ? 400 : status, what + " ends with a bare LF");
        }
    }

    private HttpParseException tooLong() {
        return new HttpParseException(status, what + " has more than " + most + " bytes");
    }

    /** Where the line is that {@link #next} has completed. */
    ByteBuffer source() {
        return source;
    }

    int start() {
        return start;
    }

    /** Behind its last byte, at the CR. */
    int end() {
        return end;
    }

    int length() {
        return end - start;
    }

    /** Forgets a line that has begun. */
    void reset() {
        cut = null;
    }

    /** Whether a line has begun whose end has not come. */
    boolean isMidLine() {
        return cut != null;
    }
}
