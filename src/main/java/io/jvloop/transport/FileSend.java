package io.jvloop.transport;

import io.jvloop.buffer.ByteQueue;
import io.jvloop.loop.EventLoop;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletableFuture.AsynchronousCompletionTask;

/**
 * A part of a file among the bytes of a transport: its future, and what was written after it. Loop thread.
 */
final class FileSend {
    private final EventLoop loop;
    private final FilePart part;
    private final CompletableFuture<Long> result;
    private ByteQueue after;

    FileSend(EventLoop loop, FileChannel file, long offset, long count) {
        this.loop = loop;
        this.part = new FilePart(loop.buffers(), file, offset, count);
        this.result = loop.createFuture();
    }

    /** How many bytes were sent, complete in a later turn; or a {@link SendFileException}. */
    CompletableFuture<Long> result() {
        return result;
    }

    /** The bytes the channel has taken. */
    long sent() {
        return part.sent();
    }

    /** The queue of what was written after this file. */
    ByteQueue after() {
        if (after == null) {
            after = new ByteQueue(loop.buffers());
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
            over = result.isDone() || part.transfer(channel);
        } catch (IOException | RuntimeException e) {
            if (!result.isDone()) {
                throw part.describe(e);
            }
            over = true; // cancelled on another thread, and the file closed there, while we were reading it
        }
        if (over) {
            finish(() -> result.complete(part.sent()));
        }
        return over;
    }

    /** The connection is over before the file was. */
    void fail(Throwable cause) {
        if (after != null) {
            after.clear();
        }
        finish(() -> result.completeExceptionally(new SendFileException(part.sent(), cause)));
    }

    /** In a later turn, since the application's code that waits for it may write or close. */
    private void finish(Runnable completion) {
        part.leavePosition();
        if (loop.isClosed()) {
            completion.run(); // there are no later turns
        } else {
            loop.callSoon((Runnable & AsynchronousCompletionTask) completion::run);
        }
    }
}
