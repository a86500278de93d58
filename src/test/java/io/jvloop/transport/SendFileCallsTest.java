package io.jvloop.transport;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What an application does around a file: cancel it, go on when it is sent, heed back-pressure. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class SendFileCallsTest {
    /** More than the kernel takes for a peer that does not read. */
    private static final int LARGE = 30_000_000;

    private static final String CANCEL =
            "Cancelling a sendFile leaves out what was not sent yet; what was written after it is sent";

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

    @Test
    @Contract(section = TLS, value = "An interrupted loop sends files all the same, and does not close them")
    void interruptedLoopSendsFilesAllTheSame(EventLoop loop, ReportedFailures failures) {
        try (Connection connection = Connection.open(loop, recorder)) {
            CompletableFuture<Long> sent = connection.ask(transport -> {
                Thread.currentThread().interrupt();
                return transport.sendFile(file, 0, 1000);
            });
            connection.peer().read(1000);
            assertThat(Await.result(sent)).isEqualTo(1000);
            assertThat(file.isOpen()).isTrue();
            Await.until("the report of the interrupt", () -> failures.count() == 1);
            assertThat(failures.takeOne().exception()).isInstanceOf(InterruptedException.class);
        }
    }

    @Test
    @Contract(section = TLS, value = CANCEL)
    void cancelledBeforeItBegins(EventLoop loop) {
        try (Connection connection = Connection.narrow(loop, recorder)) {
            long filled = connection.fill();
            connection.run(transport -> {
                CompletableFuture<Long> sent = transport.sendFile(file);
                transport.write("after".getBytes());
                assertThat(sent.cancel(false)).isTrue();
                transport.close();
            });
            assertThat(connection.peer().readAll()).hasSize((int) filled + 5);
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    @Contract(section = TLS, value = CANCEL)
    void cancelledInTheMiddleOfTheFile(EventLoop loop) {
        try (Connection connection = Connection.narrow(loop, recorder)) {
            CompletableFuture<Long> sent = connection.ask(transport -> {
                CompletableFuture<Long> result = transport.sendFile(file);
                transport.write("after".getBytes());
                transport.sendFile(file, 0, 10);
                transport.writeEof();
                return result;
            });
            assertThat(connection.peer().read(1_000)).hasSize(1_000);
            connection.run(transport -> sent.cancel(false));
            byte[] rest = connection.peer().readAll();
            assertThat(rest.length).isBetween(15, LARGE - 1_000);
            assertThat(new String(rest, rest.length - 15, 5)).isEqualTo("after");
        }
    }

    @Test
    @Contract(section = TLS, value = "A sendFile may be cancelled or time out on any thread, and its file be "
            + "closed then at once; the connection stays sound")
    void timedOutAndClosedOnAnotherThread(EventLoop loop) {
        try (Connection connection = Connection.narrow(loop, recorder)) {
            CompletableFuture<Void> closed = connection.ask(transport -> {
                CompletableFuture<Void> end = transport.sendFile(file).orTimeout(20, TimeUnit.MILLISECONDS)
                        .handle((bytes, failure) -> close(file));
                transport.write("after".getBytes());
                transport.writeEof();
                return end;
            });
            Await.result(closed);
            byte[] got = connection.peer().readAll();
            assertThat(got.length).isBetween(5, LARGE - 1);
            assertThat(new String(got, got.length - 5, 5)).isEqualTo("after");
        }
    }

    private static Void close(FileChannel file) {
        try {
            file.close();
            return null;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    @Contract(section = TLS, value = CANCEL)
    void cancelledOnAnotherThreadAtAnyMoment(EventLoop loop) {
        int rounds = 200;
        int bytes = 200_000;
        long cancelled = 0;
        try (Connection connection = Connection.narrow(loop, recorder)) {
            CompletableFuture<byte[]> got = Peer.background(connection.peer()::readAll);
            List<CompletableFuture<Long>> results = new ArrayList<>();
            for (int i = 0; i < rounds; i++) {
                CompletableFuture<Long> sent = connection.ask(transport -> {
                    CompletableFuture<Long> result = transport.sendFile(file, 0, bytes);
                    transport.write("after".getBytes());
                    return result;
                });
                Await.block(i * 5_000L); // 0 to 1 ms: before, during, after
                cancelled += sent.cancel(false) ? 1 : 0;
                results.add(sent);
            }
            connection.run(Transport::close);
            String text = new String(Await.result(got), StandardCharsets.ISO_8859_1);
            assertThat(text.replace("\0", "")).isEqualTo("after".repeat(rounds));
            long whole = results.stream().filter(result -> !result.isCancelled()).count();
            assertThat(text.length()).isBetween((int) whole * bytes, rounds * (bytes + 5));
            assertThat(cancelled).as("some were cancelled in time").isBetween(1L, (long) rounds);
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    void cancelledAndClosedInTheMiddleOfAPiece(EventLoop loop) {
        AtomicReference<CompletableFuture<Long>> sent = new AtomicReference<>();
        TestFile small = new TestFile(new byte[5_000_000]);
        small.onUse(position -> {
            if (position > 1_000_000) {
                sent.get().cancel(false);
                small.close();
            }
        });
        try (Connection connection = Connection.narrow(loop, recorder)) {
            connection.run(transport -> {
                sent.set(transport.sendFile(small));
                transport.write("after".getBytes());
                transport.close();
            });
            assertThat(connection.peer().readAll().length).isBetween(1_000_000, 4_999_999);
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    @Contract(section = TLS,
            value = "The future of a sendFile completes in a later turn, and what waits for it "
                    + "may write, send the next file or close")
    void whatWaitsForTheFutureMayGoOn(EventLoop loop) {
        try (Connection connection = Connection.narrow(loop, recorder)) {
            connection.run(transport -> {
                recorder.note("called");
                transport.sendFile(file, 0, 100).thenAccept(bytes -> {
                    recorder.note("sent");
                    transport.write(new byte[7]);
                    transport.sendFile(file).thenAccept(more -> {
                        transport.write(new byte[11]);
                        transport.close();
                    });
                });
                recorder.note("returned");
            });
            assertThat(connection.peer().readAll()).hasSize(100 + 7 + LARGE + 11);
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "called", "returned", "sent", "lost");
        }
    }

    @Test
    void whatIsWrittenAfterCloseFollowsTheFile(EventLoop loop) {
        try (Connection connection = Connection.narrow(loop, recorder)) {
            connection.run(transport -> {
                transport.sendFile(file);
                transport.close();
                transport.write("late".getBytes());
                assertThat(transport.sendFile(file)).isNotDone();
            });
            assertThat(connection.peer().readAll()).hasSize(LARGE + 4);
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    void aChainOfManySmallFilesDoesNotGoDeep(EventLoop loop) {
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.run(transport -> sendAgain(transport, 5_000));
            assertThat(connection.peer().readAll()).hasSize(5_000);
        }
    }

    private void sendAgain(Transport transport, int left) {
        if (left == 0) {
            transport.close();
        } else {
            transport.sendFile(file, left, 1).thenRun(() -> sendAgain(transport, left - 1));
        }
    }

    @Test
    @Contract(section = TLS,
            value = "Bytes that wait behind a file count for back-pressure, those of the file "
                    + "do not")
    void bytesBehindAFileCountForBackPressure(EventLoop loop) {
        try (Connection connection = Connection.narrow(loop, recorder)) {
            connection.run(transport -> {
                transport.setWriteBufferLimits(new WriteBufferLimits(100, 1_000));
                transport.sendFile(file);
                assertThat(transport.writeBufferSize()).isZero();
                transport.write(new byte[1_000]);
                assertThat(transport.writeBufferSize()).isEqualTo(1_000);
                assertThat(recorder.calls()).containsExactly("made");
                transport.write(new byte[1]);
                transport.sendFile(file, 0, 500);
                transport.write(new byte[50]);
                assertThat(transport.writeBufferSize()).isEqualTo(1_051);
                assertThat(recorder.calls()).containsExactly("made", "pause");
                transport.close();
            });
            assertThat(connection.peer().readAll()).hasSize(LARGE + 1_551);
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).isIn(List.of("made", "pause", "resume", "lost"),
                    List.of("made", "pause", "lost")); // all that is left may go in one piece, and then close
        }
    }

    @Test
    void pausesAndResumesAlternateWithFilesInBetween(EventLoop loop) {
        int rounds = 20;
        recorder.onResume(transport -> next(transport, rounds))
                .onMade(transport -> transport.setWriteBufferLimits(WriteBufferLimits.ofHigh(0)));
        try (Connection connection = Connection.narrow(loop, recorder)) {
            connection.run(transport -> next(transport, rounds));
            assertThat(connection.peer().readAll()).hasSize(rounds * 1_500_000);
            assertThat(recorder.awaitLost()).isNull();
            List<String> calls = new ArrayList<>(recorder.calls());
            calls.removeAll(List.of("made", "lost", "round"));
            assertThat(calls).hasSize(2 * rounds);
            for (int i = 0; i < calls.size(); i++) {
                assertThat(calls.get(i)).isEqualTo(i % 2 == 0 ? "pause" : "resume");
            }
        }
    }

    /** Sends a file and bytes behind it, over and over again, each time everything is sent. */
    private void next(Transport transport, int rounds) {
        if (recorder.calls().stream().filter("round"::equals).count() == rounds) {
            transport.close();
            return;
        }
        recorder.note("round");
        transport.sendFile(file, 0, 1_000_000);
        transport.write(new byte[500_000]);
    }

    @Test
    void pauseWritingMaySendAFileItself(EventLoop loop) {
        recorder.onPause(transport -> {
            transport.sendFile(file, 0, 100);
            transport.write(new byte[10]);
        });
        try (Connection connection = Connection.narrow(loop, recorder)) {
            long filled = connection.fill();
            connection.run(transport -> {
                transport.write(new byte[200_000]);
                transport.close();
            });
            assertThat(connection.peer().readAll()).hasSize((int) filled + 200_110);
        }
    }

    @Test
    void abortInPauseWritingFailsTheFileBehind(EventLoop loop) {
        recorder.onPause(Transport::abort);
        try (Connection connection = Connection.narrow(loop, recorder)) {
            CompletableFuture<Long> sent = connection.ask(transport -> {
                CompletableFuture<Long> result = transport.sendFile(file);
                transport.write(new byte[200_000]);
                return result;
            });
            assertThat(recorder.awaitLost()).isNull();
            assertThat(sent).isCompletedExceptionally();
        }
    }
}
