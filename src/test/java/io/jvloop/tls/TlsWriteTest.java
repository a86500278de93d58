package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Transport;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes on their way out through TLS. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class TlsWriteTest {
    private static final int[] SIZES =
            {0, 1, 5, 16_000, 16_383, 16_384, 16_385, 32_768, 100 * 1024, 0, 3 << 20};

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS,
            value = "write and writeAll encrypt buffers of every kind and size in order, and "
                    + "take all of them: they may be reused at once")
    void buffersOfAllKindsArriveInOrder(String version, EventLoop loop) {
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        try (TlsLink link = TlsLink.plan(loop).version(version).open(new Recorder())) {
            int total = 5 * Arrays.stream(SIZES).sum();
            CompletableFuture<byte[]> received = Peer.background(() -> link.peer().read(total));
            link.run(transport -> {
                for (int size : SIZES) {
                    byte[] bytes = Bytes.noise(size);
                    for (int i = 0; i < 5; i++) {
                        expected.writeBytes(bytes);
                    }
                    writeInEveryWay(transport, bytes);
                }
            });
            assertThat(Await.result(received)).isEqualTo(expected.toByteArray());
        }
    }

    private static void writeInEveryWay(Transport transport, byte[] bytes) {
        byte[] array = bytes.clone();
        transport.write(array);
        Arrays.fill(array, (byte) 0);
        ByteBuffer direct = Bytes.direct(bytes);
        ByteBuffer readOnly = ByteBuffer.wrap(bytes).asReadOnlyBuffer();
        for (ByteBuffer buffer : new ByteBuffer[] {direct, readOnly}) {
            transport.write(buffer);
            assertThat(buffer.hasRemaining()).isFalse();
        }
        direct.clear().put(new byte[bytes.length]);
        ByteBuffer framed =
                ByteBuffer.allocate(bytes.length + 20).position(10).put(bytes).flip().position(10);
        int half = bytes.length / 2;
        ByteBuffer[] parts = {ByteBuffer.wrap(bytes, 0, half), ByteBuffer.allocate(0),
            Bytes.direct(Arrays.copyOfRange(bytes, half, bytes.length)), framed};
        transport.writeAll(parts);
        for (ByteBuffer part : parts) {
            assertThat(part.hasRemaining()).isFalse();
        }
        Arrays.fill(framed.array(), (byte) 0);
    }

    @Test
    void nothingIsSentForNothing(EventLoop loop) {
        try (TlsLink link = TlsLink.plan(loop).open(new Recorder())) {
            link.run(transport -> {
                transport.write(new byte[0]);
                transport.writeAll();
                transport.writeAll(ByteBuffer.allocate(0), ByteBuffer.allocate(0));
                transport.write(Bytes.heap("x"));
            });
            assertThat(link.peer().readText(1)).isEqualTo("x");
        }
    }

    @Test
    @Contract(section = TLS, value = "A write that fails its argument check, or comes from another thread, "
            + "leaves the stream as it was")
    void tenThousandSmallWritesAndSomeBadOnes(EventLoop loop) {
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        try (TlsLink link = TlsLink.plan(loop).narrow().open(new Recorder())) {
            CompletableFuture<byte[]> received = Peer.background(() -> link.peer().readAll());
            link.run(transport -> {
                for (int i = 0; i < 10_000; i++) {
                    byte[] bytes = Integer.toString(i).getBytes();
                    expected.writeBytes(bytes);
                    transport.write(bytes);
                    if (i % 100 == 0) {
                        assertThatNullPointerException().isThrownBy(() -> transport.write((ByteBuffer) null));
                        assertThatNullPointerException().isThrownBy(
                                () -> transport.writeAll(ByteBuffer.wrap(new byte[] {1}), null));
                    }
                }
            });
            assertThatIllegalStateException().isThrownBy(() -> link.transport().write(new byte[1]))
                    .withMessageContaining("write");
            link.run(Transport::close);
            assertThat(Await.result(received)).isEqualTo(expected.toByteArray());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Contract(section = TLS, value = "What is written after the peer has vanished, in order or not, is "
            + "dropped: the fifth write is logged, and the size of the queue stays 0")
    void writesAfterTheEndAreSwallowed(boolean inOrder, EventLoop loop, ExpectedLogs logs) {
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            if (inOrder) {
                link.peer().end();
            } else {
                link.raw().reset();
            }
            recorder.awaitLost();
            for (int i = 1; i <= 25; i++) {
                link.run(transport -> {
                    ByteBuffer data = ByteBuffer.allocate(1000);
                    transport.write(data);
                    assertThat(data.hasRemaining()).isFalse();
                    transport.writeAll(ByteBuffer.allocate(0));
                    assertThat(transport.writeBufferSize()).isZero();
                });
                if (i == 2) {
                    assertThat(logs.count()).isZero();
                }
            }
            assertThat(logs.takeText()).startsWith("5 writes after the end of TlsTransport");
        }
    }

    @Test
    void writesWhileClosingAreDropped(EventLoop loop, ExpectedLogs logs) {
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).narrow().open(recorder)) {
            byte[] data = Bytes.noise(1_000_000);
            link.run(transport -> {
                transport.write(data);
                transport.close();
                long size = transport.writeBufferSize();
                for (int i = 0; i < 7; i++) {
                    transport.write(new byte[1000]);
                }
                assertThat(transport.writeBufferSize()).isEqualTo(size);
            });
            assertThat(link.peer().readAll()).isEqualTo(data);
            link.peer().end();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(logs.takeText()).contains("5 writes");
        }
    }

    @Test
    void writeInsideConnectionMadeIsTheFirstThatThePeerReads(EventLoop loop) {
        byte[] data = Bytes.noise(2_000_000);
        Recorder recorder = new Recorder().onMade(transport -> {
            transport.write(data);
            transport.write(Bytes.heap("end"));
        });
        try (TlsLink link = TlsLink.plan(loop).narrow().open(recorder)) {
            assertThat(link.peer().read(data.length)).isEqualTo(data);
            assertThat(link.peer().readText(3)).isEqualTo("end");
            assertThat(recorder.calls()).containsExactly("made", "pause", "resume");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void echoOfAllSizesWhileThePeerReadsSlowly(String version, EventLoop loop) {
        byte[] data = Bytes.noise(3_000_000);
        Recorder recorder = Recorder.echo();
        try (TlsLink link = TlsLink.plan(loop).version(version).server().narrow().open(recorder)) {
            CompletableFuture<Peer> sending = Peer.background(() -> {
                for (int at = 0, size = 1; at < data.length; at += size, size = size * 3 % 40_009 + 1) {
                    int count = Math.min(size, data.length - at);
                    link.peer().send(Arrays.copyOfRange(data, at, at + count));
                    size = count;
                }
                return link.peer();
            });
            assertThat(link.peer().read(data.length)).isEqualTo(data);
            Await.result(sending);
        }
    }
}
