package io.jvloop.transport;

import io.jvloop.buffer.BufferPool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Objects;

/**
 * A part of a file on its way into a channel, and how far it has come. Loop thread.
 *
 * <p>To a socket the kernel moves the bytes itself ({@code transferTo} is {@code sendfile} there). Other
 * channels get copies through a pooled buffer. Why not {@code transferTo} for them too: what it cannot send
 * directly it maps into memory, and if the file is cut short meanwhile, the access to what is no longer there
 * is an {@code InternalError}.
 */
final class FilePart {
    /** {@code count} of somebody who wants all there is. */
    static final long TO_THE_END = Long.MAX_VALUE;

    /** Per readiness event: a peer that reads as fast as the kernel sends would keep the loop for itself. */
    private static final int TURN_BYTES = 1024 * 1024;

    private static final int COPY_BYTES = 64 * 1024;

    private final BufferPool pool;
    private final FileChannel file;
    private long position;
    private long left;
    private long sent;

    /** Refuses at once what cannot be sent. */
    FilePart(BufferPool pool, FileChannel file, long offset, long count) {
        if (offset < 0) {
            throw new IllegalArgumentException("offset must be >= 0, not " + offset);
        }
        if (count < 1) {
            throw new IllegalArgumentException("count must be > 0, not " + count
                    + "; Long.MAX_VALUE is all there is");
        }
        requireReadable(Objects.requireNonNull(file, "file"));
        this.pool = pool;
        this.file = file;
        this.position = offset;
        this.left = Math.min(count, Long.MAX_VALUE - offset); // no file goes on there, and nothing overflows
    }

    /** By reading a byte: folders and FIFOs can be opened for reading too, but not read at a position. */
    private static void requireReadable(FileChannel file) {
        boolean interrupted = Thread.interrupted();
        try {
            file.read(ByteBuffer.allocate(1), 0);
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot read the file to send: " + e, e);
        } finally {
            restore(interrupted);
        }
    }

    long sent() {
        return sent;
    }

    /** Sends as much as the channel takes at once; true if that was the end, of the part or of the file. */
    boolean transfer(WritableByteChannel channel) throws IOException {
        boolean interrupted = Thread.interrupted(); // with the flag set the JDK closes the file for all
        try {
            return channel instanceof SocketChannel ? send(channel) : copy(channel);
        } finally {
            restore(interrupted);
        }
    }

    private static void restore(boolean interrupted) {
        if (interrupted) {
            Thread.currentThread().interrupt(); // for the loop to report
        }
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
        ByteBuffer buffer = pool.acquire(COPY_BYTES);
        try {
            for (int copied = 0; copied < TURN_BYTES && left > 0; copied += COPY_BYTES) {
                buffer.clear().limit((int) Math.min(left, COPY_BYTES));
                int count = file.read(buffer, position);
                if (count < 0) {
                    return true;
                }
                int taken = channel.write(buffer.flip());
                if (!channel.isOpen()) {
                    return false; // it has failed, and says so elsewhere: what it took nobody gets
                }
                advance(taken);
                if (taken < count) {
                    return false; // the rest is read again when there is room
                }
            }
            return left == 0;
        } finally {
            pool.release(buffer);
        }
    }

    private void advance(long count) {
        position += count;
        left -= count;
        sent += count;
    }

    /** A closed file's own exception has no message, and would be taken for that of a closed socket. */
    IOException describe(Exception e) {
        if (!file.isOpen()) {
            return new IOException("the file was closed while it was being sent", e);
        }
        return e instanceof IOException failure ? failure : new IOException("cannot send the file: " + e, e);
    }

    /** asyncio's rule; a file that is sent to several peers does not need it. */
    void leavePosition() {
        boolean interrupted = Thread.interrupted();
        try {
            file.position(position);
        } catch (IOException | RuntimeException closed) {
            // then nobody can ask for it
        } finally {
            restore(interrupted);
        }
    }
}
