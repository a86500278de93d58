package io.jvloop.http;

import io.jvloop.http.codec.Headers;
import io.jvloop.http.codec.HttpStatus;
import io.jvloop.http.codec.MessageWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Writes the answers of one connection, one after the other: decides how the client is to find the end (RFC
 * 9112, 6), and keeps count. Loop thread.
 */
final class AnswerWriter {
    private enum Body {
        /** No answer has begun. */
        NOT_BEGUN,
        /** Nothing is sent, whatever is written: HEAD, 204, 304. */
        NONE,
        /** As many bytes as Content-Length says. */
        LENGTH,
        CHUNKED,
        /** Up to the end of the connection, for HTTP/1.0. */
        UNTIL_CLOSE
    }

    private static final byte[] CONNECTION_CLOSE = ascii("Connection: close\r\n");
    private static final byte[] KEEP_ALIVE = ascii("Connection: keep-alive\r\n");
    private static final byte[] UPGRADE = ascii("Connection: Upgrade\r\n");
    private static final byte[] CHUNKED = ascii("Transfer-Encoding: chunked\r\n");
    private static final byte[] CONTINUE = ascii("HTTP/1.1 100 Continue\r\n\r\n");

    private final Workspace workspace;
    private final Outlet out;
    private Body body = Body.NOT_BEGUN;

    AnswerWriter(Workspace workspace, Outlet out) {
        this.workspace = workspace;
        this.out = out;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** The next answer may begin. */
    void reset() {
        body = Body.NOT_BEGUN;
    }

    boolean hasBegun() {
        return body != Body.NOT_BEGUN;
    }

    /** Whether the client can tell that it is not complete if the connection ends now. */
    boolean endIsVisible() {
        return body != Body.UNTIL_CLOSE;
    }

    /** False once an answer has begun: the client would take it for a part of that. */
    boolean sendContinue() {
        if (!hasBegun()) {
            out.put(CONTINUE);
            out.flush(); // a handler may take its time before it returns
        }
        return !hasBegun();
    }

    /**
     * Whether the connection may go on after an answer of this length: in HTTP/1.0 only if that is known.
     */
    static boolean allowsNext(HttpResponse response, long length) {
        AnswerHead head = response.head();
        return !head.closes() && !head.isTunnel(response.request())
                && (length >= 0 || response.request().minorVersion() > 0 || head.hasNoContent()
                        || response.request().isHead());
    }

    /**
     * Writes the head.
     *
     * @param length of the content, or UNKNOWN
     * @param keepsAlive whether the connection goes on afterwards
     */
    void begin(HttpResponse response, long length, boolean keepsAlive) {
        AnswerHead answer = response.head();
        MessageWriter head = beginHead(answer);
        boolean oldClient = response.request().minorVersion() == 0;
        if (!keepsAlive) {
            head.raw(CONNECTION_CLOSE);
        } else if (oldClient) {
            head.raw(KEEP_ALIVE);
        }
        if (!answer.isTunnel(response.request())) {
            frame(head, answer, length, oldClient);
        }
        if (response.request().isHead() || answer.isTunnel(response.request())) {
            body = Body.NONE;
        }
        out.put(head.endHead());
    }

    private MessageWriter beginHead(AnswerHead answer) {
        MessageWriter head = workspace.writer().status(answer.status());
        if (!answer.hasDate()) {
            head.raw(workspace.date());
        }
        Headers fields = answer.giveFields();
        if (fields != null) {
            head.fields(fields);
            workspace.giveBack(fields);
        }
        return head;
    }

    private void frame(MessageWriter head, AnswerHead answer, long length, boolean oldClient) {
        if (answer.hasNoContent()) {
            body = Body.NONE; // a length would be that of the content that is not sent: only if it was set
            if (answer.mayTellLength()) {
                head.contentLength(answer.length());
            }
        } else if (length >= 0 || answer.isReset()) {
            body = Body.LENGTH;
            head.contentLength(Math.max(0, length));
        } else if (oldClient) {
            body = Body.UNTIL_CLOSE;
        } else {
            body = Body.CHUNKED;
            head.raw(CHUNKED);
        }
    }

    /** Takes content. */
    void content(ByteBuffer data) {
        switch (body) {
            case NONE -> data.position(data.limit());
            case CHUNKED -> {
                if (data.hasRemaining()) {
                    out.put(workspace.writer().chunk(data.remaining()));
                    out.put(data);
                    out.put(workspace.writer().endChunk());
                }
            }
            default -> out.put(data);
        }
    }

    /** Whether there is content to be sent at all. */
    boolean sendsContent() {
        return body != Body.NONE;
    }

    void end(HttpResponse response) {
        if (body == Body.CHUNKED) {
            out.put(workspace.writer().lastChunk(response.head().trailers()));
        }
    }

    /** A whole answer that says what went wrong, and no more than that; to null if it is no request. */
    void error(int status, HttpRequest request, boolean keepsAlive) {
        byte[] text = ascii(status + " " + HttpStatus.reason(status) + "\n");
        MessageWriter message = workspace.writer().status(status).raw(workspace.date())
                .field("Content-Type", "text/plain; charset=utf-8");
        if (!keepsAlive) {
            message.raw(CONNECTION_CLOSE);
        } else if (request.minorVersion() == 0) {
            message.raw(KEEP_ALIVE);
        }
        out.put(message.contentLength(text.length).endHead());
        if (request == null || !request.isHead()) {
            out.put(text);
        }
        body = Body.NONE;
    }

    /** 101, or the 2xx that CONNECT is answered with: the bytes behind it are another protocol's. */
    void switchProtocols(HttpResponse response) {
        MessageWriter head = beginHead(response.head());
        if (response.head().switchesProtocols()) {
            head.raw(UPGRADE);
        }
        out.put(head.endHead());
        body = Body.NONE;
    }
}
