package io.jvloop.transport;

import io.jvloop.buffer.BufferPool;
import io.jvloop.buffer.ByteQueue;
import io.jvloop.loop.EventLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.GatheringByteChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * The bytes on their way out of one channel: straight through while the channel takes them, queued from the
 * first one it refuses. Loop thread. It calls nobody: its owner looks at {@link #hasQueued} and waits until
 * the channel takes more, for a socket with OP_WRITE.
 *
 * <p>Public, as {@link FlowControl} is, because every transport needs it, those of other packages too. Such a
 * "channel" need not be one of the system: TLS gives it one that encrypts.
 */
public final class WriteSide {
    /** A heap buffer goes through a pooled one of at most this size. */
    private static final int COPY_BYTES = 64 * 1024;

    /** Small files per readiness event: a thousand of them in a row would be a thousand system calls. */
    private static final int FILES = 16;

    private final BufferPool pool;
    private final GatheringByteChannel channel;
    private final boolean takesHeap;

    /** Null until the channel first refuses something: ten thousand quick connections need no queue. */
    private ByteQueue queue;

    /** What follows the queue: files, each with the bytes written after it. Null until the first file. */
    private Deque<FileSend> files;

    /** The sum of what was written after each of the files. */
    private long behindFiles;

    private long sentBytes;

    WriteSide(BufferPool pool, GatheringByteChannel channel) {
        this(pool, channel, false);
    }

    /**
     * Starts with nothing queued.
     *
     * @param pool where the queue gets its buffers
     * @param channel takes bytes, or fewer, or none
     * @param takesHeap whether it gets heap buffers as they are; a channel of the JDK had better not, see
     *             {@link BufferPool}
     */
    public WriteSide(BufferPool pool, GatheringByteChannel channel, boolean takesHeap) {
        this.pool = pool;
        this.channel = channel;
        this.takesHeap = takesHeap;
    }

    /** {@return whether anything waits, bytes or a file} */
    public boolean hasQueued() {
        return queue != null && !queue.isEmpty() || hasFiles();
    }

    private boolean hasFiles() {
        return files != null && !files.isEmpty();
    }

    /** {@return the bytes that wait in memory; those of files are none} */
    public long queuedBytes() {
        return behindFiles + (queue == null ? 0 : queue.size());
    }

    /** {@return the bytes that the channel has taken since the beginning, those of files too} */
    public long sentBytes() {
        return sentBytes;
    }

    /**
     * Writes through, or queues.
     *
     * @param data borrowed; all of it is taken, also when this throws
     * @throws IOException if the channel fails, or there is no memory for the rest: the stream is torn then
     */
    public void write(ByteBuffer data) throws IOException {
        try {
            if (hasQueued()) {
                append(data);
            } else if (data.isDirect() || takesHeap) {
                sentBytes += channel.write(data);
                append(data);
            } else if (data.hasRemaining()) {
                writeCopies(data);
            }
        } catch (IllegalStateException e) { // half a message may be out: what follows would be garbage
            throw new IOException("cannot queue what the peer does not take", e);
        } finally {
            data.position(data.limit());
        }
    }

    /**
     * Writes several buffers in order; one call of the channel's if nothing is queued.
     *
     * @param parts borrowed; all of them are taken
     * @throws IOException as for {@link #write}
     */
    public void writeAll(ByteBuffer... parts) throws IOException {
        boolean wasIdle = !hasQueued();
        boolean straight = areDirect(parts) || takesHeap;
        try {
            if (wasIdle && straight) {
                writeStraight(parts);
            }
            for (ByteBuffer part : parts) {
                append(part);
            }
            if (wasIdle && !straight && hasQueued()) {
                sentBytes += queue.flush(channel);
            }
        } catch (IllegalStateException e) { // as in write
            throw new IOException("cannot queue what the peer does not take", e);
        } finally {
            for (ByteBuffer part : parts) {
                part.position(part.limit());
            }
        }
    }

    /** Whether there is no heap buffer among them. */
    private static boolean areDirect(ByteBuffer... parts) {
        boolean direct = true;
        for (ByteBuffer part : parts) {
            direct &= Objects.requireNonNull(part, "a part is null, so none was written").isDirect();
        }
        return direct;
    }

    /** As they are; nothing, if there is nothing. */
    private void writeStraight(ByteBuffer... parts) throws IOException {
        for (ByteBuffer part : parts) {
            if (part.hasRemaining()) {
                sentBytes += channel.write(parts);
                return;
            }
        }
    }

    /**
     * Sends a part of a file after everything that was written before.
     *
     * @param loop whose thread this is
     * @param file as for {@link WriteTransport#sendFile(FileChannel, long, long)}
     * @param offset as there
     * @param count as there
     * @return as there
     * @throws IOException as for {@link #write}; the future has failed then, or will with {@link #clear}
     */
    public CompletableFuture<Long> sendFile(EventLoop loop, FileChannel file, long offset, long count)
            throws IOException {
        FileSend send = new FileSend(loop, file, offset, count);
        sendFile(send);
        return send.result();
    }

    /**
     * The answer for a file that comes too late.
     *
     * @param loop whose thread this is
     * @param file as for {@link #sendFile}
     * @param offset as there
     * @param count as there
     * @param cause why it is not sent
     * @return a future that fails in a later turn, with a {@link SendFileException}
     */
    public static CompletableFuture<Long> refuseFile(EventLoop loop, FileChannel file, long offset,
            long count, Throwable cause) {
        FileSend send = new FileSend(loop, file, offset, count);
        send.fail(cause);
        return send.result();
    }

    void sendFile(FileSend file) throws IOException {
        boolean wasIdle = !hasQueued();
        if (files == null) {
            files = new ArrayDeque<>();
        }
        files.add(file);
        if (wasIdle) {
            flush();
        }
    }

    /**
     * Sends of what is queued as much as one system call does; with files, one call for each piece.
     *
     * @throws IOException as for {@link #write}
     */
    public void flush() throws IOException {
        if (queue != null && !queue.isEmpty()) {
            sentBytes += queue.flush(channel);
        }
        for (int sent = 0; sent < FILES && filesAreNext() && transfer(files.peek()); sent++) {
            FileSend file = files.poll();
            if (file.bytesAfter() > 0) {
                behindFiles -= file.bytesAfter();
                queue = file.after();
                sentBytes += queue.flush(channel);
            }
        }
    }

    private boolean transfer(FileSend file) throws IOException {
        long before = file.sent();
        boolean over = file.transfer(channel);
        sentBytes += file.sent() - before;
        return over;
    }

    private boolean filesAreNext() {
        return hasFiles() && (queue == null || queue.isEmpty());
    }

    /**
     * The connection is over: drops what is queued; whoever waits for a file learns the cause.
     *
     * @param cause why, or null for no failure
     */
    public void clear(Throwable cause) {
        if (queue != null) {
            queue.clear();
        }
        while (hasFiles()) {
            files.poll().fail(cause);
        }
        behindFiles = 0;
    }

    /**
     * Given the heap buffer itself, the JDK would copy all of it into hidden direct memory, and keep that for
     * the thread's life.
     */
    private void writeCopies(ByteBuffer data) throws IOException {
        ByteBuffer copy = pool.acquire(Math.min(data.remaining(), COPY_BYTES));
        try {
            while (data.hasRemaining()) {
                int bytes = Math.min(copy.capacity(), data.remaining());
                copy.clear().put(0, data, data.position(), bytes).limit(bytes);
                data.position(data.position() + bytes);
                sentBytes += channel.write(copy);
                if (copy.hasRemaining()) {
                    append(copy);
                    append(data);
                }
            }
        } finally {
            pool.release(copy);
        }
    }

    /** Queues it, if it is anything, behind everything else. */
    private void append(ByteBuffer data) {
        if (hasFiles()) {
            behindFiles += data.remaining();
            files.peekLast().after().append(data);
        } else if (data.hasRemaining()) {
            queue().append(data);
        }
    }

    private ByteQueue queue() {
        if (queue == null) {
            queue = new ByteQueue(pool);
        }
        return queue;
    }

    @Override
    public String toString() {
        return queuedBytes() + " bytes queued" + (hasFiles() ? ", " + files.size() + " file(s) queued" : "");
    }
}
