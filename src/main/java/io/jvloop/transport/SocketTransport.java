package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import io.jvloop.loop.IoHandler;
import io.jvloop.loop.Registration;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Objects;
import java.util.concurrent.CompletableFuture.AsynchronousCompletionTask;
import java.util.function.Consumer;

/**
 * A connected stream socket. Hot: {@link #ready} → read → {@code dataReceived} → {@link #write} → socket,
 * with no queue, no copy and no object in between.
 *
 * <p><b>States</b> are drawn at {@link TransportState}. Orthogonal to them, inside OPEN: reading paused or
 * not, end of the peer seen or not; and our own end, see {@link Eof}.
 *
 * <p><b>One read per readiness event</b> is fair, since what is left is reported again next turn, and avoids
 * the read that only returns "nothing there".
 *
 * <p>Read next: {@link WriteQueue}, {@link FlowControl}.
 */
final class SocketTransport implements Transport, IoHandler {
    /** Our end of the stream. */
    private enum Eof { NOT_SENT, REQUESTED, SENT }

    private final EventLoop loop;
    private final SocketChannel channel;
    private final SocketAddress localAddress;
    private final SocketAddress remoteAddress;
    private final WriteSide out;
    private final FlowControl flow;
    private final LateWrites lateWrites = new LateWrites();
    private final Consumer<SocketTransport> onEnd;
    private Registration registration;
    private TransportState state = TransportState.NEW;
    private Protocol protocol;
    private BufferedProtocol buffered; // = protocol if it is one, else null
    private boolean readingPaused;
    private boolean peerEnded;
    private Eof eof = Eof.NOT_SENT;

    /** Wraps a connected channel; {@code onEnd} hears of the end once, after the protocol. */
    SocketTransport(EventLoop loop, SocketChannel channel, Protocol protocol, SocketConfig config,
            Consumer<SocketTransport> onEnd) throws IOException {
        this.loop = loop;
        this.channel = channel;
        this.localAddress = channel.getLocalAddress();
        this.remoteAddress = channel.getRemoteAddress();
        this.out = new WriteSide(loop.buffers(), channel);
        this.flow = new FlowControl(loop, config.writeBufferLimits());
        this.onEnd = onEnd;
        setProtocol(protocol);
    }

    /** Lets {@code connectionMade} run in the next turn, then {@code afterwards}, then reading begins. */
    void start(Registration ownRegistration, Runnable afterwards) {
        registration = ownRegistration;
        registration.handler(this);
        registration.interest(0);
        loop.callSoon(() -> begin(afterwards));
    }

    private void begin(Runnable afterwards) {
        if (state == TransportState.CLOSED) {
            return; // aborted before it began: the protocol never hears of it
        }
        state = state.to(TransportState.OPEN);
        try {
            protocol.connectionMade(this);
        } catch (Throwable t) { // reported, not fatal: the connection itself is sound
            report("protocol.connectionMade() failed", t);
        } finally {
            afterwards.run();
            updateInterest();
        }
    }

    @Override
    public void ready(int ops) {
        if ((ops & SelectionKey.OP_READ) != 0) {
            readReady();
        }
        if ((ops & SelectionKey.OP_WRITE) != 0 && state != TransportState.CLOSED) {
            writeReady();
        }
    }

    private void readReady() {
        try {
            if (buffered == null) {
                receive();
            } else {
                receiveInto(buffered);
            }
        } catch (IOException e) {
            lose(e);
        } catch (Throwable t) { // the user's code
            fatal(t);
        }
    }

    private void receive() throws IOException {
        ByteBuffer data = loop.buffers().scratch();
        int count = channel.read(data);
        if (count > 0) {
            protocol.dataReceived(data.flip());
        } else if (count < 0) {
            peerEnded();
        }
        if (loop.isDebug()) {
            Scratch.poison(loop.buffers(), count);
        }
    }

    private void receiveInto(BufferedProtocol receiver) throws IOException {
        ByteBuffer target = ReceiveBuffer.of(receiver);
        if (!isReading()) {
            return; // getBuffer itself paused or closed
        }
        int count = target.isDirect() ? channel.read(target)
                : Scratch.readThrough(loop.buffers(), channel, target);
        if (count > 0) {
            receiver.bufferUpdated(count);
        } else if (count < 0) {
            peerEnded();
        }
    }

    private void peerEnded() {
        peerEnded = true;
        updateInterest(); // or the end would be reported for ever
        if (!protocol.eofReceived()) {
            close();
        }
    }

    @Override
    public void pauseReading() {
        loop.requireLoopThread("pauseReading");
        readingPaused = true;
        updateInterest();
    }

    @Override
    public void resumeReading() {
        loop.requireLoopThread("resumeReading");
        readingPaused = false;
        updateInterest();
    }

    @Override
    public boolean isReading() {
        return state == TransportState.OPEN && !readingPaused && !peerEnded;
    }

    private void updateInterest() {
        if (state == TransportState.OPEN || state == TransportState.CLOSING) {
            int read = isReading() ? SelectionKey.OP_READ : 0;
            registration.interest(out.hasQueued() ? read | SelectionKey.OP_WRITE : read);
        }
    }

