package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.IoHandler;
import io.jvloop.loop.Registration;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * The reading end of a pipe: a life and a reading half. What writes refuses.
 *
 * <p>Read next: {@link ReadHalf}, {@link WritePipe}.
 */
final class ReadPipe implements PipeTransport, IoHandler, Lifecycle.Connection {
    private final Lifecycle<ReadPipe> life;
    private final ReadHalf in;
    private final IdleTimeout idle;

    /** Wraps a channel to be read; {@code onEnd} hears of the end once, after the protocol. */
    ReadPipe(EventLoop loop, ReadableByteChannel channel, Protocol protocol,
            Consumer<? super ReadPipe> onEnd) {
        this.life = new Lifecycle<>(loop, this, onEnd);
        this.in = new ReadHalf(life, channel, protocol);
        this.idle = new IdleTimeout(life, this);
    }

    /** Lets {@code connectionMade} run in the next turn, then {@code afterwards}, then reading begins. */
    void start(Registration registration, Runnable afterwards) {
        life.start(registration, afterwards);
    }

    @Override
    public void callConnectionMade() {
        in.protocol().connectionMade(this);
    }

    @Override
    public void begun() {
        in.updateInterest();
    }

    @Override
    public void ready(int ops) {
        idle.touch();
        boolean over = in.ready();
        if (over || in.isEnded()) {
            close(); // whatever eofReceived says: nothing is left that could go on
        }
    }

    @Override
    public void close() {
        life.loop().requireLoopThread("close");
        life.lose(null);
    }

    @Override
    public void abort() {
        life.loop().requireLoopThread("abort");
        life.lose(null);
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
        idle.cancel();
    }

    @Override
    public void forgetProtocol() {
        in.forgetProtocol();
    }

    @Override
    public boolean isClosing() {
        return life.isClosing();
    }

    @Override
    public void pauseReading() {
        life.loop().requireLoopThread("pauseReading");
        in.pause();
    }

    @Override
    public void resumeReading() {
        life.loop().requireLoopThread("resumeReading");
        in.resume();
    }

    @Override
    public boolean isReading() {
        return in.isReading();
    }

    @Override
    public void setIdleTimeout(Duration timeout) {
        idle.set(timeout);
    }

    @Override
    public Protocol protocol() {
        return in.protocol();
    }

    @Override
    public void setProtocol(Protocol protocol) {
        life.loop().requireLoopThread("setProtocol");
        in.protocol(protocol);
    }

    @Override
    public EventLoop loop() {
        return life.loop();
    }

    @Override
    public void write(ByteBuffer data) {
        throw refusal("write");
    }

    @Override
    public void writeAll(ByteBuffer... parts) {
        throw refusal("writeAll");
    }

    @Override
    public CompletableFuture<Long> sendFile(FileChannel file, long offset, long count) {
        throw refusal("sendFile");
    }

    @Override
    public void writeEof() {
        throw refusal("writeEof");
    }

    @Override
    public boolean canWriteEof() {
        return false;
    }

    @Override
    public long writeBufferSize() {
        throw refusal("writeBufferSize");
    }

    @Override
    public long sentBytes() {
        throw refusal("sentBytes");
    }

    @Override
    public boolean hasUnsent() {
        throw refusal("hasUnsent");
    }

    @Override
    public WriteBufferLimits writeBufferLimits() {
        throw refusal("writeBufferLimits");
    }

    @Override
    public void setWriteBufferLimits(WriteBufferLimits limits) {
        throw refusal("setWriteBufferLimits");
    }

    private UnsupportedOperationException refusal(String operation) {
        return new UnsupportedOperationException(
                operation + ": this is the reading end of a pipe, nothing can be written to " + this);
    }

    @Override
    public String toString() {
        Protocol user = protocol();
        return "ReadPipe[" + life.state() + in + (user == null ? "" : ", " + user.getClass().getName()) + "]";
    }
}
