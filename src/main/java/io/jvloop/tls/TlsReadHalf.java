package io.jvloop.tls;

import io.jvloop.buffer.BufferPool;
import io.jvloop.buffer.ByteQueue;
import io.jvloop.loop.EventLoop;
import io.jvloop.transport.BufferedProtocol;
import io.jvloop.transport.ReceiveBuffer;
import java.nio.ByteBuffer;

/**
 * Plaintext on its way to the application, and whether that wants any. A pause stops the decryption; what is
 * decrypted already is kept only for a {@link BufferedProtocol} that pauses in the middle. Loop thread.
 */
final class TlsReadHalf {
    private final TlsConnection connection;
    private final EventLoop loop;
    private ByteQueue kept; // null until there is something to keep
    private boolean paused;
    private boolean resumeScheduled;

    TlsReadHalf(TlsConnection connection, EventLoop loop) {
        this.connection = connection;
        this.loop = loop;
    }

    /** Whether more may be decrypted. */
    boolean wantsData() {
        return !paused && !holdsPlaintext() && !connection.upper().isClosing();
    }

    boolean holdsPlaintext() {
        return kept != null && !kept.isEmpty();
    }

    boolean isReading() {
        return !paused && !connection.upper().isClosing() && !connection.ending().isEofTold();
    }

    /** Hands plaintext to the application. */
    void deliver(ByteBuffer plain) {
        try {
            while (plain.hasRemaining() && isReading()) {
                if (connection.application() instanceof BufferedProtocol receiver) {
                    fill(receiver, plain);
                } else {
                    connection.application().dataReceived(plain);
                    return;
                }
            }
            if (plain.hasRemaining() && !connection.upper().isClosing()) {
                keep(plain);
            }
        } catch (Throwable t) { // the user's code
            connection.ending().fatal(t);
        }
    }

    private void fill(BufferedProtocol receiver, ByteBuffer plain) {
        ByteBuffer target = ReceiveBuffer.of(receiver);
        if (!isReading() || connection.application() != receiver) {
            return; // getBuffer itself paused or closed, or another protocol is to read
        }
        int count = Math.min(target.remaining(), plain.remaining());
        target.put(target.position(), plain, plain.position(), count);
        target.position(target.position() + count);
        plain.position(plain.position() + count);
        receiver.bufferUpdated(count);
    }

    private void keep(ByteBuffer plain) {
        if (kept == null) {
            kept = new ByteQueue(loop.buffers());
        }
        kept.append(plain);
    }

    /** Nobody wants it any more. */
    void drop() {
        if (kept != null) {
            kept.clear();
        }
    }

    void pause() {
        paused = true;
    }

    /** Goes on in the next turn: {@code dataReceived} must not be called from inside this call. */
    void resume() {
        if (paused && !resumeScheduled && connection.state() == TlsState.WRAPPED) {
            resumeScheduled = true;
            loop.callSoon(this::resumed);
        }
        paused = false;
    }

    private void resumed() {
        resumeScheduled = false;
        connection.ending().attempt(() -> {
            if (!paused && holdsPlaintext()) {
                deliverKept();
            }
        });
        connection.wanted();
    }

    private void deliverKept() {
        ByteBuffer plain = loop.buffers().acquire(BufferPool.MAX_BYTES);
        try {
            int count = (int) Math.min(kept.size(), plain.remaining());
            kept.copyTo(plain, count);
            kept.skip(count);
            deliver(plain.flip());
        } finally {
            loop.buffers().release(plain);
        }
    }

    @Override
    public String toString() {
        return (paused ? ", reading paused" : "")
                + (holdsPlaintext() ? ", " + kept.size() + " bytes kept" : "");
    }
}
