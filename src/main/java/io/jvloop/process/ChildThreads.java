package io.jvloop.process;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/**
 * Where there are no pipes that can be reopened: a daemon thread for each stream, which carries its bytes to
 * or from a pipe that the loop's selector takes. Back-pressure and the end pass through by themselves.
 *
 * <p><b>What differs.</b> The JDK closes its end of a child's streams when the child has ended, after reading
 * what is in them: what a grandchild writes later may be lost. And a thread that waits for a grandchild stays
 * until that writes or ends.
 */
final class ChildThreads {
    private static final int BUFFER_BYTES = 64 * 1024;

    private final Process process;
    private final ChildEnds ours;

    private ChildThreads(Process process, ChildEnds ours) {
        this.process = process;
        this.ours = ours;
    }

    /** Starts a thread for each stream that is to be a pipe. */
    static void start(Process process, SubprocessConfig config, ChildEnds ours) throws IOException {
        ChildThreads threads = new ChildThreads(process, ours);
        if (config.stdin() == Stdio.PIPE) {
            threads.carryInput();
        }
        if (config.stdout() == Stdio.PIPE) {
            Pipe pipe = Pipe.open();
            ours.stdout = pipe.source();
            threads.carryOutput("stdout", process.getInputStream(), pipe.sink());
        }
        if (config.stderr() == Stdio.PIPE) {
            Pipe pipe = Pipe.open();
            ours.stderr = pipe.source();
            threads.carryOutput("stderr", process.getErrorStream(), pipe.sink());
        }
    }

    private void carryInput() throws IOException {
        Pipe.SourceChannel source = ours.openCarriedInput();
        start("stdin", source, source, unbuffered(process.getOutputStream()));
    }

    /** The JDK's stream to a child collects what is written, and whoever talks to it would wait for ever. */
    private static WritableByteChannel unbuffered(OutputStream stream) {
        return Channels.newChannel(new FilterOutputStream(stream) {
            @Override
            public void write(byte[] bytes, int offset, int count) throws IOException {
                out.write(bytes, offset, count);
                out.flush();
            }
        });
    }

    private void carryOutput(String name, InputStream output, Pipe.SinkChannel sink) {
        start(name, sink, Channels.newChannel(output), sink);
    }

    private void start(String name, Channel pipeEnd, ReadableByteChannel from, WritableByteChannel to) {
        Thread thread =
                new Thread(() -> carry(from, to), "jvloop-child-" + process.pid() + "-" + name);
        thread.setDaemon(true);
        try {
            thread.start();
        } catch (OutOfMemoryError noThread) {
            ChildEnds.close(pipeEnd);
            throw noThread;
        }
    }

    /** Until one side ends or fails; then the other one must hear of it. */
    private static void carry(ReadableByteChannel from, WritableByteChannel to) {
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
        try {
            while (from.read(buffer.clear()) >= 0) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    to.write(buffer);
                }
            }
        } catch (IOException e) {
            // the child does not read any more, or we do not: whoever writes finds out
        } finally {
            ChildEnds.close(to);
            ChildEnds.close(from);
        }
    }
}
