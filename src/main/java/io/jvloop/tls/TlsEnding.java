package io.jvloop.tls;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.TimerHandle;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;

/**
 * How a TLS connection ends: by us, by the peer, by a failure, by a timer. Loop thread.
 *
 * <p><b>One way out.</b> Whatever ends the connection, the application hears of it when the transport below
 * says {@code connectionLost}, and from nowhere else; so it hears exactly once, in a turn of its own, and
 * everything is given back by then. The cause is the first one that was noted here, else the transport's.
 *
 * <p><b>No wait without a timer.</b> One runs during the handshake, and one from the moment we want to end
 * until the transport below is gone, for a peer may neither answer nor read.
 */
final class TlsEnding {
    /** What a peer has to take in a timeout, or it is taken for one that has gone. */
    private static final int LEAST_BYTES = 8 * 1024;

    /** A step of ours that may fail. */
    interface Step {
        void run() throws IOException;
    }

    private final TlsConnection connection;
    private final TlsProtocol lower;
    private final TlsConfig config;
    private EventLoop loop;
    private Transport below;
    private TimerHandle timer;
    private long sentBefore; // when it was armed
    private Throwable cause;
    private boolean eofTold;
    private boolean belowEnded;

    TlsEnding(TlsConnection connection, TlsProtocol lower, TlsConfig config) {
        this.connection = connection;
        this.lower = lower;
        this.config = config;
    }

    void begin(Transport transport) {
        below = transport;
        loop = transport.loop();
        arm(config.handshakeTimeout());
    }

    void handshakeDone() {
        disarm();
    }

    // --------------------------------------------------------------------------------------- the peer's end

    /** The peer's close_notify has come, after all its data; said again whenever something has changed. */
    void peerClosed() {
        switch (connection.state()) {
            case WRAPPED -> {
                if (connection.wantsData()) { // else once it does: a pause is for the end too
                    tellEof();
                }
            }
            case SHUTDOWN -> end();
            case HANDSHAKE -> lose(new SSLHandshakeException(
                    below.remoteAddress() + " closed the connection during the TLS handshake"));
            default -> {}
        }
    }

    private void tellEof() {
        if (eofTold) {
            return;
        }
        eofTold = true;
        boolean keepOpen;
        try {
            keepOpen = connection.application().eofReceived();
        } catch (Throwable t) { // the user's code
            fatal(t);
            return;
        }
        // Before 1.3 the answer to a close_notify is to close (RFC 5246, 7.2.1), and the JDK's engine insists
        if (!keepOpen || !connection.isTls13() || connection.upper().isEofSent()) {
            close();
        }
    }

    /** Whether the application was told of the peer's end. */
    boolean isEofTold() {
        return eofTold;
    }

    /** The transport below has no more to read. */
    void belowEnded() {
        belowEnded = true;
        switch (connection.state()) {
            case UNWRAPPED, HANDSHAKE -> cut(new SSLHandshakeException(
                    below.remoteAddress() + " closed the connection during the TLS handshake"));
            case WRAPPED -> {
                if (!connection.isPeerClosed()) {
                    cut(new TlsTruncatedException(below.remoteAddress()
                            + " ended the connection without close_notify; what it sent may be cut short"));
                }
            }
            case SHUTDOWN -> end();
            default -> {} // FLUSHING: it may still read what we have to send
        }
    }

    /**
     * TLS 1.2 only. The engine would begin a handshake that costs us more than the peer, and in its middle
     * could change who that is (RFC 5746); TLS 1.3 has done away with it. There is no way to let the engine
     * say no_renegotiation, so the answer is the end.
     */
    void refuseRenegotiation() throws SSLException {
        if (!connection.upper().hasQueued()) { // else the goodbye would make the torso look complete
            connection.engine().closeOutbound();
            connection.writer().sendOwn();
        }
        lose(new SSLHandshakeException(below.remoteAddress()
                + " asked for a renegotiation, which is refused; TLS 1.3 has none"));
    }

    /** TLS 1.2: if the alert is close_notify, this is the last chance for what is queued. */
    void flushBeforeAlert() {
        connection.writer().urgent(true);
        connection.upper().flush();
        connection.writer().urgent(false);
    }

    // ---------------------------------------------------------------------------------------------- our end

