package io.jvloop.http;

import io.jvloop.loop.Async;
import io.jvloop.transport.Protocol;
import java.io.IOException;
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
 * unless {@code Content-Length} was set; to a client of HTTP/1.0 up to the end of the connection. {@code
 * Date} is added. For HEAD the content is left out by itself.
 *
 * <p><b>Thread.</b> Any, but one at a time. Calls of other threads than the loop's are handed over to it, in
 * order, with a copy of their bytes; those of the loop's thread that follow wait behind them.
 *
 * <p><b>Errors.</b> What comes after the end of the connection is dropped; {@link #done} tells. An answer
 * that was begun and cannot be finished ends the connection, so that the client notices.
 */
public final class HttpResponse {
    private enum State {
        BUILDING, STREAMING, ENDED
    }

    private static final String CONTENT_TYPE = "Content-Type";

    private final HttpRequest request;
    private final AnswerHead head = new AnswerHead();
    private State state = State.BUILDING;
    private boolean handedOver; // a call, by another thread: the later ones must not overtake it
    private boolean gathered; // complete, but not with the transport. This and the following: the loop's
    private boolean delivered;
    private HttpResponse gatheredBefore; // null for none

    HttpResponse(HttpRequest request) {
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
        head.status(code);
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
        head.field(connection(), name, value, false);
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
        head.field(connection(), name, value, true);
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
        requireAtMost(State.STREAMING, "trailer");
        if (FieldRules.isFraming(name)) {
            throw new IllegalArgumentException(name + " cannot be a trailer (RFC 9110, 6.5.1)");
        }
        head.trailer(name, value);
        return this;
    }

    private HttpConnection connection() {
        return request.connection();
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
        if (state == State.BUILDING && !head.contains(CONTENT_TYPE)) {
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
        requireAtMost(State.STREAMING, "end");
        head.requireComplete(request.isHead(), content.remaining());
        head.count(content.remaining());
        state = State.ENDED;
        HttpConnection connection = connection();
        if (runsNow()) {
            connection.end(this, content);
        } else {
            ByteBuffer copy = copy(content);
            connection.queue(() -> connection.end(this, copy));
        }
    }

    /**
     * Sends a part of the content, after the head if it is the first one. Never blocks; see {@link #drain}.
     *
     * @param part all of it is taken; may be reused at once. Nothing is sent of an empty one but the head
     * @throws IllegalStateException if the answer has ended, or the status has no content
     */
    public void write(ByteBuffer part) {
        requireAtMost(State.STREAMING, "write");
        head.count(part.remaining());
        state = State.STREAMING;
        if (runsNow()) {
            connection().write(this, part);
        } else {
            ByteBuffer copy = copy(part);
            connection().queue(() -> connection().write(this, copy));
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
     * @return complete when more may be written, in a later turn of the loop; fails with an {@code
     *         IOException} if the connection is lost
     */
    public CompletableFuture<Void> drain() {
        return inOrder(drained -> connection().drain(this, drained), false);
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
        if (offset < 0) {
            throw new IllegalArgumentException("offset must be >= 0, not " + offset);
        }
        head.whole(count);
        state = State.ENDED;
        return inOrder(sent -> connection().sendFile(this, new FilePart(file, offset, count, sent)), false);
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
        stage.whenComplete((result, cause) -> connection().onLoop(() -> {
            try {
                if (cause == null) {
                    answer.accept(result);
                } else {
                    fail(Async.cause(cause));
                }
            } catch (Throwable t) { // as what the handler throws
                fail(t);
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
        inOrder(() -> connection().failed(this, cause));
    }

    /**
     * Hands the connection over to another protocol: after status 101, with the header fields set here; if
     * the request is CONNECT, after status 200.
     *
     * @param name of the protocol, one that the client's Upgrade field has; for CONNECT it is not sent
     * @param next gets {@code connectionMade} in a later turn, then what the client has sent already, also if
     *            it pauses reading; and {@code connectionLost}, even if the connection is lost before. HTTP
     *            and its timeouts have nothing to do with the connection any more
     * @throws IllegalStateException if the client has not asked for it, or an answer has begun. If the
     *             request's body was not read to its end it is reported, as what handlers throw
     */
    public void upgrade(String name, Protocol next) {
        requireBuilding("upgrade");
        Objects.requireNonNull(next, "next");
        boolean connect = request.isConnect();
        if (connect && !head.isTunnel(request)) {
            throw new IllegalStateException("a tunnel begins with a status of 2xx, not " + head.status());
        }
        if (!connect && !FieldRules.asksFor(request, name)) {
            throw new IllegalStateException("the client has not asked for an upgrade to " + name);
        }
        if (!connect) {
            head.switchesTo(connection(), name);
        }
        state = State.ENDED;
        inOrder(() -> connection().upgrade(this, next));
    }

    /**
     * Whether the client gets it.
     *
     * @return complete when the whole answer is in the hands of the transport; fails if the connection is
     *         lost before
     */
    public CompletableFuture<Void> done() {
        return inOrder(done -> connection().whenDone(this, done), delivered);
    }

    /** {@return whether {@code end}, or what stands in its place, was called} */
    public boolean isEnded() {
        return state == State.ENDED;
    }

    private boolean runsNow() {
        handedOver |= !connection().loop().inLoop();
        return !handedOver;
    }

    /** False if the loop is closed, and nothing happens. */
    private boolean inOrder(Runnable call) {
        if (runsNow()) {
            call.run();
            return true;
        }
        return connection().queue(call);
    }

    /** For a future that the call completes; if the loop is closed it fails, unless it is true already. */
    private <T> CompletableFuture<T> inOrder(Consumer<CompletableFuture<T>> call, boolean isTrue) {
        CompletableFuture<T> future = connection().loop().createFuture();
        if (!inOrder(() -> call.accept(future))) {
            Async.complete(future, null,
                    isTrue ? null : new IOException("the loop is closed, and the connection with it"));
        }
        return future;
    }

    private void requireBuilding(String operation) {
        requireAtMost(State.BUILDING, operation);
    }

    private void requireAtMost(State latest, String operation) {
        if (state.compareTo(latest) > 0) {
            throw new IllegalStateException(operation + "() comes too late, the answer to " + request
                    + (state == State.ENDED ? " has ended" : " has begun"));
        }
    }

    private static ByteBuffer copy(ByteBuffer data) {
        ByteBuffer copy = ByteBuffer.allocate(data.remaining());
        return copy.put(data).flip();
    }

    // ---------------------------------------------------------------------------- for the connection

    /** All of it is gathered, as was the answer before, null for none; a write will follow. */
    void gathered(HttpResponse before) {
        gathered = true;
        gatheredBefore = before;
    }

    /** It is in the hands of the transport, or lost. Returns what was gathered before it. */
    HttpResponse flushed(boolean isDelivered) {
        HttpResponse before = gatheredBefore;
        gatheredBefore = null;
        gathered = false;
        delivered = isDelivered;
        return before;
    }

    boolean isGathered() {
        return gathered;
    }

    boolean isDelivered() {
        return delivered;
    }

    HttpRequest request() {
        return request;
    }

    AnswerHead head() {
        return head;
    }

    @Override
    public String toString() {
        return "HttpResponse[" + state + ", " + head + " to " + request + "]";
    }
}
