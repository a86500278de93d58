package io.jvloop.http.codec;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * Writes what {@link RequestParser} and {@link ResponseParser} read; does no I/O. A head is put together
 * in an array, which is quicker to write to than a direct buffer, and copied from there at once.
 *
 * <pre>
 * writer.status(200).field("Content-Type", "text/plain").contentLength(5).endHead().writeTo(out);
 * </pre>
 *
 * <p>Names and values are not checked again: {@link Headers} has done so.
 *
 * <p><b>Thread.</b> One at a time; use it again for the next message.
 */
public final class MessageWriter {
    private static final int FIRST_BYTES = 1024;
    private static final int LOWEST_STATUS = 100;
    private static final int HIGHEST_STATUS = 999;
    private static final byte[] CONTENT_LENGTH = ascii("Content-Length: ");
    private static final byte[] LINE_END = ascii("\r\n");
    private static final byte[] VERSION = ascii("HTTP/1.1 ");
    private static final byte[][] STATUS_LINES = new byte[600][];

    static {
        for (int status = LOWEST_STATUS; status < STATUS_LINES.length; status++) {
            String reason = HttpStatus.reason(status);
            STATUS_LINES[status] =
                    reason.isEmpty() ? null : ascii("HTTP/1.1 " + status + " " + reason + "\r\n");
        }
    }

    private byte[] bytes = new byte[FIRST_BYTES];
    private int length;

    /** Makes one with nothing written. */
    public MessageWriter() {
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Begins a response.
     *
     * @param status 100 to 999
     * @return this
     * @throws IllegalArgumentException if the status has not three digits
     */
    public MessageWriter status(int status) {
        if (status < LOWEST_STATUS || status > HIGHEST_STATUS) {
            throw new IllegalArgumentException("a status has three digits, not " + status);
        }
        length = 0;
        byte[] line = status < STATUS_LINES.length ? STATUS_LINES[status] : null;
        if (line != null) {
            return raw(line);
        }
        return raw(VERSION).decimal(status).put(' ').raw(LINE_END);
    }

    /**
     * Begins a request.
     *
     * @param method a token
     * @param target a path with a query, mostly; encoded
     * @return this
     * @throws IllegalArgumentException if one of them may not stand in a request
     */
    public MessageWriter request(String method, String target) {
        if (!Tokens.isToken(method) || !Tokens.isTarget(target)) {
            throw new IllegalArgumentException(
                    "not a method with a target: '" + method + "' '" + target + "'; encode the target");
        }
        length = 0;
        return text(method).put(' ').text(target).put(' ').text("HTTP/1.1").raw(LINE_END);
    }

    /**
     * Writes a field.
     *
     * @param name a name that {@link Headers} would take
     * @param value a value that it would take
     * @return this
     */
    public MessageWriter field(String name, String value) {
        reserve(name.length() + value.length() + 4);
        copy(name);
        bytes[length++] = ':';
        bytes[length++] = ' ';
        copy(value);
        bytes[length++] = '\r';
        bytes[length++] = '\n';
        return this;
    }

    /**
     * Writes fields.
     *
     * @param headers all of them, in order
     * @return this
     */
    public MessageWriter fields(Headers headers) {
        for (int i = 0; i < headers.size(); i++) {
            field(headers.name(i), headers.value(i));
        }
        return this;
    }

    /**
     * Writes lines that were made before.
     *
     * @param lines whole lines with their ends
     * @return this
     */
    public MessageWriter raw(byte[] lines) {
        reserve(lines.length);
        System.arraycopy(lines, 0, bytes, length, lines.length);
        length += lines.length;
        return this;
    }

    /**
     * Writes the field Content-Length.
     *
     * @param count 0 or more
     * @return this
     * @throws IllegalArgumentException if it is negative, as the length of a body that is not known yet
     */
    public MessageWriter contentLength(long count) {
        if (count < 0) {
            throw new IllegalArgumentException("a body has 0 bytes or more, not " + count);
        }
        return raw(CONTENT_LENGTH).decimal(count).raw(LINE_END);
    }

    /**
     * Ends the header section, or the trailer section.
     *
     * @return this
     */
    public MessageWriter endHead() {
        return raw(LINE_END);
    }

    /**
     * Begins a chunk: its size. Its data follow, then {@link #endChunk}.
     *
     * @param size 1 or more; 0 would be the end of the body
     * @return this, with nothing else written
     */
    public MessageWriter chunk(int size) {
        if (size < 1) {
            throw new IllegalArgumentException("a chunk has one byte at least, not " + size);
        }
        length = 0;
        return text(Integer.toHexString(size)).raw(LINE_END);
    }

    /**
     * The end of a chunk.
     *
     * @return this, with nothing else written
     */
    public MessageWriter endChunk() {
        length = 0;
        return raw(LINE_END);
    }

    /**
     * The end of a body in chunks.
     *
     * @param trailers fields to follow; null for none
     * @return this, with nothing else written
     */
    public MessageWriter lastChunk(Headers trailers) {
        length = 0;
        put('0').raw(LINE_END);
        if (trailers != null) {
            fields(trailers);
        }
        return endHead();
    }

    /** {@return bytes written} */
    public int size() {
        return length;
    }

    /**
     * Hands over what was written.
     *
     * @param out has room for {@link #size} bytes
     * @throws java.nio.BufferOverflowException if it has not
     */
    public void writeTo(ByteBuffer out) {
        out.put(bytes, 0, length);
    }

    private MessageWriter put(char c) {
        reserve(1);
        bytes[length++] = (byte) c;
        return this;
    }

    private MessageWriter text(String text) {
        Objects.requireNonNull(text, "text");
        reserve(text.length());
        copy(text);
        return this;
    }

    /**
     * The low byte of each character, and no other has more than that here. Deprecated since it would be
     * wrong for all other strings; nothing else copies without an object in between.
     */
    @SuppressWarnings("deprecation")
    private void copy(String text) {
        text.getBytes(0, text.length(), bytes, length);
        length += text.length();
    }

    private MessageWriter decimal(long number) {
        int digits = 1;
        for (long rest = number / 10; rest > 0; rest /= 10) {
            digits++;
        }
        reserve(digits);
        long rest = number;
        for (int i = length + digits - 1; i >= length; i--) {
            bytes[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        length += digits;
        return this;
    }

    private void reserve(int more) {
        if (bytes.length - length < more) {
            bytes = java.util.Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more));
        }
    }

    @Override
    public String toString() {
        return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
    }
}
