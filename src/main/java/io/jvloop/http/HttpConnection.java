package io.jvloop.http;

import io.jvloop.http.codec.Headers;
import io.jvloop.http.codec.HttpEvent;
import io.jvloop.http.codec.HttpParseException;
import io.jvloop.http.codec.RequestParser;
import io.jvloop.http.Deadlines.Phase;
import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Transport;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

/**
 * One client: requests in, answers out, in order. Hot: {@link #dataReceived} → {@link RequestParser#next} →
 * {@link HttpHandler#handle} → {@link #end} → one write.
 *
 * <pre>
 *   SERVING ──upgrade──▶ HANDED_OVER
 *      ├── a fault, or a body that nobody reads ──▶ LINGERING
 *      └── the last answer, the client's end ──▶ CLOSED ◀──┘
 * </pre>
 *
 * <p>Requests of a connection are handled one after the other. While one is being answered, what the client
 * sends is kept, up to 64 KiB, so that its end is noticed; then the client has to wait.
 *
 * <p>Whatever happens is framed by {@link #enter} and {@link #leave}: in between output is gathered, at the
 * end it is sent, and what follows from the new state is done, once.
 *
 * <p><b>Thread.</b> The loop's, but for {@link #onLoop} and {@link #takeHeaders}.
 *
 * <p>Read next: {@link Exchange}, {@link AnswerWriter}, {@link Outlet}, {@link Deadlines}.
 */
final class HttpConnection implements Protocol {
    private enum State {
        SERVING, HANDED_OVER,
        /** Our side is ended; what the client still sends is dropped, lest a reset destroy our last answer. */
        LINGERING,
        CLOSED
    }

    private static final int INTERNAL_ERROR = 500;
    private static final int UNAVAILABLE = 503;
    private static final int TIMEOUT = 408;

    private final Service service;
    private State state = State.SERVING;
    private EventLoop loop;
    private Transport transport;
    private Workspace workspace;
    private RequestParser parser;
    private Backlog backlog;
    private Outlet out;
    private AnswerWriter answers;
    private Deadlines deadlines;
    private WaitingWriters writers;
    private Exchange exchange; // null between two requests
    private boolean working; // between enter and leave
    private boolean draining; // this exchange is the last one
    private boolean peerEnded;
    private boolean begun; // an exchange, since the deadlines were looked at
    private int index;

    HttpConnection(Service service) {
        this.service = service;
    }

    @Override
    public void connectionMade(Transport made) {
        transport = made;
        loop = made.loop();
        workspace = service.workspace(loop);
        parser = new RequestParser(service.config().limits(), workspace.strings());
        backlog = new Backlog(loop.buffers());
        out = new Outlet(made);
        answers = new AnswerWriter(workspace, out);
        deadlines = new Deadlines(workspace.ticks(), workspace.tick());
        writers = new WaitingWriters(made);
        workspace.add(this);
        if (!service.enter()) {
            enter();
            refuse(UNAVAILABLE);
            leave(true);
        }
    }

    // ----------------------------------------------------------------------------------------- requests in

    @Override
    public void dataReceived(ByteBuffer data) {
        if (state != State.SERVING) {
            return;
        }
        boolean outer = enter();
        try {
            if (backlog.isEmpty()) {
                parse(data);
            }
            if (data.hasRemaining() && state != State.LINGERING) {
                backlog.append(data);
            }
        } finally {
            leave(outer);
        }
    }

    /** Takes what may be taken now. */
    void parse(ByteBuffer in) {
        try {
            while (mayParse()) {
                switch (parser.next(in)) {
                    case NEED_MORE -> {
                        return;
                    }
                    case HEAD -> begin(in);
                    case CONTENT -> content();
                    case END -> requestEnded();
                }
            }
        } catch (HttpParseException e) {
            unreadable(e);
        }
    }

    private boolean mayParse() {
        return state == State.SERVING && !writers.arePaused() && (exchange == null || exchange.wantsBody());
    }

