package io.jvloop.transport;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Standard input as a channel for a {@link ReadPipe}: the loop's end of a pipe that a {@link StandardPump}
 * fills. There is one at a time, since two would take each other's bytes away.
 */
final class StandardInput implements ReadableByteChannel {
    private static final AtomicBoolean TAKEN = new AtomicBoolean();

    private final Pipe pipe;
    private final StandardPump pump;

    private StandardInput(Pipe pipe) {
        this.pipe = pipe;
        this.pump = StandardPump.ofInput(pipe.sink());
    }

    /**
     * Takes it.
     *
     * @throws IllegalStateException if it is taken
     * @throws IOException if it was closed when the JVM started, or for want of descriptors
     */
    static StandardInput take() throws IOException {
        refuseIfClosed();
        if (!TAKEN.compareAndSet(false, true)) {
            throw new IllegalStateException(
                    "standard input is being read by another transport; close that one first");
        }
        try {
            return new StandardInput(Pipe.open());
        } catch (IOException e) {
            TAKEN.set(false);
            throw e;
        }
    }

    /**
     * If descriptor 0 is free when a JVM starts, the JVM's own class archive gets it, and standard input
     * would seem to be a hundred megabytes of that.
     */
    private static void refuseIfClosed() throws IOException {
        Path input = Path.of("/proc/self/fd/0");
        Path archive = Path.of(System.getProperty("java.home"), "lib", "modules");
        if (Files.exists(input) && Files.exists(archive) && Files.isSameFile(input, archive)) {
            throw new IOException("standard input was closed when this JVM was started");
        }
    }

    /** What to register. */
    Pipe.SourceChannel source() {
        return pipe.source();
    }

    /** From now on it is read, unless it is given back already. */
    void startUnless(boolean closing) {
        if (!closing) {
            pump.start();
        }
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        int count = pipe.source().read(target);
        if (count < 0 && pump.failure() != null) {
            throw pump.failure();
        }
        return count;
    }

    @Override
    public boolean isOpen() {
        return pipe.source().isOpen();
    }

    /** Gives it back; what has not been read yet stays where it is. */
    @Override
    public void close() {
        IOException closing = new IOException("collects what closing throws");
        Channels.close(pipe.source(), closing);
        pump.stop();
        Channels.close(pipe.sink(), closing);
        TAKEN.set(false);
    }
}
