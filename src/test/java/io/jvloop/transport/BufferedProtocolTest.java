package io.jvloop.transport;

import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Protocols with a receive buffer of their own. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class BufferedProtocolTest {
    /** Collects through the buffers that a test supplies. All on the loop's thread until the end. */
    private static class Collector implements BufferedProtocol {
        final IntFunction<ByteBuffer> buffers;
        final ByteArrayOutputStream received = new ByteArrayOutputStream();
        final List<String> calls = new ArrayList<>();
        final List<Integer> hints = new ArrayList<>();
        final List<Integer> counts = new ArrayList<>();
        final CompletableFuture<Optional<Throwable>> end = new CompletableFuture<>();
        ByteBuffer lent;
        int start;

        Collector(IntFunction<ByteBuffer> buffers) {
            this.buffers = buffers;
        }

        @Override
        public ByteBuffer getBuffer(int sizeHint) {
            calls.add("get");
            hints.add(sizeHint);
            lent = buffers.apply(sizeHint);
            start = lent == null ? 0 : lent.position();
            return lent;
        }

        @Override
        public void bufferUpdated(int count) {
            calls.add("updated");
            counts.add(count);
            assertThat(lent.position()).isEqualTo(start + count);
            for (int i = start; i < start + count; i++) {
                received.write(lent.get(i));
            }
        }

        @Override
        public boolean eofReceived() {
            calls.add("eof");
            return false;
        }

        @Override
        public void connectionLost(Throwable cause) {
            calls.add("lost");
            end.complete(Optional.ofNullable(cause));
        }

        Throwable awaitLost() {
            return Await.result(end).orElse(null);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Contract(section = TRANSPORT, value = "A BufferedProtocol receives into its own buffer, of any size, "
            + "direct or not")
    void smallFixedBufferReceivesALargeMessage(boolean direct, EventLoop loop) {
        byte[] message = Bytes.noise(123_123);
        ByteBuffer fixed = direct ? ByteBuffer.allocateDirect(50) : ByteBuffer.allocate(50);
        Transport[] self = new Transport[1];
        Collector collector = new Collector(hint -> fixed.clear()) {
            @Override
            public void connectionMade(Transport transport) {
                self[0] = transport;
            }

            @Override
            public void bufferUpdated(int count) {
                super.bufferUpdated(count);
                if (received.size() == message.length) {
                    self[0].write(Bytes.heap("thanks"));
                }
            }
        };
        try (Connection connection = Connection.open(loop, collector)) {
            connection.peer().send(message);
            assertThat(connection.peer().readText(6)).isEqualTo("thanks");
            connection.peer().end();
            assertThat(collector.awaitLost()).isNull();
            assertThat(collector.received.toByteArray()).isEqualTo(message);
            assertThat(collector.counts).allMatch(count -> count >= 1 && count <= 50);
            assertThat(collector.calls).endsWith("updated", "get", "eof", "lost");
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "getBuffer is called before every read with the hint 65,536, and "
            + "bufferUpdated after every read that brought something")
    void getBufferComesBeforeEveryBufferUpdated(EventLoop loop) {
        Collector collector = new Collector(ByteBuffer::allocateDirect);
        try (Connection connection = Connection.open(loop, collector)) {
            for (int i = 1; i <= 5; i++) {
                int sent = i;
                connection.peer().send(new byte[10]);
                Await.until("bytes",
                        () -> connection.ask(transport -> collector.received.size()) == sent * 10);
            }
            connection.peer().end();
            assertThat(collector.awaitLost()).isNull();
            assertThat(collector.hints).containsOnly(65_536);
            List<String> calls = new ArrayList<>(collector.calls);
            assertThat(calls).endsWith("get", "eof", "lost");
            for (int i = 0; i < calls.size() - 3; i++) {
                assertThat(calls.get(i)).isEqualTo(i % 2 == 0 ? "get" : "updated");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void bytesGoBetweenPositionAndLimit(boolean direct, EventLoop loop) {
        ByteBuffer whole = direct ? ByteBuffer.allocateDirect(100) : ByteBuffer.allocate(100);
        Collector collector = new Collector(hint -> whole.limit(13).position(10));
        try (Connection connection = Connection.open(loop, collector)) {
            connection.peer().send("abcdef").end();
            assertThat(collector.awaitLost()).isNull();
            assertThat(collector.received.toString()).isEqualTo("abcdef");
            whole.clear();
            for (int i = 0; i < 100; i++) {
                assertThat(whole.get(i) != 0).as("byte " + i).isEqualTo(i >= 10 && i < 13);
            }
        }
    }

    @Test
    void veryLargeBufferIsFilledPieceByPiece(EventLoop loop) {
        byte[] message = Bytes.noise(3_000_000);
        for (boolean direct : new boolean[] {true, false}) {
            int size = 1_000_000;
            ByteBuffer large = direct ? ByteBuffer.allocateDirect(size) : ByteBuffer.allocate(size);
            Collector collector = new Collector(hint -> large.clear());
            try (Connection connection = Connection.open(loop, collector)) {
                connection.peer().send(message).end();
                assertThat(collector.awaitLost()).isNull();
                assertThat(collector.received.toByteArray()).isEqualTo(message);
            }
        }
    }

    static Stream<Named<IntFunction<ByteBuffer>>> faultyBuffers() {
        return Stream.of(Named.of("null", hint -> null),
                Named.of("full", hint -> ByteBuffer.allocateDirect(10).position(10)),
                Named.of("empty", hint -> ByteBuffer.allocate(0)),
                Named.of("read-only", hint -> ByteBuffer.allocate(10).asReadOnlyBuffer()));
    }

    @ParameterizedTest
    @MethodSource("faultyBuffers")
    @Contract(section = TRANSPORT,
            value = "A BufferedProtocol whose getBuffer fails or gives no room loses its "
                    + "connection with an exception that says so")
    void faultyBufferEndsTheConnection(IntFunction<ByteBuffer> faulty, EventLoop loop,
            ReportedFailures failures) {
        Collector collector = new Collector(faulty);
        try (Connection connection = Connection.open(loop, collector)) {
            connection.peer().send("x");
            assertThat(collector.awaitLost()).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("getBuffer");
            connection.run(transport -> {});
            assertThat(failures.takeOne().exception()).isSameAs(collector.awaitLost());
            assertThat(collector.calls).containsExactly("get", "lost");
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "A BufferedProtocol whose getBuffer fails or gives no room loses its "
                    + "connection with an exception that says so")
    void failureInGetBufferEndsTheConnection(EventLoop loop, ReportedFailures failures) {
        RuntimeException broken = new RuntimeException("broken on purpose");
        Collector collector = new Collector(hint -> {
            throw broken;
        });
        try (Connection connection = Connection.open(loop, collector)) {
            connection.peer().send("x");
            assertThat(collector.awaitLost()).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("getBuffer").hasCause(broken);
            connection.run(transport -> {});
            assertThat(failures.takeOne().exception()).isSameAs(collector.awaitLost());
        }
    }

    @Test
    void failureInBufferUpdatedEndsTheConnectionWithThatFailure(EventLoop loop, ReportedFailures failures) {
        RuntimeException broken = new RuntimeException("broken on purpose");
        Collector collector = new Collector(ByteBuffer::allocate) {
            @Override
            public void bufferUpdated(int count) {
                throw broken;
            }
        };
        try (Connection connection = Connection.open(loop, collector)) {
            connection.peer().send("x");
            assertThat(collector.awaitLost()).isSameAs(broken);
            connection.run(transport -> {});
            assertThat(failures.takeOne().exception()).isSameAs(broken);
        }
    }

    @Test
    void pauseInsideBufferUpdatedStopsTheData(EventLoop loop) {
        ByteBuffer fixed = ByteBuffer.allocate(3);
        Transport[] self = new Transport[1];
        Collector collector = new Collector(hint -> fixed.clear()) {
            @Override
            public void connectionMade(Transport transport) {
                self[0] = transport;
            }

            @Override
            public void bufferUpdated(int count) {
                super.bufferUpdated(count);
                self[0].pauseReading();
            }
        };
        try (Connection connection = Connection.open(loop, collector)) {
            connection.peer().send("abcdef");
            Await.until("bytes", () -> connection.ask(transport -> collector.received.size()) > 0);
            CompletableFuture<Void> later = new CompletableFuture<>();
            connection.run(transport -> loop.callLater(5_000_000, () -> later.complete(null)));
            Await.result(later);
            connection.run(transport -> assertThat(collector.received.size()).isEqualTo(3));
        }
    }

    @Test
    void getBufferMayEndTheConnection(EventLoop loop) {
        Transport[] self = new Transport[1];
        for (boolean abort : new boolean[] {true, false}) {
            Collector collector = new Collector(hint -> {
                if (abort) {
                    self[0].abort();
                } else {
                    self[0].close();
                }
                return ByteBuffer.allocate(hint);
            });
            try (Connection connection = Connection.open(loop, collector)) {
                self[0] = connection.transport();
                connection.peer().send("x");
                assertThat(collector.awaitLost()).isNull();
                assertThat(collector.calls).containsExactly("get", "lost");
            }
        }
    }

    @Test
    void dataGivenToABufferedProtocolIsCopiedThroughItsBuffer() {
        byte[] message = Bytes.noise(1_234);
        ByteBuffer fixed = ByteBuffer.allocate(100);
        Collector collector = new Collector(hint -> fixed.clear().position(1));
        ByteBuffer data = ByteBuffer.wrap(message).asReadOnlyBuffer();
        collector.dataReceived(data);
        assertThat(data.hasRemaining()).isFalse();
        assertThat(collector.received.toByteArray()).isEqualTo(message);
        assertThat(collector.counts).hasSize(13).allMatch(count -> count <= 99);
        Collector faulty = new Collector(hint -> null);
        assertThatIllegalStateException()
                .isThrownBy(() -> faulty.dataReceived(ByteBuffer.wrap(message)));
    }
}
