package io.jvloop.tls;

import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/**
 * Drives an {@code SSLEngine}, one record at a time, and knows its traps. Sans-IO; loop thread, but for the
 * tasks it hands out.
 *
 * <p>The traps, each with a test:
 * <ul>
 * <li>{@code wrap} may return 0/0 for ever, with status OK or CLOSED: a call that does not move anything is
 * the last of its loop.
 * <li>Once the peer has closed its side of TLS 1.3, NEED_WRAP is reported for ever, and obeying it makes
 * empty records without end. So it counts only before that.
 * <li>{@code unwrap} does nothing while a task or an answer is due, and says OK.
 * <li>BUFFER_OVERFLOW depends on the record at hand, not only on {@code getApplicationBufferSize}.
 * <li>The alert of a failure is made after the exception was thrown: somebody must ask for it.
 * <li>An alert in clear, where encrypted ones are due, is not understood: see {@link ClearAlert}.
 * <li>FINISHED is reported once, by whichever call happens to be the last one.
 * </ul>
 */
final class TlsEngine {
    /** Of {@link #open}: the plaintext needs more room than there is; nothing has happened. */
    static final int NO_ROOM = -1;

    private static final ByteBuffer[] NOTHING = {ByteBuffer.allocate(0)};

    private final SSLEngine engine;
    private HandshakeStatus status = HandshakeStatus.NOT_HANDSHAKING;
    private boolean handshakeDone;
    private boolean peerClosed;
    private boolean closing;
    private boolean drained;
    private boolean stalled; // unwrap did nothing, and nothing has happened since

    TlsEngine(SSLEngine engine) {
        this.engine = engine;
    }

    SSLEngine engine() {
        return engine;
    }

    /** Starts the handshake. */
    void begin() throws SSLException {
        engine.beginHandshake();
        refresh();
    }

    /** Whether both sides have finished the first handshake. */
    boolean isHandshakeDone() {
        return handshakeDone;
    }

    /** Whether the peer's close_notify has come. */
    boolean isPeerClosed() {
        return peerClosed;
    }

    /** Whether a task must be run before anything else can be done. */
    boolean needsTask() {
        return status == HandshakeStatus.NEED_TASK;
    }

    /** The task to run, on any thread; then {@link #taskDone}. Null if there is none after all. */
    Runnable task() throws SSLException {
        Runnable task = engine.getDelegatedTask();
        if (task == null) {
            refresh();
            if (needsTask()) {
                throw new SSLException("the TLS engine makes no progress: it wants a task run and has none");
            }
        }
        return task;
    }

    /** Throws what a task has thrown, if that was no alert: else only the next record would show it. */
    void taskDone() throws SSLException {
        stalled = false;
        refresh();
        if (status == HandshakeStatus.NEED_UNWRAP) {
            unwrap(NOTHING[0], NOTHING[0]);
            refresh();
        }
    }

    /** Whether the engine has something of its own to say: handshake messages, answers, alerts. */
    boolean needsToSend() {
        if (closing) {
            return !drained && !engine.isOutboundDone();
        }
        return status == HandshakeStatus.NEED_WRAP && !peerClosed;
    }

    /** From now on the engine has nothing to say but its close_notify, or the alert of its failure. */
    void closeOutbound() {
        closing = true;
        engine.closeOutbound();
        refresh();
    }

    /**
     * Whether, after a failure, there is something to say: the alert, if the engine itself has failed, or in
     * a handshake that there is none any more. A close_notify would make torn data look complete.
     */
    boolean mayExplainFailure() {
        return !handshakeDone || engine.isInboundDone() && !peerClosed;
    }

