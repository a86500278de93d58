package io.jvloop.transport;

import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.Registration;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import io.jvloop.support.SocketPair;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a connection does when its loop is about to end in order. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class DrainingTest {
    private final Asked protocol = new Asked();

    /** Writes down the calls, and answers as a test says. */
    private static final class Asked implements Protocol {
        final List<String> calls = new ArrayList<>();
        BooleanSupplier onDraining = () -> false;
        Transport transport;
        Throwable cause;

        @Override
        public void connectionMade(Transport made) {
            transport = made;
            calls.add("made");
        }

        @Override
        public boolean draining() {
            calls.add("draining");
            return onDraining.getAsBoolean();
        }

        @Override
        public void connectionLost(Throwable reason) {
            calls.add("lost");
            cause = reason;
        }
    }

    private SocketTransport open(EventLoop loop, SocketPair pair) throws IOException {
        return (SocketTransport) loop.runUntilComplete(Net.adopt(loop, pair.near(), () -> protocol));
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "A protocol that says nothing else is closed when its loop drains, "
                    + "once everything written has been sent")
    void byDefaultItClosesOnceEverythingIsSent(EventLoop loop) throws IOException {
        Recorder plain = new Recorder();
        try (Connection connection = Connection.narrow(loop, plain)) {
            byte[] data = Bytes.noise(1_000_000);
            connection.run(transport -> {
                transport.write(data);
                ((SocketTransport) transport).draining();
                assertThat(transport.isClosing()).isTrue();
            });
            assertThat(connection.peer().readAll()).isEqualTo(data);
            assertThat(plain.awaitLost()).isNull();
        }
    }

    @Test
    void withNothingToSendItClosesAtOnce(EventLoop loop) throws IOException {
        try (SocketPair pair = SocketPair.open()) {
            SocketTransport transport = open(loop, pair);
            transport.draining();
            assertThat(protocol.calls).as("connectionLost is not called from inside").containsExactly("made",
                    "draining");
            Turns.run(loop, 2);
            assertThat(protocol.calls).containsExactly("made", "draining", "lost");
            assertThat(protocol.cause).isNull();
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "A protocol that returns true from draining goes on, and closes "
            + "itself when it has finished")
    void itMayGoOn(EventLoop loop) throws IOException {
        protocol.onDraining = () -> true;
        try (SocketPair pair = SocketPair.open()) {
            SocketTransport transport = open(loop, pair);
            transport.draining();
            Turns.run(loop, 3);
            assertThat(transport.isClosing()).isFalse();
            assertThat(transport.isReading()).isTrue();
            transport.write("last words".getBytes());
            transport.close();
            Turns.run(loop, 2);
            assertThat(protocol.calls).containsExactly("made", "draining", "lost");
            assertThat(new Peer(pair.far().socket()).readAllText()).isEqualTo("last words");
        }
    }

    @Test
    void itMayEndItselfWhenAsked(EventLoop loop) throws IOException {
        protocol.onDraining = () -> {
            protocol.transport.write("bye".getBytes());
            protocol.transport.close();
            return true;
        };
        try (SocketPair pair = SocketPair.open()) {
            open(loop, pair).draining();
            Turns.run(loop, 2);
            assertThat(protocol.calls).containsExactly("made", "draining", "lost");
            assertThat(new Peer(pair.far().socket()).readAllText()).isEqualTo("bye");
        }
    }

    @Test
    void itMayAbortWhenAsked(EventLoop loop) throws IOException {
        protocol.onDraining = () -> {
            protocol.transport.abort();
            return false;
        };
        try (SocketPair pair = SocketPair.open()) {
            open(loop, pair).draining();
            Turns.run(loop, 2);
            assertThat(protocol.calls).containsExactly("made", "draining", "lost");
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "What draining throws is reported, and the connection closes as if "
                    + "it had returned false")
    void anExceptionIsReportedAndTheConnectionCloses(EventLoop loop, ReportedFailures failures)
            throws IOException {
        IllegalStateException thrown = new IllegalStateException("in draining");
        protocol.onDraining = () -> {
            throw thrown;
        };
        try (SocketPair pair = SocketPair.open()) {
            SocketTransport transport = open(loop, pair);
            transport.draining();
            assertThat(transport.isClosing()).isTrue();
            assertThat(failures.takeOne()).satisfies(context -> {
                assertThat(context.message()).isEqualTo("protocol.draining() failed");
                assertThat(context.exception()).isSameAs(thrown);
            });
            Turns.run(loop, 2);
            assertThat(protocol.calls).containsExactly("made", "draining", "lost");
            assertThat(protocol.cause).isNull();
        }
    }

    @Test
    void beforeConnectionMadeItEndsAndTheProtocolNeverHearsOfIt(EventLoop loop) throws IOException {
        try (SocketPair pair = SocketPair.open()) {
            CompletableFuture<Transport> result = loop.createFuture();
            SocketTransport transport = new SocketTransport(loop, pair.near(), protocol,
                    SocketConfig.DEFAULT, Delivery.lost(result));
            Registration registration = loop.register(pair.near(), 0, transport);
            Delivery.begin(transport, made -> transport.start(registration, made), result);
            transport.draining();
            Turns.run(loop, 3);
            assertThat(protocol.calls).isEmpty();
            assertThat(result).isCompletedExceptionally();
            assertThat(pair.near().isOpen()).isFalse();
        }
    }

    @Test
    void aClosingConnectionIsNotAsked(EventLoop loop) throws IOException {
        try (SocketPair pair = SocketPair.open()) {
            SocketTransport transport = open(loop, pair);
            Connection.fill(transport);
            transport.close();
            transport.draining();
            Turns.run(loop, 2);
            assertThat(protocol.calls).as("neither asked nor cut off").containsExactly("made");
            assertThat(transport.writeBufferSize()).isPositive();
            transport.abort();
            transport.draining();
            Turns.run(loop, 2);
            transport.draining();
            Turns.run(loop, 2);
            assertThat(protocol.calls).containsExactly("made", "lost");
        }
    }

    @Test
    void afterTheFirstTimeItIsAskedAgain(EventLoop loop) throws IOException {
        protocol.onDraining = () -> protocol.calls.size() < 3;
        try (SocketPair pair = SocketPair.open()) {
            SocketTransport transport = open(loop, pair);
            transport.draining();
            transport.draining();
            Turns.run(loop, 2);
            assertThat(protocol.calls).containsExactly("made", "draining", "draining", "lost");
        }
    }

    @Test
    void aConnectThatFailedIsNotWaitedFor(EventLoop loop) throws IOException {
        SocketAddress nobody;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nobody = closed.getLocalSocketAddress();
        }
        Net.listen(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), () -> protocol);
        CompletableFuture<Transport> refused = Net.connect(loop, nobody, () -> protocol);
        loop.runUntilComplete(refused.handle((made, failure) -> assertThat(failure).isNotNull()));
        CompletableFuture<Boolean> drained = loop.drain(Duration.ofDays(1));
        Turns.run(loop, 10);
        assertThat(drained).isCompletedWithValue(true);
    }
}
