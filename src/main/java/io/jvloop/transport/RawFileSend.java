package io.jvloop.transport;

import io.jvloop.buffer.BufferPool;
import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;

/**
 * The attempt that sends a part of a file: into a socket with {@code sendfile(2)}, into anything else through
 * a buffer. Loop thread.
 *
 * <p>Why not {@code transferTo} for the rest too: what it cannot send directly it maps into memory, and if
 * the file is cut short meanwhile, the access to what is no longer there is an {@code InternalError}.
 */
final class RawFileSend implements RawOperation.Attempt<Long> {
    /** Per attempt, so that a peer that takes everything does not keep the others from being served. */
    private static final int PIECE_BYTES = 1024 * 1024;
    private static final int COPY_BYTES = 64 * 1024;

    private final EventLoop loop;
    private final WritableByteChannel target;
    private final FileChannel file;
    private final long offset;
    private final long count;
    private long sent;

    RawFileSend(RawChannel target, FileChannel file, long offset, long count) {
        this.loop = target.loop();
        this.target = (WritableByteChannel) target.channel();
        this.file = file;
        this.offset = offset;
        this.count = count;
    }

    @Override
    public boolean attempt(RawOperation<Long> operation) throws IOException {
        if (!isAtEnd()) {
            sent += sendPiece(offset + sent, count - sent);
        }
        return isAtEnd() && operation.yields(sent);
    }

    private boolean isAtEnd() throws IOException {
        return sent == count || offset + sent >= file.size();
    }

    private long sendPiece(long position, long left) throws IOException {
        if (!(target instanceof SocketChannel socket)) {
            return copyPiece(position, Math.min(left, COPY_BYTES));
        }
        if (!socket.isConnected()) {
            throw new NotYetConnectedException(); // JDK 17 would say: broken pipe
        }
        return file.transferTo(position, Math.min(left, PIECE_BYTES), target);
    }

    /** Reads at a position, so what the target does not take is simply read again. */
    private int copyPiece(long position, long bytes) throws IOException {
        BufferPool pool = loop.buffers();
        ByteBuffer copy = pool.acquire((int) bytes);
        try {
            file.read(copy.limit((int) bytes), position);
            return target.write(copy.flip());
        } finally {
            pool.release(copy);
        }
    }

    /** asyncio's rule, and the only way to know after a failure or a cancel how far it got. */
    @Override
    public void ended() {
        try {
            file.position(offset + sent);
        } catch (ClosedChannelException e) {
            // then nobody can ask for it
        } catch (IOException e) {
            loop.callExceptionHandler(
                    ExceptionContext.of("Cannot set the position of a file that was sent", e)
                            .with("file", file));
        }
    }
}
