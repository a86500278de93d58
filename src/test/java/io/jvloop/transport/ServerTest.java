package io.jvloop.transport;

import static io.jvloop.support.Section.CONSTANTS;
import static io.jvloop.support.Section.SERVERS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a server listens. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class ServerTest {
    private static final String V4 = "127.0.0.1";
    private static final String V6 = "::1";

    private final Recorders recorders = new Recorders(Recorder::echo);

    private static InetSocketAddress local(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private static int port(Server server, int index) {
        return ((InetSocketAddress) server.addresses().get(index)).getPort();
    }

    private static void requireIpv6() {
        Throwable failure = catchThrowable(() -> new ServerSocket(0, 1, InetAddress.getByName(V6)).close());
        assumeTrue(failure == null, () -> "this machine has no IPv6 loopback: " + failure);
    }

    /** A port that is free for both families, most probably for a while. */
    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0)) {
            return probe.getLocalPort();
        }
    }

    private static void assertEchoes(SocketAddress address) {
        try (Peer peer = Peer.connect(address)) {
            peer.send("hello");
            assertThat(peer.readText(5)).isEqualTo("hello");
        }
    }

    private static Server listen(EventLoop loop, List<String> hosts, int port, Recorders factory) {
        return loop.runUntilComplete(Net.listen(loop, hosts, port, factory, ListenConfig.DEFAULT));
    }

    private static void closeAndWait(LoopThread thread, Server server) {
        thread.run(server::close);
        Await.result(server.closed());
    }

    @Test
    @Contract(section = SERVERS, value = "Port 0 lets the system choose a port, and the server knows it")
    void portZeroIsAnEphemeralPort(EventLoop loop) throws IOException {
        Server server = Net.listen(loop, local(0), recorders);
        assertThat(server.addresses()).hasSize(1);
        assertThat(port(server, 0)).isPositive();
        assertThat(server.isServing()).isTrue();
        SocketAddress address = server.addresses().get(0);
        try (LoopThread thread = LoopThread.start(loop)) {
            assertEchoes(address);
            closeAndWait(thread, server);
        }
    }

    @Test
    @Contract(section = SERVERS,
            value = "A server listens on every address of every host it is given, each with its own port if "
                    + "the port is 0")
    void severalHostsAreServed(EventLoop loop) {
        requireIpv6();
        Server server = listen(loop, List.of(V4, V6), 0, recorders);
        List<SocketAddress> addresses = server.addresses();
        assertThat(addresses).hasSize(2).doesNotHaveDuplicates();
        assertThat(port(server, 0)).isPositive();
        assertThat(port(server, 1)).isPositive();
        try (LoopThread thread = LoopThread.start(loop)) {
            addresses.forEach(ServerTest::assertEchoes);
            closeAndWait(thread, server);
        }
    }

    @Test
    @Contract(section = SERVERS, value = "IPv4 and IPv6 addresses may share a port")
    void bothFamiliesMayShareAPort(EventLoop loop) throws IOException {
        requireIpv6();
        int port = freePort();
        Server server = listen(loop, List.of(V4, V6), port, recorders);
        assertThat(server.addresses()).containsExactly(new InetSocketAddress(V4, port),
                new InetSocketAddress(V6, port));
        try (LoopThread thread = LoopThread.start(loop)) {
            assertEchoes(new InetSocketAddress(V4, port));
            assertEchoes(new InetSocketAddress(V6, port));
            closeAndWait(thread, server);
        }
    }

    @Test
    @Contract(section = SERVERS, value = "An empty host, or an address without one, is every interface, IPv4 "
            + "and IPv6")
    void emptyHostIsEveryInterface(EventLoop loop) throws IOException {
        requireIpv6();
        Server first = listen(loop, List.of("", ""), 0, recorders);
        Server second = Net.listen(loop, new InetSocketAddress(0), recorders);
        assertThat(first.addresses()).hasSize(1);
        int[] ports = {port(first, 0), port(second, 0)};
        try (LoopThread thread = LoopThread.start(loop)) {
            for (int port : ports) {
                assertEchoes(new InetSocketAddress(V4, port));
                assertEchoes(new InetSocketAddress(V6, port));
            }
            closeAndWait(thread, first);
            closeAndWait(thread, second);
        }
    }

    @Test
    void nameIsLookedUp(EventLoop loop) {
        Server server = listen(loop, List.of("localhost"), 0, recorders);
        List<SocketAddress> addresses = server.addresses();
        assertThat(addresses).isNotEmpty();
        try (LoopThread thread = LoopThread.start(loop)) {
            addresses.forEach(ServerTest::assertEchoes);
            closeAndWait(thread, server);
        }
    }

    @Test
    @Contract(section = SERVERS, value = "If an address is in use the failure names it, and nothing is left "
            + "listening")
    void addressInUseIsNamed(EventLoop loop) throws IOException {
        try (ServerSocket taken = Peer.listen()) {
            InetSocketAddress address = (InetSocketAddress) taken.getLocalSocketAddress();
            assertThatThrownBy(() -> Net.listen(loop, address, recorders)).isInstanceOf(BindException.class)
                    .hasMessageContaining(address.toString()).hasCauseInstanceOf(BindException.class);
            assertThat(loop.stats().channels()).isZero();
        }
    }

    @Test
    @Contract(section = SERVERS, value = "If one of several addresses cannot be bound none is")
    void allAddressesAreBoundOrNone(EventLoop loop) throws IOException {
        requireIpv6();
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName(V6))) {
            int port = taken.getLocalPort();
            CompletableFuture<Server> failing =
                    Net.listen(loop, List.of(V4, V6), port, recorders, ListenConfig.DEFAULT);
            assertThatThrownBy(() -> loop.runUntilComplete(failing)).hasCauseInstanceOf(BindException.class)
                    .cause().hasMessageContaining(new InetSocketAddress(V6, port).toString());
            assertThat(loop.stats().channels()).isZero();
            new ServerSocket(port, 1, InetAddress.getByName(V4)).close(); // is free again
        }
    }

    @Test
    @Contract(section = SERVERS,
            value = "With reusePort several servers share a port, and together get every connection")
    void reusePortSharesAPort(EventLoop loop) throws IOException {
        ListenConfig shared = ListenConfig.DEFAULT.withReusePort(true);
        Server first = Net.listen(loop, local(0), recorders, shared);
        Server second = Net.listen(loop, local(port(first, 0)), recorders, shared);
        SocketAddress address = first.addresses().get(0);
        assertThat(second.addresses()).containsExactly(address);
        assertThatThrownBy(() -> Net.listen(loop, (InetSocketAddress) address, recorders))
                .isInstanceOf(BindException.class);
        try (LoopThread thread = LoopThread.start(loop)) {
            for (int i = 0; i < 20; i++) {
                assertEchoes(address);
            }
            closeAndWait(thread, first);
            closeAndWait(thread, second);
        }
        assertThat(recorders.count()).isEqualTo(20);
    }

    @Test
    void closedServersPortMayBeUsedAgainAtOnce(EventLoop loop) throws IOException {
        Server first = Net.listen(loop, local(0), recorders);
        InetSocketAddress address = (InetSocketAddress) first.addresses().get(0);
        try (LoopThread thread = LoopThread.start(loop);
                Peer lingering = Peer.connect(address)) {
            recorders.await(0);
            thread.run(first::close);
            Server second = thread.call(() -> Net.listen(loop, address, recorders));
            assertEchoes(address);
            lingering.send("x");
            assertThat(lingering.readText(1)).isEqualTo("x");
            thread.run(first::abortClients);
            closeAndWait(thread, second);
            Await.result(first.closed());
        }
    }

    @Test
    @Contract(section = SERVERS, value = "An unknown host, no host, and a port out of range are refused")
    void senselessAddressesAreRefused(EventLoop loop) {
        String tooLong = "x".repeat(300);
        assertThatThrownBy(() -> listen(loop, List.of(V4, tooLong), 0, recorders))
                .hasCauseInstanceOf(UnknownHostException.class);
        assertThatIllegalArgumentException().isThrownBy(() -> listen(loop, List.of(), 0, recorders));
        assertThatIllegalArgumentException().isThrownBy(() -> listen(loop, List.of(V4), 65_536, recorders));
        assertThatIllegalArgumentException().isThrownBy(() -> listen(loop, List.of(""), -1, recorders));
        assertThatIllegalArgumentException().isThrownBy(
                () -> Net.listen(loop, InetSocketAddress.createUnresolved("localhost", 0), recorders))
                .withMessageContaining("localhost");
        assertThatNullPointerException().isThrownBy(() -> Net.listen(loop, local(0), null));
        assertThat(loop.stats().channels()).isZero();
    }

    @Test
    @Contract(section = SERVERS, value = "Cancelling a listen leaves nothing behind")
    void cancelledListenLeavesNothingBehind(EventLoop loop) {
        Net.listen(loop, List.of("localhost"), 0, recorders, ListenConfig.DEFAULT).cancel(false);
        loop.callLater(50_000_000, loop::stop);
        loop.runForever();
        assertThat(loop.stats().channels()).isZero();
    }

    @Test
    @Contract(section = SERVERS, value = "A closed loop refuses to listen")
    void closedLoopRefusesToListen() {
        EventLoop loop = EventLoop.create();
        loop.close();
        assertThatThrownBy(() -> Net.listen(loop, local(0), recorders))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Contract(section = CONSTANTS,
            value = "TCP_NODELAY is set on accepted and on outgoing connections unless "
                    + "configured otherwise")
    void socketOptionsAreSetOnBothSides(boolean on, EventLoop loop) throws IOException {
        SocketConfig socket = on ? SocketConfig.DEFAULT.withKeepAlive(true)
                : SocketConfig.DEFAULT.withNoDelay(false).withKernelBuffers(20_000, 10_000);
        Server server = Net.listen(loop, local(0), recorders, ListenConfig.DEFAULT.withSocket(socket));
        Recorder client = new Recorder();
        CompletableFuture<Transport> connecting =
                Net.connect(loop, (InetSocketAddress) server.addresses().get(0), () -> client,
                        ConnectConfig.DEFAULT.withSocket(socket));
        try (LoopThread thread = LoopThread.start(loop)) {
            List<Transport> both = new ArrayList<>(List.of(Await.result(connecting)));
            both.add(recorders.await(0).transport());
            thread.call(() -> {
                for (Transport transport : both) {
                    assertThat(transport.option(StandardSocketOptions.TCP_NODELAY)).isEqualTo(on);
                    assertThat(transport.option(StandardSocketOptions.SO_KEEPALIVE)).isEqualTo(on);
                    if (!on) { // Linux doubles what is asked for
                        assertThat(transport.option(StandardSocketOptions.SO_RCVBUF))
                                .isBetween(20_000, 40_000);
                        assertThat(transport.option(StandardSocketOptions.SO_SNDBUF))
                                .isBetween(10_000, 20_000);
                    }
                    transport.abort();
                }
                server.close();
                return null;
            });
            Await.result(server.closed());
        }
    }

    @Test
    @Contract(section = SERVERS, value = "A burst of several hundred clients is accepted without delay")
    void burstFitsIntoTheBacklog(EventLoop loop) throws IOException {
        assertThat(ListenConfig.DEFAULT.backlog()).isEqualTo(1_024);
        Server server = Net.listen(loop, local(0), recorders);
        SocketAddress address = server.addresses().get(0);
        List<Peer> burst = new ArrayList<>();
        for (int i = 0; i < 300; i++) { // the loop does not run yet
            burst.add(Peer.connect(address).send("hello"));
        }
        try (LoopThread thread = LoopThread.start(loop)) {
            for (Peer peer : burst) {
                assertThat(peer.readText(5)).isEqualTo("hello");
                peer.close();
            }
            closeAndWait(thread, server);
        }
    }
}
