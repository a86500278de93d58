package io.jvloop.transport;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/**
 * A thread that carries bytes between a standard stream, which no selector takes, and a pipe, which the loop
 * serves like any other: back-pressure and the end of the stream pass through it by themselves.
 *
 * <p><b>Why a channel of the stream.</b> A thread that sits in {@code FileInputStream.read} stays there until
 * somebody types, and takes what was meant for whoever reads next. One that sits in {@code FileChannel.read}
 * is woken when the channel is closed, and has taken nothing. Closing such a channel closes its stream; and
 * since {@link #ofInput} and {@link #ofOutput} make streams whose {@code close} does nothing, descriptors 0,
 * 1 and 2 stay as they are.
 */
final class StandardPump {
    private static final int BUFFER_BYTES = 64 * 1024;

    /** Another process that shares the terminal or pipe may have made it non-blocking, as Node.js does. */
    private static final long NOT_READY_NANOS = 5_000_000;

    private final Thread thread;
    private final FileChannel standard;
    private final ReadableByteChannel from;
    private final WritableByteChannel to;
    private final Channel pipeEnd;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private volatile IOException failure;
    private volatile long carried; // written by the pump's thread only
    private volatile Awaited awaited; // null if nobody waits

    /** Somebody wants to know when so many bytes have been carried. */
    private record Awaited(long bytes, Runnable whenCarried) {
    }

    private StandardPump(String name, FileChannel standard, ReadableByteChannel from, WritableByteChannel to,
            Channel pipeEnd) {
        this.thread = new Thread(this::run, "jvloop-" + name);
        this.standard = standard;
        this.from = from;
        this.to = to;
        this.pipeEnd = pipeEnd;
    }

    /** Carries standard input into a pipe. It does not keep the JVM alive: what it reads is for a loop. */
    static StandardPump ofInput(Pipe.SinkChannel sink) {
        FileChannel input = new FileInputStream(FileDescriptor.in) {
            @Override
            public void close() {
                // see above
            }
        }.getChannel();
        StandardPump pump = new StandardPump("stdin", input, input, sink, sink);
        pump.thread.setDaemon(true);
        return pump;
    }

    /** Carries a pipe to an output. It keeps the JVM alive until all is there. */
    static StandardPump ofOutput(String name, FileDescriptor descriptor, Pipe.SourceChannel source) {
        FileChannel output = new FileOutputStream(descriptor) {
            @Override
            public void close() {
                // see above
            }
        }.getChannel();
        StandardPump pump = new StandardPump(name, output, source, output, source);
        pump.thread.setDaemon(false);
        return pump;
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            while (from.read(buffer.clear()) >= 0) {
                waitIfNothing(buffer.position());
                buffer.flip();
                while (buffer.hasRemaining()) {
                    waitIfNothing(to.write(buffer));
                }
                carried(buffer.limit());
            }
        } catch (IOException e) {
            failure = e;
        } finally {
            Channels.close(pipeEnd, new IOException("collects what closing throws"));
            finish();
        }
    }

    private static void waitIfNothing(int count) {
        if (count == 0) {
            LockSupport.parkNanos(NOT_READY_NANOS);
        }
    }

    private void carried(int count) {
        carried += count;
        Awaited waiting = awaited;
        if (waiting != null && carried >= waiting.bytes) {
            waiting.whenCarried.run();
        }
    }

    private void finish() {
        if (failure == null) {
            end.complete(null);
        } else {
            end.completeExceptionally(failure);
        }
    }

    /**
     * Whether so many bytes have arrived; if not, {@code whenCarried} is run by the pump's thread when they
     * have, perhaps more than once. One of the two sees what the other has written first, so neither is
     * missed.
     */
    boolean hasCarried(long bytes, Runnable whenCarried) {
        awaited = new Awaited(bytes, whenCarried);
        return carried >= bytes;
    }

    /** Set before the pipe is ended, if the standard stream has failed. */
    IOException failure() {
        return failure;
    }

    /** Completed by the pump's thread: everything is handed over, or the standard stream has failed. */
    CompletableFuture<Void> end() {
        return end;
    }

    /** Ends the pump now, wherever it waits. */
    void stop() {
        Channels.close(standard, new IOException("collects what closing throws"));
    }
}
