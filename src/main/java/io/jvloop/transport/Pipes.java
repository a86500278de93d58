package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.Registration;
import java.io.IOException;
import java.nio.channels.Pipe;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Pipes as transports: one direction, otherwise the same {@link Protocol} and the same {@link Transport} as a
 * connection.
 *
 * <p>The direction that is missing throws {@code UnsupportedOperationException}; addresses are null, and
 * there are no socket options.
 *
 * <p><b>Thread.</b> The loop's, or any one thread while the loop does not run.
 */
public final class Pipes {
    private Pipes() {
    }

    /**
     * Reads from a pipe; the transport owns this end from now on. {@code eofReceived} is called when the last
     * writer has closed, and whatever it returns the transport closes itself then.
     *
     * @param loop the loop that will serve the pipe
     * @param channel open and not registered with any selector
     * @param factory makes the protocol
     * @return the transport, completed right after {@code connectionMade}; cancelling closes the channel
     * @throws IOException if the channel is closed
     * @throws IllegalStateException if the channel is registered already
     */
    public static CompletableFuture<Transport> read(EventLoop loop, Pipe.SourceChannel channel,
            Supplier<? extends Protocol> factory) throws IOException {
        loop.requireLoopThread("Pipes.read");
        CompletableFuture<Transport> result = loop.createFuture();
        ReadPipe transport = new ReadPipe(loop, channel, protocol(factory), Delivery.lost(result));
        Registration registration = loop.register(channel, 0, transport);
        Delivery.begin(transport, made -> transport.start(registration, made), result);
        return result;
    }

    /**
     * Writes to a pipe, with the default marks.
     *
     * @param loop the loop that will serve the pipe
     * @param channel open and not registered with any selector
     * @param factory makes the protocol
     * @return see {@link #write(EventLoop, Pipe.SinkChannel, Supplier, WriteBufferLimits)}
     * @throws IOException if the channel is closed
     * @throws IllegalStateException if the channel is registered already
     */
    public static CompletableFuture<Transport> write(EventLoop loop, Pipe.SinkChannel channel,
            Supplier<? extends Protocol> factory) throws IOException {
        return write(loop, channel, factory, WriteBufferLimits.DEFAULT);
    }

    /**
     * Writes to a pipe; the transport owns this end from now on, and nobody else may write to it. {@code
     * writeEof} sends what is queued and then closes, as {@code close} does.
     *
     * <p>When the last reader has gone, {@code connectionLost} gets an {@code IOException} if bytes were
     * still queued or being written, and null if not. On Linux this is noticed without a write too, within
     * about half a second; on other systems an idle pipe is not watched, and the next write finds out.
     *
     * @param loop the loop that will serve the pipe
     * @param channel open and not registered with any selector
     * @param factory makes the protocol
     * @param limits the marks of {@code pauseWriting} and {@code resumeWriting}
     * @return the transport, completed right after {@code connectionMade}; cancelling closes the channel
     * @throws IOException if the channel is closed
     * @throws IllegalStateException if the channel is registered already
     */
    public static CompletableFuture<Transport> write(EventLoop loop, Pipe.SinkChannel channel,
            Supplier<? extends Protocol> factory, WriteBufferLimits limits) throws IOException {
        loop.requireLoopThread("Pipes.write");
        CompletableFuture<Transport> result = loop.createFuture();
        WritePipe transport =
                new WritePipe(loop, channel, protocol(factory), limits, Delivery.lost(result));
        Registration registration = loop.register(channel, 0, transport);
        Delivery.begin(transport, made -> transport.start(registration, made), result);
        return result;
    }

    private static Protocol protocol(Supplier<? extends Protocol> factory) {
        return Objects.requireNonNull(factory.get(), "the protocol factory returned null");
    }
}
