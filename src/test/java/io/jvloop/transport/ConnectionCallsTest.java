package io.jvloop.transport;

import static io.jvloop.support.Section.CLIENTS;
import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.SocketPair;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The grammar of a protocol: which calls come, in which order and in which turn. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class ConnectionCallsTest {
    static Stream<Named<Consumer<Transport>>> endings() {
        return Stream.of(Named.of("close", Transport::close), Named.of("abort", Transport::abort));
    }

    @Test
    @Contract(section = TRANSPORT, value = "A protocol hears connectionMade, then dataReceived any number of "
            + "times, eofReceived at most once, and connectionLost last")
    void callsComeInTheOrderOfTheGrammar(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.peer().send("some bytes").end();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "data", "eof", "lost");
            assertThat(recorder.text()).isEqualTo("some bytes");
        }
    }

    @Test
    void connectionMadeIsNotCalledInsideAdopt(EventLoop loop) throws IOException {
        try (SocketPair pair = SocketPair.open()) {
            Recorder recorder = new Recorder().onMade(Transport::abort);
            CompletableFuture<Transport> adopted = Net.adopt(loop, pair.near(), () -> recorder);
            assertThat(recorder.calls()).isEmpty();
            assertThat(adopted).isNotDone();
            loop.runUntilComplete(adopted);
            assertThat(recorder.calls()).startsWith("made");
        }
    }

    @Test
    @Contract(section = CLIENTS, value = "The future of a connect completes after connectionMade and before "
            + "the first byte is read")
    void connectFutureCompletesBetweenConnectionMadeAndData(EventLoop loop) throws IOException {
        try (SocketPair pair = SocketPair.open()) {
            pair.far().write(Bytes.heap("early"));
            CompletableFuture<Void> over = loop.createFuture();
            Recorder recorder = new Recorder().onData((transport, data) -> transport.close())
                    .onLost(cause -> over.complete(null));
            Net.adopt(loop, pair.near(), () -> recorder).thenAccept(adopted -> {
                assertThat(adopted).isSameAs(recorder.transport());
                recorder.note("completed");
            });
            loop.runUntilComplete(over);
            assertThat(recorder.calls()).containsExactly("made", "completed", "data", "lost");
        }
    }

    @ParameterizedTest
    @MethodSource("endings")
    @Contract(section = TRANSPORT,
            value = "connectionLost comes in a later turn, never inside close, abort or write")
    void connectionLostComesInALaterTurn(Consumer<Transport> ending, EventLoop loop) {
        AtomicReference<Long> turnOfLoss = new AtomicReference<>();
        Recorder recorder = new Recorder().onLost(cause -> turnOfLoss.set(loop.stats().turns()));
        try (Connection connection = Connection.open(loop, recorder)) {
            long turnOfCall = connection.ask(transport -> {
                ending.accept(transport);
                assertThat(recorder.calls()).doesNotContain("lost");
                assertThat(transport.isClosing()).isTrue();
                return loop.stats().turns();
            });
            assertThat(recorder.awaitLost()).isNull();
            assertThat(turnOfLoss.get()).isGreaterThan(turnOfCall);
        }
    }

    @Test
    void connectionLostComesInALaterTurnThanTheWriteThatFails(EventLoop loop) {
        AtomicReference<Long> turnOfLoss = new AtomicReference<>();
        AtomicReference<Long> turnOfWrite = new AtomicReference<>();
        Recorder recorder = new Recorder().onLost(cause -> turnOfLoss.set(loop.stats().turns()));
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.run(Transport::pauseReading); // or the reset would be found by a read
            connection.peer().reset();
            Await.until("a write that fails", () -> connection.ask(transport -> {
                turnOfWrite.set(loop.stats().turns());
                transport.write(new byte[10]);
                assertThat(recorder.calls()).doesNotContain("lost");
                return transport.isClosing();
            }));
            assertThat(recorder.awaitLost()).isInstanceOf(IOException.class);
            assertThat(turnOfLoss.get()).isGreaterThan(turnOfWrite.get());
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "connectionLost comes exactly once for each connectionMade")
    void connectionLostComesOnceHoweverManyReasonsThereAre(EventLoop loop) {
        Recorder recorder = new Recorder().onLost(cause -> {});
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.peer().send("unread").end();
            connection.run(transport -> {
                transport.close();
                transport.abort();
                transport.close();
                transport.abort();
                transport.write(new byte[1]);
            });
            recorder.awaitLost();
            connection.run(transport -> {
                transport.abort();
                transport.close();
            });
            connection.run(transport -> {}); // whatever that had queued has run by now
            assertThat(recorder.calls()).filteredOn("lost"::equals).hasSize(1);
            assertThat(recorder.calls()).endsWith("lost");
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "A peer's reset is told to connectionLost as an IOException and "
            + "not to the exception handler")
    void peerResetIsToldToConnectionLostOnly(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.peer().reset();
            assertThat(recorder.awaitLost()).isInstanceOf(IOException.class);
            assertThat(recorder.calls()).containsExactly("made", "lost");
            assertThat(connection.transport().isClosing()).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("endings")
    @Contract(section = CLIENTS, value = "A connection that ends inside connectionMade is delivered all the "
            + "same, closed, and hears connectionLost")
    void connectionEndedInsideConnectionMadeIsDelivered(Consumer<Transport> ending, EventLoop loop) {
        Recorder recorder = new Recorder().onMade(ending);
        try (Connection connection = Connection.open(loop, recorder)) {
            assertThat(connection.transport()).isSameAs(recorder.transport());
            assertThat(connection.transport().isClosing()).isTrue();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(connection.peer().readAll()).isEmpty();
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @Test
    void whatIsWrittenInsideConnectionMadeIsSentBeforeTheClose(EventLoop loop) {
        Recorder recorder = new Recorder().onMade(transport -> {
            transport.write(Bytes.heap("hello and goodbye"));
            transport.close();
        });
        try (Connection connection = Connection.open(loop, recorder)) {
            assertThat(connection.peer().readAllText()).isEqualTo("hello and goodbye");
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "A connection that ends before connectionMade ran is never heard of by its protocol")
    void connectionGivenUpBeforeItBeganIsNotHeardOf(EventLoop loop) throws IOException {
        try (SocketPair pair = SocketPair.open()) {
            Recorder recorder = new Recorder();
            Net.adopt(loop, pair.near(), () -> recorder).cancel(false);
            Turns.run(loop, 3);
            assertThat(recorder.calls()).isEmpty();
            assertThat(pair.near().isOpen()).isFalse();
            assertThat(pair.far().read(ByteBuffer.allocate(1))).isEqualTo(-1);
        }
    }

    @Test
    void transportIsClosedInConnectionLost(EventLoop loop) {
        List<Object> seen = new CopyOnWriteArrayList<>();
        AtomicReference<Recorder> self = new AtomicReference<>();
        Recorder recorder = new Recorder().onLost(cause -> {
            Transport transport = self.get().transport();
            seen.add(transport.isClosing());
            seen.add(transport.isReading());
            seen.add(transport.writeBufferSize());
            transport.write(new byte[5]);
            transport.close();
            transport.abort();
        });
        self.set(recorder);
        try (Connection connection = Connection.narrow(loop, recorder)) {
            connection.fill();
            connection.run(Transport::abort);
            recorder.awaitLost();
            assertThat(seen).containsExactly(true, false, 0L);
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "A transport lets go of its protocol after connectionLost")
    void protocolIsNotKeptAfterConnectionLost(EventLoop loop) throws IOException {
        AtomicInteger losses = new AtomicInteger();
        try (SocketPair pair = SocketPair.open()) {
            CompletableFuture<Transport> adopted =
                    Net.adopt(loop, pair.near(), () -> new CountingProtocol(losses));
            Transport transport = loop.runUntilComplete(adopted);
            WeakReference<Protocol> protocol = new WeakReference<>(transport.protocol());
            assertThat(protocol.get()).isNotNull();
            transport.abort();
            Turns.run(loop, 2);
            assertThat(losses).hasValue(1);
            assertThat(transport.protocol()).isNull();
            Await.collected(List.of(protocol));
            assertThat(transport.toString()).contains("CLOSED"); // still works, and keeps the transport
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "The addresses of a connection can be asked for after its end")
    void addressesAreKnownAfterTheEnd(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.run(Transport::abort);
            recorder.awaitLost();
            assertThat(connection.transport().localAddress())
                    .isEqualTo(connection.peer().socket().getRemoteSocketAddress());
            assertThat(connection.transport().remoteAddress())
                    .isEqualTo(connection.peer().socket().getLocalSocketAddress());
            assertThat(connection.transport().loop()).isSameAs(loop);
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "A protocol without methods drops what comes, and closes when the "
            + "peer has ended")
    void protocolWithoutMethodsClosesAtThePeersEnd(EventLoop loop) {
        try (Connection connection = Connection.open(loop, new Protocol() {})) {
            connection.peer().send(Bytes.noise(10_000)).end();
            assertThat(connection.peer().readAll()).isEmpty();
            Await.until("the end", () -> connection.ask(transport -> transport.protocol() == null));
        }
    }

    /** Counts; unlike a recorder it keeps nothing that leads back to itself. */
    private static final class CountingProtocol implements Protocol {
        private final AtomicInteger losses;

        CountingProtocol(AtomicInteger losses) {
            this.losses = losses;
        }

        @Override
        public void connectionLost(Throwable cause) {
            losses.incrementAndGet();
        }
    }
}
