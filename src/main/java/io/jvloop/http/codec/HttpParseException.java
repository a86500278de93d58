package io.jvloop.http.codec;

/**
 * The peer's message breaks the rules, or a limit: the connection cannot be used any further, since nobody
 * knows where the next message begins.
 */
public final class HttpParseException extends Exception {
    private static final long serialVersionUID = 1L;

    /** What to answer. */
    private final int status;

    /**
     * Without a stack trace: any peer can cause one, and it would only show the parser.
     *
     * @param status what a server should answer, 400 to 599
     * @param message what is wrong, for a log
     */
    public HttpParseException(int status, String message) {
        super(message, null, false, false);
        this.status = status;
    }

    /** {@return the status code that a server should answer with before it closes the connection} */
    public int status() {
        return status;
    }
}