    /** The application wants to end: first what is queued, then close_notify, then the peer's. */
    void close() {
        if (connection.state() != TlsState.WRAPPED) {
            return;
        }
        connection.to(TlsState.FLUSHING);
        arm(config.shutdownTimeout());
        connection.upper().in().drop();
        flushed();
        loop.callSoon(lower::goOn); // what is here already is dropped, up to the peer's close_notify
    }

    /** What was queued is handed down. */
    void flushed() {
        if (connection.state() == TlsState.FLUSHING && !connection.upper().hasQueued()) {
            connection.to(TlsState.SHUTDOWN);
            sendCloseNotify();
            if (connection.state() == TlsState.SHUTDOWN && (connection.isPeerClosed() || belowEnded)) {
                end();
            }
        }
    }

    private void sendCloseNotify() {
        attempt(() -> {
            connection.engine().closeOutbound();
            connection.writer().sendOwn();
            connection.proceed(); // a task may be due before
        });
    }

    /** TLS 1.3: our direction has ended, the peer's may go on. */
    void sendEof() {
        sendCloseNotify();
        if (eofTold) {
            close();
        }
    }

    /** Everything is said: the transport below sends what it still has, and closes. */
    private void end() {
        if (connection.state().isOver()) {
            return;
        }
        boolean closing = connection.state().isClosing();
        leave(TlsState.ENDING);
        if (!closing) { // else the time runs already
            arm(config.shutdownTimeout());
        }
        below.close();
    }

    // --------------------------------------------------------------------------------------------- failures

    /** Takes a step; its failure ends the connection. */
    void attempt(Step step) {
        try {
            step.run();
        } catch (IOException e) {
            fail(e);
        } catch (RuntimeException e) {
            fatal(e);
        }
    }

    /** The peer gets the engine's alert, if the failure was the engine's, and no goodbye otherwise. */
    void fail(IOException failure) {
        if (connection.state().isOver()) {
            return;
        }
        if (connection.engine() != null && connection.engine().mayExplainFailure()) {
            try {
                connection.engine().closeOutbound();
                connection.writer().sendOwn();
            } catch (SSLException | RuntimeException e) {
                failure.addSuppressed(e);
            }
        }
        lose(failure);
    }

    /** The peer has left in the middle: there is nobody to wait for. */
    private void cut(IOException failure) {
        note(failure);
        abort();
    }

    /** The connection has failed; what was said about it to the peer is still sent. */
    private void lose(IOException failure) {
        note(failure);
        end();
    }

    /** Code has thrown that should not: the connection ends, and the exception handler hears of it. */
    void fatal(Throwable thrown) {
        abandon(thrown, "Fatal error on transport");
    }

    /** The same; with null for a message nobody hears of it, since somebody else does. */
    void abandon(Throwable thrown, String message) {
        if (connection.state().isOver()) {
            return;
        }
        note(thrown);
        abort();
        if (message != null) {
            connection.report(message, thrown);
        }
    }

    /** The end, now, in every state. */
    void abort() {
        leave(TlsState.ENDING);
        below.abort();
    }

    /** Nobody reads or writes any more, also within the call that is under way. */
    private void leave(TlsState next) {
        if (connection.state().ordinal() < next.ordinal()) {
            connection.to(next);
        }
        if (connection.isMade()) {
            connection.upper().over(cause);
        }
    }

    private void note(Throwable failure) {
        if (cause == null) {
            cause = failure;
        }
    }

    /** The transport below is gone: the end, in every state. */
    void lost(Throwable causeBelow) {
        disarm();
        note(causeBelow);
        leave(TlsState.CLOSED);
        connection.lost(cause);
    }

    private void arm(Duration timeout) {
        disarm();
        sentBefore = below.sentBytes();
        timer = loop.callLater(timeout, this::timedOut);
    }

    private void disarm() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }

    private void timedOut() {
        timer = null;
        boolean shaking = connection.state().ordinal() < TlsState.WRAPPED.ordinal();
        if (!shaking && below.hasUnsent() && below.sentBytes() - sentBefore >= LEAST_BYTES) {
            arm(config.shutdownTimeout()); // slow, but going on: asyncio would cut what is sent short
            return;
        }
        note(new SocketTimeoutException(shaking
                ? "TLS handshake with " + below.remoteAddress() + " is taking longer than "
                        + config.handshakeTimeout() + ": aborting the connection"
                : "TLS shutdown with " + below.remoteAddress() + " timed out after "
                        + config.shutdownTimeout()));
        abort();
    }
}
