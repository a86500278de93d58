package io.jvloop.transport;

import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.ReportedFailures;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Nobody reads from a pipe any more. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class PipeReaderGoneTest {
    private static final long LONG_ENOUGH_NANOS = TimeUnit.MILLISECONDS.toNanos(1300); // for two looks

    private Pipe pipe;

    @BeforeEach
    void openPipe() throws IOException {
        pipe = Pipe.open();
    }

    @AfterEach
    void closePipe() throws IOException {
        pipe.sink().close();
        pipe.source().close();
    }

    private Transport start(LoopThread thread, EventLoop loop, Recorder recorder) {
        return Await.result(thread.call(() -> Pipes.write(loop, pipe.sink(), () -> recorder)));
    }

    private static void requireProc() {
        assumeTrue(Files.isReadable(Path.of("/proc/self/fdinfo")), "an idle pipe is watched on Linux only");
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "On Linux, connectionLost(null) follows when the reader of an idle pipe goes away")
    void idleWriterNoticesThatTheReaderHasGone(EventLoop loop) throws IOException {
        requireProc();
        Recorder recorder = new Recorder();
        try (LoopThread thread = LoopThread.start(loop)) {
            start(thread, loop, recorder);
            pipe.source().close();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @Test
    void writerNoticesAfterItHasBeenWatchedForLong(EventLoop loop) throws IOException {
        requireProc();
        Recorder recorder = new Recorder();
        try (LoopThread thread = LoopThread.start(loop)) {
            Transport transport = start(thread, loop, recorder);
            CompletableFuture<Long> turns = new CompletableFuture<>();
            thread.run(() -> {
                long before = loop.stats().turns();
                loop.callLater(LONG_ENOUGH_NANOS,
                        () -> turns.complete(loop.stats().turns() - before));
            });
            assertThat(Await.result(turns)).isLessThan(50); // a spinning loop makes some ten thousand
            thread.run(() -> {
                assertThat(transport.isClosing()).isFalse();
                transport.write("hello".getBytes());
            });
            ByteBuffer received = ByteBuffer.allocate(100);
            assertThat(pipe.source().read(received)).isEqualTo(5); // the looks have written nothing
            pipe.source().close();
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "A reader that goes away while bytes are queued makes connectionLost get the failure, "
                    + "without a further write")
    void queuedBytesFailAtOnceWhenTheReaderGoes(EventLoop loop) throws IOException {
        Recorder recorder = new Recorder().onMade(Connection::fill);
        try (LoopThread thread = LoopThread.start(loop)) {
            start(thread, loop, recorder);
            pipe.source().close();
            assertThat(recorder.awaitLost()).isInstanceOf(IOException.class);
            assertThat(recorder.calls()).endsWith("lost");
        }
    }

    @Test
    void closingWriterFailsToo(EventLoop loop) throws IOException {
        Recorder recorder = new Recorder().onMade(transport -> {
            transport.write(new byte[1_000_000]);
            transport.close();
        });
        try (LoopThread thread = LoopThread.start(loop)) {
            start(thread, loop, recorder);
            pipe.source().close();
            assertThat(recorder.awaitLost()).isInstanceOf(IOException.class);
        }
    }

    /** Nothing is queued and nothing fits in. */
    private void fillExactly(LoopThread thread, Transport transport) {
        thread.run(() -> {
            Connection.fill(transport);
            readFully(transport.writeBufferSize());
        });
        Await.until("an empty queue", () -> thread.call(transport::writeBufferSize) == 0);
    }

    private void letTheWatchLook(LoopThread thread, EventLoop loop) {
        CompletableFuture<Void> later = new CompletableFuture<>();
        thread.run(() -> loop.callLater(LONG_ENOUGH_NANOS, () -> later.complete(null)));
        Await.result(later); // a loop that is blocked does not come here
    }

    @Test
    void exactlyFullPipeDoesNotBlockTheWatchAndStillNotices(EventLoop loop) throws IOException {
        requireProc();
        Recorder recorder = new Recorder();
        try (LoopThread thread = LoopThread.start(loop)) {
            Transport transport = start(thread, loop, recorder);
            fillExactly(thread, transport);
            letTheWatchLook(thread, loop);
            pipe.source().close();
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    void pipeThatANeighbourHasJustFilledDoesNotBlockTheWatch(EventLoop loop) {
        requireProc();
        Recorder recorder = new Recorder();
        try (LoopThread thread = LoopThread.start(loop)) {
            Transport transport = start(thread, loop, recorder);
            letTheWatchLook(thread, loop);
            fillExactly(thread, transport);
            thread.run(() -> ((WritePipe) transport).ready(SelectionKey.OP_WRITE)); // as was true before
            thread.run(transport::abort);
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    void interruptedLoopIsNotTakenForAReaderThatHasGone(EventLoop loop, ReportedFailures failures)
            throws IOException {
        requireProc();
        Recorder recorder = new Recorder();
        try (LoopThread thread = LoopThread.start(loop)) {
            Transport transport = start(thread, loop, recorder);
            letTheWatchLook(thread, loop);
            thread.run(() -> {
                ReaderWatch watch = new ReaderWatch(loop, pipe.sink(), () -> {});
                watch.look();
                Thread.currentThread().interrupt();
                assertThat(watch.readerIsGone()).isFalse();
                assertThat(Thread.interrupted()).isTrue();
                assertThat(watch.readerIsGone()).isFalse();
                watch.cancel();
                watch.look();
                assertThat(watch.readerIsGone()).isFalse();
                watch.cancel();
                assertThat(transport.isClosing()).isFalse();
            });
            assertThat(failures.count()).isZero();
            pipe.source().close();
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    private void readFully(long count) {
        ByteBuffer target = ByteBuffer.allocate((int) count);
        try {
            while (target.hasRemaining() && pipe.source().read(target) > 0) {
                // until all of it is here
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "A write to a pipe that nobody reads ends in connectionLost with "
            + "the failure, once")
    void writeWithoutReaderIsLost(EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        pipe.source().close();
        Transport transport = loop.runUntilComplete(Pipes.write(loop, pipe.sink(), () -> recorder));
        transport.write("x".getBytes());
        transport.write("y".getBytes());
        assertThat(transport.isClosing()).isTrue();
        Turns.run(loop, 3);
        assertThat(recorder.calls()).containsExactly("made", "lost");
        assertThat(recorder.awaitLost()).isInstanceOf(IOException.class);
    }

    @Test
    void fullPipeEndsWhenItsReaderLeavesAfterOneMoreWrite(EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        try (LoopThread thread = LoopThread.start(loop)) {
            Transport transport = start(thread, loop, recorder);
            thread.run(() -> {
                for (int i = 0; i < 32 && !recorder.calls().contains("pause"); i++) {
                    transport.write(new byte[32 * 1024]);
                }
                assertThat(recorder.calls()).contains("pause");
                transport.write(new byte[1]);
            });
            pipe.source().close();
            assertThat(recorder.awaitLost()).isInstanceOf(IOException.class);
        }
    }

    @Test
    void childThatEndsIsAReaderThatHasGone(EventLoop loop) throws IOException, InterruptedException {
        requireProc();
        Programs.require("head");
        pipe.source().configureBlocking(false);
        File end = new File("/proc/self/fd/" + DescriptorNumber.of(pipe.source()));
        Process child = new ProcessBuilder("head", "-c", "3").redirectInput(end).start();
        pipe.source().close();
        Recorder recorder = new Recorder();
        try (LoopThread thread = LoopThread.start(loop)) {
            Transport transport = start(thread, loop, recorder);
            thread.run(() -> transport.write("abc".getBytes()));
            assertThat(child.getInputStream().readAllBytes()).isEqualTo("abc".getBytes());
            assertThat(child.waitFor()).isZero();
            assertThat(recorder.awaitLost()).isNull();
        } finally {
            child.destroyForcibly();
            child.getErrorStream().close();
            child.getInputStream().close();
        }
    }
}
