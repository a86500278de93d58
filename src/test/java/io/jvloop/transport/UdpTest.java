package io.jvloop.transport;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.CHOICES;
import static io.jvloop.support.Section.UDP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Datagrams to and from plain blocking sockets; the loop runs in the test's thread, a turn at a time. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class UdpTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress("127.0.0.1", 0);

    private static DatagramTransport bind(EventLoop loop, DatagramRecorder recorder) throws IOException {
        return Datagrams.bind(loop, ANY_PORT, () -> recorder, DatagramConfig.DEFAULT);
    }

    private static DatagramTransport connect(EventLoop loop, DatagramRecorder recorder,
            InetSocketAddress remote) throws IOException {
        return Datagrams.bind(loop, null, () -> recorder,
                DatagramConfig.DEFAULT.withRemoteAddress(remote));
    }

    private static void runUntil(EventLoop loop, BooleanSupplier condition) {
        Await.until("something in a turn of the loop", () -> {
            Turns.run(loop, 1);
            return condition.getAsBoolean();
        });
    }

    /** Ends the endpoint and lets its protocol hear of it. */
    private static void end(DatagramTransport transport) {
        transport.abort();
        Turns.run(transport.loop(), 2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    @Contract(section = UDP, value = "An endpoint bound to an address receives datagrams with their sender, "
            + "and can answer each")
    void endpointAnswersWhoeverSends(String host, EventLoop loop) throws IOException {
        DatagramRecorder recorder = DatagramRecorder.echo();
        DatagramTransport transport = Datagrams.bind(loop, new InetSocketAddress(host, 0), () -> recorder,
                DatagramConfig.DEFAULT);
        assertThat(transport.localAddress().getPort()).isPositive();
        assertThat(transport.remoteAddress()).isNull();
        assertThat(transport.loop()).isSameAs(loop);
        try (DatagramPeer one = DatagramPeer.open(host, 0); DatagramPeer two = DatagramPeer.open(host, 0)) {
            one.send("first", transport.localAddress());
            two.send("second", transport.localAddress());
            one.send("third", transport.localAddress());
            runUntil(loop, () -> recorder.senders().size() == 3);
            assertThat(recorder.calls()).containsExactly("made", "data first", "data second", "data third");
            assertThat(recorder.senders()).containsExactly(one.address(), two.address(), one.address());
            assertThat(one.receive().text()).isEqualTo("first");
            assertThat(two.receive().from()).isEqualTo(transport.localAddress());
            assertThat(one.receive().text()).isEqualTo("third");
        }
        transport.close();
        Turns.run(loop, 1);
        assertThat(recorder.calls()).endsWith("lost");
        assertThat(recorder.awaitLost()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    @Contract(section = UDP, value = "A connected endpoint sends with or without its remote address, and "
            + "refuses any other")
    void connectedEndpointSendsToOneAddressOnly(String host, EventLoop loop) throws IOException {
        try (DatagramPeer peer = DatagramPeer.open(host, 0);
                DatagramPeer other = DatagramPeer.open(host, 0)) {
            DatagramRecorder recorder = new DatagramRecorder();
            DatagramTransport transport = connect(loop, recorder, peer.address());
            assertThat(transport.remoteAddress()).isEqualTo(peer.address());
            transport.send(Bytes.heap("one"));
            transport.sendTo(Bytes.direct(new byte[] {'2'}), peer.address());
            transport.send("three".getBytes());
            transport.sendTo("four".getBytes(), new InetSocketAddress(host, peer.address().getPort()));
            ByteBuffer data = Bytes.heap("refused");
            assertThatIllegalArgumentException().isThrownBy(() -> transport.sendTo(data, other.address()))
                    .withMessageContaining("Invalid address")
                    .withMessageContaining(peer.address().toString());
            assertThat(data.remaining()).isEqualTo(7);
            assertThat(peer.receive().text()).isEqualTo("one");
            assertThat(peer.receive().text()).isEqualTo("2");
            assertThat(peer.receive().text()).isEqualTo("three");
            assertThat(peer.receive().text()).isEqualTo("four");
            other.send("from a stranger", transport.localAddress());
            peer.send("answer", transport.localAddress());
            runUntil(loop, () -> recorder.calls().size() > 1);
            assertThat(recorder.calls()).containsExactly("made", "data answer");
            end(transport);
        }
    }

    @Test
    void localAndRemoteAddressGoTogether(EventLoop loop) throws IOException {
        DatagramRecorder one = new DatagramRecorder();
        try (DatagramPeer peer = DatagramPeer.open()) {
            DatagramTransport transport = Datagrams.bind(loop, ANY_PORT, () -> one,
                    DatagramConfig.DEFAULT.withRemoteAddress(peer.address()));
            transport.send(Bytes.heap("hello"));
            assertThat(peer.receive().from()).isEqualTo(transport.localAddress());
            end(transport);
            DatagramTransport wild = Datagrams.bind(loop, new InetSocketAddress("::", 0), () -> one,
                    DatagramConfig.DEFAULT.withRemoteAddress(peer.address()));
            assertThat(wild.localAddress().getAddress()).isInstanceOf(Inet4Address.class);
            wild.send(Bytes.heap("hello"));
            assertThat(peer.receive().from()).isEqualTo(wild.localAddress());
            end(wild);
        }
    }

    @Test
    void badArgumentsAreRefused(EventLoop loop) {
        assertThatIllegalArgumentException().isThrownBy(
                () -> Datagrams.bind(loop, null, DatagramRecorder::new, DatagramConfig.DEFAULT))
                .withMessageContaining("neither a local nor a remote address");
        assertThatThrownBy(() -> Datagrams.bind(loop, ANY_PORT, null, DatagramConfig.DEFAULT))
                .isInstanceOf(NullPointerException.class).hasMessageContaining("factory");
        assertThatThrownBy(() -> Datagrams.bind(loop, ANY_PORT, () -> null, DatagramConfig.DEFAULT))
                .isInstanceOf(NullPointerException.class).hasMessageContaining("factory returned null");
        assertThatIllegalStateException().isThrownBy(() -> Datagrams.bind(loop, ANY_PORT, () -> {
            throw new IllegalStateException("the factory's own");
        }, DatagramConfig.DEFAULT)).withMessage("the factory's own");
    }

    @Test
    @Contract(section = UDP,
            value = "sendTo refuses a name that was not looked up, and an IPv6 address on an "
                    + "IPv4 endpoint")
    void addressesThatCannotBeSentToAreRefused(EventLoop loop) throws IOException {
        DatagramTransport transport = bind(loop, new DatagramRecorder());
        ByteBuffer data = Bytes.heap("refused");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> transport.sendTo(data, InetSocketAddress.createUnresolved("localhost", 9)))
                .withMessageContaining("localhost").withMessageContaining("look-up");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> transport.sendTo(data, new InetSocketAddress("::1", 9)))
                .withMessageContaining("IPv4 only");
        assertThatIllegalStateException().isThrownBy(() -> transport.send(data))
                .withMessageContaining("sendTo");
        assertThat(data.remaining()).isEqualTo(7);
        end(transport);
    }

    @Test
    void nowhereIsNoAddress(EventLoop loop) throws IOException {
        DatagramTransport transport = Net.bind(loop, new InetSocketAddress(0), DatagramRecorder::new);
        assertThatNullPointerException().isThrownBy(() -> transport.sendTo(Bytes.heap("refused"), null));
        assertThatNullPointerException().isThrownBy(() -> transport.sendTo(new byte[0], null));
        assertThat(transport.writeBufferSize()).as("an empty one would wait in the queue").isZero();
        end(transport);
    }

    @Test
    @Contract(section = UDP, value = "An endpoint bound to the wildcard hears IPv4 and IPv6, and shows IPv4 "
            + "senders by their IPv4 address")
    void wildcardHearsBothFamilies(EventLoop loop) throws IOException {
        DatagramRecorder recorder = DatagramRecorder.echo();
        DatagramTransport transport =
                Datagrams.bind(loop, new InetSocketAddress(0), () -> recorder, DatagramConfig.DEFAULT);
        try (DatagramPeer four = DatagramPeer.open(); DatagramPeer six = DatagramPeer.open("::1", 0)) {
            four.send("four", transport.localAddress());
            six.send("six", transport.localAddress());
            runUntil(loop, () -> recorder.senders().size() == 2);
            assertThat(recorder.senders()).containsExactly(four.address(), six.address());
            assertThat(recorder.senders().get(0).getAddress()).isInstanceOf(Inet4Address.class);
            assertThat(recorder.senders().get(1).getAddress()).isInstanceOf(Inet6Address.class);
            assertThat(four.receive().text()).isEqualTo("four");
            assertThat(six.receive().text()).isEqualTo("six");
        }
        end(transport);
    }

    @Test
    @Contract(section = CHOICES, value = "Empty datagrams are sent and received (uvloop sends none)")
    void emptyDatagramsAreSentAndReceived(EventLoop loop) throws IOException {
        DatagramRecorder recorder = DatagramRecorder.echo();
        DatagramTransport transport = bind(loop, recorder);
        try (DatagramPeer peer = DatagramPeer.open()) {
            peer.send("", transport.localAddress()).send("x", transport.localAddress())
                    .send("", transport.localAddress());
            runUntil(loop, () -> recorder.senders().size() == 3);
            runUntil(loop, () -> transport.writeBufferSize() == 0);
            assertThat(recorder.calls()).containsExactly("made", "data ", "data x", "data ");
            assertThat(peer.receive().bytes()).isEmpty();
            assertThat(peer.receive().text()).isEqualTo("x");
            assertThat(peer.receive().bytes()).isEmpty();
            transport.sendTo(new byte[0], peer.address());
            transport.close();
            Turns.run(loop, 2);
            assertThat(peer.receive().bytes()).isEmpty();
            assertThat(recorder.isLost()).isTrue();
        }
    }

    @Test
    @Contract(section = UDP,
            value = "A connected endpoint receives empty datagrams, but refuses to send one, "
                    + "which the JDK cannot")
    void connectedEndpointReceivesEmptyDatagramsButSendsNone(EventLoop loop) throws IOException {
        try (DatagramPeer peer = DatagramPeer.open()) {
            DatagramRecorder recorder = new DatagramRecorder();
            DatagramTransport transport = connect(loop, recorder, peer.address());
            assertThatThrownBy(() -> transport.send(new byte[0]))
                    .isInstanceOf(UnsupportedOperationException.class).hasMessageContaining("sendTo");
            assertThatThrownBy(() -> transport.sendTo(new byte[0], peer.address()))
                    .isInstanceOf(UnsupportedOperationException.class);
            peer.send("", transport.localAddress());
            runUntil(loop, () -> recorder.calls().size() > 1);
            assertThat(recorder.calls()).containsExactly("made", "data ");
            end(transport);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1_472, 1_473, 9_000, 65_507})
    @Contract(section = UDP, value = "Datagrams of every size that UDP allows arrive whole, from heap and "
            + "direct buffers")
    void datagramsOfEverySizeArriveWhole(int bytes, EventLoop loop) throws IOException {
        byte[] message = Bytes.noise(bytes);
        DatagramRecorder recorder = DatagramRecorder.echo();
        DatagramTransport transport = bind(loop, recorder);
        try (DatagramPeer peer = DatagramPeer.open()) {
            peer.send(message, transport.localAddress());
            runUntil(loop, () -> recorder.senders().size() == 1);
            assertThat(peer.receive().bytes()).isEqualTo(message);
            transport.sendTo(ByteBuffer.wrap(message).asReadOnlyBuffer(), peer.address());
            assertThat(peer.receive().bytes()).isEqualTo(message);
        }
        end(transport);
    }

    @Test
    @Contract(section = UDP,
            value = "Up to 32 datagrams are received per turn; the rest in the next, so that "
                    + "a busy endpoint starves nobody")
    void readinessEventReceivesNotMoreThanABatch(EventLoop loop) throws IOException {
        DatagramRecorder recorder = new DatagramRecorder();
        DatagramTransport transport = bind(loop, recorder);
        try (DatagramPeer peer = DatagramPeer.open()) {
            for (int i = 0; i < 80; i++) {
                peer.send("x", transport.localAddress());
            }
            runUntil(loop, () -> !recorder.senders().isEmpty());
            assertThat(recorder.senders()).hasSizeLessThanOrEqualTo(UdpSender.BATCH);
            runUntil(loop, () -> recorder.senders().size() == 80);
        }
        end(transport);
    }

    @Test
    @Contract(section = BETTER, value = "Reading can be paused: datagrams wait in the kernel, from the very "
            + "next one on (uvloop and asyncio cannot)")
    void pauseTakesEffectWithinABatch(EventLoop loop) throws IOException {
        DatagramRecorder recorder = new DatagramRecorder().onData((to, data, sender) -> to.pauseReading());
        DatagramTransport transport = bind(loop, recorder);
        try (DatagramPeer peer = DatagramPeer.open()) {
            peer.send("1", transport.localAddress()).send("2", transport.localAddress());
            runUntil(loop, () -> !recorder.senders().isEmpty());
            Turns.run(loop, 3);
            assertThat(recorder.calls()).containsExactly("made", "data 1");
            assertThat(transport.isReading()).isFalse();
            transport.pauseReading();
            transport.resumeReading();
            transport.resumeReading();
            assertThat(transport.isReading()).isTrue();
            runUntil(loop, () -> recorder.senders().size() == 2);
            assertThat(recorder.calls()).containsExactly("made", "data 1", "data 2");
        }
        end(transport);
    }

    @Test
    void pauseInsideConnectionMadeHolds(EventLoop loop) throws IOException {
        DatagramRecorder recorder = new DatagramRecorder().onMade(DatagramTransport::pauseReading);
        DatagramTransport transport = bind(loop, recorder);
        try (DatagramPeer peer = DatagramPeer.open()) {
            peer.send("1", transport.localAddress());
            Turns.run(loop, 3);
            assertThat(recorder.calls()).containsExactly("made");
            transport.resumeReading();
            runUntil(loop, () -> recorder.senders().size() == 1);
        }
        end(transport);
        transport.resumeReading();
        assertThat(transport.isReading()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Contract(section = UDP, value = "Nothing is received after close or abort, not even of the same batch")
    void endTakesEffectWithinABatch(boolean close, EventLoop loop) throws IOException {
        DatagramRecorder recorder = new DatagramRecorder().onData((to, data, sender) -> {
            if (close) {
                to.close();
            } else {
                to.abort();
            }
        });
        DatagramTransport transport = bind(loop, recorder);
        try (DatagramPeer peer = DatagramPeer.open()) {
            peer.send("1", transport.localAddress()).send("2", transport.localAddress());
            runUntil(loop, recorder::isLost);
            assertThat(recorder.calls()).containsExactly("made", "data 1", "lost");
            assertThat(transport.protocol()).isNull();
            assertThat(transport.isClosing()).isTrue();
            assertThat(transport.toString()).contains("CLOSED");
        }
    }

    @Test
    void anotherProtocolMayTakeOver(EventLoop loop) throws IOException {
        DatagramRecorder second = new DatagramRecorder();
        DatagramRecorder first =
                new DatagramRecorder().onData((transport, data, sender) -> transport.setProtocol(second));
        DatagramTransport transport = bind(loop, first);
        assertThat(transport.protocol()).isSameAs(first);
        try (DatagramPeer peer = DatagramPeer.open()) {
            peer.send("1", transport.localAddress()).send("2", transport.localAddress());
            runUntil(loop, () -> second.senders().size() == 1);
            end(transport);
            assertThat(first.calls()).containsExactly("made", "data 1");
            assertThat(second.calls()).containsExactly("data 2", "lost");
            transport.setProtocol(first);
            assertThat(transport.protocol()).isNull();
        }
    }

    @Test
    void debugModeOverwritesTheBufferAfterUse(EventLoop loop) throws IOException {
        loop.setDebug(true);
        ByteBuffer[] kept = new ByteBuffer[1];
        DatagramRecorder recorder =
                new DatagramRecorder().onData((to, data, sender) -> kept[0] = data.duplicate());
        DatagramTransport transport = bind(loop, recorder);
        try (DatagramPeer peer = DatagramPeer.open()) {
            peer.send("secret", transport.localAddress());
            runUntil(loop, () -> kept[0] != null);
            byte[] seenLater = new byte[6];
            kept[0].get(seenLater);
            assertThat(seenLater).containsOnly(0xDB);
        }
        end(transport);
    }
}
