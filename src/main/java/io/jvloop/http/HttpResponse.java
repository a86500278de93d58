package io.jvloop.http;

import io.jvloop.http.codec.Headers;
import io.jvloop.loop.Async;
import io.jvloop.transport.Protocol;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * The answer to a request: status and header fields first, then the content, at once or in parts.
 *
 * <pre>
 *   BUILDING ──write──▶ STREAMING ──end──▶ ENDED
 *      └─────── end, sendFile, upgrade ──────▶
 * </pre>
 *
 * <p>With {@code end(content)} the content's length is known and sent. An answer in parts is sent in chunks,
 * unless {@code Content-Length} was set; to a client of HTTP/1.0 up to the end of the connection. {@code Date}
 * is added, and what belongs to the connection is jvloop's: there is no need to ask for HEAD, the content is
 * left out by itself.
 *
 * <p><b>Thread.</b> Any, but one at a time. Calls of other threads than the loop's are handed over to it, in
 * order, with a copy of their bytes.
 *
 * <p><b>Errors.</b> What comes after the end of the connection is dropped; {@link #done} tells. An answer that
 * was begun and cannot be finished ends the connection, so that the client notices.
 */
public final class HttpResponse {
    private enum State {
        BUILDING, STREAMING, ENDED
    }

    /** The content's length is not known. */
    static final long UNKNOWN = -1;

    private static final int LOWEST_STATUS = 200;
    private static final int HIGHEST_STATUS = 999;
    private static final String CONTENT_TYPE = "Content-Type";

    private final HttpConnection connection;
    private final HttpRequest request;
    private State state = State.BUILDING;
    private boolean closes;
    private boolean hasDate;
    private int status = LOWEST_STATUS;
    private long length = UNKNOWN;
    private Headers headers; // null for none
    private Headers trailers; // null for none
    private long written; // of the content, by the one who answers
    private boolean delivered; // the loop's

    HttpResponse(HttpConnection connection, HttpRequest request) {
        this.connection = connection;
        this.request = request;
    }

    /**
     * Sets the status code; 200 unless set.
     *
     * @param code 200 to 999
     * @return this
     * @throws IllegalArgumentException if it is no status of a final answer
     * @throws IllegalStateException if the answer has begun
     */
    public HttpResponse status(int code) {
        requireBuilding("status");
        if (code < LOWEST_STATUS || code > HIGHEST_STATUS) {
            throw new IllegalArgumentException("the status of an answer is 200 to 999, not " + code
                    + "; 100 is sent by itself, 101 by upgrade()");
        }
        status = code;
        return this;
    }

    /**
     * Sets a header field, in the place of those of that name.
     *
     * @param name a token. {@code Content-Length} is what the content has to have then. {@code Connection}
     *            may ask to {@code close}, what else it says is ignored. {@code Transfer-Encoding} is refused
     * @param value of characters of Latin 1, without line breaks
     * @return this
     * @throws IllegalArgumentException if name or value may not stand in a header
     * @throws IllegalStateException if the answer has begun
     */
    public HttpResponse header(String name, String value) {
        requireBuilding("header");
        if (!isOfTheConnection(name, value)) {
            headers().set(name, value);
        }
        return this;
    }

    /**
     * Adds a header field, behind those of that name: {@code Set-Cookie}, for example.
     *
     * @param name as for {@link #header}
     * @param value as for {@link #header}
     * @return this
     * @throws IllegalArgumentException if name or value may not stand in a header
     * @throws IllegalStateException if the answer has begun
     */
    public HttpResponse addHeader(String name, String value) {
        requireBuilding("addHeader");
        if (!isOfTheConnection(name, value)) {
            headers().add(name, value);
        }
        return this;
    }

    /**
     * Adds a trailer field, sent after the content of an answer in chunks; to others than that it is dropped,
     * so it must not be needed (RFC 9110, 6.5.1).
     *
     * @param name as for {@link #header}, but not of those that say how a message is to be read
     * @param value as for {@link #header}
     * @return this
     * @throws IllegalArgumentException if name or value may not stand there
     * @throws IllegalStateException if the answer has ended
     */
    public HttpResponse trailer(String name, String value) {
        requireNotEnded("trailer");
        if (FieldRules.isFraming(name)) {
            throw new IllegalArgumentException(name + " cannot be a trailer (RFC 9110, 6.5.1)");
        }
        trailers = trailers == null ? new Headers() : trailers;
        trailers.add(name, value);
        return this;
    }

    private Headers headers() {
        if (headers == null) {
            headers = connection.takeHeaders();
        }
        return headers;
    }

    private boolean isOfTheConnection(String name, String value) {
        switch (FieldRules.of(name)) {
            case CONTENT_LENGTH -> length = FieldRules.length(value);
            case CONNECTION -> closes |= FieldRules.closes(value);
            case TRANSFER_ENCODING -> throw new IllegalArgumentException(
                    "Transfer-Encoding is set by itself: use write() for an answer in chunks");
            default -> {
                hasDate |= FieldRules.of(name) == FieldRules.Meaning.DATE;
                return false;
            }
        }
        return true;
    }

    /** Ends the answer; without content, if none was written. */
    public void end() {
        end(ByteBuffer.allocate(0));
    }

    /**
     * Ends the answer with a text.
     *
     * @param text sent in UTF-8, as text/plain unless Content-Type was set
     * @throws IllegalStateException as for {@link #end(ByteBuffer)}
     */
    public void end(String text) {
        if (state == State.BUILDING && (headers == null || !headers.contains(CONTENT_TYPE))) {
            header(CONTENT_TYPE, "text/plain; charset=utf-8");
        }
        end(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Ends the answer with bytes.
     *
     * @param content may be reused at once
     * @throws IllegalStateException as for {@link #end(ByteBuffer)}
     */
    public void end(byte[] content) {
        end(ByteBuffer.wrap(content));
    }

    /**
     * Ends the answer with bytes.
     *
     * @param content all of it is taken; may be reused at once. Large direct buffers are sent without a copy
     * @throws IllegalStateException if the answer has ended, if a status that has no content gets some (204,
     *             205, 304), or if Content-Length was set and this is not the length
     */
    public void end(ByteBuffer content) {
        requireNotEnded("end");
        count(content.remaining());
        if (length != UNKNOWN && written < length && !(isHead() && written == 0)) {
            throw new IllegalStateException("Content-Length is " + length + ", the content has " + written);
        }
        state = State.ENDED;
        if (connection.loop().inLoop()) {
            connection.end(this, content);
        } else {
            ByteBuffer copy = copy(content);
            connection.onLoop(() -> connection.end(this, copy));
        }
    }

    /**
     * Sends a part of the content, after the head if it is the first one. Never blocks; see {@link #drain}.
     *
     * @param part all of it is taken; may be reused at once. Nothing is sent of an empty one but the head
     * @throws IllegalStateException if the answer has ended, or the status has no content
     */
    public void write(ByteBuffer part) {
        requireNotEnded("write");
        count(part.remaining());
        state = State.STREAMING;
        if (connection.loop().inLoop()) {
            connection.write(this, part);
        } else {
            ByteBuffer copy = copy(part);
            connection.onLoop(() -> connection.write(this, copy));
        }
    }

    /**
     * {@link #write(ByteBuffer)}.
     *
     * @param part may be reused at once
     */
    public void write(byte[] part) {
        write(ByteBuffer.wrap(part));
    }

    /**
     * {@link #write(ByteBuffer)} of a text in UTF-8.
     *
     * @param part a part of the content
     */
    public void write(String part) {
        write(part.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Waits until the client has taken enough of what was written: to be awaited between writes, or memory
     * is filled at the rate of the writer.
     *
     * @return complete when more may be written; fails with an {@code IOException} if the connection is lost
     */
    public CompletableFuture<Void> drain() {
        CompletableFuture<Void> drained = connection.loop().createFuture();
        connection.onLoop(() -> connection.drain(this, drained));
        return drained;
    }

    /**
     * Ends the answer with a part of a file, which the kernel sends without its entering this process.
     *
     * @param file open for reading, up to the end of the future
     * @param offset where to begin
     * @param count bytes: the length of the content
     * @return complete with the number of bytes sent when all are; 0 for HEAD. If the file turns out to be
     *         shorter, or the connection is lost, it fails
     * @throws IllegalArgumentException if offset or count is negative
     * @throws IllegalStateException if the answer has begun, or the status has no content
     */
    public CompletableFuture<Long> sendFile(FileChannel file, long offset, long count) {
        requireBuilding("sendFile");
        Objects.requireNonNull(file, "file");
        if (offset < 0 || count < 0 || length != UNKNOWN && length != count) {
            throw new IllegalArgumentException("not a part of a file: " + count + " bytes at " + offset
                    + (length == UNKNOWN ? "" : ", Content-Length is " + length));
        }
        count(count);
        state = State.ENDED;
        length = count;
        CompletableFuture<Long> sent = connection.loop().createFuture();
        connection.onLoop(() -> connection.sendFile(this, new FilePart(file, offset, count, sent)));
        return sent;
    }

    /**
     * Answers with the result of something that takes its time. If that fails the answer is status 500, and
     * the failure is reported; or 413, 400 and so on, if reading the body was what failed.
     *
     * @param <T> type of the result
     * @param stage what is waited for
     * @param answer gets the result, on the loop, and answers
     */
    public <T> void await(CompletionStage<T> stage, Consumer<? super T> answer) {
        Objects.requireNonNull(answer, "answer");
        stage.whenComplete((result, cause) -> connection.onLoop(() -> {
            if (cause != null) {
                connection.failed(this, Async.cause(cause));
                return;
            }
            try {
                answer.accept(result);
            } catch (Throwable t) { // as what the handler throws
                connection.failed(this, t);
            }
        }));
    }

    /**
     * Gives up: as if the handler had thrown this.
     *
     * @param cause reported; answered with status 500, or the end of the connection
     */
    public void fail(Throwable cause) {
        Objects.requireNonNull(cause, "cause");
        connection.onLoop(() -> connection.failed(this, cause));
    }

    /**
     * Hands the connection over to another protocol. After {@code Upgrade} that is status 101, with the header
     * fields set here; after CONNECT it is status 200.
     *
     * @param name of the protocol, one that the client's Upgrade field has; for CONNECT it is not sent
     * @param next gets {@code connectionMade} in a later turn, then what the client has sent already. HTTP has
     *            nothing to do with the connection any more, its timeouts neither
     * @throws IllegalStateException if the client has not asked for it, the request's body is not read to its
     *             end, or an answer has begun
     */
    public void upgrade(String name, Protocol next) {
        requireBuilding("upgrade");
        Objects.requireNonNull(next, "next");
        boolean connect = request.method().equals("CONNECT");
        if (!connect && !FieldRules.asksFor(request, name)) {
            throw new IllegalStateException("the client has not asked for an upgrade to " + name);
        }
        if (!connect) {
            header("Upgrade", name);
            status = 101;
        }
        state = State.ENDED;
        connection.onLoop(() -> connection.upgrade(this, next));
    }

    /**
     * Whether the client has it.
     *
     * @return complete when the whole answer is handed to the kernel, or waits in the transport's queue only;
     *         fails if the connection is lost before. Cancelling it has no effect
     */
    public CompletableFuture<Void> done() {
        CompletableFuture<Void> done = connection.loop().createFuture();
        connection.onLoop(() -> connection.whenDone(this, done));
        return done;
    }

    /** {@return whether {@code end}, or what stands in its place, was called} */
    public boolean isEnded() {
        return state == State.ENDED;
    }

    private void requireBuilding(String operation) {
        if (state != State.BUILDING) {
            throw new IllegalStateException(operation + "() comes too late, the answer to " + request
                    + (state == State.ENDED ? " has ended" : " has begun"));
        }
    }

    private void requireNotEnded(String operation) {
        if (state == State.ENDED) {
            throw new IllegalStateException(operation + "() comes too late, the answer to " + request
                    + " has ended");
        }
    }

    private void count(long bytes) {
        if (bytes > 0 && (status == 204 || status == 205 || status == 304)) {
            throw new IllegalStateException("status " + status + " has no content (RFC 9110, 15), but got "
                    + bytes + " bytes");
        }
        if (length != UNKNOWN && bytes > length - written) {
            throw new IllegalStateException(
                    "Content-Length is " + length + ", the content has " + (written + bytes));
        }
        written += bytes;
    }

    private static ByteBuffer copy(ByteBuffer data) {
        ByteBuffer copy = ByteBuffer.allocate(data.remaining());
        return copy.put(data).flip();
    }

    // ---------------------------------------------------------------------------- for the connection

    /** All of it is in the hands of the transport. */
    void delivered() {
        delivered = true;
    }

    boolean isDelivered() {
        return delivered;
    }

    HttpRequest request() {
        return request;
    }

    boolean isHead() {
        return request.method().equals("HEAD");
    }

    int status() {
        return status;
    }

    /** The length that Content-Length is to say, or UNKNOWN. */
    long length() {
        return length;
    }

    boolean closes() {
        return closes;
    }

    boolean hasDate() {
        return hasDate;
    }

    /** Null for none. */
    Headers trailers() {
        return trailers;
    }

    /** The header fields, whose list is the caller's now; null for none. */
    Headers giveHeaders() {
        Headers given = headers;
        headers = null;
        return given;
    }

    @Override
    public String toString() {
        return "HttpResponse[" + state + ", " + status + " to " + request + "]";
    }
}
