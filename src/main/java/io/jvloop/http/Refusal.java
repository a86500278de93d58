package io.jvloop.http;

import io.jvloop.http.HttpConnection.State;
import io.jvloop.http.codec.HttpParseException;
import java.io.IOException;

/**
 * What a client hears when what it asks for cannot be done, and how it notices when it cannot be told any
 * more. Part of a {@link Dialogue}, within its frame. Loop thread.
 */
final class Refusal {
    private final Dialogue dialogue;
    private final Exchange exchange;
    private final AnswerWriter answers;
    private final Outlet out;

    Refusal(Dialogue dialogue, Exchange exchange, AnswerWriter answers, Outlet out) {
        this.dialogue = dialogue;
        this.exchange = exchange;
        this.answers = answers;
        this.out = out;
    }

    /** Answers to what is no request. */
    void refuse(int status) {
        answers.error(status, null, false);
        dialogue.connection().state(State.LINGERING);
    }

    /** What has come cannot be read, or takes too long: nobody knows where the next request begins. */
    void unreadable(HttpParseException fault) {
        if (!exchange.isOpen()) {
            refuse(fault.status());
            return;
        }
        exchange.isLast();
        if (exchange.isAnswered()) {
            dialogue.connection().state(State.LINGERING);
            return;
        }
        boolean late = answers.hasBegun();
        exchange.body().fail(fault); // whoever reads it may answer, or begin to
        if (exchange.isOpen() && !exchange.isAnswered() && late == answers.hasBegun()) {
            giveUp(fault.status());
        }
    }

    /** No answer comes of the request: the client is told so, if it still can be. */
    void giveUp(int status) {
        if (answers.hasBegun()) {
            breakOff();
            return;
        }
        HttpRequest request = exchange.response().request();
        if (exchange.response().head().closes() || dialogue.connection().isDraining()
                || !exchange.mayKeepAlive(true)) {
            exchange.isLast();
        }
        answers.error(status, request, !exchange.last());
        dialogue.answered();
    }

    /** The client must not take what it has for the whole answer. */
    void breakOff() {
        dialogue.connection().state(State.CLOSED);
        exchange.abandoned(new IOException("the answer was broken off"));
        if (!answers.endIsVisible()) {
            out.flush();
            Closing.reset(dialogue.connection().transport());
        }
    }
}
