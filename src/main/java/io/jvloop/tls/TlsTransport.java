package io.jvloop.tls;

import io.jvloop.loop.EventLoop;
import io.jvloop.transport.FlowControl;
import io.jvloop.transport.LateWrites;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Transport;
import io.jvloop.transport.WriteBufferLimits;
import io.jvloop.transport.WriteSide;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * The upper face of TLS: the transport that the application sees. Hot: {@link #write} → {@link RecordWriter}
 * → the transport below. Loop thread.
 *
 * <p>What cannot be encrypted now, because the transport below has enough, waits as plaintext in a {@link
 * WriteSide}, the same that sockets have: so order, files and back-pressure are theirs. Why not as
 * ciphertext, ready to go: then a {@code KeyUpdate} or a close_notify would have to wait behind it.
 */
final class TlsTransport implements Transport {
    /** Our end of the stream, which only TLS 1.3 lets us tell before the peer's. */
    private enum Eof {
        NOT_SENT, REQUESTED, SENT
    }

    private final TlsConnection connection;
    private final TlsEnding ending;
    private final TlsReadHalf in;
    private final Transport below;
    private final EventLoop loop;
    private final RecordWriter writer;
    private final WriteSide side;
    private WriteBufferLimits limits;
    private FlowControl flow; // null until something has to wait
    private Eof eof = Eof.NOT_SENT;
    private boolean over;
    private boolean flushScheduled;
    private int lateWrites;

    TlsTransport(TlsConnection connection, TlsEnding ending, Transport below, RecordWriter writer,
            WriteBufferLimits limits) {
        this.connection = connection;
        this.ending = ending;
        this.in = new TlsReadHalf(connection, below.loop());
        this.below = below;
        this.loop = below.loop();
        this.writer = writer;
        this.side = new WriteSide(loop.buffers(), writer, true);
        this.limits = limits;
    }

    TlsSession session() {
        return connection.session();
    }

    // ------------------------------------------------------------------------------------------ reading

    TlsReadHalf in() {
        return in;
    }

    @Override
    public void pauseReading() {
        loop.requireLoopThread("pauseReading");
        in.pause();
    }

    @Override
    public void resumeReading() {
        loop.requireLoopThread("resumeReading");
        in.resume();
    }

    @Override
    public boolean isReading() {
        return in.isReading();
    }

    // ------------------------------------------------------------------------------------------ writing

    @Override
    public void write(ByteBuffer data) {
        requireWritable("write");
        if (isLate()) {
            lateWrites = LateWrites.drop(lateWrites, this, data);
            return;
        }
        try {
            side.write(data);
            queueMayHaveGrown();
        } catch (IOException e) {
            ending.fail(e);
        }
    }

    @Override
    public void writeAll(ByteBuffer... parts) {
        requireWritable("writeAll");
        if (isLate()) {
            lateWrites = LateWrites.drop(lateWrites, this, parts);
            return;
        }
        try {
            side.writeAll(parts);
            queueMayHaveGrown();
        } catch (IOException e) {
            ending.fail(e);
        }
    }

    /** The bytes go through this process here, to be encrypted. */
    @Override
    public CompletableFuture<Long> sendFile(FileChannel file, long offset, long count) {
        requireWritable("sendFile");
        if (isLate()) {
            return WriteSide.refuseFile(loop, file, offset, count,
                    new IOException("not sent, since the connection is closing: " + this));
        }
        try {
            return side.sendFile(loop, file, offset, count);
        } catch (IOException e) {
            ending.fail(e);
            return WriteSide.refuseFile(loop, file, offset, count, e);
        } finally {
            queueMayHaveGrown();
        }
    }

    private void requireWritable(String operation) {
        loop.requireLoopThread(operation);
        if (eof != Eof.NOT_SENT) {
            throw new IllegalStateException("cannot write after writeEof() on " + this);
        }
    }

    private boolean isLate() {
        return connection.state() != TlsState.WRAPPED || below.isClosing();
    }

    private void queueMayHaveGrown() {
        if (side.hasQueued()) {
            if (!writer.isFull()) {
                flushLater();
            }
            if (connection.state() == TlsState.WRAPPED) {
                flow().grown(side.queuedBytes(), connection.application());
            }
        }
    }

    /** A part of a file is sent, and there is more: the other connections come first. */
    private void flushLater() {
        if (!flushScheduled) {
            flushScheduled = true;
            loop.callSoon(() -> {
                flushScheduled = false;
                flush();
            });
        }
    }

    /** The transport below takes more. */
    void flush() {
        if (over || !side.hasQueued() || below.isClosing()) {
            return;
        }
        try {
            side.flush();
        } catch (IOException e) {
            ending.fail(e);
            return;
        }
        if (!side.hasQueued()) {
            drained();
        } else if (!writer.isFull()) {
            flushLater();
        }
        if (flow != null && connection.state() == TlsState.WRAPPED) {
            flow.shrunk(side.queuedBytes(), connection.application());
        }
    }

    private void drained() {
        if (eof == Eof.REQUESTED) {
            eof = Eof.SENT;
            ending.sendEof();
        }
        ending.flushed();
    }

    boolean hasQueued() {
        return side.hasQueued();
    }

    boolean isEofSent() {
        return eof == Eof.SENT;
    }

    /** For a protocol that was paused by the transport below before TLS came between them. */
    void tellResume() {
        try {
            connection.application().resumeWriting();
        } catch (Throwable t) { // reported, not fatal, as in FlowControl
            connection.report("protocol.resumeWriting() failed", t);
        }
    }

    @Override
    public void writeEof() {
        loop.requireLoopThread("writeEof");
        if (!canWriteEof()) {
            throw new UnsupportedOperationException("before TLS 1.3 the end of one direction is the end of "
                    + "both (RFC 5246, 7.2.1): close(), or end your messages by themselves; on " + this);
        }
        if (eof == Eof.NOT_SENT && !isLate()) {
            eof = Eof.REQUESTED;
            if (!side.hasQueued()) {
                drained();
            }
        }
    }

    @Override
    public boolean canWriteEof() {
        return connection.isTls13();
    }

    @Override
    public long writeBufferSize() {
        return side.queuedBytes();
    }

    @Override
    public long sentBytes() {
        return below.sentBytes();
    }

    @Override
    public boolean hasUnsent() {
        return side.hasQueued() || below.hasUnsent();
    }

    @Override
    public WriteBufferLimits writeBufferLimits() {
        return limits;
    }

    @Override
    public void setWriteBufferLimits(WriteBufferLimits newLimits) {
        loop.requireLoopThread("setWriteBufferLimits");
        limits = Objects.requireNonNull(newLimits, "limits");
        if (connection.state() == TlsState.WRAPPED) { // while closing nobody is told
            flow().limits(counted(newLimits), side.queuedBytes(), connection.application());
        }
    }

    private FlowControl flow() {
        if (flow == null) {
            flow = new FlowControl(loop, counted(limits));
        }
        return flow;
    }

    /** uvloop's rule for TLS: pause when the high mark is reached, not when it is passed. */
    private static WriteBufferLimits counted(WriteBufferLimits marks) {
        int high = Math.max(0, marks.highBytes() - 1);
        return new WriteBufferLimits(Math.min(marks.lowBytes(), high), high);
    }

    // ------------------------------------------------------------------------------------------- ending

    @Override
    public void close() {
        loop.requireLoopThread("close");
        ending.close();
    }

    @Override
    public void abort() {
        loop.requireLoopThread("abort");
        ending.abort();
    }

    /** Nothing of what is queued, in either direction, goes anywhere any more. */
    void over(Throwable cause) {
        over = true;
        side.clear(cause);
        in.drop();
    }

    @Override
    public boolean isClosing() {
        return connection.state().isClosing() || below.isClosing();
    }

    // ------------------------------------------------------------------------------------ what is below

    @Override
    public void setIdleTimeout(Duration timeout) {
        below.setIdleTimeout(timeout);
    }

    @Override
    public Protocol protocol() {
        return connection.application();
    }

    @Override
    public void setProtocol(Protocol protocol) {
        loop.requireLoopThread("setProtocol");
        connection.application(protocol);
    }

    @Override
    public EventLoop loop() {
        return loop;
    }

    @Override
    public SocketAddress localAddress() {
        return below.localAddress();
    }

    @Override
    public SocketAddress remoteAddress() {
        return below.remoteAddress();
    }

    @Override
    public <T> T option(SocketOption<T> option) throws IOException {
        return below.option(option);
    }

    @Override
    public <T> void setOption(SocketOption<T> option, T value) throws IOException {
        below.setOption(option, value);
    }

    @Override
    public String toString() {
        return "TlsTransport[" + localAddress() + " ↔ " + remoteAddress() + ", " + connection + ", " + side
                + in + "]";
    }
}
