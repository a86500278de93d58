package io.jvloop.transport;

import io.jvloop.buffer.BufferPool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * Reads away what has arrived before a connection is closed in order.
 *
 * <p>If a socket is closed while its receive buffer holds unread bytes, TCP answers with a reset instead of a
 * FIN (RFC 2525, 2.17), and the reset makes the peer's kernel throw away what it has received but its program
 * has not yet read: our last answer. So the writing side is ended first and the input, as far as it is here,
 * read and dropped. It is bounded and does not wait, so a peer that goes on sending still gets its reset;
 * waiting for its end (nginx' lingering close) is for the protocol to decide, with {@code writeEof} and
 * {@code eofReceived}.
 */
final class InputDrain {
    /** 256 KiB at most. */
    private static final int READS = 4;
    private static final int READ_BYTES = 64 * 1024;

    private InputDrain() {
    }

    /**
     * Not into the scratch buffer: a protocol that closes from {@code dataReceived} is still looking at that.
     */
    static void beforeClose(SocketChannel channel, BufferPool pool) {
        ByteBuffer sink;
        try {
            sink = pool.acquire(READ_BYTES);
        } catch (IllegalStateException noMemory) { // a courtesy: the end itself must not depend on it
            return;
        }
        try {
            channel.shutdownOutput();
            int left = READS;
            while (left > 0 && channel.read(sink.clear()) > 0) {
                left--;
            }
        } catch (IOException gone) {
            // the peer was faster: with the connection reset there is nothing left to save
        } finally {
            pool.release(sink);
        }
    }
}
