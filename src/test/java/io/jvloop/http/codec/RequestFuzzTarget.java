package io.jvloop.http.codec;

import io.jvloop.http.codec.ParsedRequests.Head;
import io.jvloop.http.codec.ParsedRequests.Request;
import io.jvloop.http.codec.ParsedRequests.Span;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Tries bytes that a fuzzer makes up. A plain class, so that any fuzzer that calls
 * {@code fuzzerTestOneInput} can do so.
 *
 * <pre>
 *   byte 0     limits in bits 0 and 1; bit 2: little endian; bit 3: the other framing when written again
 *   byte 1, 2  lengths of the pieces less 1, in turns
 *   the rest   what a client has sent
 * </pre>
 *
 * <p>What has to hold:
 * <ul>
 * <li>However the bytes come, in pieces, direct or on the heap, the requests are the same, and so is the
 * failure. No exception but {@link HttpParseException} comes out.
 * <li>What has been accepted is what a plain look at the text says too.
 * <li>Written again, as a proxy does, the requests are still the same ones, and no more: nothing has been
 * smuggled.
 * </ul>
 */
public final class RequestFuzzTarget {
    /** How many bytes choose what to do. */
    static final int CHOICES = 3;

    private static final HttpLimits SMALL = new HttpLimits(40, 4, 96, 12, 2, 48);
    private static final HttpLimits LEAST = new HttpLimits(16, 1, 1, 0, 0, 0);
    private static final HttpLimits NONE = new HttpLimits(Integer.MAX_VALUE, Integer.MAX_VALUE,
            Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE, Long.MAX_VALUE);
    private static final List<HttpLimits> LIMITS = List.of(HttpLimits.DEFAULT, SMALL, LEAST, NONE);

