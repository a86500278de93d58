package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.SelectionKey;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * The writing half of a stream transport: straight to the channel, a queue for what it refuses, back-pressure
 * from the queue, and an end that waits for the queue. Loop thread.
 *
 * <p>Read next: {@link WriteSide}, {@link ByteQueue}, {@link FlowControl}.
 */
final class WriteHalf {
    /** How the end of the stream is told to the peer: a socket is shut down, a pipe closed. */
    @FunctionalInterface
    interface EndOfStream {
        void sendEndOfStream() throws IOException;
    }

    /** Our end of the stream. */
    private enum Eof { NOT_SENT, REQUESTED, SENT }

    private final Lifecycle<?> life;
    private final EventLoop loop; // as in the reading half, for the sake of the cache
    private final WriteSide side;
    private final WriteBufferLimits initialLimits;
    private final EndOfStream endOfStream;
    private FlowControl flow; // null until something has to wait: most connections never need it
    private Eof eof = Eof.NOT_SENT;
    private boolean released; // the same as life.isClosed(), and again one cache line less
    private int lateWrites;

    WriteHalf(Lifecycle<?> life, GatheringByteChannel channel, WriteBufferLimits limits,
            EndOfStream endOfStream) {
        this.life = life;
        this.loop = life.loop();
        this.side = new WriteSide(loop.buffers(), channel);
        this.initialLimits = Objects.requireNonNull(limits, "limits");
        this.endOfStream = endOfStream;
    }

    void write(ByteBuffer data) {
        requireWritable("write");
        if (released) {
            lateWrites = LateWrites.drop(lateWrites, life.connection(), data);
            return;
        }
        try {
            side.write(data);
            queueMayHaveGrown();
        } catch (IOException e) {
            life.lose(e);
        }
    }

    void writeAll(ByteBuffer... parts) {
        requireWritable("writeAll");
        if (released) {
            lateWrites = LateWrites.drop(lateWrites, life.connection(), parts);
            return;
        }
        try {
            side.writeAll(parts);
            queueMayHaveGrown();
        } catch (IOException e) {
            life.lose(e);
        }
    }

    CompletableFuture<Long> sendFile(FileChannel file, long offset, long count) {
        requireWritable("sendFile");
        FileSend send = new FileSend(loop, file, offset, count);
        if (life.isClosing()) {
            send.fail(new IOException("not sent, since the connection is closing: " + life.connection()));
            return send.result();
        }
        try {
            side.sendFile(send);
            queueMayHaveGrown();
        } catch (IOException e) {
            life.lose(e);
        }
        return send.result();
    }

    private void requireWritable(String operation) {
        loop.requireLoopThread(operation);
        if (eof != Eof.NOT_SENT) {
            throw new IllegalStateException("cannot write after writeEof() on " + life.connection());
        }
    }

    private void queueMayHaveGrown() {
        if (side.hasQueued()) {
            updateInterest();
            flow().grown(side.queuedBytes(), life.protocol());
        }
    }

    void updateInterest() {
        life.await(SelectionKey.OP_WRITE, side.hasQueued());
    }

    /** The channel takes more; true if everything is sent now. */
    boolean ready() {
        try {
            side.flush();
        } catch (IOException e) {
            life.lose(e);
            return false;
        }
        boolean drained = !side.hasQueued();
        if (drained) {
            updateInterest();
            if (eof == Eof.REQUESTED) {
                sendEof();
            }
        }
        return drained && !life.isClosed();
    }

    /** After {@link #ready}, and after what its owner had to do then. */
    void shrunk() {
        if (flow != null && !life.isClosed()) {
            flow.shrunk(side.queuedBytes(), life.protocol());
        }
    }

    void writeEof() {
        loop.requireLoopThread("writeEof");
        if (eof == Eof.NOT_SENT && !life.isClosed()) {
            eof = Eof.REQUESTED;
            if (!side.hasQueued()) {
                sendEof();
            }
        }
    }

    private void sendEof() {
        eof = Eof.SENT;
        try {
            endOfStream.sendEndOfStream();
        } catch (IOException e) {
            life.lose(e);
        }
    }

    boolean hasQueued() {
        return side.hasQueued();
    }

    long queuedBytes() {
        return side.queuedBytes();
    }

    long sentBytes() {
        return side.sentBytes();
    }

    WriteBufferLimits limits() {
        return flow == null ? initialLimits : flow.limits();
    }

    void limits(WriteBufferLimits limits) {
        loop.requireLoopThread("setWriteBufferLimits");
        if (!life.isClosed()) {
            flow().limits(limits, side.queuedBytes(), life.protocol());
        }
    }

    private FlowControl flow() {
        if (flow == null) {
            flow = new FlowControl(loop, initialLimits);
        }
        return flow;
    }

    /** The connection is over: nothing of this is sent any more. */
    void released(Throwable cause) {
        released = true;
        side.clear(cause);
    }

    @Override
    public String toString() {
        return ", " + side;
    }
}
