package io.jvloop.http;

import io.jvloop.buffer.BufferPool;
import io.jvloop.buffer.ByteQueue;
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

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

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

    /** Lets the dialogue take what it can take; if there is nothing, the end of a body: it has no bytes. */
    void pump(Dialogue dialogue) {
        if (dialogue.exchange().isOpen()) {
            dialogue.parse(NOTHING);
        }
        int taken = 1;
        while (taken > 0 && !isEmpty() && dialogue.mayParse()) {
            ByteBuffer piece = queue.first();
            int bytes = piece.remaining();
            try {
                dialogue.parse(piece);
            } finally { // there may be no memory left; but what was taken must not come twice
                taken = bytes - piece.remaining();
                queue.skip(taken);
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

    /** All of it, for another protocol. */
    ByteBuffer takeAll() {
        ByteBuffer all = ByteBuffer.allocate((int) size());
        if (all.hasRemaining()) {
            queue.copyTo(all, all.remaining());
            queue.clear();
        }
        return all.flip();
    }

    void clear() {
        readingPaused = false;
        if (queue != null) {
            queue.clear();
        }
    }
}
