package io.jvloop.http;

import io.jvloop.loop.Async;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * One request and its answer after the other: two halves that end independently. Loop thread.
 *
 * <pre>
 *   NONE ──begin──▶ ASKED ──answered──▶ ANSWERED     the request may be complete or not in either
 *     ▲                                    │
 *     └──── close, when both halves are ───┘
 * </pre>
 */
final class Exchange {
    private enum State {
        NONE, ASKED, ANSWERED
    }

    /** Of a body that nobody has read, this much is dropped; more would cost more than a new connection. */
    private static final int DISCARDED_BYTES = 256 * 1024;

    private State state = State.NONE;
    private HttpResponse response;
    private RequestBody body; // null if there is none
    private boolean requestComplete;
    private boolean expectsContinue;
    private boolean last;
    private int discarded;
    private List<CompletableFuture<Void>> waiting; // null for nobody
    private HttpResponse gathered; // the last complete answer that waits for a flush; null for none
    private List<CompletableFuture<Void>> flushing = List.of(); // of those who wait for that

    void begin(HttpResponse newResponse, RequestBody newBody, boolean clientWaits) {
        state = State.ASKED;
        response = newResponse;
        body = newBody;
        requestComplete = newBody == null;
        expectsContinue = clientWaits;
        last = !newResponse.request().keepsAlive();
        discarded = 0;
        waiting = null;
    }

    boolean isOpen() {
        return state != State.NONE;
    }

    /** Both halves are complete. */
    void close() {
        state = State.NONE;
        response = null;
        body = null;
        waiting = null;
        expectsContinue = false;
    }

    HttpResponse response() {
        return response;
    }

    RequestBody body() {
        return body;
    }

    long bodyBytes() {
        return body == null ? 0 : body.received() + discarded;
    }

    boolean isRequestComplete() {
        return requestComplete;
    }

    void requestEnded() {
        requestComplete = true;
    }

    boolean isAnswered() {
        return state == State.ANSWERED;
    }

    /** Whether more of the request is to be read now. */
    boolean wantsBody() {
        return !requestComplete && (state == State.ANSWERED || body.isWanted());
    }

    /** Whether the client waits for a word before it sends the body; true once. */
    boolean takeExpectation() {
        boolean waits = expectsContinue && body.received() == 0;
        expectsContinue = false;
        return waits;
    }

    /** No request follows on this connection. */
    void isLast() {
        last = true;
    }

    boolean last() {
        return last;
    }

    /**
     * Whether the connection can go on. Not if the client was not told to send the body: nobody knows whether
     * it will (RFC 9110, 10.1.1). Nor if there is much to come that nobody has asked for, or
     * will.
     *
     * @param ends whether the answer is over now
     */
    boolean mayKeepAlive(boolean ends) {
        if (requestComplete || last) {
            return !last;
        }
        return !expectsContinue
                && (body.isRead() && !ends || body.length() - body.received() <= DISCARDED_BYTES);
    }

    /** Drops content; false when that has gone on for too long. */
    boolean discard(int bytes) {
        discarded += bytes;
        return discarded <= DISCARDED_BYTES;
    }

    void whenDone(CompletableFuture<Void> done) {
        if (waiting == null) {
            waiting = new ArrayList<>();
        }
        waiting.add(done);
    }

    /** The same for an answer that is complete, and gathered. */
    void whenFlushed(CompletableFuture<Void> done) {
        if (flushing.isEmpty()) {
            flushing = new ArrayList<>();
        }
        flushing.add(done);
    }

    void answered() {
        state = State.ANSWERED;
        response.gathered(gathered);
        gathered = response;
        if (waiting != null) {
            waiting.forEach(this::whenFlushed);
            waiting = null;
        }
    }

    /** The output is in the hands of the transport, or lost. */
    void flushed(boolean lost) {
        HttpResponse next = gathered;
        gathered = null;
        while (next != null) {
            next = next.flushed(!lost);
        }
        if (!flushing.isEmpty()) {
            IOException cause = lost ? new IOException("the connection ended before the answer was sent")
                    : null;
            List<CompletableFuture<Void>> all = flushing;
            flushing = List.of(); // first: whoever hears of it may go on
            all.forEach(done -> Async.complete(done, null, cause));
        }
    }

    /** The end of the connection, or of what can be done on it. Nothing if there is no exchange. */
    void abandoned(Throwable cause) {
        RequestBody torn = body;
        List<CompletableFuture<Void>> all = waiting;
        close();
        if (all != null) {
            all.forEach(done -> done.completeExceptionally(cause));
        }
        if (torn != null) {
            torn.fail(cause);
        }
    }

    @Override
    public String toString() {
        return state == State.NONE ? "between requests"
                : response + (requestComplete ? "" : ", " + body) + (last ? ", the last one" : "");
    }
}
