package io.jvloop.http;

import io.jvloop.buffer.BufferPool;
import io.jvloop.buffer.ByteQueue;
import io.jvloop.loop.ExceptionContext;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Transport;
import java.nio.ByteBuffer;

/**
 * What a client has sent before it can be looked at: further requests of a pipeline, or a body that nobody
 * has asked for. Loop thread.
 *
 * <p>Reading goes on for a while, since only who reads notices that a client has gone away. What is kept is
 * less than 64 KiB, and what one read brings on top, 256 KiB at most.
 */
final class Backlog {
    /** Reading stops when more than this is kept. */
    private static final int READ_AHEAD_BYTES = 64 * 1024;

    private final BufferPool pool;
    private ByteQueue queue; // null until needed, which for most connections is never
    private boolean readingPaused;

    Backlog(BufferPool pool) {
        this.pool = pool;
    }

    boolean isEmpty() {
        return queue == null || queue.isEmpty();
    }

    private long size() {
        return queue == null ? 0 : queue.size();
    }

    void append(ByteBuffer data) {
        if (queue == null) {
            queue = new ByteQueue(pool);
        }
        queue.append(data);
    }

    /** Lets the dialogue take what it can take. */
    void pump(Dialogue dialogue, Transport transport) {
        long before = 0;
        while (size() > 0 && size() != before) {
            before = size();
            ByteBuffer piece = Outlet.acquire(pool, (int) Math.min(before, READ_AHEAD_BYTES), transport);
            try {
                int bytes = (int) Math.min(before, piece.remaining());
                queue.copyTo(piece, bytes);
                dialogue.parse(piece.flip());
                queue.skip((int) Math.min(piece.position(), size())); // nothing is left after an abort
            } finally {
                pool.release(piece);
            }
        }
    }

    /** Reads on, or lets the client wait. */
    void updateReading(Transport transport, boolean wanted) {
        boolean pause = !wanted && size() >= READ_AHEAD_BYTES;
        if (pause != readingPaused) {
            readingPaused = pause;
            if (pause) {
                transport.pauseReading();
            } else {
                transport.resumeReading();
            }
        }
    }

    /** The connection is another protocol's now, and so is what has come. It is called as transports do. */
    void handOver(Transport transport, Protocol next, boolean peerEnded) {
        ByteBuffer early = ByteBuffer.allocate((int) size());
        if (size() > 0) {
            queue.copyTo(early, early.remaining());
            queue.clear();
        }
        transport.setProtocol(next);
        transport.resumeReading();
        try {
            next.connectionMade(transport);
        } catch (Throwable t) { // the user's code; not fatal
            report("protocol.connectionMade() failed", t, transport);
        }
        try {
            if (early.flip().hasRemaining() && !transport.isClosing()) {
                next.dataReceived(early);
            }
            if (peerEnded && !transport.isClosing() && !next.eofReceived()) {
                transport.close();
            }
        } catch (Throwable t) { // the user's code; as from the transport, fatal
            report("protocol.dataReceived() failed", t, transport);
            transport.abort();
        }
    }

    private static void report(String what, Throwable failure, Transport transport) {
        transport.loop()
                .callExceptionHandler(ExceptionContext.of(what, failure).with("transport", transport));
    }

    void clear() {
        readingPaused = false;
        if (queue != null) {
            queue.clear();
        }
    }
}
