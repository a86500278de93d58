package io.jvloop.process;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.Pipe;

/**
 * Our ends of a child's pipes, until transports own them; null where there is no pipe. Whatever is on the
 * child's side, a descriptor or a thread of ours, these are pipes a selector takes.
 */
final class ChildEnds {
    Pipe.SinkChannel stdin;
    Pipe.SourceChannel stdout;
    Pipe.SourceChannel stderr;
    private Pipe.SourceChannel carried; // by a thread; the other end of stdin

    /** A pipe for standard input, whose other end a thread of ours reads. */
    Pipe.SourceChannel openCarriedInput() throws IOException {
        Pipe pipe = Pipe.open();
        stdin = pipe.sink();
        carried = pipe.source();
        return carried;
    }

    /** The child has ended. Nothing else would wake a thread that waits for more, and has nobody for it. */
    void endCarriedInput() {
        close(carried);
    }

    void close() {
        close(stdin);
        close(stdout);
        close(stderr);
    }

    /** For ways on which a failure of closing must not hide another one. */
    static void close(Closeable end) {
        if (end == null) {
            return;
        }
        try {
            end.close();
        } catch (IOException e) {
            // a pipe's end has nothing to flush that could get lost
        }
    }
}
