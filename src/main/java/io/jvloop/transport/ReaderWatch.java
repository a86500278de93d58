package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.TimerHandle;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.channels.Pipe.SinkChannel;
import java.nio.channels.Pipe.SourceChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;

/**
 * Notices that the reader of an idle pipe has gone, by looking twice a second. Loop thread.
 *
 * <p>epoll would tell at once, if the JDK let it: {@code java.nio} has no interest in errors alone. Waiting
 * for OP_WRITE would spin, since an idle pipe is always writable; without any interest the JDK takes the pipe
 * out of epoll; a write of no bytes succeeds whether anybody reads or not. But {@code sendfile} of no bytes
 * looks for a reader before it looks at the length (splice_file_to_pipe in Linux), so it fails with EPIPE
 * once there is none, and otherwise does nothing.
 *
 * <p>JDK 17 would send to the sink itself, later ones no longer hand pipes to {@code sendfile} but copy, and
 * there is nothing to copy. To a file all of them do, hence the second descriptor, opened by way of /proc. It
 * is a blocking one, and {@code sendfile} to a full pipe would block whatever the length. So the pipe is
 * asked only when the selector has just said that it is writable, and nobody but this loop writes to it; and
 * while it is full, waiting for OP_WRITE does not spin and the selector reports the error itself.
 *
 * <p>The first look, with all that has to be found out for it, comes when the pipe has lived for half a
 * second; most pipes never pay. Where it does not work (another system than Linux, no /proc) a trial once
 * shows that, and the end of a reader is noticed by the next write only.
 */
final class ReaderWatch {
    private static final Duration EVERY = Duration.ofMillis(500);

    /** Any regular file will do, since nothing of it is sent. */
    private static final Path SOME_FILE = Path.of("/proc/self/exe");

    private final EventLoop loop;
    private final SinkChannel sink;
    private final Runnable askForReadiness;
    private TimerHandle timer;
    private FileChannel pipe;

    /** {@code askForReadiness} makes the loop report, for once, that the pipe can be written. */
    ReaderWatch(EventLoop loop, SinkChannel sink, Runnable askForReadiness) {
        this.loop = loop;
        this.sink = sink;
        this.askForReadiness = askForReadiness;
    }

    void start() {
        timer = loop.callLater(EVERY, this::look);
    }

    /** Asks for readiness twice a second from now on. */
    void look() {
        Trial.Answer answer = Trial.answer();
        if (answer == Trial.Answer.NEVER) {
            return;
        }
        start();
        if (answer == Trial.Answer.UNKNOWN) {
            return;
        }
        try {
            if (pipe == null || !pipe.isOpen()) {
                pipe = reopen(sink);
            }
            askForReadiness.run();
        } catch (IOException | RuntimeException tryAgainLater) {
            // out of descriptors perhaps, which is no reason to end a connection
        }
    }

    /** To be asked only when the pipe has just been reported to be writable. */
    boolean readerIsGone() {
        try {
            return isGone(pipe);
        } catch (IOException unknown) { // out of descriptors, or this thread was interrupted
            return false;
        }
    }

    void cancel() {
        if (timer != null) {
            timer.cancel();
        }
        if (pipe != null) {
            Channels.close(pipe, new IOException("collects what closing throws"));
        }
    }

    private static FileChannel reopen(SinkChannel sink) throws IOException {
        Path path = Path.of("/proc/self/fd/" + DescriptorNumber.of(sink));
        return FileChannel.open(path, StandardOpenOption.WRITE);
    }

    private static boolean isGone(FileChannel pipe) throws IOException {
        try (FileChannel file = FileChannel.open(SOME_FILE, StandardOpenOption.READ)) {
            return isRefused(file, pipe);
        }
    }

    private static boolean isRefused(FileChannel file, FileChannel pipe) throws ClosedChannelException {
        try {
            file.transferTo(0, 0, pipe);
            return false;
        } catch (ClosedChannelException interrupted) { // closes both files, and says nothing about the reader
            throw interrupted;
        } catch (IOException brokenPipe) {
            return true;
        }
    }

    /** Whether all this works here, tried with a pipe of our own until there is an answer. */
    private static final class Trial {
        enum Answer { UNKNOWN, WORKS, NEVER }

        private static volatile Answer answer = Answer.UNKNOWN;

        private Trial() {
        }

        static Answer answer() {
            if (answer == Answer.UNKNOWN) {
                answer = tried();
            }
            return answer;
        }

        private static Answer tried() {
            if (!Files.isReadable(SOME_FILE) || !Files.isDirectory(Path.of("/proc/self/fdinfo"))) {
                return Answer.NEVER;
            }
            try {
                Pipe tried = Pipe.open();
                try (SinkChannel sink = tried.sink(); SourceChannel source = tried.source()) {
                    sink.configureBlocking(false);
                    return tellsTheDifference(sink, source) ? Answer.WORKS : Answer.NEVER;
                }
            } catch (IOException tryAgain) { // no descriptors, or this thread was interrupted
                return Answer.UNKNOWN;
            } catch (RuntimeException notHere) {
                return Answer.NEVER;
            }
        }

        private static boolean tellsTheDifference(SinkChannel sink, SourceChannel source)
                throws IOException {
            try (FileChannel pipe = reopen(sink)) {
                boolean goneTooEarly = isGone(pipe);
                source.close();
                return !goneTooEarly && isGone(pipe);
            }
        }
    }
}