    private void begin(ByteBuffer in) throws HttpParseException {
        boolean complete = parser.contentLength() == 0;
        if (complete) {
            parser.next(in); // END
        }
        answers.reset();
        begun = true;
        RequestBody body = complete ? null : new RequestBody(this, parser.contentLength());
        HttpRequest request = new HttpRequest(this, parser, body);
        HttpResponse response = new HttpResponse(this, request);
        exchange = new Exchange(response, body, parser.expectsContinue());
        try {
            service.handler().handle(request, response);
        } catch (Throwable t) { // the application's: must not cost more than its own request
            failed(response, t);
        }
    }

    private void content() {
        if (exchange.isAnswered()) {
            if (!exchange.discard(parser.contentBytes())) {
                state = State.LINGERING;
            }
        } else {
            exchange.body().content(parser.content());
        }
    }

    private void requestEnded() {
        Exchange ended = exchange;
        Headers trailers = parser.trailers();
        ended.requestEnded();
        if (ended.isAnswered()) {
            next();
        } else {
            ended.body().ended(trailers);
        }
    }

    /** The handler has asked for the body. */
    void bodyWanted() {
        boolean outer = enter();
        if (exchange.takeExpectation() && !answers.hasBegun()) {
            answers.sendContinue();
            if (!outer) {
                out.flush(); // a handler may take its time before it returns
            }
        }
        leave(outer);
    }

    /** There may be something to do with what has come already. */
    void resume() {
        leave(enter());
    }

    /** What has come cannot be read, or takes too long: nobody knows where the next request begins. */
    private void unreadable(HttpParseException fault) {
        if (exchange == null) {
            refuse(fault.status());
            return;
        }
        Exchange torn = exchange;
        torn.isLast();
        state = torn.isAnswered() ? State.LINGERING : state;
        torn.body().fail(fault); // whoever reads it may answer
        if (!torn.isAnswered()) {
            giveUp(fault.status());
        }
    }

    /** Answers to what is no request. */
    private void refuse(int status) {
        answers.error(status, false, false, false);
        state = State.LINGERING;
    }

    // ----------------------------------------------------------------------------------------- answers out

    private boolean isOpen(HttpResponse response) {
        return exchange != null && exchange.response() == response && !exchange.isAnswered();
    }

    void end(HttpResponse response, ByteBuffer content) {
        if (!isOpen(response)) {
            content.position(content.limit());
            return;
        }
        boolean outer = enter();
        if (!answers.hasBegun()) {
            beginAnswer(response, response.length() >= 0 ? response.length() : content.remaining());
        }
        answers.content(content);
        answers.end(response);
        answered();
        leave(outer);
    }

    void write(HttpResponse response, ByteBuffer part) {
        if (!isOpen(response)) {
            part.position(part.limit());
            return;
        }
        boolean outer = enter();
        if (!answers.hasBegun()) {
            beginAnswer(response, response.length());
        }
        answers.content(part);
        leave(outer);
    }

    private void beginAnswer(HttpResponse response, long length) {
        if (draining || !exchange.mayKeepAlive() || !AnswerWriter.allowsNext(response, length)) {
            exchange.isLast();
        }
        answers.begin(response, length, !exchange.last());
    }

    void drain(HttpResponse response, CompletableFuture<Void> drained) {
        if (isOpen(response)) {
            writers.add(drained);
        } else {
            whenDone(response, drained);
        }
    }

    void whenDone(HttpResponse response, CompletableFuture<Void> done) {
        if (isOpen(response)) {
            exchange.whenDone(done);
        } else if (response.isDelivered()) {
            done.complete(null);
        } else {
            done.completeExceptionally(new IOException("Connection lost: " + transport));
        }
    }

    void sendFile(HttpResponse response, FilePart part) {
        if (!isOpen(response) || !part.file().isOpen()) {
            IOException cause = new IOException(isOpen(response) ? "the file is closed, so it cannot be sent"
                    : "Connection lost: " + transport);
            part.sent().completeExceptionally(cause);
            failed(response, cause);
            return;
        }
        boolean outer = enter();
        beginAnswer(response, part.count());
        if (answers.sendsContent() && part.count() > 0) {
            out.flush();
            new FileAnswer(this, response, part).start();
        } else {
            answered();
            part.sent().complete(0L);
        }
        leave(outer);
    }

