package io.jvloop.transport;

import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.LoopStats;
import io.jvloop.support.Contract;
import io.jvloop.support.Descriptors;
import io.jvloop.support.LoopExtension;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Binding, connecting and closing ten thousand times, with each kind of transport. */
@Timeout(300)
@ExtendWith(LoopExtension.class)
class EndpointChurnTest {
    private static final int TIMES = 5_000;
    private static final InetSocketAddress ANY_PORT =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @TempDir
    Path folder;

    /** One round; whatever it opened is closed when the future completes. */
    private interface Round {
        CompletableFuture<?> begin() throws IOException;
    }

    private static void repeat(EventLoop loop, Round round) throws IOException {
        loop.runUntilComplete(round.begin()); // the JDK keeps what it opens at first use
        int before = descriptors(loop);
        for (int i = 0; i < TIMES; i++) {
            loop.runUntilComplete(round.begin());
        }
        assertThat(descriptors(loop)).isEqualTo(before);
        LoopStats stats = loop.stats();
        assertThat(stats.channels()).isZero();
        assertThat(stats.buffers()).isZero();
        assertThat(stats.timers()).isZero();
    }

    /** After a turn, in which the JDK gives back those of closed channels. */
    private static int descriptors(EventLoop loop) {
        loop.stop();
        loop.runForever();
        return Descriptors.open();
    }

    /** A server that echoes, and a client that has seen its byte come back when it closes. */
    private static CompletableFuture<?> echoOnce(EventLoop loop, SocketAddress address) throws IOException {
        Server server = Net.listen(loop, address, Recorder::echo);
        Recorder client = new Recorder();
        CompletableFuture<Void> lost = loop.createFuture();
        client.onMade(transport -> transport.write(new byte[1]))
                .onData((transport, data) -> reset(transport))
                .onLost(cause -> lost.complete(null));
        Net.connect(loop, server.addresses().get(0), () -> client);
        return lost.thenCompose(nothing -> {
            server.close();
            return server.closed();
        });
    }

    /** An orderly end would keep the port busy for a minute each time, and there are not so many. */
    private static void reset(Transport transport) {
        try {
            if (transport.remoteAddress() instanceof InetSocketAddress) {
                transport.setOption(StandardSocketOptions.SO_LINGER, 0);
            }
            transport.abort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "Binding, connecting and closing ten thousand times leaves no "
            + "descriptor and no socket file behind")
    void tcpLeavesNothingBehind(EventLoop loop) throws IOException {
        repeat(loop, () -> echoOnce(loop, ANY_PORT));
    }

    @Test
    @Contract(section = TRANSPORT, value = "Binding, connecting and closing ten thousand times leaves no "
            + "descriptor and no socket file behind")
    void unixSocketsLeaveNothingBehind(EventLoop loop) throws IOException {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("s.sock"));
        repeat(loop, () -> echoOnce(loop, address));
        assertThat(folder).isEmptyDirectory();
    }

    /** Sends one datagram when it is there, or is sent one, and closes. */
    private static final class Short implements DatagramProtocol {
        private final CompletableFuture<Void> lost;
        private DatagramTransport transport;

        Short(CompletableFuture<Void> lost) {
            this.lost = lost;
        }

        @Override
        public void connectionMade(DatagramTransport made) {
            transport = made;
            if (made.remoteAddress() != null) {
                made.send(new byte[1]);
                made.close();
            }
        }

        @Override
        public void datagramReceived(ByteBuffer data, InetSocketAddress sender) {
            transport.close();
        }

        @Override
        public void connectionLost(Throwable cause) {
            lost.complete(null);
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "Binding, connecting and closing ten thousand times leaves no "
            + "descriptor and no socket file behind")
    void datagramEndpointsLeaveNothingBehind(EventLoop loop) throws IOException {
        repeat(loop, () -> {
            CompletableFuture<Void> received = loop.createFuture();
            CompletableFuture<Void> sent = loop.createFuture();
            DatagramTransport receiver = Net.bind(loop, ANY_PORT, () -> new Short(received));
            Net.bind(loop, null, () -> new Short(sent),
                    DatagramConfig.DEFAULT.withRemoteAddress(receiver.localAddress()));
            return CompletableFuture.allOf(received, sent);
        });
    }

    @Test
    @Contract(section = TRANSPORT, value = "Binding, connecting and closing ten thousand times leaves no "
            + "descriptor and no socket file behind")
    void pipesLeaveNothingBehind(EventLoop loop) throws IOException {
        repeat(loop, () -> {
            Pipe pipe = Pipe.open();
            CompletableFuture<Void> read = loop.createFuture();
            CompletableFuture<Void> written = loop.createFuture();
            Recorder reader = new Recorder().onLost(cause -> read.complete(null));
            Recorder writer = new Recorder().onLost(cause -> written.complete(null)).onMade(transport -> {
                transport.write(new byte[1]);
                transport.close();
            });
            Pipes.read(loop, pipe.source(), () -> reader);
            Pipes.write(loop, pipe.sink(), () -> writer);
            return CompletableFuture.allOf(read, written);
        });
    }

    @Test
    @Contract(section = TRANSPORT, value = "Binding, connecting and closing ten thousand times leaves no "
            + "descriptor and no socket file behind")
    void rawChannelsLeaveNothingBehind(EventLoop loop) throws IOException {
        repeat(loop, () -> {
            RawChannel server = RawChannel.of(loop, ServerSocketChannel.open().bind(ANY_PORT));
            RawChannel client = RawChannel.of(loop,
                    SocketChannel.open().setOption(StandardSocketOptions.SO_LINGER, 0));
            SocketAddress address = ((ServerSocketChannel) server.channel()).getLocalAddress();
            CompletableFuture<Void> accepted = server.accept().thenAccept(EndpointChurnTest::close);
            return client.connect(address).thenCombine(accepted, (connected, done) -> {
                client.close();
                server.close();
                return null;
            });
        });
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