    /**
     * Decrypts one record.
     *
     * @param record from position to limit; its content is destroyed
     * @param plain gets what was in it, if that was data
     * @return bytes consumed, or {@link #NO_ROOM}
     */
    int open(ByteBuffer record, ByteBuffer plain) throws SSLException {
        int length = record.remaining();
        SSLEngineResult result = unwrap(record, plain);
        switch (result.getStatus()) {
            case BUFFER_OVERFLOW -> {
                return NO_ROOM;
            }
            case BUFFER_UNDERFLOW -> throw new SSLException("not a TLS record: " + length
                    + " bytes that look like one, of which the engine wants more");
            case CLOSED -> peerClosed = true;
            default -> {}
        }
        note(result);
        boolean idle = result.bytesConsumed() == 0 && !peerClosed;
        if (idle && (stalled || !needsTask() && !needsToSend())) {
            throw noProgress(result);
        }
        stalled = idle;
        return result.bytesConsumed();
    }

    /** Some nonsense of a peer the JDK answers with a {@code ClassCastException}: no error of ours. */
    private SSLEngineResult unwrap(ByteBuffer record, ByteBuffer plain) throws SSLException {
        int alert = handshakeDone ? ClearAlert.NONE : ClearAlert.in(record);
        try {
            return engine.unwrap(record, plain);
        } catch (SSLException e) {
            throw ClearAlert.explain(e, alert);
        } catch (RuntimeException e) {
            throw new SSLException("the TLS engine has failed: " + e.getMessage(), e);
        }
    }

    /** Encrypts what fits into one record; returns the bytes taken of the sources, which have some. */
    int seal(ByteBuffer[] sources, int offset, int length, ByteBuffer record) throws SSLException {
        SSLEngineResult result;
        try {
            result = engine.wrap(sources, offset, length, record);
        } catch (RuntimeException e) { // half a message may be out, and write() must not throw
            throw new SSLException("the TLS engine cannot encrypt", e);
        }
        if (result.getStatus() == SSLEngineResult.Status.BUFFER_OVERFLOW) {
            return NO_ROOM;
        }
        note(result);
        if (result.bytesConsumed() + result.bytesProduced() == 0) {
            throw result.getStatus() == SSLEngineResult.Status.CLOSED // before 1.3 the peer's end is ours too
                    ? new SSLException("the peer ended the connection before everything was sent")
                    : noProgress(result);
        }
        return result.bytesConsumed();
    }

    /** Makes one record of what the engine itself has to say; true unless there was nothing. */
    boolean sealOwn(ByteBuffer record) throws SSLException {
        SSLEngineResult result = wrapOwn(record);
        if (result.getStatus() == SSLEngineResult.Status.BUFFER_OVERFLOW) {
            throw new SSLException("the TLS engine wants more than " + record.remaining()
                    + " bytes for a record: " + engine.getSession().getPacketBufferSize());
        }
        note(result);
        if (result.bytesProduced() > 0) {
            stalled = false;
        } else {
            drained = closing && !needsTask(); // with a task due the goodbye comes after it
            if (status == HandshakeStatus.NEED_WRAP) {
                status = HandshakeStatus.NOT_HANDSHAKING; // it says so, and does not mean it
            }
        }
        return result.bytesProduced() > 0;
    }

    /** What a task has thrown may come out here. */
    private SSLEngineResult wrapOwn(ByteBuffer record) throws SSLException {
        try {
            return engine.wrap(NOTHING, record);
        } catch (RuntimeException e) {
            throw new SSLException("the TLS engine has failed: " + e.getMessage(), e);
        }
    }

    /** How long a record may become. */
    int packetBufferSize() {
        return engine.getSession().getPacketBufferSize();
    }

    private void note(SSLEngineResult result) {
        status = result.getHandshakeStatus();
        boolean moved = result.bytesConsumed() + result.bytesProduced() > 0;
        if (status == HandshakeStatus.FINISHED) {
            handshakeDone = true;
            refresh();
        } else if (handshakeDone && result.bytesProduced() == 0 && moved) {
            refresh(); // no data but a message: an answer may be due that the result does not tell of
        }
    }

    private void refresh() {
        status = engine.getHandshakeStatus();
    }

    private static SSLException noProgress(SSLEngineResult result) {
        return new SSLException("the TLS engine makes no progress: " + result.toString().replace('\n', ' '));
    }

    @Override
    public String toString() {
        return status + (peerClosed ? ", closed by the peer" : "") + (closing ? ", closed by us" : "");
    }
}