    @Override
    public void write(ByteBuffer data) {
        requireWritable("write");
        if (state == TransportState.CLOSED) {
            lateWrites.drop(this, data);
            return;
        }
        try {
            out.write(data);
            queueMayHaveGrown();
        } catch (IOException e) {
            lose(e);
        }
    }

    @Override
    public void writeAll(ByteBuffer... parts) {
        requireWritable("writeAll");
        if (state == TransportState.CLOSED) {
            lateWrites.drop(this, parts);
            return;
        }
        try {
            out.writeAll(parts);
            queueMayHaveGrown();
        } catch (IOException e) {
            lose(e);
        }
    }

    private void requireWritable(String operation) {
        loop.requireLoopThread(operation);
        if (eof != Eof.NOT_SENT) {
            throw new IllegalStateException("cannot write after writeEof() on " + this);
        }
    }

    private void queueMayHaveGrown() {
        if (out.hasQueued()) {
            updateInterest();
            flow.grown(out.queuedBytes(), protocol);
        }
    }

    private void writeReady() {
        try {
            out.flush();
        } catch (IOException e) {
            lose(e);
            return;
        }
        if (!out.hasQueued()) {
            drained();
        }
        if (state != TransportState.CLOSED) {
            flow.shrunk(out.queuedBytes(), protocol);
        }
    }

    /** Everything is sent: time for what had to wait for that. */
    private void drained() {
        updateInterest();
        if (eof == Eof.REQUESTED) {
            sendEof();
        }
        if (state == TransportState.CLOSING) {
            end();
        }
    }

    @Override
    public void writeEof() {
        loop.requireLoopThread("writeEof");
        if (eof == Eof.NOT_SENT && state != TransportState.CLOSED) {
            eof = Eof.REQUESTED;
            if (!out.hasQueued()) {
                sendEof();
            }
        }
    }

    private void sendEof() {
        eof = Eof.SENT;
        try {
            channel.shutdownOutput();
        } catch (IOException e) {
            lose(e);
        }
    }

    @Override
    public boolean canWriteEof() { return true; }

    @Override
    public long writeBufferSize() {
        return out.queuedBytes();
    }

    @Override
    public WriteBufferLimits writeBufferLimits() {
        return flow.limits();
    }

    @Override
    public void setWriteBufferLimits(WriteBufferLimits limits) {
        loop.requireLoopThread("setWriteBufferLimits");
        if (state != TransportState.CLOSED) {
            flow.limits(limits, out.queuedBytes(), protocol);
        }
    }

    @Override
    public void close() {
        loop.requireLoopThread("close");
        if (isClosing()) {
            return;
        }
        if (out.hasQueued()) {
            state = state.to(TransportState.CLOSING);
            updateInterest();
        } else {
            end();
        }
    }

    @Override
    public void abort() {
        loop.requireLoopThread("abort");
        lose(null);
    }

    @Override
    public void loopClosing() { lose(null); }

    /** The user's code threw: the connection ends and the exception handler hears of it. */
    private void fatal(Throwable thrown) {
        lose(thrown);
        report("Fatal error on transport", thrown);
    }

    /** The orderly end: everything is sent. */
    private void end() {
        if (!peerEnded) {
            InputDrain.beforeClose(channel, loop.buffers());
        }
        lose(null);
    }

    /** The only way out: closes the socket at once and lets {@code connectionLost} follow in a later turn. */
    private void lose(Throwable cause) {
        if (state == TransportState.CLOSED) {
            return;
        }
        boolean begun = state != TransportState.NEW;
        state = state.to(TransportState.CLOSED);
        out.clear();
        registration.close();
        loop.callSoon((Runnable & AsynchronousCompletionTask) () -> lost(begun, cause)); // never dropped
    }

    private void lost(boolean begun, Throwable cause) {
        try {
            if (begun) {
                protocol.connectionLost(cause);
            }
        } catch (Throwable t) {
            report("protocol.connectionLost() failed", t);
        } finally {
            protocol = null; // whoever keeps the transport must not keep the application's objects too
            buffered = null;
            onEnd.accept(this);
        }
    }

    @Override
    public boolean isClosing() {
        return state == TransportState.CLOSING || state == TransportState.CLOSED;
    }

    private void report(String message, Throwable thrown) {
        ExceptionContext context = ExceptionContext.of(message, thrown);
        loop.callExceptionHandler(context.with("transport", this).with("protocol", protocol));
    }

    @Override
    public Protocol protocol() { return protocol; }

    @Override
    public void setProtocol(Protocol newProtocol) {
        loop.requireLoopThread("setProtocol");
        protocol = Objects.requireNonNull(newProtocol, "protocol");
        buffered = newProtocol instanceof BufferedProtocol receiver ? receiver : null;
    }

    @Override
    public EventLoop loop() { return loop; }

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
        loop.requireLoopThread("setOption");
        channel.setOption(option, value);
    }

    @Override
    public String toString() {
        Protocol user = protocol;
        return "Transport[" + localAddress + " ↔ " + remoteAddress + ", " + state + ", " + out.queuedBytes()
                + " bytes queued" + (readingPaused ? ", reading paused" : "")
                + (peerEnded ? ", peer ended" : "")
                + (user == null ? "" : ", " + user.getClass().getName()) + "]";
    }
}
