package io.jvloop.transport;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The writing end of a pipe; a blocking thread of the test reads. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class PipeWriteTest {
    /** More than a pipe holds. */
    private static final int MUCH = 1_000_000;

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

    private byte[] readAll() throws IOException {
        InputStream in = Channels.newInputStream(pipe.source());
        return in.readAllBytes();
    }

    @Test
    @Contract(section = TRANSPORT, value = "Everything written to a pipe arrives, in order, and close waits "
            + "for it")
    void everythingArrivesBeforeTheEnd(EventLoop loop) throws IOException {
        byte[] data = Bytes.noise(MUCH);
        Recorder recorder = new Recorder();
        try (LoopThread thread = LoopThread.start(loop)) {
            Transport transport = start(thread, loop, recorder);
            thread.run(() -> {
                transport.write(ByteBuffer.wrap(data, 0, 1000));
                transport.writeAll(ByteBuffer.wrap(data, 1000, 1000), ByteBuffer.wrap(data, 2000, 8000));
                transport.write(ByteBuffer.wrap(data, 10_000, data.length - 10_000));
                assertThat(transport.writeBufferSize()).isPositive();
                transport.close();
                assertThat(transport.isClosing()).isTrue();
                transport.close();
            });
            assertThat(readAll()).isEqualTo(data);
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).startsWith("made", "pause").endsWith("lost");
            thread.run(() -> {
                assertThat(transport.writeBufferSize()).isZero();
                assertThat(transport.protocol()).isNull();
            });
        }
    }

    @Test
    void closeWithNothingQueuedIsSeenAtOnce(EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        Transport transport = loop.runUntilComplete(Pipes.write(loop, pipe.sink(), () -> recorder));
        transport.write("hello".getBytes());
        transport.close();
        assertThat(recorder.calls()).containsExactly("made"); // never from inside close
        Turns.run(loop, 2);
        assertThat(recorder.calls()).containsExactly("made", "lost");
        assertThat(new String(readAll())).isEqualTo("hello");
    }

    @Test
    @Contract(section = TRANSPORT, value = "writeEof on a pipe sends what is queued and then closes it")
    void writeEofIsClose(EventLoop loop) throws IOException {
        byte[] data = Bytes.noise(MUCH);
        Recorder recorder = new Recorder();
        try (LoopThread thread = LoopThread.start(loop)) {
            Transport transport = start(thread, loop, recorder);
            thread.run(() -> {
                assertThat(transport.canWriteEof()).isTrue();
                transport.write(data);
                transport.writeEof();
                transport.writeEof();
                assertThat(transport.isClosing()).isTrue();
                assertThatIllegalStateException().isThrownBy(() -> transport.write(new byte[1]))
                        .withMessageContaining("writeEof");
            });
            assertThat(readAll()).isEqualTo(data);
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    void writeEofWithNothingQueuedClosesAtOnce(EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        Transport transport = loop.runUntilComplete(Pipes.write(loop, pipe.sink(), () -> recorder));
        transport.writeEof();
        Turns.run(loop, 2);
        assertThat(recorder.calls()).containsExactly("made", "lost");
        assertThat(readAll()).isEmpty();
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "A writer whose pipe is full is paused, and resumed when the reader has made room")
    void fullPipePausesAndResumes(EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        try (LoopThread thread = LoopThread.start(loop)) {
            Transport transport = Await.result(thread.call(() -> Pipes.write(loop, pipe.sink(),
                    () -> recorder, WriteBufferLimits.ofHigh(1000))));
            thread.run(() -> {
                assertThat(transport.writeBufferLimits()).isEqualTo(WriteBufferLimits.ofHigh(1000));
                transport.setWriteBufferLimits(WriteBufferLimits.ofHigh(0));
                Connection.fill(transport);
                assertThat(recorder.calls()).containsExactly("made", "pause");
            });
            ByteBuffer some = ByteBuffer.allocate(1_000_000);
            pipe.source().read(some);
            recorder.awaitCall("resume");
            thread.run(transport::close);
            readAll();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "pause", "resume", "lost");
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "A file is sent through a pipe to the byte, between what was "
            + "written before and after")
    void fileIsSentBetweenTheBytesAroundIt(EventLoop loop, @TempDir Path folder) throws IOException {
        byte[] data = Bytes.noise(3_000_000);
        Path path = Files.write(folder.resolve("file"), data);
        Recorder recorder = new Recorder();
        try (LoopThread thread = LoopThread.start(loop);
                FileChannel file = FileChannel.open(path)) {
            Transport transport = start(thread, loop, recorder);
            CompletableFuture<Long> sent = thread.call(() -> {
                transport.write("before".getBytes());
                CompletableFuture<Long> sending = transport.sendFile(file, 10, data.length - 20);
                transport.write("after".getBytes());
                transport.close();
                return sending;
            });
            byte[] received = readAll();
            assertThat(Await.result(sent)).isEqualTo(data.length - 20);
            assertThat(new String(received, 0, 6)).isEqualTo("before");
            assertThat(Arrays.copyOfRange(received, 6, received.length - 5))
                    .isEqualTo(Arrays.copyOfRange(data, 10, data.length - 10));
            assertThat(new String(received, received.length - 5, 5)).isEqualTo("after");
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    void fileThatIsStillBeingSentFailsWithTheAbort(EventLoop loop, @TempDir Path folder) throws IOException {
        Path path = Files.write(folder.resolve("file"), Bytes.noise(MUCH));
        Recorder recorder = new Recorder();
        try (FileChannel file = FileChannel.open(path)) {
            Transport transport = loop.runUntilComplete(Pipes.write(loop, pipe.sink(), () -> recorder));
            CompletableFuture<Long> sent = transport.sendFile(file);
            transport.abort();
            Turns.run(loop, 2);
            assertThat(sent).isCompletedExceptionally();
            assertThat(transport.sendFile(file)).isNotNull();
            Turns.run(loop, 2);
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "A writing pipe refuses what reads, and says that it does")
    void readingIsRefused(EventLoop loop) throws IOException {
        Transport transport = loop.runUntilComplete(Pipes.write(loop, pipe.sink(), Recorder::new));
        assertThatThrownBy(transport::pauseReading).isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("writing end of a pipe");
        assertThatThrownBy(transport::resumeReading).isInstanceOf(UnsupportedOperationException.class);
        assertThat(transport.isReading()).isFalse();
        assertThat(transport.localAddress()).isNull();
        assertThat(transport.remoteAddress()).isNull();
        assertThat(transport.loop()).isSameAs(loop);
        assertThat(transport).asString().contains("WritePipe", "OPEN", "0 bytes queued",
                Recorder.class.getName());
        assertThatThrownBy(() -> transport.option(StandardSocketOptions.SO_SNDBUF))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> transport.setOption(StandardSocketOptions.SO_SNDBUF, 1))
                .isInstanceOf(UnsupportedOperationException.class);
        transport.close();
        Turns.run(loop, 2);
        assertThat(transport).asString().contains("CLOSED");
    }

    @Test
    @Contract(section = BETTER, value = "A writing pipe can be aborted: what is queued is dropped")
    void abortDropsWhatIsQueued(EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        Transport transport = loop.runUntilComplete(Pipes.write(loop, pipe.sink(), () -> recorder));
        transport.write(new byte[MUCH]);
        long queued = transport.writeBufferSize();
        transport.close();
        transport.abort();
        transport.abort();
        Turns.run(loop, 2);
        assertThat(recorder.awaitLost()).isNull();
        assertThat((long) readAll().length).isEqualTo(MUCH - queued);
        transport.write(new byte[1]); // dropped
    }

    @Test
    void fifthWriteAfterTheEndIsLogged(EventLoop loop, ExpectedLogs logs) throws IOException {
        Transport transport = loop.runUntilComplete(Pipes.write(loop, pipe.sink(), Recorder::new));
        transport.abort();
        Turns.run(loop, 2);
        for (int i = 0; i < 7; i++) {
            transport.write(new byte[1]);
        }
        assertThat(logs.takeText()).contains("5 writes after the end", "WritePipe");
    }

    @Test
    void protocolMayBeReplaced(EventLoop loop) throws IOException {
        Recorder first = new Recorder();
        Recorder second = new Recorder();
        Transport transport = loop.runUntilComplete(Pipes.write(loop, pipe.sink(), () -> first));
        assertThatNullPointerException().isThrownBy(() -> transport.setProtocol(null));
        transport.setProtocol(second);
        assertThat(transport.protocol()).isSameAs(second);
        transport.close();
        Turns.run(loop, 2);
        assertThat(second.calls()).containsExactly("lost");
        transport.setProtocol(first); // kept by nobody
        assertThat(transport.protocol()).isNull();
    }

    @Test
    @Contract(section = TRANSPORT, value = "A pipe whose reader does not read is idle")
    void pipeThatNobodyReadsTimesOut(EventLoop loop) {
        Recorder recorder = new Recorder().onMade(transport -> {
            Connection.fill(transport);
            transport.setIdleTimeout(Duration.ofMillis(20));
            transport.write(new byte[1]);
        });
        try (LoopThread thread = LoopThread.start(loop)) {
            start(thread, loop, recorder);
            assertThat(recorder.awaitLost()).isInstanceOf(SocketTimeoutException.class)
                    .hasMessageContaining("WritePipe");
        }
    }

    @Test
    void cancellingBeforeItBeganClosesTheChannel(EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        CompletableFuture<Transport> writing = Pipes.write(loop, pipe.sink(), () -> recorder);
        writing.cancel(false);
        Turns.run(loop, 2);
        assertThat(recorder.calls()).isEmpty();
        assertThat(readAll()).isEmpty();
    }

    @Test
    void writingAndClosingInConnectionMadeLosesNothing(EventLoop loop) throws IOException {
        byte[] data = Bytes.noise(MUCH);
        Recorder recorder = new Recorder().onMade(transport -> {
            transport.write(data);
            transport.close();
        });
        try (LoopThread thread = LoopThread.start(loop)) {
            start(thread, loop, recorder);
            assertThat(readAll()).isEqualTo(data);
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    void unusableChannelsAreRefused(EventLoop loop) throws IOException {
        CompletableFuture<Transport> first = Pipes.write(loop, pipe.sink(), Recorder::new);
        assertThatIllegalStateException()
                .isThrownBy(() -> Pipes.write(loop, pipe.sink(), Recorder::new))
                .withMessageContaining("registration");
        Transport transport = loop.runUntilComplete(first);
        assertThat(transport.isClosing()).isFalse();
        transport.close();
        Turns.run(loop, 2);
        assertThatThrownBy(() -> Pipes.write(loop, pipe.sink(), Recorder::new))
                .isInstanceOf(ClosedChannelException.class);
    }

    @Test
    void anotherThreadIsRefused(EventLoop loop) {
        try (LoopThread thread = LoopThread.start(loop)) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> Pipes.write(loop, pipe.sink(), Recorder::new));
            Transport transport = start(thread, loop, new Recorder());
            for (Consumer<Transport> call : List.<Consumer<Transport>>of(Transport::close, Transport::abort,
                    Transport::writeEof, writer -> writer.write(new byte[1]))) {
                assertThatIllegalStateException().isThrownBy(() -> call.accept(transport));
            }
            thread.run(transport::close);
        }
    }

    @Test
    void closingTheLoopEndsThePipe(EventLoop loop, ExpectedLogs logs) throws IOException {
        Recorder recorder = new Recorder();
        Transport transport = loop.runUntilComplete(Pipes.write(loop, pipe.sink(), () -> recorder));
        transport.write(new byte[MUCH]);
        loop.close();
        assertThat(logs.takeText()).contains("1 open channel");
        assertThat(recorder.calls()).containsExactly("made", "pause", "lost");
        assertThat(readAll()).hasSizeLessThan(MUCH);
    }
}
