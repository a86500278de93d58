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
import io.jvloop.support.ReportedFailures;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The reading end of a pipe; a blocking thread of the test writes. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class PipeReadTest {
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
        return Await.result(thread.call(() -> Pipes.read(loop, pipe.source(), () -> recorder)));
    }

    private void write(byte[] bytes) throws IOException {
        ByteBuffer data = ByteBuffer.wrap(bytes);
        while (data.hasRemaining()) {
            pipe.sink().write(data);
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "A pipe is read as a connection is, to the end that its writer "
            + "makes")
    void everythingIsReadToTheEnd(EventLoop loop) throws IOException {
        byte[] data = Bytes.noise(1_000_000);
        Recorder recorder = new Recorder();
        try (LoopThread thread = LoopThread.start(loop)) {
            Transport transport = start(thread, loop, recorder);
            thread.run(() -> assertThat(transport.isReading()).isTrue());
            write(data);
            pipe.sink().close();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.bytes()).isEqualTo(data);
            assertThat(recorder.calls()).containsExactly("made", "data", "eof", "lost");
            assertThat(pipe.source().isOpen()).isFalse();
            thread.run(() -> {
                assertThat(transport.isClosing()).isTrue();
                assertThat(transport.isReading()).isFalse();
                assertThat(transport.protocol()).isNull();
            });
        }
    }

    @Test
    void bufferedProtocolIsReadIntoItsOwnBuffer(EventLoop loop) throws IOException {
        byte[] data = Bytes.noise(10_000);
        ByteBuffer received = ByteBuffer.allocate(data.length);
        CompletableFuture<Void> lost = new CompletableFuture<>();
        BufferedProtocol protocol = new BufferedProtocol() {
            @Override
            public ByteBuffer getBuffer(int sizeHint) {
                return received;
            }

            @Override
            public void bufferUpdated(int count) {
                assertThat(count).isPositive();
            }

            @Override
            public void connectionLost(Throwable cause) {
                lost.complete(null);
            }
        };
        try (LoopThread thread = LoopThread.start(loop)) {
            Await.result(thread.call(() -> Pipes.read(loop, pipe.source(), () -> protocol)));
            write(data);
            Await.until("all bytes", () -> !received.hasRemaining());
            thread.run(() -> assertThat(received.array()).isEqualTo(data));
            received.clear(); // or the end would find a full buffer
            pipe.sink().close();
            Await.result(lost);
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "A pipe that has ended is closed, whatever eofReceived returns")
    void pipeIsClosedAtItsEndWhateverEofReceivedSays(EventLoop loop) throws IOException {
        Recorder recorder = new Recorder().onEof(from -> true);
        try (LoopThread thread = LoopThread.start(loop)) {
            start(thread, loop, recorder);
            pipe.sink().close();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "eof", "lost");
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "While reading from a pipe is paused its writer has to wait, and "
            + "an idle loop costs nothing")
    void pausedPipeHoldsItsWriterUp(EventLoop loop) throws IOException {
        byte[] data = Bytes.noise(500_000); // more than a pipe holds
        Recorder recorder = new Recorder().onMade(Transport::pauseReading);
        try (LoopThread thread = LoopThread.start(loop)) {
            Transport transport = start(thread, loop, recorder);
            CompletableFuture<Void> writing = Peer.background(() -> {
                write(data);
                pipe.sink().close();
                return null;
            });
            CompletableFuture<Long> turns = new CompletableFuture<>();
            thread.run(() -> {
                long before = loop.stats().turns();
                loop.callLater(100_000_000, () -> turns.complete(loop.stats().turns() - before));
            });
            assertThat(Await.result(turns)).isLessThan(50); // a spinning loop makes some ten thousand
            assertThat(recorder.byteCount()).isZero();
            assertThat(writing).isNotDone();
            thread.run(() -> {
                transport.resumeReading();
                transport.resumeReading();
            });
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.bytes()).isEqualTo(data);
            Await.result(writing);
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "A reading pipe refuses what writes, and says that it does")
    void writingIsRefused(EventLoop loop) throws IOException {
        Transport transport =
                loop.runUntilComplete(Pipes.read(loop, pipe.source(), Recorder::new));
        try (FileChannel file = FileChannel.open(Path.of("pom.xml"))) {
            List<Consumer<Transport>> refused = List.of(
                    writer -> writer.write(new byte[1]), writer -> writer.write(ByteBuffer.allocate(1)),
                    writer -> writer.writeAll(ByteBuffer.allocate(1)), writer -> writer.sendFile(file),
                    Transport::writeEof, Transport::writeBufferSize, Transport::sentBytes,
                    Transport::hasUnsent,
                    Transport::writeBufferLimits,
                    writer -> writer.setWriteBufferLimits(WriteBufferLimits.DEFAULT));
            assertThat(refused).allSatisfy(call -> assertThatThrownBy(() -> call.accept(transport))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("reading end of a pipe"));
        }
        assertThat(transport.canWriteEof()).isFalse();
        assertThat(transport.localAddress()).isNull();
        assertThat(transport.remoteAddress()).isNull();
        assertThat(transport.loop()).isSameAs(loop);
        assertThat(transport).asString().contains("ReadPipe", "OPEN", Recorder.class.getName());
        assertThatThrownBy(() -> transport.option(StandardSocketOptions.SO_RCVBUF))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> transport.setOption(StandardSocketOptions.SO_RCVBUF, 1))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThat(transport.isReading()).isTrue();
        transport.close();
        Turns.run(loop, 2);
        assertThat(transport).asString().contains("CLOSED");
    }

    @Test
    @Contract(section = BETTER, value = "A reading pipe can be aborted")
    void closeAndAbortEndTheReading(EventLoop loop) throws IOException {
        for (Consumer<Transport> end : List.<Consumer<Transport>>of(Transport::close, Transport::abort)) {
            Pipe own = Pipe.open();
            Recorder recorder = new Recorder();
            Transport transport = loop.runUntilComplete(Pipes.read(loop, own.source(), () -> recorder));
            own.sink().write(Bytes.heap("unread"));
            end.accept(transport);
            end.accept(transport);
            assertThat(transport.isClosing()).isTrue();
            assertThat(recorder.calls()).containsExactly("made"); // never from inside close
            transport.resumeReading();
            transport.pauseReading();
            Turns.run(loop, 2);
            assertThat(recorder.calls()).containsExactly("made", "lost");
            assertThat(recorder.awaitLost()).isNull();
            assertThatThrownBy(() -> own.sink().write(Bytes.heap("x"))).isInstanceOf(IOException.class);
            own.sink().close();
        }
    }

    @Test
    void failingProtocolEndsThePipeAndIsReported(EventLoop loop, ReportedFailures failures)
            throws IOException {
        RuntimeException broken = new RuntimeException("broken on purpose");
        Recorder recorder = new Recorder().onData((from, data) -> {
            throw broken;
        });
        try (LoopThread thread = LoopThread.start(loop)) {
            start(thread, loop, recorder);
            write(new byte[1]);
            assertThat(recorder.awaitLost()).isSameAs(broken);
            assertThat(failures.takeOne().exception()).isSameAs(broken);
        }
    }

    @Test
    void failingEofReceivedEndsThePipeAndIsReported(EventLoop loop, ReportedFailures failures)
            throws IOException {
        RuntimeException broken = new RuntimeException("broken on purpose");
        Recorder recorder = new Recorder().onEof(from -> {
            throw broken;
        });
        try (LoopThread thread = LoopThread.start(loop)) {
            start(thread, loop, recorder);
            pipe.sink().close();
            assertThat(recorder.awaitLost()).isSameAs(broken);
            assertThat(failures.takeOne().exception()).isSameAs(broken);
            assertThat(recorder.calls()).containsExactly("made", "eof", "lost");
        }
    }

    @Test
    void protocolMayBeReplaced(EventLoop loop) throws IOException {
        Recorder second = new Recorder();
        Recorder first = new Recorder().onData((from, data) -> from.setProtocol(second));
        try (LoopThread thread = LoopThread.start(loop)) {
            Transport transport = start(thread, loop, first);
            write(new byte[1]);
            first.awaitBytes(1);
            write(new byte[1]);
            second.awaitBytes(1);
            pipe.sink().close();
            assertThat(second.awaitLost()).isNull();
            assertThat(first.calls()).containsExactly("made", "data");
            assertThat(second.calls()).containsExactly("data", "eof", "lost");
            thread.run(() -> transport.setProtocol(first)); // kept by nobody
            assertThat(transport.protocol()).isNull();
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "An idle pipe ends with a timeout, as a connection does")
    void idlePipeTimesOut(EventLoop loop) {
        Recorder recorder = new Recorder()
                .onMade(transport -> transport.setIdleTimeout(Duration.ofMillis(20)));
        try (LoopThread thread = LoopThread.start(loop)) {
            start(thread, loop, recorder);
            assertThat(recorder.awaitLost()).isInstanceOf(SocketTimeoutException.class)
                    .hasMessageContaining("ReadPipe");
        }
    }

    @Test
    void cancellingBeforeItBeganClosesTheChannel(EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        CompletableFuture<Transport> reading = Pipes.read(loop, pipe.source(), () -> recorder);
        reading.cancel(false);
        Turns.run(loop, 2);
        assertThat(recorder.calls()).isEmpty();
        assertThat(pipe.source().isOpen()).isFalse();
    }

    @Test
    void closingInConnectionMadeDeliversAClosedTransport(EventLoop loop) throws IOException {
        Recorder recorder = new Recorder().onMade(Transport::close);
        Transport transport = loop.runUntilComplete(Pipes.read(loop, pipe.source(), () -> recorder));
        assertThat(transport.isClosing()).isTrue();
        Turns.run(loop, 2);
        assertThat(recorder.calls()).containsExactly("made", "lost");
    }

    @Test
    @Contract(section = TRANSPORT, value = "A pipe that is closed or in use is refused and left alone")
    void unusableChannelsAreRefused(EventLoop loop) throws IOException {
        CompletableFuture<Transport> first = Pipes.read(loop, pipe.source(), Recorder::new);
        assertThatIllegalStateException()
                .isThrownBy(() -> Pipes.read(loop, pipe.source(), Recorder::new))
                .withMessageContaining("registration");
        Transport transport = loop.runUntilComplete(first);
        assertThat(transport.isClosing()).isFalse();
        transport.close();
        Turns.run(loop, 2);
        assertThatThrownBy(() -> Pipes.read(loop, pipe.source(), Recorder::new))
                .isInstanceOf(ClosedChannelException.class);
    }

    @Test
    void failingFactoryIsThrownAndLeavesTheChannelAlone(EventLoop loop) {
        RuntimeException broken = new RuntimeException("broken on purpose");
        assertThatThrownBy(() -> Pipes.read(loop, pipe.source(), () -> {
            throw broken;
        })).isSameAs(broken);
        assertThatNullPointerException().isThrownBy(() -> Pipes.read(loop, pipe.source(), () -> null));
        assertThat(pipe.source().isOpen()).isTrue();
        assertThat(pipe.source().isRegistered()).isFalse();
    }

    @Test
    void anotherThreadIsRefused(EventLoop loop) {
        try (LoopThread thread = LoopThread.start(loop)) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> Pipes.read(loop, pipe.source(), Recorder::new));
            Transport transport = start(thread, loop, new Recorder());
            for (Consumer<Transport> call : List.<Consumer<Transport>>of(Transport::close, Transport::abort,
                    Transport::pauseReading, Transport::resumeReading)) {
                assertThatIllegalStateException().isThrownBy(() -> call.accept(transport));
            }
            thread.run(transport::close);
        }
    }

    @Test
    void closingTheLoopEndsThePipe(EventLoop loop, ExpectedLogs logs) throws IOException {
        Recorder recorder = new Recorder();
        loop.runUntilComplete(Pipes.read(loop, pipe.source(), () -> recorder));
        loop.close();
        assertThat(logs.takeText()).contains("1 open channel");
        assertThat(recorder.calls()).containsExactly("made", "lost");
        assertThat(pipe.source().isOpen()).isFalse();
    }
}
