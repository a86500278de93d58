package io.jvloop.http;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * One request and its answer: two halves that end independently. Loop thread.
 *
 * <pre>
 *   the request is complete ──┐
 *                             ├──▶ the next one may begin
 *   the answer is complete ───┘
 * </pre>
 */
final class Exchange {
    /** Of a body that nobody has read, this much is dropped; reading more costs more than a new connection. */
    private static final int DISCARDED_BYTES = 256 * 1024;

    private final HttpResponse response;
    private final RequestBody body; // null if there is none
    private boolean expectsContinue;
    private boolean requestComplete;
    private boolean answered;
    private boolean last;
    private boolean sendingFile;
    private int discarded;
    private List<CompletableFuture<Void>> waiting; // null for nobody

    Exchange(HttpResponse response, RequestBody body, boolean expectsContinue) {
        this.response = response;
        this.body = body;
        this.expectsContinue = expectsContinue;
        this.requestComplete = body == null;
        this.last = !response.request().keepsAlive();
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
        return answered;
    }

    /** Whether more of the request is to be read now. */
    boolean wantsBody() {
        return !requestComplete && (answered || body.isWanted());
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
     * it will (RFC 9110, 10.1.1). Nor if there is much to come that nobody has asked for.
     */
    boolean mayKeepAlive() {
        if (requestComplete || last) {
            return !last;
        }
        return !expectsContinue && (body.isRead() || body.length() - body.received() <= DISCARDED_BYTES);
    }

    /** Drops content; false when that has gone on for too long. */
    boolean discard(int bytes) {
        discarded += bytes;
        return discarded <= DISCARDED_BYTES;
    }

    void sendingFile(boolean now) {
        sendingFile = now;
    }

    boolean isSendingFile() {
        return sendingFile;
    }

    void whenDone(CompletableFuture<Void> done) {
        if (waiting == null) {
            waiting = new ArrayList<>();
        }
        waiting.add(done);
    }

    void answered() {
        answered = true;
        response.delivered();
        if (waiting != null) {
            waiting.forEach(done -> done.complete(null));
        }
    }

    /** The end of the connection, or of what can be done on it. */
    void abandoned(Throwable cause) {
        boolean tellWaiting = !answered && waiting != null;
        answered = true;
        if (tellWaiting) {
            waiting.forEach(done -> done.completeExceptionally(cause));
        }
        if (body != null) {
            body.fail(cause);
        }
    }

    @Override
    public String toString() {
        return response + (requestComplete ? "" : ", " + body) + (last ? ", the last one" : "");
    }
}
