package io.jvloop.tls;

import io.jvloop.loop.ExceptionContext;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.CompletableFuture;

/**
 * Who wants to know how a handshake ended: those who wait for the connection, a listener, or else the log.
 * Loop thread.
 */
final class HandshakeWatch {
    private static final Logger LOGGER = System.getLogger("io.jvloop");

    private final TlsConfig config;
    private CompletableFuture<Transport> waiter; // null unless somebody waits: ten thousand clients have none
    private boolean over;
    private Throwable failure;

    HandshakeWatch(TlsConfig config) {
        this.config = config;
    }

    boolean isAwaited() {
        return waiter != null;
    }

    /** The same future for everyone; failing it, or cancelling, ends the connection. */
    CompletableFuture<Transport> established(Transport below, Transport upper) {
        if (waiter == null) {
            waiter = below.loop().createFuture();
            if (failure != null) {
                waiter.completeExceptionally(failure);
            } else if (over) {
                waiter.complete(upper);
            } else {
                waiter.whenComplete((transport, cancelled) -> {
                    if (cancelled != null && !over) {
                        below.loop().execute(below::abort); // refused by a closed loop, which has done it
                    }
                });
            }
        }
        return waiter;
    }

    /** False if whoever waited has given up. */
    boolean succeeded(Transport upper) {
        over = true;
        return waiter == null || waiter.complete(upper);
    }

    /** The handshake was fine, but there is nobody to have the connection. */
    void factoryFailed(Throwable thrown) {
        failure = thrown;
    }

    /** The connection is gone; if that was after the handshake, nothing of it is for us. */
    void failed(Transport below, Throwable cause) {
        if (over) {
            return;
        }
        over = true;
        if (failure == null) {
            failure = cause != null ? cause
                    : new IOException("closed before the TLS handshake was over: " + below.remoteAddress());
        }
        boolean told = waiter != null;
        if (told) {
            waiter.completeExceptionally(failure);
        }
        if (config.handshakeFailed() != null) {
            tellListener(below);
        } else if (!told) {
            LOGGER.log(Level.DEBUG, "TLS handshake with {0} failed: {1}", below.remoteAddress(), failure);
        }
    }

    private void tellListener(Transport below) {
        try {
            config.handshakeFailed().accept(below, failure);
        } catch (Throwable t) { // reported; an application that is upgrading has yet to hear of the end
            below.loop().callExceptionHandler(ExceptionContext.of("handshakeFailed listener failed", t)
                    .with("transport", below));
        }
    }
}
