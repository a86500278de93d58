package io.jvloop.transport;

import static io.jvloop.support.Section.UDP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How endpoints come to be: ports, names, channels of others, multicast groups, options. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class UdpBindTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress("127.0.0.1", 0);
    private static final DatagramConfig DEFAULT = DatagramConfig.DEFAULT;

    private static void runUntil(EventLoop loop, BooleanSupplier condition) {
        Await.until("something in a turn of the loop", () -> {
            Turns.run(loop, 1);
            return condition.getAsBoolean();
        });
    }

    private static void end(DatagramTransport transport) {
        transport.abort();
        Turns.run(transport.loop(), 2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1", "localhost"})
    @Contract(section = UDP, value = "An endpoint can be connected to a host by name or literal; the future "
            + "completes right after connectionMade")
    void endpointConnectsToAHost(String host, EventLoop loop) {
        DatagramRecorder recorder = new DatagramRecorder();
        try (LoopThread thread = LoopThread.start(loop)) {
            DatagramTransport transport = Await.result(thread.call(
                    () -> Datagrams.bind(loop, host, 9, () -> recorder, DEFAULT).thenApply(opened -> {
                        assertThat(recorder.calls()).containsExactly("made");
                        return opened;
                    })));
            assertThat(transport.remoteAddress().getPort()).isEqualTo(9);
            assertThat(transport.remoteAddress().getAddress().isLoopbackAddress()).isTrue();
            thread.run(transport::close);
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    @Contract(section = UDP, value = "Of a host's addresses the first of the local address's family is taken")
    void remoteAddressIsOfTheLocalFamily(EventLoop loop) {
        DatagramConfig six = DEFAULT.withLocalAddress(new InetSocketAddress("::1", 0));
        DatagramTransport transport =
                loop.runUntilComplete(Datagrams.bind(loop, "", 9, DatagramRecorder::new, six));
        assertThat(transport.remoteAddress()).isEqualTo(new InetSocketAddress("::1", 9));
        end(transport);
        DatagramConfig four = DEFAULT.withLocalAddress(ANY_PORT);
        DatagramTransport other =
                loop.runUntilComplete(Datagrams.bind(loop, "", 9, DatagramRecorder::new, four));
        assertThat(other.remoteAddress().getAddress()).isInstanceOf(Inet4Address.class);
        end(other);
        CompletableFuture<DatagramTransport> none =
                Datagrams.bind(loop, "::1", 9, DatagramRecorder::new, four);
        assertThatThrownBy(() -> loop.runUntilComplete(none)).hasCauseInstanceOf(UnknownHostException.class)
                .hasMessageContaining("family");
    }

    @Test
    void hostThatCannotBeConnectedToFailsTheFuture(EventLoop loop) {
        DatagramRecorder recorder = new DatagramRecorder();
        // a broadcast address needs permission already for connecting
        CompletableFuture<DatagramTransport> broadcast =
                Datagrams.bind(loop, "<broadcast>", 9, () -> recorder, DEFAULT.withLocalAddress(ANY_PORT));
        assertThatThrownBy(() -> loop.runUntilComplete(broadcast)).hasCauseInstanceOf(IOException.class)
                .hasMessageContaining("255.255.255.255");
        assertThatThrownBy(() -> loop.runUntilComplete(
                Datagrams.bind(loop, "no-such-host.invalid", 9, () -> recorder, DEFAULT)))
                .hasCauseInstanceOf(UnknownHostException.class);
        assertThat(recorder.calls()).isEmpty();
        assertThatThrownBy(() -> loop.runUntilComplete(Datagrams.bind(loop, "127.0.0.1", 9, () -> {
            throw new IllegalStateException("the factory's own");
        }, DEFAULT))).hasMessageContaining("the factory's own");
    }

    @Test
    void badArgumentsOfTheLookUpAreRefused(EventLoop loop) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Datagrams.bind(loop, "localhost", 70_000, DatagramRecorder::new, DEFAULT));
        assertThatIllegalArgumentException().isThrownBy(() -> Datagrams.bind(loop, "localhost", 9,
                DatagramRecorder::new, DEFAULT.withRemoteAddress(new InetSocketAddress("127.0.0.1", 9))))
                .withMessageContaining("two remote addresses");
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "localhost"})
    @Contract(section = UDP, value = "Cancelling the future of an endpoint leaves no socket behind, and the "
            + "protocol is not called")
    void cancellingBeforeConnectionMadeLeavesNothingBehind(String host, EventLoop loop) {
        DatagramRecorder recorder = new DatagramRecorder();
        CompletableFuture<DatagramTransport> result =
                Datagrams.bind(loop, host, 9, () -> recorder, DEFAULT);
        assertThat(result.cancel(false)).isTrue();
        Turns.run(loop, 3);
        assertThat(recorder.calls()).isEmpty();
    }

    @Test
    void cancellingInsideConnectionMadeEndsTheEndpoint(EventLoop loop) {
        List<CompletableFuture<DatagramTransport>> result = new ArrayList<>();
        DatagramRecorder recorder = new DatagramRecorder().onMade(made -> result.get(0).cancel(false));
        result.add(Datagrams.bind(loop, "127.0.0.1", 9, () -> recorder, DEFAULT));
        Turns.run(loop, 3);
        assertThat(recorder.calls()).containsExactly("made", "lost");
    }

    @Test
    void closingTheLoopFailsTheFuture(EventLoop loop, ExpectedLogs logs) {
        DatagramRecorder recorder = new DatagramRecorder();
        CompletableFuture<DatagramTransport> result =
                Datagrams.bind(loop, "127.0.0.1", 9, () -> recorder, DEFAULT);
        loop.close();
        assertThat(logs.takeText()).contains("1 open channel");
        assertThat(result).isCompletedExceptionally();
        assertThat(recorder.calls()).isEmpty();
    }

    @Test
    @Contract(section = UDP, value = "A port in use is an error that names the address")
    void portInUseIsNamed(EventLoop loop) {
        try (DatagramPeer peer = DatagramPeer.open()) {
            assertThatThrownBy(() -> Datagrams.bind(loop, peer.address(), DatagramRecorder::new, DEFAULT))
                    .isInstanceOf(BindException.class).hasMessageContaining(peer.address().toString());
            assertThatThrownBy(() -> Datagrams.bind(loop, peer.address(), DatagramRecorder::new,
                    DEFAULT.withReusePort(true))).isInstanceOf(BindException.class);
        }
    }

    @Test
    @Contract(section = UDP, value = "Endpoints that set reusePort share a port, and the kernel spreads the "
            + "senders over them")
    void reusePortSpreadsTheSenders(EventLoop loop) throws IOException {
        DatagramConfig shared = DEFAULT.withReusePort(true);
        DatagramRecorder one = new DatagramRecorder();
        DatagramRecorder two = new DatagramRecorder();
        DatagramTransport first = Datagrams.bind(loop, ANY_PORT, () -> one, shared);
        assumeTrue(first.option(StandardSocketOptions.SO_REUSEPORT));
        DatagramTransport second = Datagrams.bind(loop, first.localAddress(), () -> two, shared);
        int senders = 100; // all to one socket: once in 2^99
        for (int i = 0; i < senders; i++) {
            try (DatagramPeer peer = DatagramPeer.open()) {
                peer.send("x", first.localAddress());
            }
        }
        runUntil(loop, () -> one.senders().size() + two.senders().size() == senders);
        assertThat(one.senders()).isNotEmpty();
        assertThat(two.senders()).isNotEmpty();
        end(first);
        end(second);
    }

    @Test
    @Contract(section = UDP, value = "A channel that somebody else has opened and bound can be adopted, "
            + "connected or not")
    void channelOfSomebodyElseIsAdopted(EventLoop loop) throws IOException {
        try (DatagramPeer peer = DatagramPeer.open()) {
            DatagramChannel open = DatagramChannel.open().bind(ANY_PORT);
            DatagramTransport one = Datagrams.adopt(loop, open, DatagramRecorder::echo,
                    DEFAULT.withBroadcast(true).withWriteBufferLimits(new WriteBufferLimits(1, 2)));
            assertThat(one.option(StandardSocketOptions.SO_BROADCAST)).isTrue();
            assertThat(one.writeBufferLimits()).isEqualTo(new WriteBufferLimits(1, 2));
            one.sendTo(Bytes.heap("one"), peer.address());
            assertThat(peer.receive().from()).isEqualTo(one.localAddress());
            DatagramChannel connected = DatagramChannel.open().connect(peer.address());
            DatagramTransport two = Datagrams.adopt(loop, connected, DatagramRecorder::new, DEFAULT);
            assertThat(two.remoteAddress()).isEqualTo(peer.address());
            two.send(Bytes.heap("two"));
            assertThat(peer.receive().text()).isEqualTo("two");
            end(one);
            end(two);
            assertThat(open.isOpen()).isFalse();
        }
    }

    @Test
    void channelsThatCannotBeAdoptedAreRefused(EventLoop loop) throws IOException {
        DatagramChannel channel = DatagramChannel.open();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Datagrams.adopt(loop, channel, DatagramRecorder::new, DEFAULT))
                .withMessageContaining("bound");
        channel.bind(ANY_PORT);
        for (DatagramConfig late : List.of(DEFAULT.withReusePort(true),
                DEFAULT.withLocalAddress(ANY_PORT), DEFAULT.withRemoteAddress(ANY_PORT))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Datagrams.adopt(loop, channel, DatagramRecorder::new, late))
                    .withMessageContaining("too late");
        }
        assertThat(channel.isOpen()).isTrue();
        channel.close();
        assertThatThrownBy(() -> Datagrams.adopt(loop, channel, DatagramRecorder::new, DEFAULT))
                .isInstanceOf(ClosedChannelException.class);
    }

    @Test
    void optionsAreSetAndRead(EventLoop loop) throws IOException {
        DatagramTransport transport = Datagrams.bind(loop, ANY_PORT, DatagramRecorder::new,
                DEFAULT.withKernelBuffers(20_000, 30_000));
        assertThat(transport.option(StandardSocketOptions.SO_RCVBUF)).isGreaterThanOrEqualTo(20_000);
        assertThat(transport.option(StandardSocketOptions.SO_SNDBUF)).isGreaterThanOrEqualTo(30_000)
                .isLessThan(100_000);
        transport.setOption(StandardSocketOptions.IP_MULTICAST_TTL, 7);
        assertThat(transport.option(StandardSocketOptions.IP_MULTICAST_TTL)).isEqualTo(7);
        end(transport);
    }

    /** One on which a datagram to the group comes back; not every machine has any. */
    private static NetworkInterface multicastInterface(InetAddress group) throws IOException {
        for (NetworkInterface nif : NetworkInterface.networkInterfaces().toList()) {
            if (nif.isUp() && nif.inetAddresses().anyMatch(Inet4Address.class::isInstance)) {
                try (DatagramChannel channel = DatagramChannel.open().bind(new InetSocketAddress(0))) {
                    channel.join(group, nif);
                    channel.setOption(StandardSocketOptions.IP_MULTICAST_IF, nif);
                    return nif;
                } catch (IOException unsuitable) {
                    // the next one may do
                }
            }
        }
        return null;
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "239.77.1.2"})
    @Contract(section = UDP,
            value = "An endpoint receives what is sent to the multicast groups it has joined, "
                    + "until it leaves them")
    void groupIsHeardWhileItIsJoined(String local, EventLoop loop) throws IOException {
        InetAddress group = InetAddress.getByName("239.77.1.2");
        NetworkInterface nif = multicastInterface(group);
        assumeTrue(nif != null, "no interface of this machine has multicast");
        DatagramRecorder recorder = new DatagramRecorder();
        DatagramTransport transport =
                Datagrams.bind(loop, new InetSocketAddress(local, 0), () -> recorder, DEFAULT);
        InetSocketAddress target = new InetSocketAddress(group, transport.localAddress().getPort());
        transport.setOption(StandardSocketOptions.IP_MULTICAST_IF, nif);
        transport.join(group, nif);
        transport.join(group, nif);
        DatagramTransport sender = Datagrams.bind(loop, new InetSocketAddress("0.0.0.0", 0),
                DatagramRecorder::new, DEFAULT);
        sender.setOption(StandardSocketOptions.IP_MULTICAST_IF, nif);
        sender.sendTo(Bytes.heap("heard"), target);
        runUntil(loop, () -> recorder.senders().size() == 1);
        transport.leave(group, nif);
        assertThatIllegalStateException().isThrownBy(() -> transport.leave(group, nif))
                .withMessageContaining("not joined");
        end(sender);
        assertThat(recorder.calls()).containsExactly("made", "data heard");
        end(transport);
    }

    @Test
    void groupIsHeardFromOneSourceOnly(EventLoop loop) throws IOException {
        InetAddress group = InetAddress.getByName("232.77.1.3");
        NetworkInterface nif = multicastInterface(group);
        assumeTrue(nif != null, "no interface of this machine has multicast");
        InetAddress own =
                nif.inetAddresses().filter(Inet4Address.class::isInstance).findFirst().orElseThrow();
        InetAddress other = InetAddress.getByName("192.0.2.77");
        DatagramRecorder recorder = new DatagramRecorder();
        DatagramTransport transport =
                Datagrams.bind(loop, new InetSocketAddress("0.0.0.0", 0), () -> recorder, DEFAULT);
        InetSocketAddress target = new InetSocketAddress(group, transport.localAddress().getPort());
        DatagramTransport sender =
                Datagrams.bind(loop, new InetSocketAddress(own, 0), DatagramRecorder::new, DEFAULT);
        sender.setOption(StandardSocketOptions.IP_MULTICAST_IF, nif);
        transport.join(group, nif, other);
        sender.sendTo(Bytes.heap("not heard"), target);
        transport.join(group, nif, own);
        assertThatIllegalStateException().isThrownBy(() -> transport.join(group, nif));
        sender.sendTo(Bytes.heap("heard"), target);
        runUntil(loop, () -> recorder.senders().size() == 1);
        assertThat(recorder.calls()).containsExactly("made", "data heard");
        transport.leave(group, nif, own);
        assertThatIllegalStateException().isThrownBy(() -> transport.leave(group, nif, own));
        transport.leave(group, nif, other);
        end(sender);
        end(transport);
    }

    @Test
    void groupsThatAreNoneAreRefused(EventLoop loop) throws IOException {
        NetworkInterface nif = NetworkInterface.getByInetAddress(InetAddress.getByName("127.0.0.1"));
        DatagramTransport transport = Datagrams.bind(loop, ANY_PORT, DatagramRecorder::new, DEFAULT);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> transport.join(InetAddress.getByName("127.0.0.1"), nif));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> transport.join(InetAddress.getByName("ff02::1"), nif));
        end(transport);
        assertThatThrownBy(() -> transport.join(InetAddress.getByName("239.1.2.3"), nif))
                .isInstanceOf(ClosedChannelException.class);
    }
}
