package io.jvloop.http.codec;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Feeds a parser, and writes down in one line what comes of it; the form stands in request-vectors.txt. */
final class Outcome {
    private static final Set<String> FRAMING = Set.of("Host", "Content-Length", "Transfer-Encoding");

    private final RequestParser parser;
    private final List<String> requests = new ArrayList<>();
    private final StringBuilder body = new StringBuilder();
    private String head;

    Outcome(HttpLimits limits) {
        parser = new RequestParser(limits);
    }

    /** False once nothing more can be read. */
    boolean feed(ByteBuffer in) {
        try {
            HttpEvent event = parser.next(in);
            while (event != HttpEvent.NEED_MORE) {
                switch (event) {
                    case HEAD -> head = describeHead();
                    case CONTENT -> body.append(text(parser.content()));
                    default -> end();
                }
                event = parser.next(in);
            }
            if (in.hasRemaining()) {
                throw new AssertionError(in.remaining() + " bytes are left although more is needed");
            }
            return true;
        } catch (HttpParseException e) {
            requests.add(String.valueOf(e.status()));
            return false;
        }
    }

    private static String text(ByteBuffer piece) {
        StringBuilder text = new StringBuilder();
        while (piece.hasRemaining()) {
            text.append((char) (piece.get() & 0xFF));
        }
        return text.toString();
    }

    private String describeHead() {
        StringBuilder text = new StringBuilder(escape(parser.method())).append(' ')
                .append(escape(parser.target()));
        text.append(parser.authority() == null ? "" : " @" + parser.authority());
        text.append(" 1.").append(parser.minorVersion()).append(parser.keepsAlive() ? " keep" : " close");
        if (!parser.pathAndQuery().equals(parser.target())) {
            text.append(" path=").append(parser.pathAndQuery());
        }
        parser.headers().forEach((name, value) -> {
            if (!FRAMING.contains(name)) {
                text.append(' ').append(name).append('=').append(escape(value));
            }
        });
        return text.append(parser.expectsContinue() ? " waits" : "").toString();
    }

    private void end() {
        StringBuilder text = new StringBuilder(head);
        if (!body.isEmpty()) {
            text.append(" \"").append(escape(body.toString())).append('"');
        }
        if (parser.trailers().size() > 0) {
            List<String> fields = new ArrayList<>();
            parser.trailers().forEach((name, value) -> fields.add(name + "=" + escape(value)));
            text.append(" {").append(String.join(" ", fields)).append('}');
        }
        requests.add(text.toString());
        head = null;
        body.setLength(0);
    }

    private static String escape(String text) {
        StringBuilder escaped = new StringBuilder();
        text.chars().forEach(c -> {
            switch (c) {
                case '\r' -> escaped.append("\\r");
                case '\n' -> escaped.append("\\n");
                case '\t' -> escaped.append("\\t");
                case '\\' -> escaped.append("\\\\");
                default -> escaped.append(c < ' ' || c > '~' || c == '|' ? String.format("\\x%02x", c)
                        : String.valueOf((char) c));
            }
        });
        return escaped.toString();
    }

    /** The line. */
    @Override
    public String toString() {
        return requests.isEmpty() ? "pending" : String.join(" ; ", requests);
    }

    /** What comes of an input that is cut at these places. */
    static String of(byte[] input, boolean direct, int... cuts) {
        Outcome outcome = new Outcome(HttpLimits.DEFAULT);
        int start = 0;
        for (int i = 0; i <= cuts.length; i++) {
            int end = i < cuts.length ? cuts[i] : input.length;
            ByteBuffer piece = direct ? ByteBuffer.allocateDirect(end - start)
                    : ByteBuffer.allocate(end - start);
            if (!outcome.feed(piece.put(input, start, end - start).flip())) {
                break;
            }
            start = end;
        }
        return outcome.toString();
    }

    /** What comes of it byte by byte. */
    static String byteByByte(byte[] input) {
        Outcome outcome = new Outcome(HttpLimits.DEFAULT);
        ByteBuffer piece = ByteBuffer.allocate(1);
        for (byte b : input) {
            piece.clear().put(b).flip();
            if (!outcome.feed(piece)) {
                break;
            }
        }
        return outcome.toString();
    }
}
