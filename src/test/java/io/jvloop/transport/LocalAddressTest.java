package io.jvloop.transport;

import static io.jvloop.support.Section.CLIENTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The local end of an outgoing connection. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class LocalAddressTest {
    private final Recorders recorders = new Recorders();
    private ServerSocket server;

    @BeforeEach
    void listen() {
        server = Peer.listen();
    }

    @AfterEach
    void close() throws IOException {
        server.close();
    }

    private CompletableFuture<Transport> connectFrom(EventLoop loop, InetSocketAddress local) {
        return Net.connect(loop, (InetSocketAddress) server.getLocalSocketAddress(), recorders,
                ConnectConfig.DEFAULT.withLocalAddress(local));
    }

    private static Throwable failure(EventLoop loop, CompletableFuture<Transport> connecting) {
        Throwable thrown = catchThrowable(() -> loop.runUntilComplete(connecting));
        assertThat(thrown).isNotNull();
        assertThat(loop.stats().channels()).isZero();
        return thrown.getCause();
    }

    private void assertConnectsFrom(EventLoop loop, InetSocketAddress local) {
        Transport transport = loop.runUntilComplete(connectFrom(loop, local));
        try (Peer peer = Peer.accept(server)) {
            assertThat(peer.socket().getRemoteSocketAddress()).isEqualTo(transport.localAddress());
            transport.abort();
            Turns.run(loop, 2);
        }
    }

    @Test
    @Contract(section = CLIENTS,
            value = "A connection may be made from a local address of choice, looked up if need be")
    void localAddressIsUsed(EventLoop loop) throws IOException {
        int port;
        try (ServerSocket probe = Peer.listen()) {
            port = probe.getLocalPort();
        }
        InetSocketAddress local = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        Transport transport = loop.runUntilComplete(connectFrom(loop, local));
        assertThat(transport.localAddress()).isEqualTo(local);
        try (Peer peer = Peer.accept(server)) {
            assertThat(peer.socket().getRemoteSocketAddress()).isEqualTo(local);
        }
        transport.abort();
        Turns.run(loop, 2);
        assertConnectsFrom(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        assertConnectsFrom(loop, InetSocketAddress.createUnresolved("127.0.0.1", 0));
        assertConnectsFrom(loop, InetSocketAddress.createUnresolved("localhost", 0));
    }

    @Test
    @Contract(section = CLIENTS, value = "A local address that is in use is named by the failure")
    void localAddressInUseIsNamed(EventLoop loop) throws IOException {
        try (ServerSocket taken = Peer.listen()) {
            InetSocketAddress local = (InetSocketAddress) taken.getLocalSocketAddress();
            assertThat(failure(loop, connectFrom(loop, local))).isInstanceOf(BindException.class)
                    .hasMessageContaining(local.toString()).hasCauseInstanceOf(BindException.class);
        }
        assertThat(recorders.count()).isZero();
    }

    @Test
    @Contract(section = CLIENTS,
            value = "A local address of another family than the remote one is named by the failure")
    void localAddressOfTheOtherFamilyIsRefused(EventLoop loop) throws IOException {
        InetSocketAddress v6 = new InetSocketAddress(InetAddress.getByName("::1"), 0);
        assertThat(failure(loop, connectFrom(loop, v6))).isInstanceOf(IOException.class)
                .hasMessageContainingAll(v6.toString(), server.getLocalSocketAddress().toString(), "family");
        assertThat(recorders.count()).isZero();
    }

    @Test
    void remoteAddressesOfTheOtherFamilyArePassedOver(EventLoop loop) throws IOException {
        InetSocketAddress v6 =
                new InetSocketAddress(InetAddress.getByName("::1"), server.getLocalPort());
        InetSocketAddress v4 = (InetSocketAddress) server.getLocalSocketAddress();
        ConnectConfig config = ConnectConfig.DEFAULT
                .withLocalAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        Transport transport =
                loop.runUntilComplete(Net.connect(loop, List.of(v6, v4), recorders, config));
        assertThat(transport.remoteAddress()).isEqualTo(v4);
        transport.abort();
        Turns.run(loop, 2);
    }

    @Test
    void unknownLocalHostIsTold(EventLoop loop) {
        InetSocketAddress unknown = InetSocketAddress.createUnresolved("x".repeat(300), 0);
        assertThat(failure(loop, connectFrom(loop, unknown))).isInstanceOf(UnknownHostException.class);
        assertThat(recorders.count()).isZero();
    }

    @Test
    void addressOfAnotherMachineCannotBeLocal(EventLoop loop) {
        InetSocketAddress foreign = new InetSocketAddress("203.0.113.77", 0); // for documentation only
        assertThat(failure(loop, connectFrom(loop, foreign))).isInstanceOf(BindException.class)
                .hasMessageContaining("203.0.113.77");
    }
}
