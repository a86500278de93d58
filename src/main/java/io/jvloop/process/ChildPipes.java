package io.jvloop.process;

import io.jvloop.transport.DescriptorNumber;
import java.io.Closeable;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Linux: the child's standard streams are pipes of {@code java.nio}, which the loop's selector takes. A
 * thousand children need no thread of ours.
 *
 * <p><b>How.</b> {@code ProcessBuilder} passes on files, not channels. But {@code /proc/self/fd/N} is a path
 * to the pipe with descriptor N, and {@code ProcessBuilder} opens it in this process, before the child
 * exists. That makes a new description of the same pipe, so that our end being non-blocking is not the
 * child's business. Afterwards our copy of the child's end is closed, or there would never be an end of the
 * stream.
 *
 * <p>They are real pipes, so the child may open {@code /dev/stdin} again; with the socket pairs that uvloop
 * uses it cannot.
 */
final class ChildPipes {
    private final SubprocessConfig config;
    private final ChildEnds ours;
    private final List<Closeable> theirs = new ArrayList<>();

    ChildPipes(SubprocessConfig config, ChildEnds ours) {
        this.config = config;
        this.ours = ours;
    }

    /** Whether it works here; found out with a byte and without a child, until there is an answer. */
    static boolean areSupported() {
        return SelfTest.passes();
    }

    /** Opens a pipe for each stream that is to be one. */
    void open(ProcessBuilder builder) throws IOException {
        if (config.stdin() == Stdio.PIPE) {
            Pipe pipe = open();
            ours.stdin = pipe.sink();
            theirs.add(pipe.source());
            builder.redirectInput(Redirect.from(file(pipe.source())));
        }
        if (config.stdout() == Stdio.PIPE) {
            Pipe pipe = open();
            ours.stdout = pipe.source();
            builder.redirectOutput(output(pipe.sink()));
        }
        if (config.stderr() == Stdio.PIPE) {
            Pipe pipe = open();
            ours.stderr = pipe.source();
            builder.redirectError(output(pipe.sink()));
        }
    }

    private Redirect output(Pipe.SinkChannel sink) throws IOException {
        theirs.add(sink);
        return Redirect.to(file(sink));
    }

    private static Pipe open() throws IOException {
        Pipe pipe = Pipe.open();
        try {
            pipe.source().configureBlocking(false); // as the look-up of numbers wants it
            pipe.sink().configureBlocking(false);
            return pipe;
        } catch (IOException e) {
            ChildEnds.close(pipe.source());
            ChildEnds.close(pipe.sink());
            throw e;
        }
    }

    private static File file(SelectableChannel end) throws IOException {
        return new File("/proc/self/fd/" + DescriptorNumber.of(end));
    }

    /** The child has its ends, or will never be. */
    void closeTheirs() {
        theirs.forEach(ChildEnds::close);
    }

    /**
     * A failure may be for want of descriptors, which says nothing about the next time; so there is an answer
     * only after some of them.
     */
    private static final class SelfTest {
        private static final int ATTEMPTS = 10;

        private static Boolean answer; // null as long as nobody knows
        private static int failures;

        private SelfTest() {
        }

        static synchronized boolean passes() {
            if (answer == null) {
                try {
                    answer = carriesBytes();
                } catch (IOException e) {
                    failures++;
                    boolean never = failures == ATTEMPTS || !Files.isDirectory(Path.of("/proc/self/fdinfo"));
                    answer = never ? false : null;
                }
            }
            return Boolean.TRUE.equals(answer);
        }

        private static boolean carriesBytes() throws IOException {
            Pipe pipe = null;
            try {
                pipe = open();
                try (FileOutputStream out = new FileOutputStream(file(pipe.sink()));
                        FileInputStream in = new FileInputStream(file(pipe.source()))) {
                    out.write('!');
                    pipe.sink().write(ByteBuffer.wrap(new byte[] {'?'}));
                    ByteBuffer first = ByteBuffer.allocate(1);
                    return pipe.source().read(first) == 1 && first.get(0) == '!' && in.read() == '?';
                }
            } finally {
                ChildEnds.close(pipe == null ? null : pipe.source());
                ChildEnds.close(pipe == null ? null : pipe.sink());
            }
        }
    }
}
