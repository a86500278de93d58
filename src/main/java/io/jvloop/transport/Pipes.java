package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.Registration;
import java.io.FileDescriptor;
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
                new WritePipe(loop, channel, protocol(factory), limits, Delivery.lost(result))
                        .watching(channel);
        Registration registration = loop.register(channel, 0, transport);
        Delivery.begin(transport, made -> transport.start(registration, made), result);
        return result;
    }

    /**
     * Reads standard input, whatever it is. At most one transport does at a time. It takes the first byte
     * after {@code connectionMade}, and none any more after {@code connectionLost}: what comes then is for
     * {@code System.in}, or for a child process.
     *
     * <p>No selector takes a terminal or a file, so a daemon thread named {@code jvloop-stdin} reads, at most
     * some 200 KiB ahead. Do not use {@code System.in} at the same time.
     *
     * @param loop the loop that will serve it
     * @param factory makes the protocol
     * @return the transport, completed right after {@code connectionMade}. If reading fails, {@code
     *             connectionLost} gets the failure
     * @throws IOException if the JVM was started with standard input closed, or for want of descriptors
     * @throws IllegalStateException if another transport reads it
     */
    public static CompletableFuture<Transport> stdin(EventLoop loop, Supplier<? extends Protocol> factory)
            throws IOException {
        loop.requireLoopThread("Pipes.stdin");
        Protocol protocol = protocol(factory);
        CompletableFuture<Transport> result = loop.createFuture();
        StandardInput input = StandardInput.take();
        try {
            ReadPipe transport = new ReadPipe(loop, input, protocol, ended -> {
                input.close();
                Delivery.lost(result).accept(ended);
            });
            Registration registration = loop.register(input.source(), 0, transport);
            Delivery.begin(transport, made -> transport.start(registration, () -> {
                made.run();
                input.startUnless(transport.isClosing());
            }), result);
            return result;
        } catch (IOException | RuntimeException e) {
            input.close();
            throw e;
        }
    }

    /**
     * Writes to standard output, whatever it is, and never blocks the loop.
     *
     * <p>No selector takes a terminal or a file, so a thread named {@code jvloop-stdout} writes. It keeps the
     * JVM alive until the transport, or its loop, is closed and everything that the pipe to it had taken is
     * handed to the system; {@code connectionLost} comes after that. {@code System.exit} does not wait. What
     * is printed to {@code System.out} meanwhile takes another way, and may come earlier or later than what
     * was written before it here.
     *
     * @param loop the loop that will serve it
     * @param factory makes the protocol
     * @return the transport, completed right after {@code connectionMade}. When nobody reads the output any
     *             more ({@code … | head -1}), the next bytes fail, and {@code connectionLost} gets the
     *             failure
     * @throws IOException for want of descriptors
     */
    public static CompletableFuture<Transport> stdout(EventLoop loop, Supplier<? extends Protocol> factory)
            throws IOException {
        return stdout(loop, factory, WriteBufferLimits.DEFAULT);
    }

    /**
     * {@link #stdout(EventLoop, Supplier)} with other marks.
     *
     * @param loop the loop that will serve it
     * @param factory makes the protocol
     * @param limits the marks of {@code pauseWriting} and {@code resumeWriting}
     * @return the transport
     * @throws IOException for want of descriptors
     */
    public static CompletableFuture<Transport> stdout(EventLoop loop, Supplier<? extends Protocol> factory,
            WriteBufferLimits limits) throws IOException {
        loop.requireLoopThread("Pipes.stdout");
        return output(loop, factory, limits, "stdout", FileDescriptor.out);
    }

    /**
     * Writes to standard error, as {@link #stdout(EventLoop, Supplier)}.
     *
     * @param loop the loop that will serve it
     * @param factory makes the protocol
     * @return the transport
     * @throws IOException for want of descriptors
     */
    public static CompletableFuture<Transport> stderr(EventLoop loop, Supplier<? extends Protocol> factory)
            throws IOException {
        return stderr(loop, factory, WriteBufferLimits.DEFAULT);
    }

    /**
     * {@link #stderr(EventLoop, Supplier)} with other marks.
     *
     * @param loop the loop that will serve it
     * @param factory makes the protocol
     * @param limits the marks of {@code pauseWriting} and {@code resumeWriting}
     * @return the transport
     * @throws IOException for want of descriptors
     */
    public static CompletableFuture<Transport> stderr(EventLoop loop, Supplier<? extends Protocol> factory,
            WriteBufferLimits limits) throws IOException {
        loop.requireLoopThread("Pipes.stderr");
        return output(loop, factory, limits, "stderr", FileDescriptor.err);
    }

    private static CompletableFuture<Transport> output(EventLoop loop, Supplier<? extends Protocol> factory,
            WriteBufferLimits limits, String name, FileDescriptor descriptor) throws IOException {
        Protocol protocol = protocol(factory);
        CompletableFuture<Transport> result = loop.createFuture();
        StandardOutput output = new StandardOutput(name, descriptor);
        try {
            WritePipe transport = new WritePipe(loop, output, protocol, limits, Delivery.lost(result))
                    .before(output);
            Registration registration = loop.register(output.sink(), 0, transport);
            output.start();
            Delivery.begin(transport, made -> transport.start(registration, made), result);
            return result;
        } catch (IOException | RuntimeException e) {
            output.close();
            throw e;
        }
    }

    private static Protocol protocol(Supplier<? extends Protocol> factory) {
        Objects.requireNonNull(factory, "factory");
        return Objects.requireNonNull(factory.get(), "the protocol factory returned null");
    }
}
