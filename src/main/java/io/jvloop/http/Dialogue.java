package io.jvloop.http;

import io.jvloop.http.codec.HttpParseException;
import io.jvloop.http.codec.RequestParser;
import io.jvloop.http.HttpConnection.State;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A client while it has something to say or to hear: requests in, answers out, in order. Hot: {@link
 * #receive} → {@link RequestParser#next} → {@link HttpHandler#handle} → {@link #end} → one write.
 *
 * <p>Requests of a connection are handled one after the other. While one is being answered, what the client
 * sends is kept in the {@link Backlog}, so that its end is noticed; then the client has to wait.
 *
 * <p>Whatever happens is framed by {@link #enter} and {@link #leave}: in between output is gathered, at the
 * end it is sent, and what follows from the new state is done, once.
 *
 * <p><b>Thread.</b> The loop's.
 *
 * <p>Read next: {@link Exchange}, {@link AnswerWriter}, {@link Refusal}, {@link Outlet}, {@link Backlog}.
 */
final class Dialogue {
    private static final int INTERNAL_ERROR = 500;

    private final Workspace workspace;
    private final HttpHandler handler;
    private final RequestParser parser;
    private final Backlog backlog;
    private final Outlet out;
    private final AnswerWriter answers;
    private final Exchange exchange = new Exchange();
    private final WaitingWriters writers = new WaitingWriters();
    private final Refusal refusal;
    private HttpConnection connection; // null while it is not lent
    private boolean working; // between enter and leave
    private boolean goOn; // somebody has entered since
    private boolean begun; // an exchange, since the connection's deadline was set

    Dialogue(Workspace workspace, Service service) {
        this.workspace = workspace;
        this.handler = service.handler();
        this.parser = new RequestParser(service.config().limits(), workspace.strings());
        this.backlog = new Backlog(workspace.buffers());
        this.out = new Outlet(workspace.buffers());
        this.answers = new AnswerWriter(workspace, out);
        this.refusal = new Refusal(this, exchange, answers, out);
    }

    /** Serves this connection from now on, null for none. */
    Dialogue of(HttpConnection client) {
        connection = client;
        out.of(client);
        backlog.clear();
        parser.reset();
        begun = false;
        return this;
    }

    /** Whether nothing is under way, so that another connection may have it. */
    boolean isIdle() {
        return !working && !exchange.isOpen() && parser.isIdle() && backlog.isEmpty() && writers.areIdle();
    }

    // ----------------------------------------------------------------------------------------- requests in

    void receive(ByteBuffer data) {
        boolean outer = enter();
        try {
            if (backlog.isEmpty()) {
                parse(data);
            }
            if (data.hasRemaining() && connection.state() != State.LINGERING) {
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
            refusal.unreadable(e);
        }
    }

    /** Whether more of what comes is wanted now. */
    boolean mayParse() {
        return connection.state() == State.SERVING && !connection.transport().isClosing()
                && !writers.arePaused() && (!exchange.isOpen() || exchange.wantsBody());
    }

    private void begin(ByteBuffer in) throws HttpParseException {
        boolean complete = parser.contentLength() == 0;
        if (complete) {
            parser.next(in); // END
        }
        answers.reset();
        begun = true;
        RequestBody body = complete ? null : new RequestBody(connection, parser.contentLength());
        HttpRequest request = new HttpRequest(connection, workspace.head(parser), body);
        HttpResponse response = new HttpResponse(request);
        exchange.begin(response, body, parser.expectsContinue());
        try {
            handler.handle(request, response);
        } catch (Throwable t) { // the application's: must not cost more than its own request
            if (isOpen(response)) {
                failed(response, t);
            } else {
                connection.report(response, t);
            }
        }
    }

    private void content() {
        if (!exchange.isAnswered()) {
            exchange.body().content(parser.content());
        } else if (!exchange.discard(parser.contentBytes())) {
            connection.state(State.LINGERING);
        }
    }

    private void requestEnded() {
        exchange.requestEnded();
        if (exchange.isAnswered()) {
            next();
        } else {
            exchange.body().ended(parser.trailers());
        }
    }

    /** The handler has asked for the body. */
    void bodyWanted(RequestBody body) {
        framed(() -> {
            if (body == exchange.body() && exchange.takeExpectation() && !answers.sendContinue()) {
                exchange.body().fail(new IOException("the client was not told to send the body"));
            }
        });
    }

    /** There may be something to do with what has come already. */
    void resume() {
        leave(enter());
    }

    /** Answers to what is no request. */
    void refuse(int status) {
        framed(() -> refusal.refuse(status));
    }

    /** The body comes too slowly. */
    void tooSlow(int status) {
        framed(() -> refusal.unreadable(new HttpParseException(status, "the body comes too slowly")));
    }

    // ----------------------------------------------------------------------------------------- answers out

    /** Whether this answer is the one that is waited for. */
    boolean isOpen(HttpResponse response) {
        return exchange.isOpen() && exchange.response() == response && !exchange.isAnswered();
    }

    void end(HttpResponse response, ByteBuffer content) {
        boolean outer = enter();
        try {
            long declared = response.head().length();
            beginAnswer(response, declared >= 0 ? declared : content.remaining(), true);
            answers.content(content);
            answers.end(response);
            answered();
        } finally { // there may be no memory left
            leave(outer);
        }
    }

    void write(HttpResponse response, ByteBuffer part) {
        framed(() -> {
            if (!answers.hasBegun() && response.head().isGood()) {
                bodyWanted(exchange.body()); // later it would take the answer for the word
            }
            beginAnswer(response, response.head().length(), false);
            answers.content(part);
        });
    }

    /** Unless it has begun. */
    private void beginAnswer(HttpResponse response, long length, boolean ends) {
        if (answers.hasBegun()) {
            return;
        }
        if (connection.isDraining() || !exchange.mayKeepAlive(ends)
                || !AnswerWriter.allowsNext(response, length)) {
            exchange.isLast();
        }
        answers.begin(response, length, !exchange.last());
    }

    void sendFile(HttpResponse response, FilePart part) {
        framed(() -> {
            beginAnswer(response, part.count(), true);
            if (answers.sendsContent() && part.count() > 0) {
                out.flush();
                new FileAnswer(connection, response, part).start();
            } else {
                answered();
                part.sent().complete(0L);
            }
        });
    }

    /** All of a file is sent; null, or the reason why not. */
    void fileEnded(HttpResponse response, Throwable cause) {
        framed(() -> {
            if (cause == null) {
                answered();
            } else {
                refusal.breakOff();
            }
        });
    }

    /** The bytes that follow are another protocol's. */
    void switchProtocols(HttpResponse response) {
        framed(() -> {
            answers.switchProtocols(response);
            exchange.answered();
            exchange.close();
            connection.state(State.HANDED_OVER);
        });
    }

    /** A handler has failed, or what it waits for. */
    void failed(HttpResponse response, Throwable cause) {
        framed(() -> {
            if (cause instanceof HttpParseException fault) { // the client's, not the handler's
                refusal.giveUp(fault.status());
            } else {
                refusal.giveUp(INTERNAL_ERROR);
                connection.report(response, cause);
            }
        });
    }

    void answered() {
        exchange.answered();
        if (exchange.isRequestComplete()) {
            next();
            return;
        }
        if (exchange.last()) {
            connection.state(State.LINGERING);
        }
        exchange.body().fail(new IOException("the request was answered before its body was read"));
    }

    private void next() {
        if ((exchange.last() || connection.isDraining()) && connection.state() == State.SERVING) {
            boolean maySend = exchange.response().request().keepsAlive();
            connection.state(maySend ? State.LINGERING : State.CLOSED); // RFC 9112, 9.6: the next request
        }
        exchange.close();
    }

    // ------------------------------------------------------------------------------ what follows from that

    /** True if it is not within another one. */
    private boolean enter() {
        boolean outer = !working;
        working = true;
        goOn = true;
        return outer;
    }

    /** The same around what is rare. */
    private void framed(Runnable action) {
        boolean outer = enter();
        try {
            action.run();
        } finally {
            leave(outer);
        }
    }

    private void leave(boolean outer) {
        if (!outer) {
            return;
        }
        HttpConnection client = connection;
        flush();
        if (connection == client && client.hasPeerEnded() && backlog.isEmpty() && mayParse()) {
            client.state(State.CLOSED); // nothing more comes, and nothing is there to be answered
            exchange.abandoned(new EOFException("the client has ended the connection within a request"));
        }
        if (connection != client) {
            return; // whoever heard of it has gone on, and settled it
        }
        if (client.state() == State.SERVING) {
            backlog.updateReading(client.transport(), mayParse());
        }
        boolean anew = begun;
        begun = false;
        connection.settle(anew);
    }

    private void flush() {
        boolean sent = false;
        try {
            do {
                backlog.pump(this);
                out.flush();
                goOn = false;
                exchange.flushed(out.hasLost()); // whoever hears of it may answer the next, again and again
            } while (goOn);
            sent = true;
        } finally {
            working = false;
            if (!sent) { // there is no memory left, for example: nobody else would end it
                Closing.reset(connection.transport());
                exchange.flushed(true);
            }
        }
    }

    /** What the client is at. */
    Deadlines.Phase phase() {
        if (writers.arePaused() || exchange.isOpen()) { // if paused, nothing is read meanwhile
            return mayParse() ? Deadlines.Phase.BODY : Deadlines.Phase.HANDLER;
        }
        return parser.isIdle() && backlog.isEmpty() ? Deadlines.Phase.KEEP_ALIVE : Deadlines.Phase.HEAD;
    }

    /** The end of the connection. */
    void lost(IOException cause) {
        out.clear();
        backlog.clear();
        exchange.abandoned(cause);
        writers.lost(cause);
    }

    HttpConnection connection() {
        return connection;
    }

    Exchange exchange() {
        return exchange;
    }

    WaitingWriters writers() {
        return writers;
    }

    Backlog backlog() {
        return backlog;
    }

    @Override
    public String toString() {
        return exchange + ", " + parser;
    }
}
