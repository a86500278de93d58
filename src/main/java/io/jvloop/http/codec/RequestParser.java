package io.jvloop.http.codec;

import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * Reads requests of HTTP/1.1 and 1.0 out of a stream of bytes, one after the other, however it is cut; does
 * no I/O.
 *
 * <pre>
 * while (true) {
 *     switch (parser.next(in)) {
 *         case NEED_MORE -&gt; { return; }          // come again with the next bytes
 *         case HEAD -&gt; begin(parser.method(), parser.target(), parser.headers());
 *         case CONTENT -&gt; take(parser.content()); // borrowed
 *         case END -&gt; finish(parser.trailers());
 *     }
 * }
 * </pre>
 *
 * <p>Strict: what RFC 9112 forbids is refused with the status that it asks for, and so is what it leaves open
 * if programs are known to disagree on it. After a failure there is no next request.
 *
 * <p><b>Thread.</b> One at a time.
 *
 * <p>Read next: {@link LineReader}, {@link FieldSection}, {@link Framing}, {@link BodyDecoder}.
 */
public final class RequestParser {
    private static final int BAD_REQUEST = 400;
    private static final int TARGET_TOO_LONG = 414;
    private static final int EXPECTATION_FAILED = 417;

    /** RFC 9112, 2.2, asks to ignore one at least: old clients send one behind a body. */
    private static final int MOST_EMPTY_LINES = 4;

    private enum State {
        REQUEST_LINE, HEADERS, BODY, FAILED
    }

    private final HttpLimits limits;
    private final LineReader lines = new LineReader();
    private final RequestLine line;
    private final Framing framing = new Framing(BAD_REQUEST);
    private final FieldSection fields;
    private final BodyDecoder body;
    private final FieldSection trailers;
    private State state = State.REQUEST_LINE;
    private int emptyLines;
    private long contentLength;
    private Headers trailerFields;
    private HttpParseException failure;

    /**
     * A parser with its own strings.
     *
     * @param limits what it takes
     */
    public RequestParser(HttpLimits limits) {
        this(limits, new StringCache());
    }

    /**
     * A parser that shares strings with others.
     *
     * @param limits what it takes
     * @param strings of the same thread
     */
    public RequestParser(HttpLimits limits, StringCache strings) {
        this.limits = Objects.requireNonNull(limits, "limits");
        this.line = new RequestLine(Objects.requireNonNull(strings, "strings"));
        this.fields = new FieldSection(lines, strings, BAD_REQUEST);
        this.trailers = new FieldSection(lines, strings, BAD_REQUEST);
        this.body = new BodyDecoder(limits, lines, trailers, BAD_REQUEST);
    }

    /**
     * Takes bytes up to the next event.
     *
     * @param in what has come, between position and limit; borrowed. What belongs to the event is taken. The
     *            rest is what a next call begins with; all is taken with NEED_MORE
     * @return what has happened
     * @throws HttpParseException if the request breaks the rules or a limit; again for each further call
     */
    public HttpEvent next(ByteBuffer in) throws HttpParseException {
        try {
            return switch (state) {
                case REQUEST_LINE -> requestLine(in);
                case HEADERS -> headers(in);
                case BODY -> body(in);
                case FAILED -> throw failure;
            };
        } catch (HttpParseException e) {
            state = State.FAILED;
            failure = e;
            throw e;
        }
    }

    private HttpEvent requestLine(ByteBuffer in) throws HttpParseException {
        while (lines.next(in, limits.requestLineBytes(), TARGET_TOO_LONG, "the request line")) {
            if (lines.length() > 0) {
                line.parse(lines.source(), lines.start(), lines.end());
                emptyLines = 0;
                framing.begin();
                fields.begin(limits.headerCount(), limits.headerBytes());
                state = State.HEADERS;
                return headers(in);
            }
            if (++emptyLines > MOST_EMPTY_LINES) {
                throw new HttpParseException(BAD_REQUEST, "empty lines instead of a request");
            }
        }
        return HttpEvent.NEED_MORE;
    }

