package io.jvloop.http;

import io.jvloop.loop.Async;
import io.jvloop.transport.SendFileException;
import java.io.EOFException;

/**
 * Sends a file in slices, so that a client's progress can be seen: while a file is under way, the transport
 * only knows that it is. Loop thread.
 */
final class FileAnswer {
    private static final long LEAST_BYTES = 4 * 1024;
    private static final long MOST_BYTES = 256 * 1024;

    private final HttpConnection connection;
    private final HttpResponse response;
    private final FilePart part;
    private long sent;

    FileAnswer(HttpConnection connection, HttpResponse response, FilePart part) {
        this.connection = connection;
        this.response = response;
        this.part = part;
    }

    void start() {
        long bytes = Math.min(sliceBytes(), part.count() - sent);
        try {
            connection.transport().sendFile(part.file(), part.offset() + sent, bytes)
                    .whenComplete((count, failure) -> sliced(bytes, count, failure));
        } catch (RuntimeException e) { // the file was closed, for example
            ended(e);
        }
    }

    /** Half of what a client has to take in time, or its progress could not be seen. */
    private long sliceBytes() {
        return Math.max(LEAST_BYTES, Math.min(MOST_BYTES, connection.deadlines().writeBytes() / 2));
    }

    private void sliced(long asked, Long count, Throwable failure) {
        if (failure != null) {
            ended(Async.cause(failure));
            return;
        }
        sent += count;
        connection.count(count);
        if (count < asked) {
            ended(new EOFException("the file has become shorter, " + sent + " of " + part.count()
                    + " bytes were sent"));
        } else if (sent == part.count()) {
            ended(null);
        } else if (part.sent().isDone()) {
            ended(new EOFException("the rest of the file was cancelled"));
        } else {
            start();
        }
    }

    private void ended(Throwable cause) {
        if (cause != null && connection.isOpen(response) && !isClients(cause)) {
            connection.report(response, cause);
        }
        connection.fileEnded(response, cause);
        Async.complete(part.sent(), sent, cause);
    }

    /** A client that has gone away, as any may. A failing disk looks the same: the handler hears of it. */
    private boolean isClients(Throwable cause) {
        return cause instanceof SendFileException && part.file().isOpen();
    }
}
