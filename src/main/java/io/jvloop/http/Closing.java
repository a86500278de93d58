package io.jvloop.http;

import io.jvloop.loop.TimerHandle;
import io.jvloop.transport.Transport;
import io.jvloop.transport.WriteBufferLimits;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The two ways to end a connection that {@link Transport#close} and {@link Transport#abort} are not. Loop
 * thread.
 */
final class Closing {
    private static final WriteBufferLimits WHEN_SENT = new WriteBufferLimits(0, 0);
    private static final Duration SOON = Duration.ofMillis(10);

    private final Set<HttpConnection> waiting = new LinkedHashSet<>();
    private TimerHandle timer; // null unless somebody waits

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
    void whenSent(HttpConnection connection) {
        Transport transport = connection.transport();
        if (!transport.hasUnsent()) {
            transport.close();
        } else if (transport.writeBufferSize() > 0) {
            transport.setWriteBufferLimits(WHEN_SENT);
        } else { // below TLS, or in a file: nobody will tell
            waiting.add(connection);
            arm(connection);
        }
    }

    private void arm(HttpConnection any) {
        if (timer == null) {
            timer = any.loop().callLater(SOON, this::look);
        }
    }

    private void look() {
        timer = null;
        List<HttpConnection> all = List.copyOf(waiting);
        waiting.clear();
        all.forEach(this::whenSent);
    }

    /** It is over. */
    void forget(HttpConnection connection) {
        if (waiting.remove(connection) && waiting.isEmpty()) {
            timer.cancel();
            timer = null;
        }
    }
}
