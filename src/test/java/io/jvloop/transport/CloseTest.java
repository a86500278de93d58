package io.jvloop.transport;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The end of a connection from our side. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class CloseTest {
    @Test
    @Contract(section = TRANSPORT,
            value = "close sends everything that is queued, then ends the connection")
    void closeSendsWhatIsQueued(EventLoop loop) {
        byte[] data = Bytes.noise(1_000_000);
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.narrow(loop, recorder)) {
            connection.run(transport -> {
                transport.write(data);
                transport.close();
                assertThat(transport.isClosing()).isTrue();
                assertThat(transport.isReading()).isFalse();
                assertThat(transport.writeBufferSize()).isPositive();
            });
            assertThat(recorder.calls()).doesNotContain("lost");
            assertThat(connection.peer().readAll()).isEqualTo(data);
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).endsWith("lost");
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "close and abort are idempotent, and abort overrides close")
    void abortOverridesAPendingClose(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.narrow(loop, recorder)) {
            connection.run(transport -> {
                transport.write(new byte[1_000_000]);
                transport.close();
                transport.close();
                transport.abort();
                transport.abort();
                transport.close();
                assertThat(transport.writeBufferSize()).isZero();
            });
            assertThat(recorder.awaitLost()).isNull();
            assertThat(connection.peer().readAll().length).isBetween(1, 999_999);
            assertThat(recorder.calls()).filteredOn("lost"::equals).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 3_000_000})
    @Contract(section = BETTER,
            value = "close does not cost the peer our last bytes when input of its own is "
                    + "still unread")
    void unreadInputDoesNotDestroyTheAnswer(int answerBytes, EventLoop loop) {
        byte[] answer = Bytes.noise(answerBytes);
        OneByteAtATime protocol = new OneByteAtATime(transport -> {
            transport.write(answer);
            transport.close();
        });
        try (Connection connection = Connection.open(loop, protocol)) {
            connection.peer().send(new byte[30_000]); // in one segment; one byte of it is read
            assertThat(connection.peer().readAll()).isEqualTo(answer);
            assertThat(Await.result(protocol.end)).isNull();
        }
    }

    @Test
    void unreadInputDoesNotDestroyTheAnswerOfAPausedProtocol(EventLoop loop) {
        Recorder recorder = new Recorder().onMade(Transport::pauseReading);
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.peer().send(new byte[100]);
            connection.run(transport -> {
                transport.write(Bytes.heap("no thanks"));
                transport.close();
            });
            assertThat(connection.peer().readAllText()).isEqualTo("no thanks");
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "After close nothing more is received, neither dataReceived nor eofReceived")
    void nothingIsReceivedAfterClose(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.narrow(loop, recorder)) {
            long filled = connection.fill();
            connection.run(Transport::close);
            connection.peer().send("too late").end();
            assertThat(connection.peer().readAll()).hasSize((int) filled);
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @Test
    void closeInsideDataReceivedEndsTheData(EventLoop loop) {
        Recorder recorder = new Recorder().onData((transport, data) -> {
            transport.write(data);
            transport.close();
        });
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.peer().send("first");
            assertThat(connection.peer().readAllText()).isEqualTo("first");
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "data", "lost");
        }
    }

    @Test
    void closeInsideEofReceivedIsOneEnd(EventLoop loop) {
        for (boolean keep : new boolean[] {true, false}) {
            Recorder recorder = new Recorder().onEof(transport -> {
                transport.close();
                return keep;
            });
            try (Connection connection = Connection.open(loop, recorder)) {
                connection.peer().end();
                assertThat(connection.peer().readAll()).isEmpty();
                assertThat(recorder.awaitLost()).isNull();
                assertThat(recorder.calls()).containsExactly("made", "eof", "lost");
            }
        }
    }

    @Test
    void closeWhileReadingIsPausedSendsWhatIsQueued(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.narrow(loop, recorder)) {
            connection.run(Transport::pauseReading);
            long filled = connection.fill();
            connection.run(transport -> {
                transport.close();
                transport.resumeReading();
                assertThat(transport.isReading()).isFalse();
            });
            connection.peer().send("unheard");
            assertThat(connection.peer().readAll()).hasSize((int) filled);
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "If the peer resets the connection while the last bytes are sent, "
            + "connectionLost gets the failure")
    void resetWhileClosingIsTold(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.narrow(loop, recorder)) {
            connection.run(transport -> {
                transport.write(new byte[1_000_000]);
                transport.close();
            });
            connection.peer().reset();
            assertThat(recorder.awaitLost()).isInstanceOf(IOException.class);
            assertThat(recorder.calls()).filteredOn("lost"::equals).hasSize(1);
        }
    }

    @Test
    void abortDropsWhatIsQueued(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.narrow(loop, recorder)) {
            int written = 5_000_000;
            connection.run(transport -> {
                transport.write(new byte[written]);
                assertThat(loop.stats().buffers()).isPositive();
                transport.abort();
                assertThat(loop.stats().buffers()).isZero();
                assertThat(transport.writeBufferSize()).isZero();
            });
            assertThat(connection.peer().readAll().length).isLessThan(written);
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    void socketIsClosedByTheTimeOfConnectionLost(EventLoop loop) {
        CompletableFuture<Integer> seenByPeer = new CompletableFuture<>();
        Peer[] peer = new Peer[1];
        Recorder recorder = new Recorder()
                .onLost(cause -> seenByPeer.complete(peer[0].readSome(new byte[1], 1)));
        try (Connection connection = Connection.open(loop, recorder)) {
            peer[0] = connection.peer();
            connection.run(Transport::abort);
            assertThat(Await.result(seenByPeer)).isEqualTo(-1);
        }
    }

    @Test
    @Contract(section = BETTER, value = "A peer that goes on sending does not keep close from ending the "
            + "connection")
    void floodDoesNotKeepCloseFromEndingTheConnection(EventLoop loop) {
        Recorder recorder = new Recorder().onMade(Transport::pauseReading);
        try (Connection connection = Connection.open(loop, recorder)) {
            CompletableFuture<Void> flood = Peer.background(() -> {
                try {
                    while (true) {
                        connection.peer().send(new byte[1 << 20]);
                    }
                } catch (UncheckedIOException over) {
                    return null;
                }
            });
            connection.run(Transport::close);
            assertThat(recorder.awaitLost()).isNull();
            Await.result(flood);
        }
    }

    @Test
    void closeInsideDataReceivedLeavesTheDataAlone(EventLoop loop) {
        byte[] sent = Bytes.noise(2_000_000); // more than one read takes
        CompletableFuture<Boolean> intact = new CompletableFuture<>();
        Recorder recorder = new Recorder().onData((transport, data) -> {
            transport.close();
            byte[] seen = new byte[data.remaining()];
            data.get(seen);
            intact.complete(Arrays.equals(seen, Arrays.copyOf(sent, seen.length)));
        });
        try (Connection connection = Connection.open(loop, recorder)) {
            CompletableFuture<Void> sending = Peer.background(() -> {
                try {
                    connection.peer().send(sent);
                } catch (UncheckedIOException closedMeanwhile) {
                    // which it has every right to
                }
                return null;
            });
            assertThat(Await.result(intact)).isTrue();
            assertThat(recorder.awaitLost()).isNull();
            Await.result(sending);
        }
    }

    /** Reads a single byte, and leaves the rest in the kernel. */
    private static final class OneByteAtATime implements BufferedProtocol {
        private final Consumer<Transport> onFirstByte;
        private final ByteBuffer buffer = ByteBuffer.allocate(1);
        private final CompletableFuture<Throwable> end = new CompletableFuture<>();
        private Transport transport;

        OneByteAtATime(Consumer<Transport> onFirstByte) {
            this.onFirstByte = onFirstByte;
        }

        @Override
        public void connectionMade(Transport opened) {
            transport = opened;
        }

        @Override
        public ByteBuffer getBuffer(int sizeHint) {
            return buffer.clear();
        }

        @Override
        public void bufferUpdated(int count) {
            onFirstByte.accept(transport);
        }

        @Override
        public void connectionLost(Throwable cause) {
            end.complete(cause);
        }
    }
}
