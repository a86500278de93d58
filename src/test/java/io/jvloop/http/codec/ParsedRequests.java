package io.jvloop.http.codec;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What a {@link RequestParser} makes of bytes, however they come: the requests, and the failure behind them
 * if there is one. Two of these are equal if nobody behind the parser could tell them apart.
 */
final class ParsedRequests {
    /** Everything that a parser says at HEAD; the line is method, target, path and authority. */
    record Head(List<String> line, int minorVersion, Headers headers, long contentLength, boolean keepsAlive,
            boolean expectsContinue) {
        private static Head of(RequestParser parser) {
            return new Head(
                    List.of(parser.method(), parser.target(), parser.pathAndQuery(),
                            String.valueOf(parser.authority())),
                    parser.minorVersion(), parser.headers(), parser.contentLength(), parser.keepsAlive(),
                    parser.expectsContinue());
        }

        String method() {
            return line.get(0);
        }

        String target() {
            return line.get(1);
        }

        boolean isChunked() {
            return contentLength < 0;
        }
    }

    /** A request; its body is Latin 1, and trailers are null until it has ended. */
    record Request(Head head, String body, Headers trailers) {
        boolean isComplete() {
            return trailers != null;
        }
    }

    /** A head, and where it stands in the last buffer. */
    record Span(Head head, int start, int end) {
    }

    private final RequestParser parser;
    private final List<Request> requests = new ArrayList<>();
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private final List<Span> spans = new ArrayList<>();
    private int start;
    private Head head;
    private HttpParseException failure;

    ParsedRequests(HttpLimits limits) {
        parser = new RequestParser(limits);
    }

    /** Takes bytes and all events in them; nothing more after a failure. */
    void take(ByteBuffer in) {
        int limit = in.limit();
        try {
            HttpEvent event;
            do {
                int before = in.position();
                event = parser.next(in);
                check(in.limit() == limit && in.position() >= before, "the buffer's bounds", in);
                take(event, in.position());
            } while (event != HttpEvent.NEED_MORE);
            check(!in.hasRemaining(), "NEED_MORE with bytes left", in);
        } catch (HttpParseException e) {
            failure = e;
            check(in.limit() == limit, "the buffer's limit after a failure", in);
            checkFailsAgain(in);
        }
    }

    private void take(HttpEvent event, int position) {
        switch (event) {
            case NEED_MORE -> {
                return;
            }
            case HEAD -> {
                check(head == null, "a HEAD before the END", parser);
                head = Head.of(parser);
                spans.add(new Span(head, start, position));
            }
            case CONTENT -> {
                ByteBuffer piece = parser.content();
                byte[] bytes = new byte[piece.remaining()];
                piece.get(bytes);
                check(head != null && bytes.length > 0 && bytes.length == parser.contentBytes(),
                        "the length of a piece", parser);
                body.writeBytes(bytes);
            }
            case END -> {
                check(head != null, "an END before the HEAD", parser);
                requests.add(new Request(head, bodyText(), parser.trailers()));
                head = null;
                start = position;
                body.reset();
            }
        }
    }

    private void checkFailsAgain(ByteBuffer in) {
        int before = in.position();
        try {
            HttpEvent event = parser.next(in);
            throw new AssertionError("after a failure: " + event);
        } catch (HttpParseException again) {
            check(again.status() == failure.status() && in.position() == before, "another failure", again);
        }
    }

    private static void check(boolean good, String what, Object seen) {
        if (!good) {
            throw new AssertionError(what + ": " + seen);
        }
    }

    private String bodyText() {
        return body.toString(StandardCharsets.ISO_8859_1);
    }

    boolean hasFailed() {
        return failure != null;
    }

    /** How many heads there are, also of a request that has not ended. */
    int heads() {
        return requests.size() + (head == null ? 0 : 1);
    }

    /** The heads with where they stand, if all bytes have come in one buffer; empty lines come before. */
    List<Span> spans() {
        return spans;
    }

    /** The requests that have ended. */
    List<Request> complete() {
        return requests;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ParsedRequests that && state().equals(that.state());
    }

    @Override
    public int hashCode() {
        return state().hashCode();
    }

    private List<Object> state() {
        List<Object> all = new ArrayList<>(requests);
        if (head != null) {
            all.add(new Request(head, bodyText(), null));
        }
        all.add(failure == null ? parser.isIdle() : failure.status());
        return all;
    }

    @Override
    public String toString() {
        return state() + (failure == null ? "" : " " + failure.getMessage());
    }
}
