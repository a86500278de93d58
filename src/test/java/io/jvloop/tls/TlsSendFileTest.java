package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.SendFileException;
import io.jvloop.transport.Transport;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files through TLS. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class TlsSendFileTest {
    private static final byte[] CONTENT = Bytes.noise(10_000_000);

    @TempDir
    private Path folder;

    private FileChannel file;

    @BeforeEach
    void openFile() throws IOException {
        file = FileChannel.open(Files.write(folder.resolve("file"), CONTENT), StandardOpenOption.READ);
    }

    @AfterEach
    void closeFile() throws IOException {
        file.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS, value = "sendFile encrypts a file in its place among what is written before and "
            + "after, while reading goes on")
    void filesAndWritesStayInOrder(String version, EventLoop loop) {
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        byte[] small = Bytes.noise(1000);
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).version(version).narrow().open(recorder)) {
            CompletableFuture<Long> whole = link.ask(transport -> {
                transport.write(small);
                transport.sendFile(file, 5, 300_000);
                transport.write(small);
                transport.sendFile(file, 7, 1);
                transport.sendFile(file, CONTENT.length, 1);
                transport.writeAll(ByteBuffer.wrap(small), Bytes.direct(small));
                CompletableFuture<Long> last = transport.sendFile(file);
                transport.write(small);
                return last;
            });
            expected.writeBytes(small);
            expected.write(CONTENT, 5, 300_000);
            expected.writeBytes(small);
            expected.write(CONTENT, 7, 1);
            expected.writeBytes(small);
            expected.writeBytes(small);
            expected.writeBytes(CONTENT);
            expected.writeBytes(small);
            link.peer().send("meanwhile");
            recorder.awaitBytes(9);
            assertThat(whole).isNotDone();
            assertThat(link.peer().read(expected.size())).isEqualTo(expected.toByteArray());
            assertThat(Await.result(whole)).isEqualTo(CONTENT.length);
            assertThat(position()).isEqualTo(CONTENT.length);
        }
    }

    private long position() {
        try {
            return file.position();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @CsvSource({"0,1,1", "0,16384,16384", "1,65537,65537", "9999999,5,1", "10000000,5,0", "20000000,5,0"})
    void partsOfAFile(long offset, long count, int expected, EventLoop loop) {
        try (TlsLink link = TlsLink.plan(loop).open(new Recorder())) {
            CompletableFuture<Long> sent = link.ask(transport -> transport.sendFile(file, offset, count));
            link.run(Transport::writeEof);
            int start = (int) Math.min(offset, CONTENT.length);
            assertThat(link.peer().readAll())
                    .isEqualTo(Arrays.copyOfRange(CONTENT, start, start + expected));
            assertThat(Await.result(sent)).isEqualTo(expected);
        }
    }

    @Test
    void writesBehindAFileCountForBackPressure(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).narrow().open(recorder)) {
            link.run(transport -> {
                transport.sendFile(file);
                assertThat(transport.writeBufferSize()).isZero();
                transport.write(new byte[600_000]);
                assertThat(transport.writeBufferSize()).isEqualTo(600_000);
                assertThat(recorder.calls()).containsExactly("made", "pause");
            });
            link.peer().read(CONTENT.length + 600_000);
            recorder.awaitCall("resume");
        }
    }

    @Test
    @Contract(section = TLS,
            value = "Cancelling sendFile over TLS leaves out what is not encrypted yet; what "
                    + "was written after it is sent all the same")
    void cancelLeavesOutTheRest(EventLoop loop) {
        try (TlsLink link = TlsLink.plan(loop).narrow().open(new Recorder())) {
            CompletableFuture<Long> sent = link.ask(transport -> {
                CompletableFuture<Long> result = transport.sendFile(file);
                transport.write(Bytes.heap("end"));
                return result;
            });
            sent.cancel(false);
            assertThat(TlsLink.failure(sent)).isInstanceOf(CancellationException.class);
            link.run(Transport::writeEof);
            byte[] received = link.peer().readAll();
            int part = received.length - 3;
            assertThat(part).isBetween(1, CONTENT.length - 1);
            assertThat(Arrays.copyOf(received, part)).isEqualTo(Arrays.copyOf(CONTENT, part));
            assertThat(new String(received, part, 3)).isEqualTo("end");
        }
    }

    @Test
    @Contract(section = TLS, value = "If the connection ends first, sendFile fails with the number of bytes "
            + "that were sent until then")
    void connectionThatEndsFailsTheFile(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).narrow().open(recorder)) {
            CompletableFuture<Long> sent = link.ask(transport -> transport.sendFile(file));
            CompletableFuture<Long> second = link.ask(transport -> transport.sendFile(file));
            link.peer().read(500_000);
            link.raw().reset();
            assertThat(TlsLink.failure(sent)).isInstanceOfSatisfying(SendFileException.class,
                    failure -> assertThat(failure.sent()).isBetween(500_000L, CONTENT.length - 1L));
            assertThat(TlsLink.failure(second)).isInstanceOfSatisfying(SendFileException.class,
                    failure -> assertThat(failure.sent()).isZero());
            assertThat(recorder.awaitLost()).isInstanceOf(IOException.class);
        }
    }

    @Test
    void abortFailsTheFile(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).narrow().open(recorder)) {
            CompletableFuture<Long> sent = link.ask(transport -> transport.sendFile(file));
            link.run(Transport::abort);
            assertThat(TlsLink.failure(sent)).isInstanceOf(SendFileException.class);
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    void peersEndBefore13FailsTheFile(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).version("TLSv1.2").narrow().open(recorder)) {
            CompletableFuture<Long> sent = link.ask(transport -> transport.sendFile(file));
            link.peer().end();
            CompletableFuture<byte[]> received = Peer.background(() -> link.peer().readAll());
            assertThat(TlsLink.failure(sent)).isInstanceOf(SendFileException.class);
            assertThat(recorder.awaitLost()).isInstanceOf(IOException.class);
            Await.result(received);
        }
    }

    @Test
    void closeSendsFilesThatWereQueuedBefore(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).narrow().open(recorder)) {
            CompletableFuture<Long> sent = link.ask(transport -> {
                CompletableFuture<Long> before = transport.sendFile(file);
                transport.close();
                return before;
            });
            CompletableFuture<Long> late = link.ask(transport -> transport.sendFile(file));
            assertThat(TlsLink.failure(late)).isInstanceOf(SendFileException.class);
            assertThat(link.peer().readAll()).isEqualTo(CONTENT);
            assertThat(Await.result(sent)).isEqualTo(CONTENT.length);
            link.peer().end();
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    void badArgumentsAreRefusedAndHarmNothing(EventLoop loop) {
        try (TlsLink link = TlsLink.plan(loop).open(new Recorder())) {
            link.run(transport -> {
                assertThatIllegalArgumentException().isThrownBy(() -> transport.sendFile(file, -1, 1));
                assertThatIllegalArgumentException().isThrownBy(() -> transport.sendFile(file, 0, 0));
                transport.write(Bytes.heap("sound"));
                transport.writeEof();
                assertThatIllegalStateException().isThrownBy(() -> transport.sendFile(file));
            });
            assertThat(link.peer().readAllText()).isEqualTo("sound");
        }
    }
}
