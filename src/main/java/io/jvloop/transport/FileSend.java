package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletableFuture.AsynchronousCompletionTask;

/**
 * A part of a file on its way out of a channel, and the bytes that were written after it. Loop thread.
 *
 * <p>To a socket the kernel moves the bytes itself ({@code transferTo} is {@code sendfile} there). Other
 * channels get copies through a pooled buffer.
 */
final class FileSend {
    /** {@code count} of somebody who wants all there is. */
    static final long TO_THE_END = Long.MAX_VALUE;

    /** Per readiness event: a peer that reads as fast as the kernel sends would keep the loop for itself. */
    private static final int TURN_BYTES = 1024 * 1024;

    private static final int COPY_BYTES = 64 * 1024;

    private final EventLoop loop;
    private final FileChannel file;
    private final CompletableFuture<Long> result;
    private long position;
    private long left;
    private long sent;
    private WriteQueue after;

    FileSend(EventLoop loop, FileChannel file, long offset, long count) {
        if (offset < 0) {
            throw new IllegalArgumentException("offset must be >= 0, not " + offset);
        }
        if (count < 1) {
            throw new IllegalArgumentException("count must be > 0, not " + count
                    + "; to send all there is use sendFile(file)");
        }
        requireReadable(Objects.requireNonNull(file, "file"));
        this.loop = loop;
        this.file = file;
        this.position = offset;
        this.left = Math.min(count, Long.MAX_VALUE - offset); // no file goes on there, and nothing overflows
        this.result = loop.createFuture();
    }

    /** By reading a byte: folders and FIFOs can be opened for reading too, but not read at a position. */
    private static void requireReadable(FileChannel file) {
        try {
            file.read(ByteBuffer.allocate(1), 0);
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot read the file to send: " + e, e);
        }
    }

    /** How many bytes were sent, complete in a later turn; or a {@link SendFileException}. */
    CompletableFuture<Long> result() {
        return result;
    }

    /** The queue of what was written after this file. */
    WriteQueue after() {
        if (after == null) {
            after = new WriteQueue(loop.buffers());
        }
        return after;
    }

    long bytesAfter() {
        return after == null ? 0 : after.size();
    }

    /**
     * Sends as much as the channel takes at once.
     *
     * @return true if this was the end of it, so that what comes after may go; false if there is more to do
     * @throws IOException if the channel or the file fails. Either is the end of the connection: the peer has
     *             a torso and cannot tell it from the whole
     */
    boolean transfer(WritableByteChannel channel) throws IOException {
        boolean over;
        try {
            over = result.isDone() || (channel instanceof SocketChannel ? send(channel) : copy(channel));
        } catch (IOException | RuntimeException e) {
            if (!result.isDone()) {
                throw describe(e);
            }
            over = true; // cancelled on another thread, and the file closed there, while we were reading it
        }
        if (over) {
            finish(() -> result.complete(sent));
        }
        return over;
    }

    /**
     * The kernel sends nothing if the socket is full, but also at the end of a file that is not as long as it
     * says (those of /sys say 4096) or longer (those of /proc say 0). Only reading tells these apart.
     */
    private boolean send(WritableByteChannel socket) throws IOException {
        long count = file.transferTo(position, Math.min(left, TURN_BYTES), socket);
        if (count == 0) {
            return copy(socket);
        }
        advance(count);
        return left == 0 || position >= file.size();
    }

    private boolean copy(WritableByteChannel channel) throws IOException {
        ByteBuffer buffer = loop.buffers().acquire(COPY_BYTES);
        try {
            for (int copied = 0; copied < TURN_BYTES && left > 0; copied += COPY_BYTES) {
                buffer.clear().limit((int) Math.min(left, COPY_BYTES));
                int count = file.read(buffer, position);
                if (count < 0) {
                    return true;
                }
                int taken = channel.write(buffer.flip());
                advance(taken);
                if (taken < count) {
                    return false; // the rest is read again when there is room
                }
            }
            return left == 0;
        } finally {
            loop.buffers().release(buffer);
        }
    }

    /** A closed file's own exception has no message, and would be taken for that of a closed socket. */
    private IOException describe(Exception e) {
        if (!file.isOpen()) {
            return new IOException("the file was closed while it was being sent", e);
        }
        return e instanceof IOException failure ? failure : new IOException("cannot send the file: " + e, e);
    }

    private void advance(long count) {
        position += count;
        left -= count;
        sent += count;
    }

    /** The connection is over before the file was. */
    void fail(Throwable cause) {
        if (after != null) {
            after.clear();
        }
        finish(() -> result.completeExceptionally(new SendFileException(sent, cause)));
    }

    /** In a later turn, since the application's code that waits for it may write or close. */
    private void finish(Runnable completion) {
        try {
            file.position(position); // asyncio's rule; a file that is sent to several peers does not need it
        } catch (IOException | RuntimeException closed) {
            // then nobody wants to know
        }
        if (loop.isClosed()) {
            completion.run(); // there are no later turns
        } else {
            loop.callSoon((Runnable & AsynchronousCompletionTask) completion::run);
        }
    }
}
