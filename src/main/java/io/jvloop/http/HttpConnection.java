package io.jvloop.http;

import io.jvloop.http.codec.Headers;
import io.jvloop.http.codec.HttpParseException;
import io.jvloop.http.Deadlines.Phase;
import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletableFuture.AsynchronousCompletionTask;
import java.util.concurrent.RejectedExecutionException;

/**
 * One client, from its connection to its end; what it has to say in between is a {@link Dialogue}'s.
 *
 * <pre>
 *   SERVING ──upgrade──▶ HANDED_OVER
 *      ├── a fault, or the last answer to a client that may be sending more ──▶ LINGERING
 *      └── any other last answer, the client's end ──▶ CLOSED ◀──────────────────┘
 * </pre>
 *
 * <p><b>Thread.</b> The loop's, but for {@link #onLoop}, {@link #queue} and {@link #takeHeaders}.
 *
 * <p>Read next: {@link Dialogue}, {@link PhaseClock}, {@link WriteWatch}.
 */
final class HttpConnection implements Protocol {
    /** Where the connection is in its life. */
    enum State {
        SERVING, HANDED_OVER,
        /** Our side is ended; what still comes is dropped, lest a reset destroy our last answer. */
        LINGERING, CLOSED
    }

    private static final int UNAVAILABLE = 503;
    private static final int TIMEOUT = 408;

    private final Service service;
    private final PhaseClock clock = new PhaseClock();
    private final WriteWatch watch = new WriteWatch();
    private State state = State.SERVING;
    private EventLoop loop;
    private Transport transport;
    private Workspace workspace;
    private Dialogue dialogue; // null between two requests
    private HandOver handOver; // null unless it is agreed and to come
    private int index;
    private boolean draining; // what is asked already is the last
    private boolean peerEnded;
    private boolean served; // not refused for want of room

    HttpConnection(Service service) {
        this.service = service;
    }

    @Override
    public void connectionMade(Transport made) {
        transport = made;
        loop = made.loop();
        workspace = service.workspace(loop);
        workspace.add(this);
        clock.begin(Phase.HEAD, workspace.tick(), 0);
        served = service.enter();
        if (!served) {
            dialogue().refuse(UNAVAILABLE);
        }
    }

    @Override
    public void dataReceived(ByteBuffer data) {
        if (state == State.SERVING) {
            dialogue().receive(data);
        }
    }

    private Dialogue dialogue() {
        if (dialogue == null) {
            dialogue = workspace.lend().of(this);
        }
        return dialogue;
    }

    /** Something has happened; {@code anew} if a request has begun. Does what follows from the state. */
    void settle(boolean anew) {
        switch (state) {
            case SERVING -> {
                if (anew) {
                    clock.begin(dialogue.phase(), workspace.tick(), bodyBytes());
                } else {
                    clock.change(dialogue.phase(), workspace.tick(), bodyBytes());
                }
                giveBackIfIdle();
            }
            case LINGERING -> linger();
            case CLOSED -> workspace.closing().whenSent(this);
            default -> {
                // another protocol's
            }
        }
    }

    private void giveBackIfIdle() {
        if (dialogue.isIdle()) {
            workspace.takeBack(dialogue);
            dialogue = null;
            if (draining && state == State.SERVING) { // it was at its last answer, and that is taken
                endWhenSent();
            }
        }
    }

    private void endWhenSent() {
        state = State.CLOSED;
        workspace.closing().whenSent(this);
    }

    /** RFC 9112, 9.6: end our side, and wait for the client to end its own. */
    private void linger() {
        if (dialogue != null) { // who waits for what is still on its way goes on waiting
            dialogue.backlog().clear();
            dialogue.exchange().abandoned(new IOException("the request could not be read"));
        }
        if (peerEnded || !transport.canWriteEof()) {
            endWhenSent();
        } else if (clock.phase() != Phase.LINGER) {
            clock.begin(Phase.LINGER, workspace.tick(), transport.sentBytes());
            transport.writeEof();
            transport.resumeReading();
        }
    }

    // --------------------------------------------------------------------------- what the transport tells

    @Override
    public void pauseWriting() {
        dialogue().writers().pause();
    }

    @Override
    public void resumeWriting() {
        dialogue().writers().resume();
        if (state == State.CLOSED) {
            workspace.closing().whenSent(this);
        } else if (state == State.SERVING) {
            dialogue().resume();
        }
    }

    @Override
    public boolean eofReceived() {
        peerEnded = true;
        if (state == State.LINGERING) {
            linger();
        } else if (state == State.SERVING && dialogue != null) {
            dialogue.resume();
        } else if (state == State.SERVING) {
            endWhenSent();
        }
        return isEnding() || dialogue != null && state == State.SERVING; // what is in flight is answered
    }

    @Override
    public boolean draining() {
        draining = true;
        if (state == State.SERVING && dialogue == null) {
            endWhenSent();
        }
        return isEnding() || state == State.SERVING && dialogue != null || handOver != null;
    }

    /** Whether it ends by itself when the client has taken the last answer. */
    private boolean isEnding() {
        return (state == State.CLOSED || state == State.LINGERING) && transport.hasUnsent();
    }

    @Override
    public void connectionLost(Throwable cause) {
        release(); // before a hand-over only: afterwards another protocol hears of the end
        state = State.CLOSED;
        if (dialogue != null) {
            dialogue.lost(new IOException("Connection lost: " + transport, cause));
            giveBackIfIdle();
        }
        if (handOver != null) {
            handOver.lost(cause);
        }
    }

    private void release() {
        workspace.remove(this);
        if (served) {
            service.leave();
        }
    }