    private static final int LONGEST_PIECE = 256;
    private static final int MARGIN = 5;
    private static final byte[] LINE_ENDS =
            "\n".repeat(LONGEST_PIECE + 2 * MARGIN).getBytes(StandardCharsets.US_ASCII);
    private static final ThreadLocal<ByteBuffer> DIRECT =
            ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect(LINE_ENDS.length));

    private final byte[] choices;
    private final byte[] sent;
    private final HttpLimits limits;

    private RequestFuzzTarget(byte[] choices, byte[] sent) {
        this.choices = choices;
        this.sent = sent;
        this.limits = LIMITS.get(choices[0] & 3);
    }

    /**
     * Tries one input.
     *
     * @param data choices, then bytes that have been sent
     * @throws AssertionError if something does not hold
     */
    public static void fuzzerTestOneInput(byte[] data) {
        if (data.length >= CHOICES) {
            new RequestFuzzTarget(Arrays.copyOf(data, CHOICES),
                    Arrays.copyOfRange(data, CHOICES, data.length)).run();
        }
    }

    private boolean chosen(int bit) {
        return (choices[0] >> bit & 1) != 0;
    }

    private void run() {
        ParsedRequests whole = new ParsedRequests(limits);
        whole.take(ordered(ByteBuffer.wrap(sent)));
        checkSame("heap", whole, inPieces(ByteBuffer.allocate(LINE_ENDS.length)));
        checkSame("direct", whole, inPieces(DIRECT.get()));
        checkText(whole);
        if (!whole.complete().isEmpty()) {
            checkWrittenAgain(whole.complete());
        }
    }

    private ByteBuffer ordered(ByteBuffer buffer) {
        return buffer.order(chosen(2) ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    }

    /** Each piece in the same buffer, with line ends around it; so nobody may look there, or keep it. */
    private ParsedRequests inPieces(ByteBuffer buffer) {
        ParsedRequests parsed = new ParsedRequests(limits);
        ordered(buffer);
        int at = 0;
        for (int i = 1; at < sent.length && !parsed.hasFailed(); i = 3 - i) {
            int length = Math.min((choices[i] & 0xFF) + 1, sent.length - at);
            buffer.put(0, LINE_ENDS);
            buffer.limit(MARGIN + length).position(MARGIN);
            buffer.put(MARGIN, sent, at, length);
            parsed.take(buffer);
            buffer.clear();
            at += length;
        }
        if (!parsed.hasFailed()) {
            parsed.take(buffer.limit(0));
            buffer.clear();
        }
        return parsed;
    }

    private void checkSame(String what, Object expected, Object seen) {
        if (!expected.equals(seen)) {
            throw new AssertionError(what + ":\n  " + expected + "\n  " + seen + "\nsent: "
                    + new String(sent, StandardCharsets.ISO_8859_1));
        }
    }

    /** Compares each head with the bytes that it was read from. */
    private void checkText(ParsedRequests whole) {
        for (Span span : whole.spans()) {
            HeadText.check(new String(sent, span.start(), span.end() - span.start(),
                    StandardCharsets.ISO_8859_1), span.head());
        }
    }

    /** All requests one behind the other: if one ended elsewhere, the next one would not be the same. */
    private void checkWrittenAgain(List<Request> requests) {
        RequestCopy copy = new RequestCopy(chosen(3));
        requests.forEach(copy::write);
        ParsedRequests parsed = new ParsedRequests(NONE);
        parsed.take(ByteBuffer.wrap(copy.bytes()));
        checkSame("written again: failed", false, parsed.hasFailed());
        checkSame("written again: count", requests.size(), parsed.heads());
        checkSame("written again", requests.stream().map(copy::comparable).toList(),
                parsed.complete().stream().map(copy::comparable).toList());
    }

    /** A head in plain text, looked at without a thought of speed. */
    private static final class HeadText {
        private static final String LINE_END = "\r\n";
        private static final Pattern BLANKS = Pattern.compile("\\A[ \t]+|[ \t]+\\z");
        private static final Pattern AUTHORITY = Pattern.compile(".*[^:]:[0-9]+");

        static void check(String text, Head head) {
            String[] lines = text.strip().split(LINE_END);
            Headers headers = head.headers();
            require(text.endsWith(LINE_END + LINE_END) && lines.length == headers.size() + 1, text);
            String start = head.method() + " " + head.target() + " HTTP/1.";
            require(lines[0].startsWith(start) && lines[0].length() == start.length() + 1, text);
            require((lines[0].charAt(start.length()) != '0') == head.minorVersion() > 0, text);
            for (int i = 1; i < lines.length; i++) {
                int colon = lines[i].indexOf(':');
                require(lines[i].substring(0, colon).equalsIgnoreCase(headers.name(i - 1)), text);
                require(trimmed(lines[i].substring(colon + 1)).equals(headers.value(i - 1)), text);
                require(lines[i].chars().allMatch(c -> c == '\t' || c >= ' ' && c != 0x7F), text);
            }
            checkFraming(text, head);
        }

        private static String trimmed(String value) {
            return BLANKS.matcher(value).replaceAll("");
        }

        private static void checkFraming(String text, Head head) {
            List<String> lengths = head.headers().getAll("content-length");
            List<String> codings = head.headers().getAll("transfer-encoding");
            require(lengths.size() + (codings.isEmpty() ? 0 : 1) <= 1, text);
            require(head.isChunked() == !codings.isEmpty(), text);
            require(codings.isEmpty() || codings.size() == 1 && codings.get(0).equalsIgnoreCase("chunked"),
                    text);
            require(head.isChunked() || head.contentLength() == (lengths.isEmpty() ? 0
                    : Long.parseLong(lengths.get(0))), text);
            int hosts = head.headers().getAll("host").size();
            require(hosts == 1 || hosts == 0 && head.minorVersion() == 0, text);
            require(!head.method().equals("CONNECT") || AUTHORITY.matcher(head.target()).matches(), text);
        }

        private static void require(boolean holds, String text) {
            if (!holds) {
                throw new AssertionError("accepted, but not what it says: " + text);
            }
        }
    }
}
