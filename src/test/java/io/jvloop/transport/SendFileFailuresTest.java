package io.jvloop.transport;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.SocketPair;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.channels.FileChannel;
import java.nio.channels.NonReadableChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that cannot be sent, and connections that end while one is sent. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class SendFileFailuresTest {
    /** More than the kernel takes for a peer that does not read. */
    private static final int LARGE = 30_000_000;

    private final Recorder recorder = new Recorder();

    @TempDir
    private Path folder;

    private FileChannel file;

    @BeforeEach
    void openFile() throws IOException {
        file = FileChannel.open(Files.write(folder.resolve("file"), new byte[LARGE]),
                StandardOpenOption.READ);
    }

    @AfterEach
    void closeFile() throws IOException {
        file.close();
    }

    private SendFileException failure(CompletableFuture<Long> result) {
        try {
            throw new AssertionError("sent after all: " + result.get(30, TimeUnit.SECONDS));
        } catch (ExecutionException e) {
            return (SendFileException) e.getCause();
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    @Contract(section = TLS,
            value = "sendFile refuses at once what it cannot send: a negative offset, a "
                    + "count below 1, a file that is closed or not open for reading, a folder")
    void badArgumentsAreRefusedAtOnce(EventLoop loop) throws IOException {
        Path path = folder.resolve("other");
        try (Connection connection = Connection.open(loop, recorder);
                FileChannel forWriting = FileChannel.open(path, StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
                FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
            FileChannel closed = FileChannel.open(path, StandardOpenOption.READ);
            closed.close();
            connection.run(transport -> {
                assertThatIllegalArgumentException().isThrownBy(() -> transport.sendFile(file, -1, 1))
                        .withMessage("offset must be >= 0, not -1");
                assertThatIllegalArgumentException().isThrownBy(() -> transport.sendFile(file, 0, 0))
                        .withMessageContaining("count must be > 0, not 0");
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> transport.sendFile(file, 0, Long.MIN_VALUE));
                assertThatNullPointerException().isThrownBy(() -> transport.sendFile(null))
                        .withMessage("file");
                assertThatIllegalArgumentException().isThrownBy(() -> transport.sendFile(closed))
                        .withMessageContaining("cannot read the file");
                assertThatIllegalArgumentException().isThrownBy(() -> transport.sendFile(directory))
                        .withMessageContaining("cannot read the file");
                assertThatExceptionOfType(NonReadableChannelException.class)
                        .isThrownBy(() -> transport.sendFile(forWriting));
                transport.write("sound".getBytes());
            });
            assertThat(connection.peer().readText(5)).isEqualTo("sound");
        }
    }

    @Test
    void anotherThreadIsRefused(EventLoop loop) {
        try (Connection connection = Connection.open(loop, recorder)) {
            assertThatIllegalStateException().isThrownBy(() -> connection.transport().sendFile(file))
                    .withMessageContaining("sendFile").withMessageContaining("callSoonThreadsafe");
        }
    }

    @Test
    void afterWriteEofItIsRefused(EventLoop loop) {
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.run(transport -> {
                transport.writeEof();
                assertThatIllegalStateException().isThrownBy(() -> transport.sendFile(file))
                        .withMessageContaining("writeEof");
            });
        }
    }

    @Test
    @Contract(section = TLS, value = "On a transport that is closing or closed sendFile throws nothing; its "
            + "future fails with a SendFileException, and nothing was sent")
    void whenClosingOrClosedTheFutureFails(EventLoop loop, ExpectedLogs logs) throws IOException {
        Transport transport;
        try (SocketPair pair = SocketPair.open()) {
            transport = loop.runUntilComplete(Net.adopt(loop, pair.near(), () -> recorder));
            Connection.fill(transport);
            transport.close();
            refused(transport, "CLOSING").run(loop);
            transport.abort();
            refused(transport, "CLOSED").run(loop);
            Turns.run(loop, 2);
            refused(transport, "CLOSED").run(loop);
        }
        loop.close();
        assertThat(logs.count()).isZero();
        CompletableFuture<Long> late = transport.sendFile(file);
        assertThat(failure(late).sent()).isZero();
    }

    private record Refused(CompletableFuture<Long> result, String state) {
        void run(EventLoop loop) {
            assertThat(result).as("completed in a later turn").isNotDone();
            Turns.run(loop, 1);
            assertThat(result).isCompletedExceptionally();
            assertThat(result.handle((sent, failure) -> failure).join())
                    .isInstanceOfSatisfying(SendFileException.class, e -> {
                        assertThat(e.sent()).isZero();
                        assertThat(e).hasMessageContaining("closing").hasMessageContaining(state);
                    });
        }
    }

    private Refused refused(Transport transport, String state) {
        return new Refused(transport.sendFile(file), state);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Contract(section = TLS, value = "If the peer goes away the future fails with the number of bytes sent "
            + "until then, and connectionLost is called once")
    void thePeerGoesAway(boolean byReset, EventLoop loop) {
        try (Connection connection = Connection.narrow(loop, recorder)) {
            CompletableFuture<Long> first = connection.ask(transport -> transport.sendFile(file));
            CompletableFuture<Long> second = connection.ask(transport -> transport.sendFile(file));
            connection.run(transport -> transport.write(new byte[100_000]));
            int read = connection.peer().read(50_000).length;
            if (byReset) {
                connection.peer().reset();
            } else {
                connection.peer().close();
            }
            SendFileException failure = failure(first);
            assertThat(failure.sent()).isBetween((long) read, (long) LARGE);
            assertThat(failure).hasMessageContaining(failure.sent() + " bytes");
            assertThat(failure(second).sent()).isZero();
            Throwable cause = recorder.awaitLost();
            assertThat(cause).isInstanceOf(IOException.class).isSameAs(failure.getCause());
            assertThat(recorder.calls().stream().filter("lost"::equals)).hasSize(1);
            assertThat(connection.ask(Transport::writeBufferSize)).isZero();
        }
    }

    @Test
    void abortFailsTheFutureBeforeConnectionLost(EventLoop loop) {
        recorder.onLost(cause -> recorder.note("end"));
        ended(loop, Transport::abort, null);
        assertThat(recorder.calls()).containsExactly("made", "failed", "lost", "end");
    }

    @Test
    void anIdleTimeoutFailsTheFuture(EventLoop loop) {
        SendFileException failure = ended(loop,
                transport -> transport.setIdleTimeout(Duration.ofMillis(20)), SocketTimeoutException.class);
        assertThat(failure).hasMessageContaining("idle for PT0.02S");
    }

    @Test
    @Contract(section = TLS,
            value = "Closing a file while it is being sent ends the connection, since the peer "
                    + "could not tell the torso from the whole")
    void closingTheFileEndsTheConnection(EventLoop loop) {
        SendFileException failure = ended(loop, transport -> {
            try {
                file.close();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }, IOException.class);
        assertThat(failure.getCause()).hasMessage("the file was closed while it was being sent");
    }

    /** Sends to a peer that begins to read only when the action was taken, and waits for the end. */
    private SendFileException ended(EventLoop loop, Consumer<Transport> action,
            Class<? extends Throwable> cause) {
        try (Connection connection = Connection.narrow(loop, recorder)) {
            CompletableFuture<Long> sent = connection.ask(transport -> {
                CompletableFuture<Long> result = transport.sendFile(file);
                result.whenComplete((bytes, failure) -> recorder.note("failed"));
                action.accept(transport);
                return result;
            });
            if (cause != SocketTimeoutException.class) {
                connection.peer().drain();
            }
            SendFileException failure = failure(sent);
            assertThat(failure.sent()).isBetween(1L, LARGE - 1L);
            if (cause == null) {
                assertThat(recorder.awaitLost()).isNull();
                assertThat(failure).hasNoCause();
            } else {
                assertThat(recorder.awaitLost()).isInstanceOf(cause).isSameAs(failure.getCause());
            }
            return failure;
        }
    }

    @Test
    void aFileThatFailsInTheMiddleEndsTheConnection(EventLoop loop) {
        IOException broken = new IOException("bad sector");
        TestFile failing = new TestFile(new byte[3_000_000]).onUse(position -> {
            if (position > 1_000_000) {
                throw broken;
            }
        });
        try (Connection connection = Connection.narrow(loop, recorder)) {
            CompletableFuture<Long> sent = connection.ask(transport -> transport.sendFile(failing));
            connection.peer().drain();
            assertThat(failure(sent)).hasCause(broken);
            assertThat(failure(sent).sent()).isBetween(1_000_000L, 2_100_000L);
            assertThat(recorder.awaitLost()).isSameAs(broken);
        }
    }

    @Test
    @Contract(section = TLS, value = "Closing the loop fails the files that are being sent")
    void closingTheLoopFailsTheFuture(EventLoop loop, ExpectedLogs logs) {
        CompletableFuture<Long> sent;
        try (SocketPair pair = SocketPair.open()) {
            Transport transport = loop.runUntilComplete(Net.adopt(loop, pair.near(), () -> recorder));
            sent = transport.sendFile(file);
            sent.whenComplete((bytes, failure) -> transport.sendFile(file)
                    .whenComplete((again, refused) -> recorder.note("refused")));
            loop.close();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        assertThat(logs.takeText()).contains("1 open channel");
        assertThat(failure(sent).sent()).isBetween(1L, LARGE - 1L);
        assertThat(recorder.calls()).containsExactly("made", "lost", "refused");
        assertThat(file.isOpen()).isTrue();
    }

    @Test
    @Contract(section = TLS, value = "close and writeEof wait for the files that are being sent")
    void closeWaitsForTheFile(EventLoop loop) {
        try (Connection connection = Connection.narrow(loop, recorder)) {
            CompletableFuture<Long> sent = connection.ask(transport -> {
                CompletableFuture<Long> result = transport.sendFile(file);
                transport.close();
                assertThat(transport.isClosing()).isTrue();
                assertThat(transport.writeBufferSize()).isZero();
                return result;
            });
            assertThat(connection.peer().readAll()).hasSize(LARGE);
            assertThat(recorder.awaitLost()).isNull();
            assertThat(sent).isCompletedWithValue((long) LARGE);
        }
    }

    @Test
    void writeEofWaitsForTheFile(EventLoop loop) {
        try (LoopThread thread = LoopThread.start(loop); SocketPair pair = SocketPair.open()) {
            CompletableFuture<Transport> adopted =
                    thread.call(() -> Net.adopt(loop, pair.near(), () -> recorder));
            Transport transport = adopted.join();
            Peer peer = new Peer(pair.far().socket());
            CompletableFuture<Long> sent = thread.call(() -> {
                CompletableFuture<Long> result = transport.sendFile(file);
                transport.writeEof();
                return result;
            });
            assertThat(peer.readAll()).hasSize(LARGE);
            assertThat(sent.join()).isEqualTo(LARGE);
            peer.send("still reading");
            recorder.awaitBytes(13);
            thread.run(transport::abort);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
