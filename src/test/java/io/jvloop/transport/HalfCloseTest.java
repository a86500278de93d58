package io.jvloop.transport;

import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** One direction of a connection ends before the other. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class HalfCloseTest {
    @Test
    @Contract(section = TRANSPORT,
            value = "If eofReceived returns false, the connection ends once everything "
                    + "written has been sent")
    void peersEndClosesTheConnectionOnceEverythingIsSent(EventLoop loop) {
        byte[] data = Bytes.noise(1_000_000);
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.narrow(loop, recorder)) {
            connection.run(transport -> transport.write(data));
            connection.peer().end();
            recorder.awaitCall("eof");
            connection.run(transport -> assertThat(transport.isClosing()).isTrue());
            assertThat(connection.peer().readAll()).isEqualTo(data);
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "If eofReceived returns true, writing goes on until close")
    void writingGoesOnAfterThePeersEndIfEofReceivedSaysSo(EventLoop loop) {
        Recorder recorder = new Recorder().onEof(transport -> true);
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.peer().send("question").end();
            recorder.awaitCall("eof");
            connection.run(transport -> {
                assertThat(transport.isClosing()).isFalse();
                assertThat(transport.isReading()).isFalse();
                transport.write(Bytes.heap("an"));
            });
            assertThat(connection.peer().readText(2)).isEqualTo("an");
            connection.run(transport -> {
                transport.write(Bytes.heap("swer"));
                transport.close();
            });
            assertThat(connection.peer().readAllText()).isEqualTo("swer");
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "data", "eof", "lost");
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "After the peer's end reading is over: resumeReading does nothing")
    void readingIsOverAfterThePeersEnd(EventLoop loop) {
        Recorder recorder = new Recorder().onEof(transport -> true);
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.peer().end();
            recorder.awaitCall("eof");
            for (int i = 0; i < 3; i++) {
                connection.run(transport -> {
                    transport.pauseReading();
                    transport.resumeReading();
                    assertThat(transport.isReading()).isFalse();
                });
            }
            connection.run(Transport::close);
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "eof", "lost");
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "A half-closed or paused connection costs an idle loop nothing")
    void loopDoesNotSpinOnAnEndedOrPausedConnection(EventLoop loop) {
        Recorder ended = new Recorder().onEof(transport -> true);
        Recorder paused = new Recorder().onMade(Transport::pauseReading);
        Recorder stuck = new Recorder();
        try (Connection first = Connection.open(loop, ended);
                Connection second = first.beside(paused);
                Connection third = first.narrowBeside(stuck)) {
            first.peer().end();
            ended.awaitCall("eof");
            second.peer().send("unread").end();
            third.fill();
            third.run(Transport::close);
            CompletableFuture<Long> turns = new CompletableFuture<>();
            first.run(transport -> {
                long before = loop.stats().turns();
                loop.callLater(100_000_000, () -> turns.complete(loop.stats().turns() - before));
            });
            assertThat(Await.result(turns)).isLessThan(50); // a spinning loop makes some ten thousand
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "writeEof ends our direction once everything queued is sent; reading goes on")
    void writeEofEndsOurDirectionAfterTheQueue(EventLoop loop) {
        byte[] data = Bytes.noise(500_000);
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.narrow(loop, recorder)) {
            connection.run(transport -> {
                assertThat(transport.canWriteEof()).isTrue();
                transport.write(data);
                assertThat(transport.writeBufferSize()).isPositive();
                transport.writeEof();
                transport.writeEof();
                assertThat(transport.isClosing()).isFalse();
                assertThat(transport.isReading()).isTrue();
            });
            assertThat(connection.peer().readAll()).isEqualTo(data);
            connection.run(Transport::writeEof);
            connection.peer().send("answer");
            assertThat(recorder.awaitBytes(6)).isEqualTo("answer".getBytes());
            connection.peer().end();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "pause", "resume", "data", "eof", "lost");
        }
    }

    @Test
    void writeEofWithNothingQueuedIsSeenAtOnce(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.run(Transport::writeEof);
            assertThat(connection.peer().readAll()).isEmpty();
            assertThat(connection.ask(Transport::isClosing)).isFalse();
            connection.run(Transport::close);
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    void closeAfterWriteEofSendsWhatIsQueued(EventLoop loop) {
        byte[] data = Bytes.noise(500_000);
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.narrow(loop, recorder)) {
            connection.run(transport -> {
                transport.write(data);
                transport.writeEof();
                transport.close();
                transport.writeEof();
            });
            assertThat(connection.peer().readAll()).isEqualTo(data);
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    void writeEofAfterTheEndIsHarmless(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.run(transport -> {
                transport.abort();
                transport.writeEof();
            });
            assertThat(recorder.awaitLost()).isNull();
            connection.run(Transport::writeEof);
        }
    }

    @Test
    void bothDirectionsMayEndIndependently(EventLoop loop) {
        Recorder recorder = new Recorder().onEof(transport -> true);
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.peer().end();
            recorder.awaitCall("eof");
            connection.run(transport -> {
                transport.write(Bytes.heap("last words"));
                transport.writeEof();
            });
            assertThat(connection.peer().readAllText()).isEqualTo("last words");
            assertThat(connection.ask(Transport::isClosing)).isFalse();
            connection.run(Transport::close);
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    void writeEofInsideEofReceivedAnswersAnEndWithAnEnd(EventLoop loop) {
        Recorder recorder = new Recorder().onEof(transport -> {
            transport.writeEof();
            return true;
        });
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.peer().end();
            assertThat(connection.peer().readAll()).isEmpty();
            connection.run(Transport::close);
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "eof", "lost");
        }
    }

    @Test
    void hundredClientsReadToTheEndThatTheServerWritesTwice(EventLoop loop) throws Exception {
        byte[] answer = Bytes.noise(100_000);
        Recorders recorders = new Recorders(() -> new Recorder().onMade(transport -> {
            transport.write(answer);
            transport.writeEof();
            transport.writeEof();
        }));
        Server server =
                Net.listen(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), recorders);
        SocketAddress address = server.addresses().get(0);
        try (LoopThread thread = LoopThread.start(loop)) {
            List<Peer> peers = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                peers.add(Peer.connect(address));
            }
            for (Peer peer : peers) {
                assertThat(peer.readAll()).isEqualTo(answer);
                peer.close();
            }
            for (int i = 0; i < 100; i++) {
                assertThat(recorders.await(i).awaitLost()).isNull();
            }
            thread.run(server::close);
            Await.result(server.closed());
        }
    }

    @Test
    void resetBeforeWriteEofIsTold(EventLoop loop) {
        Recorder recorder = new Recorder().onMade(Transport::pauseReading);
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.peer().reset();
            connection.run(transport -> {
                transport.writeEof();
                transport.resumeReading();
            });
            assertThat(recorder.awaitLost()).isInstanceOf(IOException.class);
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }
}
