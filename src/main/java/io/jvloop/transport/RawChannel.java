package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import io.jvloop.loop.IoHandler;
import io.jvloop.loop.Registration;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * A channel of the caller's, without transport or protocol: readiness callbacks, as asyncio's {@code
 * add_reader}, and single operations as futures, as its {@code sock_recv} and relatives.
 *
 * <pre>
 * RawChannel raw = RawChannel.of(loop, SocketChannel.open());
 * raw.connect(InetSocketAddress.createUnresolved("localhost", 7))
 *         .thenComposeAsync(connected -&gt; raw.sendAll(question))
 *         .thenComposeAsync(sent -&gt; raw.recv(1024))
 * </pre>
 *
 * <h2>Operations</h2> Each is tried at once and waits for the channel only if it must; so a future may be
 * complete when it is returned, and a long chain of them is better made of {@code …Async} stages, which do
 * not nest. Failures of the channel or the peer are failures of the future. Whatever is wrong with the call
 * itself is thrown: {@code UnsupportedOperationException} if this kind of channel cannot do that, {@code
 * IllegalArgumentException}, {@code IllegalStateException} on a foreign thread or if the direction is taken.
 *
 * <h2>Two directions</h2> Input ({@code accept}, {@code recv…}, a reader) and output ({@code connect}, {@code
 * send…}, a writer). Each serves one operation or one callback at a time; a second is refused.
 *
 * <h2>Cancelling</h2> Any future may be cancelled, or timed out with {@code orTimeout}, by any thread; its
 * direction is free at once for the next operation. What has arrived is not lost by that, but is there for
 * the next operation, even if the cancel came while it was being read. A buffer is lent until the future is
 * complete; if another thread cancels it, until the loop has run something that this thread posted after
 * that.
 *
 * <h2>Closing</h2> {@link #close} fails what is pending with {@code ClosedChannelException}, and so does
 * closing the loop. Somebody may also close the channel itself: then what is pending fails in the same turn.
 * But if another thread does so while the loop sleeps, only when the loop wakes up for some other reason,
 * since this does not wake a selector: better post {@code raw::close}.
 *
 * <p>Thread: the loop's, or any one while it does not run. Read next: {@link RawSide}, {@link RawOperation}.
 */
public final class RawChannel implements AutoCloseable {
    private static final int INPUT = SelectionKey.OP_READ | SelectionKey.OP_ACCEPT;

    /**
     * Never one without the other: connected, a channel is ready to write but not to connect, before that the
     * reverse, and a selector returns for either in vain if it is not asked for.
     */
    private static final int OUTPUT = SelectionKey.OP_WRITE | SelectionKey.OP_CONNECT;

    private final EventLoop loop;
    private final SelectableChannel channel;
    private final Registration registration;
    private final RawInput input;
    private final RawOutput output;
    private final RawSide reading;
    private final RawSide writing;

    private RawChannel(EventLoop loop, SelectableChannel channel) throws IOException {
        this.loop = loop;
        this.channel = channel;
        this.input = new RawInput(loop.buffers(), channel);
        this.output = new RawOutput(loop.buffers(), channel);
        this.reading = new RawSide(this, "reader", channel.validOps() & INPUT);
        this.writing = new RawSide(this, "writer", channel.validOps() & OUTPUT);
        this.registration = loop.register(channel, 0, new Events());
    }

    /**
     * Takes a channel into service for the rest of its life, and makes it non-blocking. It can be a {@code
     * SocketChannel} (TCP or UNIX), {@code ServerSocketChannel}, {@code DatagramChannel} or an end of a
     * {@code Pipe}.
     *
     * @param loop the loop that watches it
     * @param channel open, and not registered with any selector
     * @return the channel as the loop's; close it when done
     * @throws IOException if the channel is closed
     * @throws IllegalStateException if the channel is registered already, with a message that says by whom
     */
    public static RawChannel of(EventLoop loop, SelectableChannel channel) throws IOException {
        loop.requireLoopThread("RawChannel.of");
        return new RawChannel(loop, Objects.requireNonNull(channel, "channel"));
    }

    /** {@return the loop} */
    public EventLoop loop() {
        return loop;
    }

    /** {@return the channel itself, for its addresses and options, and for I/O in a callback} */
    public SelectableChannel channel() {
        return channel;
    }

    /**
     * Calls back in every turn in which the channel is readable, or a listening one has somebody to accept;
     * the end of the stream and a hang-up count as readable. What the callback throws is reported, and it
     * stays.
     *
     * @param callback takes the place of the reader before
     * @throws IllegalStateException if an input operation is pending or the channel is closed
     */
    public void addReader(Runnable callback) {
        requireOpen("addReader");
        reading.install(callback);
    }

    /** {@return whether there was a reader to remove} */
    public boolean removeReader() {
        loop.requireLoopThread("removeReader");
        return reading.removeCallback();
    }

    /**
     * Calls back in every turn in which the channel is writable, or a connection under way can be finished; a
     * hang-up counts as that too. What the callback throws is reported, and it stays.
     *
     * @param callback takes the place of the writer before
     * @throws IllegalStateException if an output operation is pending or the channel is closed
     */
    public void addWriter(Runnable callback) {
        requireOpen("addWriter");
        writing.install(callback);
    }

    /** {@return whether there was a writer to remove} */
    public boolean removeWriter() {
        loop.requireLoopThread("removeWriter");
        return writing.removeCallback();
    }

    /**
     * Accepts one connection on a {@code ServerSocketChannel}.
     *
     * @return the connection, non-blocking and not registered: for another {@code RawChannel}, {@link
     *         Net#adopt(EventLoop, SocketChannel, java.util.function.Supplier)}, or any other use
     */
    public CompletableFuture<SocketChannel> accept() {
        require(ServerSocketChannel.class, "accept");
        return start(reading, "accept", input.connection());
    }

    /**
     * Connects a {@code SocketChannel}, or gives a {@code DatagramChannel} its one peer. If that fails, the
     * JDK closes the channel. If it is cancelled, the kernel goes on connecting, and a second call with the
     * same address joins in.
     *
     * @param remote where to; a name that has not been looked up is, and the first of its addresses of the
     *            socket's own family is taken
     * @return complete once connected
     */
    public CompletableFuture<Void> connect(SocketAddress remote) {
        if (!(channel instanceof DatagramChannel)) {
            require(SocketChannel.class, "connect");
        }
        Objects.requireNonNull(remote, "remote");
        return start(writing, "connect", new RawConnect(loop, channel, remote, writing::advance));
    }

    /**
     * Receives what there is, at least one byte; of a datagram, what fits.
     *
     * @param maxBytes at least 1; more than 256 KiB do not come at a time
     * @return the bytes; none at the end of the stream, or if that was an empty datagram
     */
    public CompletableFuture<byte[]> recv(int maxBytes) {
        require(ReadableByteChannel.class, "recv");
        requireRoom(maxBytes);
        return start(reading, "recv", input.bytes(maxBytes));
    }

    /**
     * Receives what there is into a buffer, at least one byte; of a datagram, what fits. A direct buffer
     * saves a copy.
     *
     * @param target lent; its position moves behind what was received
     * @return how many bytes; 0, as in asyncio and not -1 as in the JDK, at the end of the stream
     */
    public CompletableFuture<Integer> recvInto(ByteBuffer target) {
        require(ReadableByteChannel.class, "recvInto");
        requireRoom(target);
        return start(reading, "recvInto", input.into(target));
    }

    /**
     * Receives one datagram.
     *
     * @param maxBytes at least 1; the rest of a longer datagram is lost
     * @return the datagram and its sender
     */
    public CompletableFuture<Datagram> recvFrom(int maxBytes) {
        require(DatagramChannel.class, "recvFrom");
        requireRoom(maxBytes);
        return start(reading, "recvFrom", input.datagram(maxBytes));
    }

    /**
     * Receives one datagram into a buffer.
     *
     * @param target lent; its position moves behind what was received; the rest of a longer datagram is lost
     * @return the sender
     */
    public CompletableFuture<SocketAddress> recvFromInto(ByteBuffer target) {
        require(DatagramChannel.class, "recvFromInto");
        requireRoom(target);
        return start(reading, "recvFromInto", input.datagramInto(target));
    }

    /**
     * Sends everything; on a connected {@code DatagramChannel} as one datagram. An empty buffer sends
     * nothing.
     *
     * @param data lent; its position tells at any time how much the kernel has taken, so also after a failure
     *            or a cancel
     * @return complete when the kernel has taken all of it
     */
    public CompletableFuture<Void> sendAll(ByteBuffer data) {
        require(WritableByteChannel.class, "sendAll");
        Objects.requireNonNull(data, "data");
        return start(writing, "sendAll", output.all(data));
    }

    /**
     * Sends one datagram.
     *
     * @param data lent; an empty one is sent too
     * @param to looked up already
     * @return how many bytes, which is all of them
     * @throws IllegalArgumentException if the address is a name that was not looked up
     */
    public CompletableFuture<Integer> sendTo(ByteBuffer data, SocketAddress to) {
        require(DatagramChannel.class, "sendTo");
        Objects.requireNonNull(data, "data");
        if (Objects.requireNonNull(to, "to") instanceof InetSocketAddress name && name.isUnresolved()) {
            throw new IllegalArgumentException(to + " has not been looked up; use Resolver.getaddrinfo");
        }
        return start(writing, "sendTo", output.datagram(data, to));
    }

    /**
     * Sends a part of a file over a stream; into a socket without copying it through this process. Reading
     * the file may block on the disk.
     *
     * @param file open for reading; afterwards, also after a failure or a cancel, its position is the offset
     *            plus what was sent
     * @param offset where to begin, in bytes
     * @param count how many bytes; {@code Long.MAX_VALUE} for the rest of the file
     * @return how many bytes were sent: fewer than {@code count} if the file ended before
     * @throws IllegalArgumentException if the file is closed, the offset negative, or the count not positive
     */
    public CompletableFuture<Long> sendFile(FileChannel file, long offset, long count) {
        if (channel instanceof DatagramChannel) {
            throw new UnsupportedOperationException("sendFile needs a stream, not " + channel);
        }
        require(WritableByteChannel.class, "sendFile");
        FilePart part = new FilePart(loop.buffers(), file, offset, count);
        return start(writing, "sendFile", new RawFileSend(this, part));
    }

    /** Closes the channel. What is pending fails, callbacks are removed. Idempotent. */
    @Override
    public void close() {
        loop.requireLoopThread("RawChannel.close");
        registration.close();
        end(new ClosedChannelException());
    }

    private <T> CompletableFuture<T> start(RawSide side, String name, RawOperation.Attempt<T> attempt) {
        side.refuseIfTaken(name);
        RawOperation<T> operation = new RawOperation<>(name, loop.createFuture(), attempt);
        if (!channel.isOpen()) {
            operation.fail(new ClosedChannelException());
            return operation.future();
        }
        return side.start(operation);
    }

    private void require(Class<?> kind, String operation) {
        loop.requireLoopThread(operation);
        if (!kind.isInstance(channel)) {
            throw new UnsupportedOperationException(
                    operation + " needs a " + kind.getSimpleName() + ", which this is not: " + channel);
        }
    }

    private void requireOpen(String operation) {
        loop.requireLoopThread(operation);
        if (!channel.isOpen()) {
            throw new IllegalStateException(operation + " on a closed channel: " + channel);
        }
    }

    private static void requireRoom(int maxBytes) {
        if (maxBytes < 1) {
            throw new IllegalArgumentException("maxBytes must be at least 1, not " + maxBytes);
        }
    }

    private static void requireRoom(ByteBuffer target) {
        if (target.isReadOnly() || !target.hasRemaining()) {
            throw new IllegalArgumentException("the target must be writable and have room: " + target);
        }
    }

    /** A side has begun or ceased to wait. */
    void updateInterest() {
        if (!channel.isOpen()) {
            registration.close(); // the JDK itself closes a channel that cannot be connected
            return;
        }
        registration.interest(reading.interest() | writing.interest());
        registration.watchClosing(reading.isWaiting() || writing.isWaiting());
    }

    private void end(ClosedChannelException cause) {
        try {
            input.close();
        } catch (IOException e) {
            loop.callExceptionHandler(
                    ExceptionContext.of("Closing a connection that nobody has fetched failed", e)
                            .with("channel", this));
        }
        reading.end(cause);
        writing.end(cause);
        updateInterest();
    }

    @Override
    public String toString() {
        return "RawChannel[" + channel + reading + writing + "]";
    }

    /** What the loop calls; not the business of those who use the channel. */
    private final class Events implements IoHandler {
        @Override
        public void ready(int ops) {
            if (reading.handles(ops)) {
                reading.ready();
            }
            if (writing.handles(ops)) {
                writing.ready();
            }
        }

        @Override
        public void channelClosed() {
            registration.close(); // or a loop that drains would go on waiting for it
            end(new ClosedChannelException());
        }

        @Override
        public void loopClosing() {
            registration.close();
            ClosedChannelException cause = new ClosedChannelException();
            cause.initCause(new IllegalStateException("Event loop is closed"));
            end(cause);
        }

        @Override
        public String toString() {
            return RawChannel.this.toString();
        }
    }
}