    /** A tick of the clock. */
    void ticked() {
        boolean waiting = transport.hasUnsent();
        if (watch.isStuck(waiting, transport.sentBytes(), workspace.tick(), workspace.deadlines())) {
            Closing.reset(transport);
        } else if ((state == State.SERVING || state == State.LINGERING) && clock.isOver(workspace.tick(),
                workspace.deadlines(), state == State.LINGERING ? transport.sentBytes() : bodyBytes())) {
            timedOut(waiting);
        }
    }

    private long bodyBytes() {
        return dialogue == null ? 0 : dialogue.exchange().bodyBytes();
    }

    private void timedOut(boolean waiting) {
        switch (clock.phase()) {
            case BODY -> dialogue.tooSlow(TIMEOUT);
            case LINGER -> {
                if (!waiting) {
                    transport.abort();
                }
            }
            default -> {
                if (dialogue != null) {
                    dialogue.refuse(TIMEOUT);
                } else { // it has not begun a request
                    endWhenSent();
                }
            }
        }
    }

    // ------------------------------------------------------------------------------------ for those inside

    /** Whether this answer is the one that is waited for. */
    boolean isOpen(HttpResponse response) {
        return dialogue != null && dialogue.isOpen(response);
    }

    void end(HttpResponse response, ByteBuffer content) {
        if (isOpen(response)) {
            dialogue.end(response, content);
        } else {
            content.position(content.limit());
        }
    }

    void write(HttpResponse response, ByteBuffer part) {
        if (isOpen(response)) {
            dialogue.write(response, part);
        } else {
            part.position(part.limit());
        }
    }

    void drain(HttpResponse response, CompletableFuture<Void> drained) {
        if (isOpen(response)) {
            dialogue.writers().add(drained, transport);
        } else {
            whenDone(response, drained);
        }
    }

    void whenDone(HttpResponse response, CompletableFuture<Void> done) {
        if (isOpen(response)) {
            dialogue.exchange().whenDone(done);
        } else if (dialogue != null && response.isGathered()) {
            dialogue.exchange().whenFlushed(done);
        } else if (response.isDelivered()) {
            done.complete(null);
        } else {
            done.completeExceptionally(new IOException("Connection lost: " + transport));
        }
    }

    void sendFile(HttpResponse response, FilePart part) {
        if (isOpen(response) && part.file().isOpen()) {
            dialogue.sendFile(response, part);
        } else {
            IOException cause = new IOException("cannot send a file that is closed, or to who is gone");
            part.sent().completeExceptionally(cause);
            failed(response, cause);
        }
    }

    /** All of a file is sent; null, or the reason why not. */
    void fileEnded(HttpResponse response, Throwable cause) {
        if (isOpen(response)) {
            dialogue.fileEnded(response, cause);
        }
    }

    /** A handler has failed, or what it waits for. */
    void failed(HttpResponse response, Throwable cause) {
        if (isOpen(response)) {
            dialogue.failed(response, cause);
        } else if (!(cause instanceof HttpParseException) && !(cause instanceof IOException)) {
            report(response, cause); // but not what any client can bring about
        }
    }

    void report(HttpResponse response, Throwable cause) {
        loop.callExceptionHandler(ExceptionContext.of("Unhandled exception in an HTTP handler", cause)
                .with("request", response.request()).with("transport", transport));
    }

    void upgrade(HttpResponse response, Protocol next) {
        if (isOpen(response) && !dialogue.exchange().isRequestComplete()) {
            failed(response, new IllegalStateException("read the request's body before upgrade()"));
        } else if (isOpen(response)) {
            handOver = new HandOver(transport, next);
            dialogue.switchProtocols(response);
            transport.pauseReading();
            loop.callSoon(this::handOver);
        } else if (state == State.CLOSED || transport.isClosing()) { // else HTTP has answered, and goes on
            queue(() -> new HandOver(transport, next).lost(new IOException("lost before the upgrade")));
        }
    }

    private void handOver() {
        if (state == State.HANDED_OVER) {
            HandOver agreed = handOver;
            handOver = null;
            release();
            agreed.run(dialogue.backlog().takeAll(), peerEnded, draining);
        }
    }

    /** The handler has asked for the body, or can take more of it. */
    void bodyWanted(RequestBody body) {
        if (dialogue != null) {
            dialogue.bodyWanted(body);
        }
    }

    /** Runs it on the loop's thread, now or soon. Any thread. */
    void onLoop(Runnable action) {
        if (loop.inLoop()) {
            action.run();
        } else {
            queue(action);
        }
    }

    /** Runs it there soon, behind what was queued before; false if the loop is closed. Any thread. */
    boolean queue(Runnable action) {
        try {
            loop.execute((Runnable & AsynchronousCompletionTask) action::run); // futures depend on it
            return true;
        } catch (RejectedExecutionException loopIsClosed) {
            return false;
        }
    }

    /** A list for an answer's fields. Any thread. */
    Headers takeHeaders() {
        return loop.inLoop() ? workspace.takeHeaders() : new Headers();
    }

    State state() {
        return state;
    }

    void state(State newState) {
        state = newState;
    }

    boolean isDraining() {
        return draining;
    }

    boolean hasPeerEnded() {
        return peerEnded;
    }

    EventLoop loop() {
        return loop;
    }

    Transport transport() {
        return transport;
    }

    HttpConfig config() {
        return service.config();
    }

    int index() {
        return index;
    }

    void index(int newIndex) {
        index = newIndex;
    }

    @Override
    public String toString() {
        return "HttpConnection[" + state + ", " + clock + (dialogue == null ? "" : ", " + dialogue) + "]";
    }
}
