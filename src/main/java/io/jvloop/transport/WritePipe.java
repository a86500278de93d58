package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.IoHandler;
import io.jvloop.loop.Registration;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.Pipe.SinkChannel;
import java.nio.channels.SelectionKey;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/**
 * The writing end of a pipe: a life and a writing half. What reads refuses.
 *
 * <p>The end of the stream and the end of the channel are the same thing here, so {@code writeEof} is {@code
 * close}. While bytes are queued the selector tells at once that the reader has gone; while nothing is, a
 * {@link ReaderWatch} finds out.
 *
 * <p>Read next: {@link WriteHalf}, {@link ReadPipe}.
 */
final class WritePipe implements PipeTransport, IoHandler, Lifecycle.Connection {
    private final Lifecycle<WritePipe> life;
    private final WriteHalf out;
    private final IdleTimeout idle;
    private ReaderWatch watch; // null if the reader is a pump of ours
    private StandardOutput standard; // null unless it is
    private Protocol protocol;
    private boolean forgotten;
    private boolean asked; // by the watch, and nothing was written since

    /** Wraps a channel to be written; {@code onEnd} hears of the end once, after the protocol. */
    WritePipe(EventLoop loop, GatheringByteChannel channel, Protocol protocol, WriteBufferLimits limits,
            Consumer<? super WritePipe> onEnd) {
        this.protocol = protocol;
        this.life = new Lifecycle<>(loop, this, onEnd);
        this.out = new WriteHalf(life, channel, limits, () -> {}); // the close that follows says it
        this.idle = new IdleTimeout(life, this);
    }

    /** An ordinary pipe, whose reader may go away. Before the start. */
    WritePipe watching(SinkChannel sink) {
        watch = new ReaderWatch(life.loop(), sink, this::askForReadiness);
        return this;
    }

    /** A pipe with a pump behind it: this is not over before the pump has handed everything over. */
    WritePipe before(StandardOutput output) {
        standard = output;
        output.end().whenCompleteAsync((nothing, failure) -> life.lose(failure), life.loop());
        return this;
    }

    /** Lets {@code connectionMade} run in the next turn, then {@code afterwards}. */
    void start(Registration registration, Runnable afterwards) {
        life.start(registration, afterwards);
    }

    @Override
    public void callConnectionMade() {
        protocol.connectionMade(this);
    }

    @Override
    public void begun() {
        out.updateInterest();
        if (watch != null && !life.isClosed()) {
            watch.start();
        }
    }

    private void askForReadiness() {
        asked = true;
        life.await(SelectionKey.OP_WRITE, true);
    }

    @Override
    public void ready(int ops) {
        if (out.hasQueued()) {
            idle.touch();
            writeReady();
        } else {
            out.updateInterest();
            askForTheReader();
        }
    }

    /** Only if the pipe cannot have been filled since it was reported to be writable, by a neighbour say. */
    private void askForTheReader() {
        if (asked && watch.readerIsGone()) {
            life.lose(null); // not a failure: nothing was on its way
        }
        asked = false;
    }

    private void writeReady() {
        if (out.ready() && life.isClosing()) {
            end();
        }
        out.shrunk();
    }

    @Override
    public void write(ByteBuffer data) {
        touchUnlessQueued();
        out.write(data);
    }

    @Override
    public void writeAll(ByteBuffer... parts) {
        touchUnlessQueued();
        out.writeAll(parts);
    }

    @Override
    public CompletableFuture<Long> sendFile(FileChannel file, long offset, long count) {
        touchUnlessQueued();
        return out.sendFile(file, offset, count);
    }

    /** Called before a write. One that is only queued is no sign of life. */
    private void touchUnlessQueued() {
        asked = false;
        if (idle.isSet() && !out.hasQueued()) {
            idle.touch();
        }
    }

    @Override
    public void writeEof() {
        out.writeEof();
        close();
    }

    @Override
    public boolean canWriteEof() {
        return true;
    }

    @Override
    public void close() {
        life.loop().requireLoopThread("close");
        if (life.isClosing()) {
            return;
        }
        if (out.hasQueued()) {
            life.closing();
        } else {
            end();
        }
    }

    /** Everything is in the pipe. */
    private void end() {
        if (standard == null || life.state() == TransportState.NEW
                || standard.isHandedOver(this::handedOver)) {
            life.lose(null);
        } else if (life.isOpen()) {
            life.closing();
        }
    }

    /** Called by the pump: look again, for more may have been written since. */
    private void handedOver() {
        try {
            life.loop().execute(() -> {
                if (!out.hasQueued()) {
                    end();
                }
            });
        } catch (RejectedExecutionException loopIsClosed) {
            // then the protocol has heard of the end already
        }
    }

    @Override
    public void abort() {
        life.loop().requireLoopThread("abort");
        life.lose(null);
        if (standard != null) {
            standard.abort();
        }
    }

    @Override
    public void draining() {
        life.drain(this::close);
    }

    @Override
    public void loopClosing() {
        life.lose(null);
    }

    @Override
    public void released(Throwable cause) {
        out.released(cause);
        idle.cancel();
        if (watch != null) {
            watch.cancel();
        }
    }

    @Override
    public void forgetProtocol() {
        forgotten = true;
        protocol = null;
    }

    @Override
    public boolean isClosing() {
        return life.isClosing();
    }

    @Override
    public long writeBufferSize() {
        return out.queuedBytes();
    }

    @Override
    public long sentBytes() {
        return out.sentBytes();
    }

    @Override
    public boolean hasUnsent() {
        return out.hasQueued();
    }

    @Override
    public WriteBufferLimits writeBufferLimits() {
        return out.limits();
    }

    @Override
    public void setWriteBufferLimits(WriteBufferLimits limits) {
        out.limits(limits);
    }

    @Override
    public void setIdleTimeout(Duration timeout) {
        idle.set(timeout);
    }

    @Override
    public Protocol protocol() {
        return protocol;
    }

    @Override
    public void setProtocol(Protocol newProtocol) {
        life.loop().requireLoopThread("setProtocol");
        Objects.requireNonNull(newProtocol, "protocol");
        if (!forgotten) {
            protocol = newProtocol;
        }
    }

    @Override
    public EventLoop loop() {
        return life.loop();
    }

    @Override
    public void pauseReading() {
        throw refusal("pauseReading");
    }

    @Override
    public void resumeReading() {
        throw refusal("resumeReading");
    }

    @Override
    public boolean isReading() {
        return false;
    }

    private UnsupportedOperationException refusal(String operation) {
        return new UnsupportedOperationException(
                operation + ": this is the writing end of a pipe, nothing can be read from " + this);
    }

    @Override
    public String toString() {
        return "WritePipe[" + life.state() + out
                + (protocol == null ? "" : ", " + protocol.getClass().getName()) + "]";
    }
}
