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
 * channels, and files that do not know their size (those of /proc say 0), get copies through a pooled buffer.
 */
final class FileSend {
    /** {@code count} of somebody who wants all there is. */
    static final long TO_THE_END = Long.MAX_VALUE;

    private static final int COPY_BYTES = 64 * 1024;

    /** Copies per readiness event: a megabyte, then the others have their turn. */
    private static final int COPIES = 16;

    private final EventLoop loop;
    private final FileChannel file;
    private final boolean sizeless;
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
        this.loop = loop;
        this.file = Objects.requireNonNull(file, "file");
        this.sizeless = isSizeless(file);
        this.position = offset;
        this.left = count;
        this.result = loop.createFuture();
        result.whenComplete((bytes, failure) -> {
            if (result.isCancelled()) {
                Futures.onLoop(loop, this::cancelled);
            }
        });
    }

    /** Also finds out at once whether the file can be read at all. */
    private static boolean isSizeless(FileChannel file) {
        try {
            file.read(ByteBuffer.allocate(0), 0);
            return file.size() == 0;
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot read the file to send: " + e, e);
        }
    }

    /** How many bytes were sent, complete in a later turn; or a {@link SendFileException}. */
    CompletableFuture<Long> result() {
        return result;
    }

    /** What the channel has not taken yet stays in the file; what was written after it follows. */
    private void cancelled() {
        left = 0;
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
        boolean over = sizeless || !(channel instanceof SocketChannel) ? copy(channel) : send(channel);
        if (over) {
            finish(() -> result.complete(sent));
        }
        return over;
    }

    private boolean send(WritableByteChannel channel) throws IOException {
        if (left > 0) {
            advance(file.transferTo(position, left, channel));
        }
        return left == 0 || position >= file.size();
    }

    private boolean copy(WritableByteChannel channel) throws IOException {
        ByteBuffer buffer = loop.buffers().acquire(COPY_BYTES);
        try {
            for (int i = 0; i < COPIES && left > 0; i++) {
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
        } catch (IOException closed) {
            // then nobody wants to know
        }
        loop.callSoon((Runnable & AsynchronousCompletionTask) completion::run);
    }
}