    /** All of a file is sent; null, or the reason why not. */
    void fileEnded(HttpResponse response, Throwable cause) {
        if (!isOpen(response)) {
            return;
        }
        boolean outer = enter();
        if (cause == null) {
            answered();
        } else {
            report(response, cause);
            breakOff();
        }
        leave(outer);
    }

    void upgrade(HttpResponse response, Protocol next) {
        if (!isOpen(response)) {
            return;
        }
        if (!exchange.isRequestComplete()) {
            failed(response, new IllegalStateException("read the request's body before upgrade()"));
            return;
        }
        boolean outer = enter();
        answers.switchProtocols(response);
        exchange.answered();
        exchange = null;
        state = State.HANDED_OVER;
        transport.pauseReading();
        loop.callSoon(() -> handOver(next));
        leave(outer);
    }

    private void handOver(Protocol next) {
        if (state == State.HANDED_OVER) {
            release();
            backlog.handOver(transport, next);
        }
    }

    /** A handler has failed, or what it waits for. */
    void failed(HttpResponse response, Throwable cause) {
        boolean open = isOpen(response);
        if (!(cause instanceof HttpParseException) && (open || !(cause instanceof IOException))) {
            report(response, cause); // but not what any client can bring about
        }
        if (open) {
            boolean outer = enter();
            giveUp(cause instanceof HttpParseException fault ? fault.status() : INTERNAL_ERROR);
            leave(outer);
        }
    }

    private void report(HttpResponse response, Throwable cause) {
        loop.callExceptionHandler(ExceptionContext.of("Unhandled exception in an HTTP handler", cause)
                .with("request", response.request()).with("transport", transport));
    }

    private void giveUp(int status) {
        if (answers.hasBegun()) {
            breakOff();
            return;
        }
        HttpResponse response = exchange.response();
        if (draining || !exchange.mayKeepAlive()) {
            exchange.isLast();
        }
        answers.error(status, response.isHead(), !exchange.last(), response.request().minorVersion() == 0);
        answered();
    }

    /** The client must not take what it has for the whole answer. */
    private void breakOff() {
        exchange.abandoned(new IOException("the answer was broken off"));
        exchange = null;
        state = State.CLOSED;
        if (!answers.endIsVisible()) {
            out.flush();
            transport.abort();
        }
    }

    private void answered() {
        Exchange done = exchange;
        done.answered();
        if (done.isRequestComplete()) {
            next();
        } else {
            done.body().fail(new IOException("the request was answered before its body was read"));
            state = done.last() ? State.LINGERING : state;
        }
    }

    private void next() {
        boolean last = exchange.last() || draining;
        exchange = null;
        if (last && state == State.SERVING) {
            state = State.CLOSED;
        }
    }

    // ------------------------------------------------------------------------------ what follows from that

    /** True if it is not within another one. */
    private boolean enter() {
        boolean outer = !working;
        if (outer) {
            working = true;
        }
        return outer;
    }

    private void leave(boolean outer) {
        if (!outer) {
            return;
        }
        backlog.pump(this);
        working = false;
        out.flush();
        if (peerEnded && state == State.SERVING && backlog.isEmpty() && mayParse()) {
            ended(new EOFException("the client has ended the connection within a request"));
        }
        settle();
    }

    /** Nothing more will come, and nothing is there that could be answered. */
    private void ended(IOException cause) {
        if (exchange != null) {
            exchange.abandoned(cause);
            exchange = null;
        }
        state = State.CLOSED;
    }

    private void settle() {
        switch (state) {
            case SERVING -> {
                backlog.updateReading(transport, mayParse());
                updatePhase();
            }
            case LINGERING -> linger();
            case CLOSED -> transport.close();
            default -> {
                // another protocol's
            }
        }
    }

    private void updatePhase() {
        Phase phase = phase();
        if (phase != deadlines.phase() || begun) {
            begun = false;
            deadlines.begin(phase, workspace.tick(), bodyBytes());
        }
    }

