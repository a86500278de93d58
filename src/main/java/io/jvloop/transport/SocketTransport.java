package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.IoHandler;
import io.jvloop.loop.Registration;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A connected stream socket, TCP or UNIX. Hot: {@link #ready} → read → {@code dataReceived} → {@link #write}
 * → socket, with no queue, no copy and no object in between.
 *
 * <p>It is put together from a life (beginning and end, with the states), a reading half and a writing half,
 * which pipes are made of too; what is left here is what only a socket has.
 *
 * <p>Read next: {@link ReadHalf}, {@link WriteHalf}, {@link Lifecycle}.
 */
final class SocketTransport implements Transport, IoHandler, Lifecycle.Connection, WriteHalf.EndOfStream {
    private final SocketChannel channel;
    private final SocketAddress localAddress;
    private final SocketAddress remoteAddress;
    private final Lifecycle<SocketTransport> life;
    private final ReadHalf in;
    private final WriteHalf out;
    private IdleTimeout idle; // null until somebody wants to know

    /** Wraps a connected channel; {@code onEnd} hears of the end once, after the protocol. */
    SocketTransport(EventLoop loop, SocketChannel channel, Protocol protocol, SocketConfig config,
            Consumer<? super SocketTransport> onEnd) throws IOException {
        this.channel = channel;
        this.localAddress = channel.getLocalAddress();
        this.remoteAddress = channel.getRemoteAddress();
        this.life = new Lifecycle<>(loop, this, onEnd);
        this.in = new ReadHalf(life, channel, protocol);
        this.out = new WriteHalf(life, channel, config.writeBufferLimits(), this);
    }

    /** Lets {@code connectionMade} run in the next turn, then {@code afterwards}, then reading begins. */
    void start(Registration registration, Runnable afterwards) {
        registration.handler(this);
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
        if (idle != null) {
            idle.touch();
        }
        if ((ops & SelectionKey.OP_READ) != 0 && in.ready()) {
            close();
        }
        if ((ops & SelectionKey.OP_WRITE) != 0 && !life.isClosed()) {
            writeReady();
        }
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

    /** Called before a write. One that is only queued is no sign of life: the peer may be gone for long. */
    private void touchUnlessQueued() {
        if (idle != null && !out.hasQueued()) {
            idle.touch();
        }
    }

    @Override
    public void writeEof() {
        out.writeEof();
    }

    @Override
    public void sendEndOfStream() throws IOException {
        channel.shutdownOutput();
    }

    @Override
    public boolean canWriteEof() {
        return true;
    }

    @Override
    public void setIdleTimeout(Duration timeout) {
        if (idle == null) {
            idle = new IdleTimeout(life, this);
        }
        idle.set(timeout);
    }

    @Override
    public void close() {
        life.loop().requireLoopThread("close");
        if (life.isClosing()) {
            return;
        }
        if (out.hasQueued()) {
            life.closing();
            in.updateInterest();
        } else {
            end();
        }
    }

    /** The orderly end: everything is sent. */
    private void end() {
        try {
            if (!in.isEnded()) {
                InputDrain.beforeClose(channel, life.loop().buffers());
            }
        } finally {
            life.lose(null);
        }
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
        out.released(cause);
        if (idle != null) {
            idle.cancel();
        }
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
    public SocketAddress localAddress() {
        return localAddress;
    }

    @Override
    public SocketAddress remoteAddress() {
        return remoteAddress;
    }

    @Override
    public <T> T option(SocketOption<T> option) throws IOException {
        return channel.getOption(option);
    }

    @Override
    public <T> void setOption(SocketOption<T> option, T value) throws IOException {
        life.loop().requireLoopThread("setOption");
        channel.setOption(option, value);
    }

    @Override
    public String toString() {
        Protocol user = protocol();
        return "Transport[" + localAddress + " ↔ " + remoteAddress + ", " + life.state() + out + in
                + (user == null ? "" : ", " + user.getClass().getName()) + "]";
    }
}
