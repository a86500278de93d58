package io.jvloop.http;

import io.jvloop.loop.Async;
import io.jvloop.transport.SendFileException;
import java.io.EOFException;
import java.util.concurrent.CompletableFuture;

/** The content of an answer that is a part of a file. Loop thread. */
final class FileAnswer {
    private final HttpConnection connection;
    private final HttpResponse response;
    private final FilePart part;

    FileAnswer(HttpConnection connection, HttpResponse response, FilePart part) {
        this.connection = connection;
        this.response = response;
        this.part = part;
    }

    void start() {
        CompletableFuture<Long> sending;
        try {
            sending = connection.transport().sendFile(part.file(), part.offset(), part.count());
        } catch (RuntimeException e) { // the file was closed, for example
            ended(0, e);
            return;
        }
        part.sent().whenComplete((count, failure) -> cancel(sending)); // else it is complete by then
        sending.whenComplete((count, failure) -> sent(count, Async.cause(failure)));
    }

    /** On any thread. The answer must not go on as if it were complete. */
    private void cancel(CompletableFuture<Long> sending) {
        if (!sending.isDone()) {
            connection.onLoop(() -> sending.completeExceptionally(
                    new EOFException("the rest of the file was cancelled")));
        }
    }

    private void sent(Long count, Throwable failure) {
        if (failure != null) {
            ended(0, failure);
        } else if (count < part.count()) {
            ended(count, new EOFException("the file has become shorter, " + count + " of " + part.count()
                    + " bytes were sent"));
        } else {
            ended(count, null);
        }
    }

    private void ended(long count, Throwable cause) {
        if (cause != null && connection.isOpen(response) && !isClients(cause)) {
            connection.report(response, cause);
        }
        connection.fileEnded(response, cause);
        Async.complete(part.sent(), count, cause);
    }

    /** A client that has gone away, as any may. A failing disk looks the same: the handler hears of it. */
    private boolean isClients(Throwable cause) {
        return cause instanceof SendFileException && part.file().isOpen();
    }
}