    private HttpEvent headers(ByteBuffer in) throws HttpParseException {
        if (!fields.next(in, framing)) {
            return HttpEvent.NEED_MORE;
        }
        int version = line.minorVersion();
        framing.checkHost(version);
        contentLength = framing.bodyLength(version, 0);
        if (framing.expectation() != null && version > 0
                && !ListElements.is(framing.expectation(), 0, framing.expectation().length(),
                        "100-continue")) {
            throw new HttpParseException(EXPECTATION_FAILED, "an expectation other than 100-continue");
        }
        body.begin(contentLength);
        trailerFields = null;
        state = State.BODY;
        return HttpEvent.HEAD;
    }

    private HttpEvent body(ByteBuffer in) throws HttpParseException {
        HttpEvent event = body.next(in);
        if (event == HttpEvent.END) {
            trailerFields = contentLength == Framing.CHUNKED ? trailers.headers() : null;
            state = State.REQUEST_LINE;
        }
        return event;
    }

    /** {@return the method of the request, as sent; a constant for common ones} */
    public String method() {
        return line.method();
    }

    /** {@return the request's target as sent: a path with a query, mostly} */
    public String target() {
        return line.target();
    }

    /**
     * {@return the path of the target with its query; {@code *} for OPTIONS of the whole server, the
     * authority for CONNECT} A target with scheme and authority, as proxies get it, comes without these.
     */
    public String pathAndQuery() {
        return line.pathAndQuery();
    }

    /** {@return 1 for HTTP/1.1, or a later one, and 0 for HTTP/1.0} */
    public int minorVersion() {
        return line.minorVersion();
    }

    /**
     * {@return the fields of the last HEAD, read-only; the caller may keep them} The same object as before if
     * the client sends the same again.
     */
    public Headers headers() {
        return fields.headers();
    }

    /**
     * {@return who the client thinks this is, with the port if there was one: of the target if that says so,
     * otherwise of Host (RFC 9112, 3.2.2); null if of neither, in HTTP/1.0}
     */
    public String authority() {
        return line.authority() != null ? line.authority() : framing.host();
    }

    /** {@return bytes of the body; 0 if there is none, -1 if that is known at its end only} */
    public long contentLength() {
        return contentLength;
    }

    /** {@return whether another request may follow on this connection} */
    public boolean keepsAlive() {
        return framing.keepsAlive(line.minorVersion());
    }

    /** {@return whether the client waits for {@code 100 Continue} before it sends the body} */
    public boolean expectsContinue() {
        return framing.expectation() != null && line.minorVersion() > 0 && contentLength != 0;
    }

    /** {@return the piece of the body of the last CONTENT: a view of the input, valid until that changes} */
    public ByteBuffer content() {
        return body.piece();
    }

    /** {@return how long {@link #content} is} */
    public int contentBytes() {
        return body.pieceBytes();
    }

    /**
     * {@return the trailer fields of the last END, read-only, none without chunks; the caller may keep them}
     */
    public Headers trailers() {
        return trailerFields == null ? Headers.NONE : trailerFields;
    }

    /** {@return whether nothing of a next request has come; empty lines are nothing} */
    public boolean isIdle() {
        return state == State.REQUEST_LINE && !lines.isMidLine();
    }

    /** Forgets what has come, for another stream. */
    public void reset() {
        state = State.REQUEST_LINE;
        emptyLines = 0;
        trailerFields = null;
        failure = null;
        lines.reset();
    }

    @Override
    public String toString() {
        return "RequestParser[" + state + (lines.isMidLine() ? ", in a line" : "")
                + (state == State.BODY ? " of " + method() + " " + target() : "")
                + (failure == null ? "" : ", " + failure.getMessage()) + "]";
    }
}
