package io.jvloop.transport;

import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Bytes out: every kind of buffer, all of them, in order. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class WriteTest {
    /** Each gives a buffer whose remaining bytes are the argument, with something else around them. */
    static Stream<Named<Function<byte[], ByteBuffer>>> kindsOfBuffer() {
        return Stream.of(Named.of("direct", bytes -> window(bytes, true)),
                Named.of("heap", bytes -> window(bytes, false)),
                Named.of("slice of a heap buffer", bytes -> window(bytes, false).slice()),
                Named.of("read-only direct", bytes -> window(bytes, true).asReadOnlyBuffer()),
                Named.of("read-only heap", bytes -> window(bytes, false).asReadOnlyBuffer()));
    }

    private static ByteBuffer window(byte[] bytes, boolean direct) {
        int capacity = bytes.length + 20;
        ByteBuffer buffer = direct ? ByteBuffer.allocateDirect(capacity) : ByteBuffer.allocate(capacity);
        while (buffer.hasRemaining()) {
            buffer.put((byte) '#');
        }
        return buffer.position(10).put(bytes).flip().position(10);
    }

    @ParameterizedTest
    @MethodSource("kindsOfBuffer")
    @Contract(section = TRANSPORT, value = "write takes all bytes of any kind of buffer, between position "
            + "and limit, and leaves position = limit")
    void everyKindOfBufferIsSentWhole(Function<byte[], ByteBuffer> kind, EventLoop loop) {
        byte[] small = Bytes.noise(1_000);
        byte[] large = Bytes.noise(300_000);
        try (Connection connection = Connection.open(loop, new Recorder())) {
            connection.run(transport -> {
                assertTaken(transport, kind.apply(small));
                assertTaken(transport, kind.apply(large));
            });
            assertThat(connection.peer().read(small.length)).isEqualTo(small);
            assertThat(connection.peer().read(large.length)).isEqualTo(large);
        }
    }

    @ParameterizedTest
    @MethodSource("kindsOfBuffer")
    void everyKindOfBufferIsQueuedWhole(Function<byte[], ByteBuffer> kind, EventLoop loop) {
        byte[] data = Bytes.noise(150_000);
        try (Connection connection = Connection.narrow(loop, new Recorder())) {
            long filled = connection.fill();
            connection.run(transport -> {
                long before = transport.writeBufferSize();
                assertTaken(transport, kind.apply(data));
                assertThat(transport.writeBufferSize()).isEqualTo(before + data.length);
            });
            connection.peer().read((int) filled);
            assertThat(connection.peer().read(data.length)).isEqualTo(data);
        }
    }

    private static void assertTaken(Transport transport, ByteBuffer buffer) {
        int limit = buffer.limit();
        transport.write(buffer);
        assertThat(buffer.position()).isEqualTo(limit);
        assertThat(buffer.limit()).isEqualTo(limit);
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "A buffer given to write may be reused at once, whether it was sent or queued")
    void bufferMayBeReusedRightAfterWrite(EventLoop loop) {
        try (Connection connection = Connection.narrow(loop, new Recorder())) {
            int rounds = 100;
            int size = 5_000;
            connection.run(transport -> {
                ByteBuffer direct = ByteBuffer.allocateDirect(size);
                byte[] array = new byte[size];
                for (int round = 0; round < rounds; round++) {
                    Arrays.fill(array, (byte) round);
                    transport.write(direct.clear().put(array).flip());
                    transport.write(array);
                    transport.writeAll(ByteBuffer.wrap(array), direct.flip());
                }
                Arrays.fill(array, (byte) -1);
                direct.clear().put(array);
                assertThat(transport.writeBufferSize()).isPositive();
            });
            for (int round = 0; round < rounds; round++) {
                assertThat(connection.peer().read(4 * size)).containsOnly(round);
            }
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "Bytes arrive in the order they were written, however many were "
            + "sent at once and however many queued")
    void orderIsKeptBetweenFastPathAndQueue(EventLoop loop) {
        Random random = new Random(7);
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        try (Connection connection = Connection.narrow(loop, new Recorder())) {
            for (int round = 0; round < 300; round++) {
                connection.run(transport -> {
                    for (int i = random.nextInt(10); i >= 0; i--) {
                        writeSomehow(transport, random, written);
                    }
                });
                int outstanding = written.size() - read.size();
                boolean all = random.nextInt(4) == 0; // the queue is to run empty now and then
                read.writeBytes(connection.peer().read(all ? outstanding : random.nextInt(outstanding + 1)));
            }
            read.writeBytes(connection.peer().read(written.size() - read.size()));
            assertThat(read.toByteArray()).isEqualTo(written.toByteArray());
        }
    }

    private static void writeSomehow(Transport transport, Random random, ByteArrayOutputStream written) {
        byte[] data = new byte[1 + random.nextInt(random.nextInt(10) == 0 ? 100_000 : 500)];
        random.nextBytes(data);
        written.writeBytes(data);
        switch (random.nextInt(4)) {
            case 0 -> transport.write(data);
            case 1 -> transport.write(Bytes.direct(data));
            case 2 -> transport.write(ByteBuffer.wrap(data).asReadOnlyBuffer());
            default -> {
                int half = data.length / 2;
                transport.writeAll(ByteBuffer.wrap(data, 0, half), ByteBuffer.allocate(0),
                        Bytes.direct(data).position(half));
            }
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "One write may be of any size: 100 MiB reach a slow reader whole")
    void hundredMebibytesReachASlowReaderWhole(EventLoop loop) {
        int size = 100 << 20;
        byte[] block = Bytes.noise(size);
        CRC32 sent = new CRC32();
        sent.update(block);
        try (Connection connection = Connection.open(loop, new Recorder())) {
            connection.run(transport -> {
                transport.write(block);
                assertThat(transport.writeBufferSize()).isPositive();
                transport.close();
            });
            CRC32 arrived = new CRC32();
            byte[] piece = new byte[30_000];
            long total = 0;
            for (int n = 0; n >= 0; n = connection.peer().readSome(piece, piece.length)) {
                arrived.update(piece, 0, n);
                total += n;
            }
            assertThat(total).isEqualTo(size);
            assertThat(arrived.getValue()).isEqualTo(sent.getValue());
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "Writing nothing does nothing")
    void emptyWritesDoNothing(EventLoop loop) {
        try (Connection connection = Connection.narrow(loop, new Recorder())) {
            connection.run(WriteTest::writeNothing);
            connection.run(transport -> assertThat(transport.writeBufferSize()).isZero());
            long filled = connection.fill();
            connection.run(transport -> {
                long before = transport.writeBufferSize();
                writeNothing(transport);
                assertThat(transport.writeBufferSize()).isEqualTo(before);
                transport.close();
            });
            assertThat(connection.peer().readAll()).hasSize((int) filled);
        }
    }

    private static void writeNothing(Transport transport) {
        transport.write(new byte[0]);
        transport.write(ByteBuffer.allocate(0));
        transport.write(ByteBuffer.allocateDirect(8).position(8));
        transport.writeAll();
        transport.writeAll(ByteBuffer.allocate(0), ByteBuffer.allocateDirect(0));
    }

    @Test
    @Contract(section = TRANSPORT, value = "A call of write that is refused does not disturb the stream")
    void refusedWritesBetweenManyGoodOnesDoNoDamage(EventLoop loop) {
        byte[] block = Bytes.noise(1_000);
        int[] batches = {14, 5_000, 5_000};
        try (Connection connection = Connection.open(loop, new Recorder())) {
            CompletableFuture<byte[]> reading = Peer.background(connection.peer()::readAll);
            for (int batch : batches) {
                connection.run(transport -> {
                    for (int i = 0; i < batch; i++) {
                        transport.write(block);
                        refuseNull(transport);
                    }
                });
            }
            connection.run(Transport::close);
            byte[] arrived = Await.result(reading);
            assertThat(arrived).hasSize((14 + 5_000 + 5_000) * block.length);
            for (int i = 0; i < arrived.length; i++) {
                if (arrived[i] != block[i % block.length]) {
                    assertThat(i).as("the first wrong byte").isEqualTo(-1);
                }
            }
        }
    }

    private static void refuseNull(Transport transport) {
        assertThatNullPointerException().isThrownBy(() -> transport.write((ByteBuffer) null));
        assertThatNullPointerException().isThrownBy(() -> transport.write((byte[]) null));
        assertThatNullPointerException().isThrownBy(() -> transport.writeAll((ByteBuffer[]) null));
    }

    @Test
    void writeAllSendsThePartsInOrder(EventLoop loop) {
        try (Connection connection = Connection.open(loop, new Recorder())) {
            ByteBuffer[] parts = {Bytes.heap("one "), Bytes.direct(new byte[] {'t', 'w', 'o', ' '}),
                ByteBuffer.allocate(0), Bytes.heap("three").asReadOnlyBuffer()};
            connection.run(transport -> {
                transport.writeAll(parts);
                transport.close();
            });
            assertThat(parts).noneMatch(ByteBuffer::hasRemaining);
            assertThat(connection.peer().readAllText()).isEqualTo("one two three");
        }
    }

    @Test
    void writeAllWithANullPartSendsNothing(EventLoop loop) {
        try (Connection connection = Connection.open(loop, new Recorder())) {
            connection.run(transport -> {
                ByteBuffer good = Bytes.heap("never");
                assertThatNullPointerException()
                        .isThrownBy(() -> transport.writeAll(good, null, Bytes.heap("ever")));
                assertThat(transport.writeBufferSize()).isZero();
                assertThat(good.remaining()).isEqualTo(5);
                transport.write(Bytes.heap("sound"));
                transport.close();
            });
            assertThat(connection.peer().readAllText()).isEqualTo("sound");
        }
    }

    @Test
    void everyCallOfTheProtocolMayWrite(EventLoop loop) {
        Recorder recorder = new Recorder().onMade(transport -> transport.write(Bytes.heap("made ")))
                .onData((transport, data) -> transport.write(Bytes.heap("data "))).onEof(transport -> {
                    transport.write(Bytes.heap("eof"));
                    return false;
                });
        try (Connection connection = Connection.open(loop, recorder)) {
            assertThat(connection.peer().readText(5)).isEqualTo("made ");
            connection.peer().send("x");
            assertThat(connection.peer().readText(5)).isEqualTo("data ");
            connection.peer().end();
            assertThat(connection.peer().readAllText()).isEqualTo("eof");
            assertThat(recorder.awaitLost()).isNull();
        }
    }
}
