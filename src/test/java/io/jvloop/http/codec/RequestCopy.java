package io.jvloop.http.codec;

import io.jvloop.http.codec.ParsedRequests.Head;
import io.jvloop.http.codec.ParsedRequests.Request;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Writes requests that have been read, as a proxy does: framed as they were, or the other way. */
final class RequestCopy {
    private static final String CONTENT_LENGTH = "Content-Length";
    private static final String TRANSFER_ENCODING = "Transfer-Encoding";
    private static final int CHUNK = 7;

    private final boolean otherFraming;
    private MessageWriter writer = new MessageWriter();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    RequestCopy(boolean otherFraming) {
        this.otherFraming = otherFraming;
    }

    byte[] bytes() {
        return out.toByteArray();
    }

    void write(Request request) {
        Head head = request.head();
        startLine(head);
        byte[] body = request.body().getBytes(StandardCharsets.ISO_8859_1);
        if (!reframes(head)) {
            writer.fields(head.headers()).endHead();
        } else if (head.isChunked()) {
            writer.fields(unframed(head)).contentLength(body.length).endHead();
        } else {
            writer.fields(unframed(head)).field(TRANSFER_ENCODING, "chunked").endHead();
        }
        flush();
        if (head.isChunked() != reframes(head)) {
            chunks(body);
            writer.lastChunk(request.trailers());
            flush();
        } else {
            out.writeBytes(body);
        }
    }

    /** HTTP/1.0 has no chunks. */
    private boolean reframes(Head head) {
        return otherFraming && head.minorVersion() > 0;
    }

    /** The writer has no HTTP/1.0. */
    private void startLine(Head head) {
        writer.request(head.method(), head.target());
        if (head.minorVersion() == 0) {
            byte[] line = (head.method() + ' ' + head.target() + " HTTP/1.0\r\n")
                    .getBytes(StandardCharsets.ISO_8859_1);
            writer = new MessageWriter().raw(line);
        }
    }

    private static Headers unframed(Head head) {
        Headers rest = new Headers();
        head.headers().forEach(rest::add);
        rest.remove(CONTENT_LENGTH);
        rest.remove(TRANSFER_ENCODING);
        return rest;
    }

    private void chunks(byte[] body) {
        for (int at = 0; at < body.length; at += CHUNK) {
            int size = Math.min(CHUNK, body.length - at);
            writer.chunk(size);
            flush();
            out.write(body, at, size);
            writer.endChunk();
            flush();
        }
    }

    private void flush() {
        ByteBuffer bytes = ByteBuffer.allocate(writer.size());
        writer.writeTo(bytes);
        out.writeBytes(bytes.array());
    }

    /** What has to be the same before and after. */
    Request comparable(Request request) {
        Head head = request.head();
        if (!reframes(head)) {
            return request;
        }
        boolean expects = head.headers().contains("Expect");
        Head plain =
                new Head(head.line(), head.minorVersion(), unframed(head), 0, head.keepsAlive(), expects);
        return new Request(plain, request.body(), new Headers());
    }
}
