package io.jvloop.http;

import io.jvloop.loop.ExceptionContext;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Transport;
import io.jvloop.transport.WriteBufferLimits;
import java.nio.ByteBuffer;

/**
 * A connection on its way to another protocol: agreed upon with the client, but the call that agreed has not
 * returned. Whatever happens, the new protocol hears of its beginning and of its end. Loop thread.
 */
final class HandOver {
    private static final WriteBufferLimits NO_LIMITS =
            new WriteBufferLimits(Integer.MAX_VALUE, Integer.MAX_VALUE);

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
     */
    void run(ByteBuffer early, boolean peerEnded, boolean draining) {
        WriteBufferLimits limits = transport.writeBufferLimits();
        transport.setWriteBufferLimits(NO_LIMITS); // HTTP is resumed, before another would be
        transport.setProtocol(next);
        transport.resumeReading();
        tell("connectionMade", () -> next.connectionMade(transport));
        if (transport.writeBufferLimits() == NO_LIMITS) {
            transport.setWriteBufferLimits(limits); // and the other one paused, if that is due
        }
        tellInput(early, peerEnded);
        if (draining && !transport.isClosing()) {
            tell("draining", () -> closeUnless(current().draining()));
        }
    }

    /** The protocol of the moment: TLS takes the place of the one that begins it, for example. */
    private Protocol current() {
        return transport.protocol();
    }

    private void tellInput(ByteBuffer early, boolean peerEnded) {
        try {
            if (early.hasRemaining() && !transport.isClosing()) {
                current().dataReceived(early);
            }
            if (peerEnded && !transport.isClosing()) {
                closeUnless(current().eofReceived());
            }
        } catch (Throwable t) { // the user's code; as from the transport, fatal
            report("dataReceived", t);
            transport.abort();
        }
    }

    private void closeUnless(boolean keepsOpen) {
        if (!keepsOpen) {
            transport.close();
        }
    }

    /** The connection is lost before the other protocol had it. */
    void lost(Throwable cause) {
        tell("connectionMade", () -> next.connectionMade(transport));
        tell("connectionLost", () -> next.connectionLost(cause));
    }

    private void tell(String what, Runnable call) {
        try {
            call.run();
        } catch (Throwable t) { // the user's code; not fatal
            report(what, t);
        }
    }

    private void report(String what, Throwable failure) {
        transport.loop().callExceptionHandler(ExceptionContext
                .of("protocol." + what + "() failed", failure).with("transport", transport));
    }
}
