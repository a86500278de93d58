package io.jvloop.transport;

import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.Pipe;
import java.util.concurrent.CompletableFuture;

/**
 * Standard output or error as a channel for a {@link WritePipe}: the loop's end of a pipe that a {@link
 * StandardPump} empties. It counts, so that the end of the transport can wait until the system has
 * everything.
 */
final class StandardOutput implements GatheringByteChannel {
    private final Pipe pipe;
    private final StandardPump pump;
    private long bytes;

    StandardOutput(String name, FileDescriptor descriptor) throws IOException {
        this.pipe = Pipe.open();
        this.pump = StandardPump.ofOutput(name, descriptor, pipe.source());
    }

    /** What to register. */
    Pipe.SinkChannel sink() {
        return pipe.sink();
    }

    /** From now on what is written is carried on, and the JVM stays alive until the sink is closed. */
    void start() {
        pump.start();
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        try {
            int count = pipe.sink().write(source);
            bytes += count;
            return count;
        } catch (IOException e) {
            throw cause(e);
        }
    }

    @Override
    public long write(ByteBuffer[] sources) throws IOException {
        return write(sources, 0, sources.length);
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
        try {
            long count = pipe.sink().write(sources, offset, length);
            bytes += count;
            return count;
        } catch (IOException e) {
            throw cause(e);
        }
    }

    /** Our pipe is broken because the pump has ended: what has happened to the output itself says more. */
    private IOException cause(IOException ofThePipe) {
        IOException failure = pump.failure();
        return failure == null ? ofThePipe : failure;
    }

    /** Whether the system has everything that was written; if not, {@code whenSo} is run by the pump then. */
    boolean isHandedOver(Runnable whenSo) {
        return pump.hasCarried(bytes, whenSo);
    }

    /** Fails when the output does. */
    CompletableFuture<Void> end() {
        return pump.end();
    }

    /** Drops what is still in the pipe. */
    void abort() {
        pump.stop();
    }

    @Override
    public boolean isOpen() {
        return pipe.sink().isOpen();
    }

    /** Closes both ends; for one that was never started. */
    @Override
    public void close() {
        IOException closing = new IOException("collects what closing throws");
        Channels.close(pipe.sink(), closing);
        Channels.close(pipe.source(), closing);
    }
}
