package io.jvloop.transport;

import io.jvloop.buffer.BufferPool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;

/**
 * The bytes on their way out of one channel: straight through while the channel takes them, queued from the
 * first one it refuses. Loop thread. It calls nobody: its owner looks at {@link #hasQueued} and arms
 * OP_WRITE.
 */
final class WriteSide {
    /** A heap buffer goes through a pooled one of at most this size. */
    private static final int COPY_BYTES = 64 * 1024;

    /** Small files per readiness event: a thousand of them in a row would be a thousand system calls. */
    private static final int FILES = 16;

    private final BufferPool pool;
    private final GatheringByteChannel channel;

    /** Null until the channel first refuses something: ten thousand quick connections need no queue. */
    private WriteQueue queue;

    /** What follows the queue: files, each with the bytes written after it. Null until the first file. */
    private Deque<FileSend> files;

    /** The sum of what was written after each of the files. */
    private long behindFiles;

    WriteSide(BufferPool pool, GatheringByteChannel channel) {
        this.pool = pool;
        this.channel = channel;
    }

    boolean hasQueued() {
        return queue != null && !queue.isEmpty() || hasFiles();
    }

    private boolean hasFiles() {
        return files != null && !files.isEmpty();
    }

    /** Bytes in memory; those of files are none. */
    long queuedBytes() {
        return behindFiles + (queue == null ? 0 : queue.size());
    }

    /** Takes all of {@code data}, also when it throws. */
    void write(ByteBuffer data) throws IOException {
        try {
            if (hasQueued()) {
                append(data);
            } else if (data.isDirect()) {
                channel.write(data);
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

    /** Takes all parts; one system call if nothing is queued. */
    void writeAll(ByteBuffer... parts) throws IOException {
        boolean wasIdle = !hasQueued();
        for (ByteBuffer part : parts) {
            Objects.requireNonNull(part, "a part is null, so none was written");
        }
        try {
            for (ByteBuffer part : parts) {
                append(part);
            }
        } catch (IllegalStateException e) { // as in write
            throw new IOException("cannot queue what the peer does not take", e);
        }
        if (wasIdle && hasQueued()) {
            queue.flush(channel);
        }
    }

    /** Sends a part of a file after everything that was written before. */
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

    /** Sends of what is queued as much as one system call does; with files, one call for each piece. */
    void flush() throws IOException {
        if (queue != null && !queue.isEmpty()) {
            queue.flush(channel);
        }
        for (int sent = 0; sent < FILES && filesAreNext() && files.peek().transfer(channel); sent++) {
            FileSend file = files.poll();
            if (file.bytesAfter() > 0) {
                behindFiles -= file.bytesAfter();
                queue = file.after();
                queue.flush(channel);
            }
        }
    }

    private boolean filesAreNext() {
        return hasFiles() && (queue == null || queue.isEmpty());
    }

    /** The connection is over; whoever waits for a file learns the cause. */
    void clear(Throwable cause) {
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
                channel.write(copy);
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

    private WriteQueue queue() {
        if (queue == null) {
            queue = new WriteQueue(pool);
        }
        return queue;
    }

    @Override
    public String toString() {
        return queuedBytes() + " bytes queued" + (hasFiles() ? ", " + files.size() + " file(s) queued" : "");
    }
}
