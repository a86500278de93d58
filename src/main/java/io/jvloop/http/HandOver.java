package io.jvloop.http;

import io.jvloop.loop.ExceptionContext;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Transport;
import java.nio.ByteBuffer;

/**
 * A connection on its way to another protocol: agreed upon with the client, but the call that agreed has not
 * returned. Whatever happens, the new protocol hears of its beginning and of its end. Loop thread.
 */
final class HandOver {
    private final Transport transport;
    private final Protocol next;

    HandOver(Transport transport, Protocol next) {
        this.transport = transport;
        this.next = next;
    }

    /**
     * The connection is the other's now. It is called as transports do.
     *
     * @param early what has come already
     * @param peerEnded and nothing comes behind it
     * @param draining whether the loop is to end
     * @param paused whether what was written has to wait
     */
    void run(ByteBuffer early, boolean peerEnded, boolean draining, boolean paused) {
        transport.setProtocol(next);
        transport.resumeReading();
        begin();
        try {
            tell(early, peerEnded, draining, paused);
        } catch (Throwable t) { // the user's code; as from the transport, fatal
            report("protocol.dataReceived() failed", t);
            transport.abort();
        }
    }

    private void begin() {
        try {
            next.connectionMade(transport);
        } catch (Throwable t) { // the user's code; not fatal
            report("protocol.connectionMade() failed", t);
        }
    }

    /** Each to the protocol of the moment: TLS takes the place of the one that begins it, for example. */
    private void tell(ByteBuffer early, boolean peerEnded, boolean draining, boolean paused) {
        if (isWanted(paused)) {
            transport.protocol().pauseWriting(); // else it would be resumed without that
        }
        if (isWanted(early.hasRemaining())) {
            transport.protocol().dataReceived(early);
        }
        if (isWanted(peerEnded) && !transport.protocol().eofReceived()) {
            transport.close();
        }
        if (isWanted(draining) && !transport.protocol().draining()) {
            transport.close();
        }
    }

    private boolean isWanted(boolean isNews) {
        return isNews && !transport.isClosing();
    }

    /** The connection is lost before the other protocol had it. */
    void lost(Throwable cause) {
        begin();
        try {
            next.connectionLost(cause);
        } catch (Throwable t) { // as above
            report("protocol.connectionLost() failed", t);
        }
    }

    private void report(String what, Throwable failure) {
        transport.loop()
                .callExceptionHandler(ExceptionContext.of(what, failure).with("transport", transport));
    }
}
