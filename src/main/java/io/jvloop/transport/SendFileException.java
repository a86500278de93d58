package io.jvloop.transport;

import java.io.IOException;

/** A file that was not sent to its end; says how much of it was. */
public final class SendFileException extends IOException {
    private static final long serialVersionUID = 1;

    /** Bytes. */
    private final long sent;

    /** For {@code sendFile}; {@code cause} is null if the connection was closed by this side. */
    SendFileException(long sent, Throwable cause) {
        super(sent + " bytes of the file were sent before the connection ended"
                + (cause == null ? "" : ": " + cause), cause);
        this.sent = sent;
    }

    /** {@return how many bytes of the file the channel had taken; the peer need not have read them all} */
    public long sent() {
        return sent;
    }
}
