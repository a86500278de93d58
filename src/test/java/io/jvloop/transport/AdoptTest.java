package io.jvloop.transport;

import static io.jvloop.support.Section.CLIENTS;
import static io.jvloop.support.Section.SERVERS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.SocketPair;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Channels that somebody else has opened. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class AdoptTest {
    private static final InetSocketAddress ANY_PORT =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final Recorders recorders = new Recorders(Recorder::echo);

    @Test
    @Contract(section = CLIENTS,
            value = "A connected channel may be adopted; the transport owns it from then "
                    + "on")
    void connectedChannelBecomesATransport(EventLoop loop) throws IOException {
        try (SocketPair pair = SocketPair.open();
                LoopThread thread = LoopThread.start(loop)) {
            SocketAddress local = pair.near().getLocalAddress();
            SocketAddress remote = pair.near().getRemoteAddress();
            Transport transport = Await.result(thread.call(() -> Net.adopt(loop, pair.near(), recorders)));
            assertThat(transport.localAddress()).isEqualTo(local);
            assertThat(transport.remoteAddress()).isEqualTo(remote);
            assertThat(thread.<Boolean>call(() -> transport.option(StandardSocketOptions.TCP_NODELAY)))
                    .isTrue();
            pair.far().write(Bytes.heap("hello"));
            ByteBuffer echo = ByteBuffer.allocate(5);
            while (echo.hasRemaining()) {
                assertThat(pair.far().read(echo)).isPositive();
            }
            assertThat(echo.array()).isEqualTo("hello".getBytes());
            thread.run(transport::close);
            assertThat(recorders.await(0).awaitLost()).isNull();
            assertThat(pair.near().isOpen()).isFalse();
        }
    }

    @Test
    @Contract(section = CLIENTS,
            value = "A channel that is not connected, closed, or registered elsewhere is "
                    + "not adopted, and left alone")
    void unconnectedChannelIsRefused(EventLoop loop) throws IOException {
        try (SocketChannel unconnected = SocketChannel.open()) {
            assertThatIllegalArgumentException().isThrownBy(() -> Net.adopt(loop, unconnected, recorders))
                    .withMessageContaining("connected");
            assertThat(unconnected.isOpen()).isTrue();
        }
        assertThat(recorders.count()).isZero();
        assertThat(loop.stats().channels()).isZero();
    }

    @Test
    void channelThatIsStillConnectingIsRefused(EventLoop loop) throws IOException {
        try (BlackHole hole = BlackHole.open();
                SocketChannel connecting = SocketChannel.open()) {
            connecting.configureBlocking(false);
            assertThat(connecting.connect(hole.address())).isFalse();
            assertThatIllegalArgumentException().isThrownBy(() -> Net.adopt(loop, connecting, recorders))
                    .withMessageContaining("connected");
            assertThat(connecting.isConnectionPending()).isTrue();
        }
        assertThat(recorders.count()).isZero();
        assertThat(loop.stats().channels()).isZero();
    }

    @Test
    void closedChannelIsRefused(EventLoop loop) throws IOException {
        SocketChannel closed = SocketChannel.open();
        closed.close();
        assertThatThrownBy(() -> Net.adopt(loop, closed, recorders))
                .isInstanceOf(ClosedChannelException.class);
        ServerSocketChannel closedServer = ServerSocketChannel.open();
        closedServer.close();
        assertThatThrownBy(() -> Net.adopt(loop, closedServer, recorders, ListenConfig.DEFAULT))
                .isInstanceOf(ClosedChannelException.class);
        assertThat(recorders.count()).isZero();
    }

    @Test
    void channelRegisteredElsewhereIsRefusedAndLeftAlone(EventLoop loop) throws IOException {
        try (SocketPair pair = SocketPair.open();
                Selector elsewhere = Selector.open()) {
            pair.near().configureBlocking(false);
            SelectionKey key = pair.near().register(elsewhere, SelectionKey.OP_READ);
            assertThatIllegalStateException().isThrownBy(() -> Net.adopt(loop, pair.near(), recorders))
                    .withMessageContaining("registration");
            assertThat(pair.near().isOpen()).isTrue();
            assertThat(key.isValid()).isTrue();
            Turns.run(loop, 2);
            assertThat(recorders.all()).allSatisfy(unused -> assertThat(unused.calls()).isEmpty());
        }
    }

    @Test
    void channelIsAdoptedOnce(EventLoop loop) throws IOException {
        try (SocketPair pair = SocketPair.open()) {
            CompletableFuture<Transport> first = Net.adopt(loop, pair.near(), recorders);
            assertThatIllegalStateException()
                    .isThrownBy(() -> Net.adopt(loop, pair.near(), Recorder::new));
            Transport transport = loop.runUntilComplete(first);
            assertThat(transport.isClosing()).isFalse();
            transport.abort();
            Turns.run(loop, 2);
            assertThat(recorders.await(0).calls()).containsExactly("made", "lost");
        }
    }

    @Test
    void failingFactoryIsThrownAndLeavesTheChannelAlone(EventLoop loop) throws IOException {
        RuntimeException broken = new RuntimeException("broken on purpose");
        try (SocketPair pair = SocketPair.open()) {
            assertThatThrownBy(() -> Net.adopt(loop, pair.near(), () -> {
                throw broken;
            })).isSameAs(broken);
            assertThatNullPointerException().isThrownBy(() -> Net.adopt(loop, pair.near(), () -> null));
            assertThat(pair.near().isOpen()).isTrue();
            assertThat(pair.near().isRegistered()).isFalse();
        }
    }

    @Test
    @Contract(section = SERVERS, value = "A bound listening channel may be adopted; the server owns it from "
            + "then on")
    void boundListeningChannelBecomesAServer(EventLoop loop) throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open().bind(ANY_PORT);
        SocketAddress address = channel.getLocalAddress();
        Server server = Net.adopt(loop, channel, recorders, ListenConfig.DEFAULT);
        assertThat(server.addresses()).containsExactly(address);
        assertThat(server.isServing()).isTrue();
        try (LoopThread thread = LoopThread.start(loop);
                Peer peer = Peer.connect(address)) {
            peer.send("hello");
            assertThat(peer.readText(5)).isEqualTo("hello");
            peer.end();
            thread.run(server::close);
            Await.result(server.closed());
            assertThat(channel.isOpen()).isFalse();
        }
    }

    @Test
    void adoptedServerMayStartLater(EventLoop loop) throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open().bind(ANY_PORT);
        Server server =
                Net.adopt(loop, channel, recorders, ListenConfig.DEFAULT.withStartServing(false));
        assertThat(server.isServing()).isFalse();
        server.startServing();
        assertThat(server.isServing()).isTrue();
        server.close();
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void unboundListeningChannelIsRefused(EventLoop loop) throws IOException {
        try (ServerSocketChannel unbound = ServerSocketChannel.open()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Net.adopt(loop, unbound, recorders, ListenConfig.DEFAULT))
                    .withMessageContaining("bound");
            assertThat(unbound.isOpen()).isTrue();
        }
        assertThat(loop.stats().channels()).isZero();
    }

    @Test
    void listeningChannelRegisteredElsewhereIsRefusedAndLeftAlone(EventLoop loop) throws IOException {
        try (ServerSocketChannel listening = ServerSocketChannel.open().bind(ANY_PORT);
                Selector elsewhere = Selector.open()) {
            listening.configureBlocking(false);
            SelectionKey key = listening.register(elsewhere, SelectionKey.OP_ACCEPT);
            assertThatIllegalStateException()
                    .isThrownBy(() -> Net.adopt(loop, listening, recorders, ListenConfig.DEFAULT));
            assertThat(listening.isOpen()).isTrue();
            assertThat(key.isValid()).isTrue();
        }
    }
}
