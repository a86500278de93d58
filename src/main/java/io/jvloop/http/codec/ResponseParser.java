package io.jvloop.http.codec;

import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * Reads responses, as {@link RequestParser} reads requests; does no I/O. An informational response (1xx) is a
 * message of its own: HEAD and END, then the next one follows.
 *
 * <p>Failures have status 502, what a gateway would answer.
 *
 * <p><b>Thread.</b> One at a time.
 */
public final class ResponseParser {
    private static final int BAD_GATEWAY = 502;
    private static final int STATUS_START = 9; // behind "HTTP/1.1 "
    private static final int STATUS_END = 12;
    private static final int VERSION_END = 8;

    private enum State {
        STATUS_LINE, HEADERS, BODY, FAILED, ENDED
    }

    private final HttpLimits limits;
    private final LineReader lines = new LineReader();
    private final StringCache strings;
    private final Framing framing = new Framing(BAD_GATEWAY);
    private final FieldSection fields;
    private final FieldSection trailers;
    private final BodyDecoder body;
    private State state = State.STATUS_LINE;
    private String requestMethod = "GET";
    private int minorVersion;
    private int status;
    private String reason;
    private long contentLength;
    private Headers trailerFields;
    private HttpParseException failure;

    /**
     * A parser with its own strings.
     *
     * @param limits what it takes
     */
    public ResponseParser(HttpLimits limits) {
        this(limits, new StringCache());
    }

    /**
     * A parser that shares strings with others.
     *
     * @param limits what it takes
     * @param strings of the same thread
     */
    public ResponseParser(HttpLimits limits, StringCache strings) {
        this.limits = Objects.requireNonNull(limits, "limits");
        this.strings = Objects.requireNonNull(strings, "strings");
        this.fields = new FieldSection(lines, strings, BAD_GATEWAY);
        this.trailers = new FieldSection(lines, strings, BAD_GATEWAY);
        this.body = new BodyDecoder(limits, lines, trailers, BAD_GATEWAY);
    }

    /**
     * Says what the next final response answers: one to HEAD has no body, whatever its fields say.
     *
     * @param method of the request; GET unless set
     */
    public void requestMethod(String method) {
        requestMethod = Objects.requireNonNull(method, "method");
    }

    /**
     * Takes bytes up to the next event; as {@link RequestParser#next}.
     *
     * @param in what has come, borrowed
     * @return what has happened
     * @throws HttpParseException if the response breaks the rules or a limit
     */
    public HttpEvent next(ByteBuffer in) throws HttpParseException {
        try {
            return switch (state) {
                case STATUS_LINE -> statusLine(in);
                case HEADERS -> headers(in);
                case BODY -> body(in);
                case FAILED -> throw failure;
                case ENDED -> {
                    if (in.hasRemaining()) {
                        throw new HttpParseException(BAD_GATEWAY, "bytes behind the last response");
                    }
                    yield HttpEvent.NEED_MORE;
                }
            };
        } catch (HttpParseException e) {
            state = State.FAILED;
            failure = e;
            throw e;
        }
    }

    /**
     * The connection has ended.
     *
     * @return END if that is the end of a response without a length, NEED_MORE between two responses
     * @throws HttpParseException in the middle of a response
     */
    public HttpEvent end() throws HttpParseException {
        boolean between = isIdle();
        boolean complete = state == State.BODY && body.isUntilClose();
        if (!between && !complete && state != State.ENDED) {
            failure = failure != null ? failure
                    : new HttpParseException(BAD_GATEWAY, "the connection ended within a response");
            state = State.FAILED;
            throw failure;
        }
        state = State.ENDED;
        return complete ? HttpEvent.END : HttpEvent.NEED_MORE;
    }

    private HttpEvent statusLine(ByteBuffer in) throws HttpParseException {
        if (!lines.next(in, limits.requestLineBytes(), BAD_GATEWAY, "the status line")) {
            return HttpEvent.NEED_MORE;
        }
        parseStatus(lines.source(), lines.start(), lines.end());
        framing.begin();
        fields.begin(limits.headerCount(), limits.headerBytes());
        state = State.HEADERS;
        return headers(in);
    }

    private void parseStatus(ByteBuffer line, int start, int end) throws HttpParseException {
        minorVersion = RequestLine.version(line, start, Math.min(end, start + VERSION_END), BAD_GATEWAY);
        boolean good = end - start >= STATUS_END && line.get(start + VERSION_END) == ' '
                && (end - start == STATUS_END || line.get(start + STATUS_END) == ' ');
        status = 0;
        for (int i = start + STATUS_START; good && i < start + STATUS_END; i++) {
            good = Tokens.isDigit(line.get(i));
            status = status * 10 + line.get(i) - '0';
        }
        int text = Math.min(end, start + STATUS_END + 1);
        if (!good || status < 100 || Tokens.endOfValue(line, text, end) < end) {
            throw new HttpParseException(BAD_GATEWAY, "not a status line");
        }
        reason = strings.get(line, text, end);
    }

    private HttpEvent headers(ByteBuffer in) throws HttpParseException {
        if (!fields.next(in, framing)) {
            return HttpEvent.NEED_MORE;
        }
        contentLength = bodyLength();
        body.begin(contentLength);
        trailerFields = null;
        state = State.BODY;
        return HttpEvent.HEAD;
    }

    /** RFC 9112, 6.3, in its order. */
    private long bodyLength() throws HttpParseException {
        long length = framing.bodyLength(minorVersion, BodyDecoder.UNTIL_CLOSE);
        boolean none = requestMethod.equals("HEAD") || status < 200 || status == 204 || status == 304
                || requestMethod.equals("CONNECT") && status < 300;
        return none ? 0 : length;
    }

    private HttpEvent body(ByteBuffer in) throws HttpParseException {
        HttpEvent event = body.next(in);
        if (event == HttpEvent.END) {
            trailerFields = contentLength == Framing.CHUNKED ? trailers.headers() : null;
            state = State.STATUS_LINE;
        }
        return event;
    }

    /** {@return the status code, 100 to 999} */
    public int status() {
        return status;
    }

    /** {@return the text behind the status code, perhaps empty; means nothing} */
    public String reason() {
        return reason;
    }

    /** {@return 1 for HTTP/1.1, or a later one, and 0 for HTTP/1.0} */
    public int minorVersion() {
        return minorVersion;
    }

    /** {@return the fields of the last HEAD, read-only; the caller may keep them} */
    public Headers headers() {
        return fields.headers();
    }

    /** {@return bytes of the body; 0 if there is none, negative if that is known at its end only} */
    public long contentLength() {
        return contentLength;
    }

    /** {@return whether another response may follow on this connection} */
    public boolean keepsAlive() {
        return contentLength != BodyDecoder.UNTIL_CLOSE && framing.keepsAlive(minorVersion);
    }

    /** {@return the piece of the body of the last CONTENT: a view of the input, valid until that changes} */
    public ByteBuffer content() {
        return body.piece();
    }

    /** {@return the trailer fields of the last END, read-only, none without chunks} */
    public Headers trailers() {
        return trailerFields == null ? Headers.NONE : trailerFields;
    }

    /** {@return whether nothing of a next response has come} */
    public boolean isIdle() {
        return state == State.STATUS_LINE && !lines.isMidLine();
    }

    @Override
    public String toString() {
        return "ResponseParser[" + state + (failure == null ? "" : ", " + failure.getMessage()) + "]";
    }
}
