package io.jvloop.tls;

import io.jvloop.loop.EventLoop;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Transport;
import io.jvloop.transport.WriteBufferLimits;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A transport without a socket: it writes down what is sent, and delivers what a test gives it. The test's
 * thread is the loop's; {@link #turns} runs what was put off.
 */
final class MemoryTransport implements Transport {
    private final EventLoop loop;
    private final List<Integer> writes = new ArrayList<>();
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final ByteArrayOutputStream untaken = new ByteArrayOutputStream();
    private Protocol protocol;
    private boolean taking = true;
    private boolean paused;
    private boolean reading = true;
    private boolean closing;
    private boolean aborted;
    private boolean lost;

    MemoryTransport(EventLoop loop) {
        this.loop = loop;
    }

    /** Begins the life of a protocol. */
    MemoryTransport connect(Protocol first) {
        protocol = first;
        protocol.connectionMade(this);
        return this;
    }

    /** Runs what was put off, and what that puts off. */
    void turns() {
        for (int i = 0; i < 6; i++) {
            loop.stop();
            loop.runForever();
        }
    }

    /** Delivers bytes, as one read does. */
    void receive(byte[] bytes) {
        ByteBuffer data = loop.buffers().scratch();
        protocol.dataReceived(data.put(bytes).flip());
    }

    /** The peer has finished sending. */
    void receiveEof() {
        if (!protocol.eofReceived()) {
            close();
        }
    }

    /** From now on nothing is taken: what is written piles up here. */
    void stopTaking() {
        taking = false;
    }

    /** Takes everything, and says so. */
    void takeAll() {
        taking = true;
        written.writeBytes(untaken.toByteArray());
        untaken.reset();
        if (paused) {
            paused = false;
            protocol.resumeWriting();
        }
        if (closing) {
            lose();
        }
    }

    /** What was sent, and taken. */
    byte[] written() {
        return written.toByteArray();
    }

    /** The size of each write. */
    List<Integer> writes() {
        return writes;
    }

    boolean isAborted() {
        return aborted;
    }

    boolean isLost() {
        return lost;
    }

    @Override
    public void write(ByteBuffer data) {
        byte[] bytes = new byte[data.remaining()];
        data.get(bytes);
        if (lost || aborted) {
            return;
        }
        writes.add(bytes.length);
        (taking ? written : untaken).writeBytes(bytes);
        if (!paused && untaken.size() > writeBufferLimits().highBytes()) {
            paused = true;
            protocol.pauseWriting();
        }
    }

    @Override
    public void close() {
        if (!closing) {
            closing = true;
            if (untaken.size() == 0) {
                lose();
            }
        }
    }

    @Override
    public void abort() {
        closing = true;
        aborted = true;
        untaken.reset();
        lose();
    }

    private void lose() {
        if (!lost) {
            lost = true;
            loop.callSoon(() -> protocol.connectionLost(null));
        }
    }

    @Override
    public boolean isClosing() {
        return closing;
    }

    @Override
    public void pauseReading() {
        reading = false;
    }

    @Override
    public void resumeReading() {
        reading = true;
    }

    @Override
    public boolean isReading() {
        return reading && !closing;
    }

    @Override
    public void writeAll(ByteBuffer... parts) {
        for (ByteBuffer part : parts) {
            write(part);
        }
    }

    @Override
    public CompletableFuture<Long> sendFile(FileChannel file, long offset, long count) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void writeEof() {
        throw new UnsupportedOperationException("TLS ends its own stream, not the one below");
    }

    @Override
    public boolean canWriteEof() {
        return true;
    }

    @Override
    public long writeBufferSize() {
        return untaken.size();
    }

    @Override
    public long sentBytes() {
        return written.size();
    }

    @Override
    public boolean hasUnsent() {
        return untaken.size() > 0;
    }

    @Override
    public WriteBufferLimits writeBufferLimits() {
        return WriteBufferLimits.DEFAULT;
    }

    @Override
    public void setWriteBufferLimits(WriteBufferLimits limits) {
        throw new UnsupportedOperationException("these are the application's, of the transport above");
    }

    @Override
    public Protocol protocol() {
        return protocol;
    }

    @Override
    public void setProtocol(Protocol next) {
        protocol = next;
    }

    @Override
    public EventLoop loop() {
        return loop;
    }

    @Override
    public SocketAddress localAddress() {
        return InetSocketAddress.createUnresolved("here", 1);
    }

    @Override
    public SocketAddress remoteAddress() {
        return InetSocketAddress.createUnresolved("there", 2);
    }

    @Override
    public void setIdleTimeout(Duration timeout) {
        throw new UnsupportedOperationException();
    }

    @Override
    public <T> T option(SocketOption<T> option) {
        throw new UnsupportedOperationException();
    }

    @Override
    public <T> void setOption(SocketOption<T> option, T value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public String toString() {
        return "MemoryTransport";
    }
}
