package io.jvloop.transport;

import static io.jvloop.support.Section.RAW_CHANNELS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** To connect: by address and by name, in vain, cancelled, and closed under way. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class RawConnectTest {
    @TempDir
    private Path folder;

    @Test
    @Contract(section = RAW_CHANNELS,
            value = "A raw socket connects to an address, or to a name in its own address family")
    void connectsByAddressAndByName(EventLoop loop) throws IOException {
        try (ServerSocket server = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"))) {
            int port = server.getLocalPort();
            for (InetSocketAddress remote : new InetSocketAddress[] {
                new InetSocketAddress("127.0.0.1", port),
                InetSocketAddress.createUnresolved("localhost", port),
                InetSocketAddress.createUnresolved("127.0.0.1", port)}) {
                try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.INET);
                        RawChannel raw = RawChannel.of(loop, channel);
                        Peer peer = connectAndAccept(loop, raw, remote, server)) {
                    loop.runUntilComplete(raw.sendAll(Bytes.heap("hello")));
                    assertThat(peer.readText(5)).isEqualTo("hello");
                }
            }
        }
    }

    private static Peer connectAndAccept(EventLoop loop, RawChannel raw, InetSocketAddress remote,
            ServerSocket server) {
        assertThat(loop.runUntilComplete(raw.connect(remote))).isNull();
        return Peer.accept(server);
    }

    @Test
    void connectsToIpv6(EventLoop loop) throws IOException {
        try (ServerSocket server = new ServerSocket(0, 10, InetAddress.getByName("::1"));
                SocketChannel channel = SocketChannel.open();
                RawChannel raw = RawChannel.of(loop, channel);
                Peer peer = connectAndAccept(loop, raw, (InetSocketAddress) server.getLocalSocketAddress(),
                        server)) {
            peer.send("six");
            assertThat(loop.runUntilComplete(raw.recv(10))).isEqualTo("six".getBytes());
        }
    }

    @Test
    @Contract(section = RAW_CHANNELS,
            value = "To connect to an address of another family than the socket's fails, but leaves "
                    + "the socket usable")
    void addressOfAnotherFamilyFails(EventLoop loop) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.INET);
                RawChannel raw = RawChannel.of(loop, channel);
                ServerSocket server = Peer.listen()) {
            assertThatThrownBy(raw.connect(new InetSocketAddress("::1", 9))::get)
                    .hasCauseInstanceOf(ConnectException.class).hasMessageContaining("family");
            assertThatThrownBy(raw.connect(InetSocketAddress.createUnresolved("::1", 9))::get)
                    .hasCauseInstanceOf(IOException.class);
            assertThatThrownBy(raw.connect(UnixDomainSocketAddress.of("/nowhere"))::get)
                    .hasCauseInstanceOf(IOException.class);
            loop.runUntilComplete(raw.connect(server.getLocalSocketAddress()));
            Peer.accept(server).close();
        }
    }

    @Test
    void connectsToAUnixSocket(EventLoop loop) throws IOException {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("s"));
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address);
                SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
                RawChannel raw = RawChannel.of(loop, channel)) {
            assertThat(raw.connect(address)).isCompleted();
            server.accept().close();
            assertThat(loop.runUntilComplete(raw.recv(1))).isEmpty();
        }
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
                RawChannel raw = RawChannel.of(loop, channel)) {
            assertThatThrownBy(raw.connect(UnixDomainSocketAddress.of(folder.resolve("none")))::get)
                    .hasCauseInstanceOf(IOException.class);
        }
    }

    @Test
    @Contract(section = RAW_CHANNELS,
            value = "A connect that is refused fails with an exception that names the address")
    void refusedConnectFails(EventLoop loop) throws IOException {
        InetSocketAddress nobody = Peer.refusing();
        try (SocketChannel channel = SocketChannel.open(); RawChannel raw = RawChannel.of(loop, channel)) {
            CompletableFuture<Void> connecting = raw.connect(nobody);
            assertThatThrownBy(() -> loop.runUntilComplete(connecting))
                    .hasCauseInstanceOf(ConnectException.class)
                    .hasMessageContaining(nobody.toString());
            assertThatThrownBy(raw.connect(nobody)::get).hasCauseInstanceOf(ClosedChannelException.class);
        }
    }

    @Test
    void connectedSocketCannotBeConnectedAgain(EventLoop loop) throws IOException {
        try (ServerSocket server = Peer.listen();
                SocketChannel channel = SocketChannel.open();
                RawChannel raw = RawChannel.of(loop, channel)) {
            loop.runUntilComplete(raw.connect(server.getLocalSocketAddress()));
            assertThat(raw.connect(server.getLocalSocketAddress())).isCompletedExceptionally();
            Peer.accept(server).close();
            assertThat(loop.runUntilComplete(raw.recv(1))).isEmpty();
        }
    }

    @Test
    void nameThatNobodyKnowsFails(EventLoop loop) throws IOException {
        try (SocketChannel channel = SocketChannel.open(); RawChannel raw = RawChannel.of(loop, channel)) {
            CompletableFuture<Void> connecting =
                    raw.connect(InetSocketAddress.createUnresolved("x".repeat(300), 1));
            assertThatThrownBy(() -> loop.runUntilComplete(connecting))
                    .hasCauseInstanceOf(UnknownHostException.class);
            assertThat(channel.isOpen()).isTrue();
        }
    }

    @Test
    @Contract(section = RAW_CHANNELS,
            value = "A connect cancelled under way can be joined by a second one to "
                    + "the same address, but not to another")
    void cancelledConnectCanBeJoinedAgain(EventLoop loop) throws IOException {
        try (BlackHole hole = BlackHole.open()) {
            RawChannel raw = RawChannel.of(loop, SocketChannel.open());
            CompletableFuture<Void> first = raw.connect(hole.address());
            assertThatIllegalStateException().isThrownBy(() -> raw.sendAll(Bytes.heap("x")))
                    .withMessageContaining("connect is pending");
            Turns.run(loop, 3);
            first.cancel(false);
            CompletableFuture<Void> other = raw.connect(Peer.refusing());
            assertThatThrownBy(other::get).hasCauseInstanceOf(IllegalStateException.class)
                    .hasMessageContaining(hole.address().toString());
            CompletableFuture<Void> second = raw.connect(hole.address());
            Turns.run(loop, 3);
            assertThat(second).isNotDone();
            raw.close();
            assertThatThrownBy(second::get).hasCauseInstanceOf(ClosedChannelException.class);
        }
    }

    @Test
    void secondConnectHearsThatTheConnectionIsMade(EventLoop loop) throws IOException {
        try (ServerSocket server = Peer.listen();
                SocketChannel channel = SocketChannel.open();
                RawChannel raw = RawChannel.of(loop, channel)) {
            CompletableFuture<Void> first = raw.connect(server.getLocalSocketAddress());
            if (!first.isDone()) {
                first.cancel(false);
                loop.runUntilComplete(raw.connect(server.getLocalSocketAddress()));
            }
            assertThat(channel.isConnected()).isTrue();
            Peer.accept(server).close();
        }
    }

    @Test
    @Contract(section = RAW_CHANNELS, value = "Closing the channel itself on the loop's thread fails what is "
            + "pending in that turn, even if the loop has nothing else to do")
    void connectUnderWayFailsWhenTheChannelItselfIsClosed(EventLoop loop) throws IOException {
        try (BlackHole hole = BlackHole.open();
                SocketChannel channel = SocketChannel.open();
                RawChannel raw = RawChannel.of(loop, channel)) {
            CompletableFuture<Void> connecting = raw.connect(hole.address());
            Turns.run(loop, 3);
            raw.channel().close();
            assertThatThrownBy(() -> loop.runUntilComplete(connecting))
                    .hasCauseInstanceOf(ClosedChannelException.class);
        }
    }

    @Test
    void connectUnderWayFailsWhenTheLoopIsClosed(EventLoop loop, ExpectedLogs logs) throws IOException {
        try (BlackHole hole = BlackHole.open();
                SocketChannel channel = SocketChannel.open();
                RawChannel raw = RawChannel.of(loop, channel)) {
            CompletableFuture<Void> connecting = raw.connect(hole.address());
            Turns.run(loop, 2);
            loop.close();
            assertThat(logs.takeText()).contains("1 open channel");
            assertThatThrownBy(connecting::get).hasCauseInstanceOf(ClosedChannelException.class);
        }
    }

    @Test
    @Contract(section = RAW_CHANNELS,
            value = "A connect can be cancelled while its name is being looked up")
    void lookUpMayBeCancelledOrClosed(EventLoop loop) throws IOException {
        InetSocketAddress name = InetSocketAddress.createUnresolved("localhost", 1);
        RawChannel raw = RawChannel.of(loop, SocketChannel.open());
        CompletableFuture<Void> first = raw.connect(name);
        assertThat(first).isNotDone();
        first.cancel(false);
        CompletableFuture<Void> second = raw.connect(name);
        assertThat(second).isNotDone();
        raw.close();
        assertThatThrownBy(second::get).hasCauseInstanceOf(ClosedChannelException.class);
        loop.callLater(5_000_000, loop::stop);
        loop.runForever();
    }

    @Test
    void channelClosedDuringTheLookUpFails(EventLoop loop) throws IOException {
        try (SocketChannel channel = SocketChannel.open(); RawChannel raw = RawChannel.of(loop, channel)) {
            CompletableFuture<Void> connecting =
                    raw.connect(InetSocketAddress.createUnresolved("localhost", 1));
            raw.channel().close();
            assertThatThrownBy(() -> loop.runUntilComplete(connecting))
                    .hasCauseInstanceOf(ClosedChannelException.class);
        }
    }

    @Test
    void connectedDatagramChannelHasOnePeer(EventLoop loop) throws IOException {
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (DatagramChannel far = DatagramChannel.open().bind(any);
                DatagramChannel near = DatagramChannel.open().bind(any);
                RawChannel raw = RawChannel.of(loop, near)) {
            assertThat(raw.connect(far.getLocalAddress())).isCompleted();
            assertThat(near.getRemoteAddress()).isEqualTo(far.getLocalAddress());
            assertThat(raw.connect(far.getLocalAddress())).isCompletedExceptionally();
        }
    }
}
