package io.jvloop.transport;

import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** pauseReading, resumeReading, and what is read. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class ReadingTest {
    /** Two turns of the loop: whatever is ready by now has been served. */
    private static void settle(Connection connection) {
        for (int i = 0; i < 2; i++) {
            CompletableFuture<Void> turn = new CompletableFuture<>();
            connection.thread().post(() -> connection.transport().loop().callSoon(() -> turn.complete(null)));
            Await.result(turn);
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "Between pauseReading and resumeReading no data is delivered, and "
            + "none is lost; both are idempotent")
    void nothingIsDeliveredBetweenPauseAndResume(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.run(transport -> {
                assertThat(transport.isReading()).isTrue();
                transport.pauseReading();
                transport.pauseReading();
                assertThat(transport.isReading()).isFalse();
            });
            connection.peer().send("patience");
            settle(connection);
            assertThat(recorder.calls()).containsExactly("made");
            connection.run(transport -> {
                transport.resumeReading();
                transport.resumeReading();
                assertThat(transport.isReading()).isTrue();
                assertThat(recorder.calls()).as("not inside resumeReading").containsExactly("made");
            });
            recorder.awaitBytes(8);
            assertThat(recorder.text()).isEqualTo("patience");
            connection.peer().send(" rewarded");
            recorder.awaitBytes(17);
            assertThat(recorder.text()).isEqualTo("patience rewarded");
        }
    }

    @Test
    void oneResumeUndoesAnyNumberOfPauses(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.run(transport -> {
                transport.pauseReading();
                transport.pauseReading();
                transport.pauseReading();
                transport.resumeReading();
                assertThat(transport.isReading()).isTrue();
            });
            connection.peer().send("x");
            recorder.awaitBytes(1);
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "pauseReading inside connectionMade takes effect before the first byte")
    void pauseInsideConnectionMadeHoldsBackTheFirstByte(EventLoop loop) {
        Recorder recorder = new Recorder().onMade(transport -> {
            assertThat(transport.isReading()).isTrue();
            transport.pauseReading();
        });
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.peer().send("first");
            settle(connection);
            assertThat(recorder.calls()).containsExactly("made");
            connection.run(Transport::resumeReading);
            recorder.awaitBytes(5);
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "pauseReading inside dataReceived stops the data in this very turn")
    void pauseInsideDataReceivedStopsTheData(EventLoop loop) {
        AtomicInteger calls = new AtomicInteger();
        Recorder recorder = new Recorder().onData((transport, data) -> {
            calls.incrementAndGet();
            transport.pauseReading();
        });
        try (Connection connection = Connection.open(loop, recorder)) {
            int total = 2_000_000; // more than one read takes
            CompletableFuture<Peer> sending =
                    Peer.background(() -> connection.peer().send(new byte[total]));
            for (int expected = 1; recorder.byteCount() < total; expected++) {
                int soFar = expected;
                Await.until("data", () -> calls.get() == soFar);
                settle(connection);
                assertThat(calls).hasValue(soFar);
                connection.run(Transport::resumeReading);
            }
            Await.result(sending);
            assertThat(recorder.byteCount()).isEqualTo(total);
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "pauseReading on another connection takes effect even if that one "
            + "has data ready in the same turn")
    void neighbourIsPausedWithinTheSameTurn(EventLoop loop) {
        assertTheFirstSilencesTheOther(loop, Transport::pauseReading);
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "abort on another connection takes effect even if that one has data "
                    + "ready in the same turn")
    void neighbourIsAbortedWithinTheSameTurn(EventLoop loop) {
        assertTheFirstSilencesTheOther(loop, Transport::abort);
    }

    @Test
    void neighbourIsAbortedWithinTheSameTurnInDebugMode(EventLoop loop) {
        loop.setDebug(true);
        loop.setSlowCallbackDuration(Duration.ofHours(1));
        assertTheFirstSilencesTheOther(loop, Transport::abort);
    }

    @Test
    void neighbourIsClosedWithinTheSameTurn(EventLoop loop) {
        assertTheFirstSilencesTheOther(loop, Transport::close);
    }

    /** Which of the two is served first is for the system to say. */
    private static void assertTheFirstSilencesTheOther(EventLoop loop, Consumer<Transport> silence) {
        for (int round = 0; round < 20; round++) {
            Recorder[] recorders = {new Recorder(), new Recorder()};
            recorders[0].onData((transport, data) -> silence.accept(recorders[1].transport()));
            recorders[1].onData((transport, data) -> silence.accept(recorders[0].transport()));
            try (Connection first = Connection.open(loop, recorders[0]);
                    Connection second = first.beside(recorders[1])) {
                first.run(busy -> { // while the loop is busy here, data arrives for both
                    first.peer().send("x");
                    second.peer().send("x");
                });
                Await.until("data", () -> recorders[0].byteCount() + recorders[1].byteCount() > 0);
                settle(first);
                assertThat(recorders[0].byteCount() + recorders[1].byteCount()).isEqualTo(1);
            }
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "pauseReading and resumeReading are harmless after the end")
    void pauseAndResumeAreHarmlessAfterTheEnd(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.run(transport -> {
                transport.abort();
                transport.pauseReading();
                transport.resumeReading();
                assertThat(transport.isReading()).isFalse();
            });
            assertThat(recorder.awaitLost()).isNull();
            connection.run(transport -> {
                transport.pauseReading();
                transport.resumeReading();
                assertThat(transport.isReading()).isFalse();
            });
            settle(connection);
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @Test
    void pausedConnectionStillWrites(EventLoop loop) {
        byte[] data = Bytes.noise(1_000_000);
        try (Connection connection = Connection.narrow(loop, new Recorder())) {
            connection.run(transport -> {
                transport.pauseReading();
                transport.write(data);
            });
            assertThat(connection.peer().read(data.length)).isEqualTo(data);
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "The peer's end that comes while reading is paused is told after resumeReading")
    void endThatComesDuringAPauseIsToldAfterwards(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.run(Transport::pauseReading);
            connection.peer().send("last words").end();
            settle(connection);
            assertThat(recorder.calls()).containsExactly("made");
            connection.run(Transport::resumeReading);
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.text()).isEqualTo("last words");
            assertThat(recorder.calls()).containsExactly("made", "data", "eof", "lost");
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "A reset that comes while reading is paused is told after resumeReading")
    void resetThatComesDuringAPauseIsToldAfterwards(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.run(Transport::pauseReading);
            connection.peer().reset();
            settle(connection);
            connection.run(Transport::resumeReading);
            assertThat(recorder.awaitLost()).isInstanceOf(IOException.class);
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "A peer that sends without end does not keep the loop from serving "
                    + "its other connections")
    void floodOfOnePeerDoesNotStarveTheOthers(EventLoop loop) {
        try (Connection flood = Connection.open(loop, new Sink());
                Connection modest = flood.beside(Recorder.echo())) {
            CompletableFuture<Void> sending = Peer.background(() -> {
                byte[] block = new byte[1 << 20];
                try {
                    while (true) {
                        flood.peer().send(block);
                    }
                } catch (UncheckedIOException over) {
                    return null;
                }
            });
            for (int i = 0; i < 100; i++) {
                modest.peer().send("ping");
                assertThat(modest.peer().readText(4)).isEqualTo("ping");
            }
            flood.run(Transport::abort);
            Await.result(sending);
        }
    }

    /** Drops what comes. */
    private static final class Sink implements Protocol {
    }
}