    private Phase phase() {
        if (exchange != null) {
            return exchange.wantsBody() ? Phase.BODY : Phase.HANDLER;
        } else if (writers.arePaused()) {
            return Phase.HANDLER; // it is to take its answers first
        }
        return parser.isIdle() && backlog.isEmpty() ? Phase.KEEP_ALIVE : Phase.HEAD;
    }

    private long bodyBytes() {
        return exchange == null ? 0 : exchange.bodyBytes();
    }

    /** RFC 9112, 9.6: end our side, and wait for the client to end its own. */
    private void linger() {
        backlog.clear();
        if (exchange != null) {
            exchange.abandoned(new IOException("the request could not be read"));
            exchange = null;
        }
        if (peerEnded || !transport.canWriteEof()) {
            state = State.CLOSED;
            transport.close();
        } else if (deadlines.phase() != Phase.LINGER) {
            deadlines.begin(Phase.LINGER, workspace.tick(), 0);
            transport.writeEof();
            transport.resumeReading();
        }
    }

    // --------------------------------------------------------------------------- what the transport tells

    @Override
    public void pauseWriting() {
        writers.pause();
    }

    @Override
    public void resumeWriting() {
        writers.resume();
        if (state == State.SERVING) {
            resume();
        }
    }

    @Override
    public boolean eofReceived() {
        peerEnded = true;
        resume();
        return state == State.SERVING; // what is in flight is answered
    }

    @Override
    public boolean draining() {
        draining = true;
        return state == State.SERVING && (exchange != null || !parser.isIdle() || !backlog.isEmpty());
    }

    @Override
    public void connectionLost(Throwable cause) {
        IOException lost = new IOException("Connection lost: " + transport, cause);
        boolean served = state != State.HANDED_OVER || transport.protocol() != null;
        state = State.CLOSED;
        if (served) {
            release();
        }
        out.clear();
        backlog.clear();
        writers.lost(lost);
        if (exchange != null) {
            Exchange torn = exchange;
            exchange = null;
            torn.abandoned(lost);
        }
    }

    /** Is not looked after any more. */
    private void release() {
        workspace.remove(this);
        service.leave();
    }

    /** A tick of the clock. */
    void ticked() {
        long queued = transport.writeBufferSize();
        boolean waiting = queued > 0 || exchange != null && exchange.isSendingFile();
        long taken = out.written() - queued + out.fileBytes();
        if (deadlines.isStuck(workspace.tick(), waiting, taken)) {
            transport.abort();
        } else if (state != State.CLOSED && deadlines.isOver(workspace.tick(), bodyBytes())) {
            boolean outer = enter();
            timedOut(queued > 0);
            leave(outer);
        }
    }

    private void timedOut(boolean waiting) {
        switch (deadlines.phase()) {
            case LINGER -> {
                if (!waiting) {
                    transport.abort();
                }
            }
            case KEEP_ALIVE -> state = State.CLOSED;
            case HEAD -> {
                if (parser.isIdle()) {
                    state = State.CLOSED; // has not said anything yet
                } else {
                    refuse(TIMEOUT);
                }
            }
            default -> unreadable(new HttpParseException(TIMEOUT, "the body comes too slowly"));
        }
    }

    // ------------------------------------------------------------------------------------------ for others

    /** Runs it on the loop's thread, now or soon; drops it if the loop is closed. Any thread. */
    void onLoop(Runnable action) {
        if (loop.inLoop()) {
            action.run();
            return;
        }
        try {
            loop.execute(action);
        } catch (RejectedExecutionException loopIsClosed) {
            // and with it the connection: there is nobody to answer
        }
    }

    /** A list for an answer's fields. Any thread. */
    Headers takeHeaders() {
        return loop.inLoop() ? workspace.takeHeaders() : new Headers();
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

    Outlet outlet() {
        return out;
    }

    Exchange exchange() {
        return exchange;
    }

    int index() {
        return index;
    }

    void index(int newIndex) {
        index = newIndex;
    }

    @Override
    public String toString() {
        return "HttpConnection[" + state + (exchange == null ? "" : ", " + exchange) + ", " + parser + "]";
    }
}
