package io.jvloop.transport;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.UDP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.ReportedFailures;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.PortUnreachableException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.util.function.BooleanSupplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong around an endpoint, and that it goes on. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class UdpFailuresTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress("127.0.0.1", 0);

    private static DatagramTransport bind(EventLoop loop, DatagramRecorder recorder) throws IOException {
        return Datagrams.bind(loop, ANY_PORT, () -> recorder, DatagramConfig.DEFAULT);
    }

    private static DatagramTransport connect(EventLoop loop, DatagramRecorder recorder,
            InetSocketAddress remote) throws IOException {
        return Datagrams.bind(loop, null, () -> recorder,
                DatagramConfig.DEFAULT.withRemoteAddress(remote));
    }

    private static InetSocketAddress silentPort() {
        try (DatagramPeer peer = DatagramPeer.open()) {
            return peer.address();
        }
    }

    private static void runUntil(EventLoop loop, BooleanSupplier condition) {
        Await.until("something in a turn of the loop", () -> {
            Turns.run(loop, 1);
            return condition.getAsBoolean();
        });
    }

    /** A loop that spins makes thousands; a slow machine makes fewer. */
    private static long turnsWhileNothingHappens(EventLoop loop) {
        long before = loop.stats().turns();
        loop.callLater(100_000_000, loop::stop);
        loop.runForever();
        return loop.stats().turns() - before;
    }

    private static void end(DatagramTransport transport) {
        transport.abort();
        Turns.run(transport.loop(), 2);
    }

    @Test
    @Contract(section = UDP, value = "That nobody listens where a connected endpoint sends to is told to "
            + "errorReceived, once, and the endpoint goes on")
    void unreachablePortIsToldOnceAndIsNotTheEnd(EventLoop loop) throws IOException {
        InetSocketAddress silent = silentPort();
        DatagramRecorder recorder = new DatagramRecorder();
        DatagramTransport transport = connect(loop, recorder, silent);
        transport.send(new byte[1]);
        runUntil(loop, () -> !recorder.errors().isEmpty());
        assertThat(turnsWhileNothingHappens(loop)).isLessThan(20);
        assertThat(recorder.calls()).containsExactly("made", "error");
        assertThat(recorder.errors().get(0)).isInstanceOf(PortUnreachableException.class);
        try (DatagramPeer peer = DatagramPeer.open("127.0.0.1", silent.getPort())) {
            transport.send(Bytes.heap("hello"));
            assertThat(peer.receive().text()).isEqualTo("hello");
            peer.send("back", transport.localAddress());
            runUntil(loop, () -> recorder.senders().size() == 1);
        }
        end(transport);
    }

    @Test
    @Contract(section = BETTER, value = "A port-unreachable message about an earlier datagram does not cost "
            + "the one whose sending brought it up")
    void unreachablePortOfAnEarlierDatagramDoesNotCostTheNext(EventLoop loop) throws IOException {
        InetSocketAddress silent = silentPort();
        DatagramRecorder recorder = new DatagramRecorder().onMade(DatagramTransport::pauseReading);
        DatagramTransport transport = connect(loop, recorder, silent);
        Turns.run(loop, 1);
        transport.send(new byte[1]); // the message about it waits in the kernel
        try (DatagramPeer peer = DatagramPeer.open("127.0.0.1", silent.getPort())) {
            transport.send(Bytes.heap("hello"));
            assertThat(peer.receive().text()).isEqualTo("hello");
            runUntil(loop, () -> !recorder.errors().isEmpty());
            Turns.run(loop, 3);
            assertThat(recorder.calls()).containsExactly("made", "error");
        }
        end(transport);
    }

    @Test
    void unreachablePortDoesNotMakeAPausedEndpointSpin(EventLoop loop) throws IOException {
        DatagramRecorder recorder = new DatagramRecorder().onMade(DatagramTransport::pauseReading);
        DatagramTransport transport = connect(loop, recorder, silentPort());
        Turns.run(loop, 1);
        transport.send(new byte[1]);
        assertThat(turnsWhileNothingHappens(loop)).isLessThan(20);
        assertThat(recorder.calls()).containsExactly("made");
        transport.resumeReading();
        runUntil(loop, () -> !recorder.errors().isEmpty());
        end(transport);
    }

    @ParameterizedTest
    @ValueSource(ints = {65_508, 65_535, 65_536, 300_000})
    @Contract(section = UDP, value = "A datagram that is too long is told to errorReceived, and the endpoint "
            + "goes on")
    void datagramThatIsTooLongIsToldToErrorReceived(int bytes, EventLoop loop) throws IOException {
        DatagramRecorder recorder = new DatagramRecorder();
        DatagramTransport transport = bind(loop, recorder);
        try (DatagramPeer peer = DatagramPeer.open()) {
            for (ByteBuffer data : new ByteBuffer[] {ByteBuffer.allocate(bytes),
                ByteBuffer.allocateDirect(bytes)}) {
                transport.sendTo(data, peer.address());
                assertThat(data.hasRemaining()).isFalse();
            }
            transport.sendTo(Bytes.heap("short"), peer.address());
            assertThat(peer.receive().text()).isEqualTo("short");
            Turns.run(loop, 2);
            assertThat(recorder.calls()).containsExactly("made", "error", "error");
            assertThat(loop.buffers().outstanding()).isZero();
        }
        end(transport);
    }

    @Test
    @Contract(section = UDP, value = "Sending to a broadcast address without permission to broadcast is told "
            + "to errorReceived")
    void broadcastNeedsPermission(EventLoop loop) throws IOException {
        InetSocketAddress everybody = new InetSocketAddress("127.255.255.255", 9);
        DatagramRecorder refused = new DatagramRecorder();
        DatagramTransport one = bind(loop, refused);
        assertThat(one.option(StandardSocketOptions.SO_BROADCAST)).isFalse();
        one.sendTo(new byte[1], everybody);
        runUntil(loop, () -> !refused.errors().isEmpty());
        assertThat(refused.errors()).hasSize(1);
        end(one);
        DatagramRecorder allowed = new DatagramRecorder();
        DatagramTransport two = Datagrams.bind(loop, new InetSocketAddress(0), () -> allowed,
                DatagramConfig.DEFAULT.withBroadcast(true));
        assertThat(two.option(StandardSocketOptions.SO_BROADCAST)).isTrue();
        two.sendTo(Bytes.heap("all"),
                new InetSocketAddress("127.255.255.255", two.localAddress().getPort()));
        runUntil(loop, () -> allowed.calls().size() > 1);
        assertThat(allowed.calls()).containsExactly("made", "data all");
        end(two);
    }

    @Test
    void sendingToPortZeroIsToldToErrorReceived(EventLoop loop) throws IOException {
        DatagramRecorder recorder = new DatagramRecorder();
        DatagramTransport transport = bind(loop, recorder);
        transport.sendTo(new byte[1], ANY_PORT);
        Turns.run(loop, 2);
        assertThat(recorder.calls()).containsExactly("made", "error");
        end(transport);
    }

    @Test
    @Contract(section = UDP, value = "What connectionMade, datagramReceived, errorReceived or connectionLost "
            + "throw is reported, and the endpoint goes on")
    void whatTheCallsThrowIsReportedAndNotFatal(EventLoop loop, ReportedFailures failures)
            throws IOException {
        DatagramRecorder recorder = new DatagramRecorder().onMade(made -> {
            throw new IllegalStateException("in made");
        }).onData((to, data, sender) -> {
            throw new AssertionError("in data");
        }).onError(failure -> {
            throw new IllegalStateException("in error");
        }).onLost(() -> {
            throw new IllegalStateException("in lost");
        });
        InetSocketAddress silent = silentPort();
        DatagramTransport transport = connect(loop, recorder, silent);
        transport.send(new byte[1]);
        runUntil(loop, () -> recorder.errors().size() == 1);
        try (DatagramPeer peer = DatagramPeer.open("127.0.0.1", silent.getPort())) {
            peer.send("1", transport.localAddress()).send("2", transport.localAddress());
            runUntil(loop, () -> recorder.senders().size() == 2);
        }
        end(transport);
        var reported = failures.takeAll();
        assertThat(reported).extracting(context -> context.exception().getMessage())
                .containsExactly("in made", "in error", "in data", "in data", "in lost");
        assertThat(reported).extracting(io.jvloop.loop.ExceptionContext::message).containsExactly(
                "protocol.connectionMade() failed", "protocol.errorReceived() failed",
                "protocol.datagramReceived() failed", "protocol.datagramReceived() failed",
                "protocol.connectionLost() failed");
        assertThat(reported).allSatisfy(context -> assertThat(context.details().get("transport"))
                .isSameAs(transport));
    }

    @Test
    void abortInsideErrorReceivedIsTheEnd(EventLoop loop) throws IOException {
        DatagramTransport[] opened = new DatagramTransport[1];
        DatagramRecorder recorder = new DatagramRecorder().onError(failure -> opened[0].abort());
        opened[0] = connect(loop, recorder, silentPort());
        opened[0].send(new byte[1]);
        runUntil(loop, recorder::isLost);
        assertThat(recorder.calls()).containsExactly("made", "error", "lost");
    }

    @Test
    void channelClosedBehindOurBackIsNoticedBySending(EventLoop loop) throws IOException {
        DatagramChannel channel = DatagramChannel.open().bind(ANY_PORT);
        DatagramRecorder recorder = new DatagramRecorder();
        DatagramTransport transport = Datagrams.adopt(loop, channel, () -> recorder, DatagramConfig.DEFAULT);
        Turns.run(loop, 1);
        channel.close();
        transport.sendTo(new byte[1], silentPort());
        Turns.run(loop, 2);
        assertThat(recorder.calls()).containsExactly("made", "lost");
        assertThat(recorder.awaitLost()).isInstanceOf(ClosedChannelException.class);
    }

    @Test
    @Contract(section = UDP, value = "Datagrams sent after the end are dropped, and the fifth is logged")
    void sendsAfterTheEndAreDropped(EventLoop loop, ExpectedLogs logs) throws IOException {
        DatagramRecorder recorder = new DatagramRecorder();
        DatagramTransport transport = bind(loop, recorder);
        Turns.run(loop, 1);
        transport.close();
        transport.sendTo(new byte[1], silentPort());
        Turns.run(loop, 2);
        for (int i = 0; i < 3; i++) {
            ByteBuffer late = Bytes.heap("late");
            transport.sendTo(late, silentPort());
            assertThat(late.hasRemaining()).isFalse();
        }
        assertThat(logs.count()).isZero();
        transport.sendTo(new byte[1], silentPort());
        assertThat(logs.takeText()).contains("5 writes", transport.toString());
        transport.sendTo(new byte[1], silentPort());
        assertThat(logs.count()).isZero();
        assertThat(recorder.calls()).containsExactly("made", "lost");
    }

    @Test
    @Contract(section = UDP, value = "Closing the loop ends every endpoint, with connectionLost(null) if "
            + "connectionMade was called")
    void closingTheLoopEndsEndpoints(EventLoop loop, ExpectedLogs logs) throws IOException {
        DatagramRecorder begun = new DatagramRecorder();
        DatagramRecorder fresh = new DatagramRecorder();
        bind(loop, begun);
        Turns.run(loop, 1);
        DatagramTransport late = bind(loop, fresh);
        loop.close();
        assertThat(logs.takeText()).contains("2 open channel");
        assertThat(begun.calls()).containsExactly("made", "lost");
        assertThat(begun.awaitLost()).isNull();
        assertThat(fresh.calls()).isEmpty();
        late.close();
        late.abort();
        assertThatIllegalStateException().isThrownBy(() -> bind(loop, new DatagramRecorder()));
    }

    @Test
    @Contract(section = UDP, value = "The methods of an endpoint refuse a foreign thread while the loop runs")
    void foreignThreadsAreRefused(EventLoop loop) throws IOException {
        DatagramTransport transport = bind(loop, new DatagramRecorder());
        InetAddress group = InetAddress.getByName("239.1.2.3");
        NetworkInterface nif = NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
        try (LoopThread thread = LoopThread.start(loop)) {
            refused(() -> transport.send(new byte[1]));
            refused(() -> transport.sendTo(new byte[1], transport.localAddress()));
            refused(transport::pauseReading);
            refused(transport::resumeReading);
            refused(() -> transport.setWriteBufferLimits(WriteBufferLimits.DEFAULT));
            refused(() -> transport.join(group, nif));
            refused(() -> transport.leave(group, nif));
            refused(() -> transport.setOption(StandardSocketOptions.SO_BROADCAST, true));
            refused(() -> transport.setProtocol(new DatagramRecorder()));
            refused(transport::close);
            refused(transport::abort);
            refused(() -> bind(loop, new DatagramRecorder()));
            refused(() -> Datagrams.bind(loop, "localhost", 9, DatagramRecorder::new,
                    DatagramConfig.DEFAULT));
            thread.run(transport::abort);
        }
    }

    private static void refused(ThrowingCallable call) {
        assertThatIllegalStateException().isThrownBy(call).withMessageContaining("thread");
    }
}
