package io.jvloop.http.codec;

import java.nio.ByteBuffer;

/**
 * Finds the end of a body: by its length, by its chunks, or by the end of the connection.
 *
 * <pre>
 *   LENGTH ───────────────────────────────────────────────▶ DONE
 *   CHUNK_SIZE ──▶ CHUNK_DATA ──▶ CHUNK_END ──▶ CHUNK_SIZE
 *       └─ 0 ──▶ TRAILERS ─────────────────────────────────▶ DONE
 *   UNTIL_CLOSE
 * </pre>
 */
final class BodyDecoder {
    /** The response that ends with its connection. */
    static final long UNTIL_CLOSE = -3;

    private static final int TOO_LARGE = 413;
    private static final int MOST_DIGITS = 16; // of a long in hexadecimal
    private static final int BITS_OF_DIGIT = 4;

    private enum State {
        LENGTH, CHUNK_SIZE, CHUNK_DATA, CHUNK_END, TRAILERS, UNTIL_CLOSE, DONE
    }

    private final HttpLimits limits;
    private final LineReader lines;
    private final FieldSection trailers;
    private final int fault;
    private State state = State.DONE;
    private long left; // of the body, or of the chunk
    private long allowed; // what chunks may still add up to
    private int extensionBytesLeft;
    private ByteBuffer source;
    private int contentStart;
    private int contentBytes;

    BodyDecoder(HttpLimits limits, LineReader lines, FieldSection trailers, int fault) {
        this.limits = limits;
        this.lines = lines;
        this.trailers = trailers;
        this.fault = fault;
    }

    /** A body begins: so many bytes, or CHUNKED, or UNTIL_CLOSE. */
    void begin(long length) throws HttpParseException {
        allowed = limits.bodyBytes();
        if (length == Framing.CHUNKED) {
            state = State.CHUNK_SIZE;
            extensionBytesLeft = limits.chunkExtensionBytes();
        } else if (length == UNTIL_CLOSE) {
            state = State.UNTIL_CLOSE;
        } else {
            if (length > allowed) {
                throw tooLarge();
            }
            left = length;
            state = State.LENGTH;
        }
    }

    private HttpParseException tooLarge() {
        return new HttpParseException(excess(), "the body has more than " + limits.bodyBytes() + " bytes");
    }

    private int excess() {
        return fault < 500 ? TOO_LARGE : fault;
    }

    boolean isUntilClose() {
        return state == State.UNTIL_CLOSE;
    }

    HttpEvent next(ByteBuffer in) throws HttpParseException {
        return switch (state) {
            case LENGTH -> left == 0 ? done() : content(in);
            case UNTIL_CLOSE -> untilClose(in);
            case TRAILERS -> trailers(in);
            case CHUNK_SIZE, CHUNK_DATA, CHUNK_END -> chunks(in);
            case DONE -> throw new IllegalStateException("no body in progress");
        };
    }

    private HttpEvent chunks(ByteBuffer in) throws HttpParseException {
        while (state != State.TRAILERS) {
            if (state == State.CHUNK_DATA) {
                if (left > 0) {
                    return content(in);
                }
                state = State.CHUNK_END;
            }
            if (state == State.CHUNK_END) {
                if (!lines.next(in, 0, fault, "what follows a chunk's data")) {
                    return HttpEvent.NEED_MORE;
                }
                state = State.CHUNK_SIZE;
            }
            if (!chunkSize(in)) {
                return HttpEvent.NEED_MORE;
            }
        }
        return trailers(in);
    }

    private HttpEvent trailers(ByteBuffer in) throws HttpParseException {
        return trailers.next(in, null) ? done() : HttpEvent.NEED_MORE;
    }

    private HttpEvent untilClose(ByteBuffer in) throws HttpParseException {
        left = allowed;
        HttpEvent event = content(in);
        allowed = left;
        if (left == 0 && in.hasRemaining()) {
            throw tooLarge();
        }
        return event;
    }

    private HttpEvent done() {
        state = State.DONE;
        return HttpEvent.END;
    }

    private HttpEvent content(ByteBuffer in) {
        contentBytes = (int) Math.min(left, in.remaining());
        if (contentBytes == 0) {
            return HttpEvent.NEED_MORE;
        }
        source = in;
        contentStart = in.position();
        in.position(contentStart + contentBytes);
        left -= contentBytes;
        return HttpEvent.CONTENT;
    }

    /** The piece of the last CONTENT. */
    ByteBuffer piece() {
        return source.slice(contentStart, contentBytes);
    }

    int pieceBytes() {
        return contentBytes;
    }

    private boolean chunkSize(ByteBuffer in) throws HttpParseException {
        if (!lines.next(in, (long) MOST_DIGITS + extensionBytesLeft, excess(),
                "a chunk's size with its extensions")) {
            return false;
        }
        ByteBuffer line = lines.source();
        int start = lines.start();
        int end = lines.end();
        int i = start;
        long size = 0;
        while (i < end && Tokens.isHex(line.get(i) & 0xFF)) {
            size = size << BITS_OF_DIGIT | Character.digit(line.get(i), 16);
            i++;
        }
        if (i == start || i - start > MOST_DIGITS) {
            throw new HttpParseException(fault,
                    "a chunk's size is not a hexadecimal number of 1 to 16 digits");
        }
        extensionBytesLeft -= end - i;
        if (extensionBytesLeft < 0) {
            throw new HttpParseException(excess(), "the extensions of chunks have more than "
                    + limits.chunkExtensionBytes() + " bytes");
        }
        if (!ChunkExtension.isValid(line, i, end)) {
            throw new HttpParseException(fault, "what follows a chunk's size is not an extension");
        }
        begun(size);
        return true;
    }

    private void begun(long size) throws HttpParseException {
        if (size < 0 || size > allowed) {
            throw tooLarge();
        }
        allowed -= size;
        left = size;
        if (size > 0) {
            state = State.CHUNK_DATA;
        } else {
            trailers.begin(limits.trailerCount(), limits.headerBytes());
            state = State.TRAILERS;
        }
    }
}
