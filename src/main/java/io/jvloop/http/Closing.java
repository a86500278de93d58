package io.jvloop.http;

import io.jvloop.transport.Transport;
import io.jvloop.transport.WriteBufferLimits;
import java.io.IOException;
import java.net.StandardSocketOptions;

/** The two ways to end a connection that {@link Transport#close} and {@link Transport#abort} are not. */
final class Closing {
    private static final WriteBufferLimits WHEN_SENT = new WriteBufferLimits(0, 0);

    private Closing() {
    }

    /**
     * At once, in a way that no client takes for the end of an answer, as HTTP/1.0 does a FIN (RFC 9112, 8).
     * What the kernel still has for a client that takes nothing goes too.
     */
    static void reset(Transport transport) {
        try {
            transport.setOption(StandardSocketOptions.SO_LINGER, 0); // closed now, TCP sends RST
        } catch (IOException | UnsupportedOperationException closedOrUnix) {
            // a UNIX socket knows no such end
        }
        transport.abort();
    }

    /**
     * As soon as all is sent: now, or when {@code resumeWriting} comes and this is called again. TLS gives a
     * {@code close} a time in which all must be sent, however well the client takes it.
     */
    static void whenSent(Transport transport) {
        if (transport.hasUnsent()) {
            transport.setWriteBufferLimits(WHEN_SENT);
        } else {
            transport.close();
        }
    }
}
