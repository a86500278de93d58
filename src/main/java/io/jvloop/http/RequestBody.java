package io.jvloop.http;

import io.jvloop.http.codec.Headers;
import io.jvloop.http.codec.HttpParseException;
import io.jvloop.loop.Async;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * The body of a request, to be read once: as a whole, or piece by piece as it comes. Little of it is read
 * from the socket before somebody asks; then a client that waits for {@code 100 Continue} is told to go on.
 * A body that nobody reads is dropped if it is short; a long one ends the connection.
 *
 * <pre>
 *   UNREAD ──▶ READING ⇄ PAUSED ──▶ OVER
 * </pre>
 *
 * <p>If the client goes away, or breaks the rules, the futures fail; {@link HttpResponse#await} knows what
 * to answer then.
 *
 * <p><b>Thread.</b> The loop's.
 */
public final class RequestBody {
    private enum State {
        UNREAD, READING, PAUSED, OVER
    }

    private static final int TOO_LARGE = 413;
    private static final int FIRST_BYTES = 8 * 1024;

    private final HttpConnection connection;
    private final long length;
    private State state = State.UNREAD;
    private Function<? super ByteBuffer, ? extends CompletionStage<?>> consumer;
    private CompletableFuture<Headers> end;
    private Throwable failure;
    private long received;

    RequestBody(HttpConnection connection, long length) {
        this.connection = connection;
        this.length = length;
    }

    static RequestBody none(HttpConnection connection) {
        RequestBody none = new RequestBody(connection, 0);
        none.state = State.OVER;
        return none;
    }

    /** {@return its length in bytes, 0 without a body, -1 if that is known at its end only (chunked)} */
    public long length() {
        return length;
    }

    /**
     * Reads all of it into memory.
     *
     * @return the content. If it has more than {@link HttpConfig#maxBufferedBytes} it fails with a
     *         {@link HttpParseException} of status 413
     * @throws IllegalStateException if the body is being read already
     */
    public CompletableFuture<byte[]> bytes() {
        return bytes(connection.config().maxBufferedBytes());
    }

    /**
     * Reads all of it into memory.
     *
     * @param most bytes to be kept
     * @return the content. If it has more, it fails with a {@link HttpParseException} of status 413
     * @throws IllegalStateException if the body is being read already
     */
    public CompletableFuture<byte[]> bytes(int most) {
        if (length > most) {
            requireUnread();
            return CompletableFuture.failedFuture(tooLarge(most));
        }
        Collector collector = new Collector(length < 0 ? most : (int) length);
        return forEachPiece(collector::add).thenApply(trailers -> collector.content());
    }

    /** {@return {@link #bytes()} as UTF-8; what is no UTF-8 becomes U+FFFD} */
    public CompletableFuture<String> text() {
        return bytes().thenApply(content -> new String(content, StandardCharsets.UTF_8));
    }

    /**
     * Reads it piece by piece, as it comes.
     *
     * @param action gets each piece, borrowed for the call. Returns null to go on at once, or a stage whose
     *            end is waited for; meanwhile the client has to wait
     * @return complete at the end, with the trailer fields. What the action throws, or its stage fails with,
     *         is its failure
     * @throws IllegalStateException if the body is being read already
     */
    public CompletableFuture<Headers> forEachPiece(
            Function<? super ByteBuffer, ? extends CompletionStage<?>> action) {
        Objects.requireNonNull(action, "action");
        end = requireUnread();
        if (failure != null) {
            end.completeExceptionally(failure);
        } else if (state == State.OVER) {
            end.complete(new Headers());
        } else {
            consumer = action;
            state = State.READING;
            connection.bodyWanted(this);
        }
        return end.copy();
    }

    private CompletableFuture<Headers> requireUnread() {
        connection.loop().requireLoopThread("reading a request's body");
        if (end != null) {
            throw new IllegalStateException("the body is read already, and nobody keeps it");
        }
        return connection.loop().createFuture();
    }

    private static HttpParseException tooLarge(int most) {
        return new HttpParseException(TOO_LARGE, "the body has more than " + most + " bytes");
    }

    // ----------------------------------------------------------------------------- called by the connection

    /** Whether somebody takes what comes. */
    boolean isWanted() {
        return state == State.READING;
    }

    /** Whether somebody has asked for it. */
    boolean isRead() {
        return end != null;
    }

    long received() {
        return received;
    }

    /** A piece has come; dropped if nobody wants it any more. */
    void content(ByteBuffer piece) {
        received += piece.remaining();
        if (state != State.READING) {
            return;
        }
        try {
            CompletionStage<?> taken = consumer.apply(piece);
            if (taken != null && state == State.READING) { // else it has itself ended the exchange
                pause(taken);
            }
        } catch (Throwable t) { // the consumer's: whoever waits for the end hears of it
            fail(t);
        }
    }

    private void pause(CompletionStage<?> taken) {
        state = State.PAUSED;
        taken.whenComplete((value, cause) -> connection.onLoop(() -> {
            if (state != State.PAUSED) {
                return;
            }
            state = State.READING;
            if (cause != null) {
                fail(Async.cause(cause));
            }
            connection.bodyWanted(this);
        }));
    }

    void ended(Headers trailers) {
        boolean waitedFor = state == State.READING;
        state = State.OVER;
        if (waitedFor) {
            end.complete(trailers);
        }
    }

    /** No more of it is wanted, or to be had. */
    void fail(Throwable cause) {
        if (state != State.OVER) {
            state = State.OVER;
            failure = cause;
            if (end != null) {
                end.completeExceptionally(cause);
            }
        }
    }

    /** Content that is kept. */
    private static final class Collector {
        private final int most;
        private byte[] bytes;
        private int count;

        /** Grows with what comes: a length is quickly said, and memory it would cost. */
        Collector(int most) {
            this.most = most;
            this.bytes = new byte[Math.min(most, FIRST_BYTES)];
        }

        CompletionStage<?> add(ByteBuffer piece) {
            int more = piece.remaining();
            if (more > most - count) {
                return CompletableFuture.failedFuture(tooLarge(most));
            }
            if (count + more > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.min(most, Math.max(2 * bytes.length, count + more)));
            }
            piece.get(bytes, count, more);
            count += more;
            return null;
        }

        byte[] content() {
            return count == bytes.length ? bytes : Arrays.copyOf(bytes, count);
        }
    }

    @Override
    public String toString() {
        return "RequestBody[" + state + ", " + received + (length < 0 ? "" : " of " + length) + " bytes]";
    }
}
