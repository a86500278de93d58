package io.jvloop.transport;

import static io.jvloop.support.Section.RAW_CHANNELS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.SocketPair;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.Pipe;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What becomes a raw channel, and which calls are refused. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class RawChannelTest {
    private static final InetSocketAddress ANY =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @TempDir
    private Path folder;

    @Test
    @Contract(section = RAW_CHANNELS, value = "A blocking channel is made non-blocking")
    void blockingChannelIsMadeNonBlocking(EventLoop loop) throws IOException {
        try (SocketPair pair = SocketPair.open(); RawChannel raw = RawChannel.of(loop, pair.near())) {
            assertThat(pair.near().isBlocking()).isFalse();
            assertThat(raw.loop()).isSameAs(loop);
            assertThat(raw.channel()).isSameAs(pair.near());
            assertThat(raw.toString()).isEqualTo("RawChannel[" + pair.near() + "]");
            raw.addReader(() -> {});
            CompletableFuture<Void> sending = raw.sendAll(ByteBuffer.allocateDirect(50_000_000));
            assertThat(raw.toString()).contains("reader").contains("sendAll pending");
            sending.cancel(false);
        }
    }

    @Test
    @Contract(section = RAW_CHANNELS,
            value = "A channel that a transport, a raw channel or another selector has is refused, with "
                    + "a message that says by whom it is used")
    void channelInUseIsRefused(EventLoop loop) throws IOException {
        try (SocketPair pair = SocketPair.open();
                RawChannel raw = RawChannel.of(loop, pair.near());
                Selector selector = Selector.open();
                EventLoop other = EventLoop.create()) {
            assertThatIllegalStateException().isThrownBy(() -> RawChannel.of(loop, pair.near()))
                    .withMessageContaining("used by RawChannel[");
            assertThatIllegalStateException()
                    .isThrownBy(() -> Net.adopt(loop, pair.near(), Recorder::new))
                    .withMessageContaining("used by RawChannel[");
            assertThatIllegalStateException().isThrownBy(() -> RawChannel.of(other, pair.near()))
                    .withMessageContaining("another selector");
            Transport transport = loop.runUntilComplete(Net.adopt(loop, pair.far(), Recorder::new));
            assertThatIllegalStateException().isThrownBy(() -> RawChannel.of(loop, pair.far()))
                    .withMessageContaining("used by Transport[");
            transport.abort();
            Turns.run(loop, 2);
            assertThat(raw.removeReader()).isFalse();
            try (SocketChannel foreign = SocketChannel.open()) {
                foreign.configureBlocking(false).register(selector, 0);
                assertThatIllegalStateException().isThrownBy(() -> RawChannel.of(loop, foreign))
                        .withMessageContaining("another selector");
            }
        }
    }

    @Test
    void closedChannelIsRefused(EventLoop loop) throws IOException {
        SocketPair pair = SocketPair.open();
        RawChannel.of(loop, pair.near()).close();
        assertThatThrownBy(() -> RawChannel.of(loop, pair.near())).isInstanceOf(ClosedChannelException.class);
        pair.close();
        assertThatThrownBy(() -> RawChannel.of(loop, pair.far())).isInstanceOf(ClosedChannelException.class);
        assertThatNullPointerException().isThrownBy(() -> RawChannel.of(loop, null));
    }

    @Test
    void foreignThreadAndClosedLoopAreRefused(EventLoop loop) throws IOException {
        try (SocketChannel channel = SocketChannel.open()) {
            try (LoopThread thread = LoopThread.start(loop)) {
                assertThatIllegalStateException().isThrownBy(() -> RawChannel.of(loop, channel))
                        .withMessageContaining("RawChannel.of");
                thread.run(() -> {});
            }
            loop.close();
            assertThatIllegalStateException().isThrownBy(() -> RawChannel.of(loop, channel))
                    .withMessageContaining("closed");
        }
    }

    @Test
    @Contract(section = RAW_CHANNELS,
            value = "What a kind of channel cannot do is refused with a message that names the channel")
    void operationsOfOtherKindsOfChannelAreRefused(EventLoop loop) throws IOException {
        Pipe pipe = Pipe.open();
        Path path = Files.createFile(folder.resolve("file"));
        try (ServerSocketChannel server = ServerSocketChannel.open().bind(ANY);
                DatagramChannel udp = DatagramChannel.open().bind(ANY);
                SocketChannel tcp = SocketChannel.open();
                FileChannel file = FileChannel.open(path);
                RawChannel listening = RawChannel.of(loop, server);
                RawChannel datagrams = RawChannel.of(loop, udp);
                RawChannel stream = RawChannel.of(loop, tcp);
                RawChannel source = RawChannel.of(loop, pipe.source());
                RawChannel sink = RawChannel.of(loop, pipe.sink())) {
            ByteBuffer buffer = ByteBuffer.allocate(10);
            assertRefused(stream::accept, tcp);
            assertRefused(datagrams::accept, udp);
            assertRefused(() -> listening.connect(ANY), server);
            assertRefused(() -> sink.connect(ANY), pipe.sink());
            assertRefused(() -> listening.recv(1), server);
            assertRefused(() -> sink.recv(1), pipe.sink());
            assertRefused(() -> sink.recvInto(buffer), pipe.sink());
            assertRefused(() -> stream.recvFrom(1), tcp);
            assertRefused(() -> stream.recvFromInto(buffer), tcp);
            assertRefused(() -> source.sendAll(buffer), pipe.source());
            assertRefused(() -> listening.sendAll(buffer), server);
            assertRefused(() -> stream.sendTo(buffer, ANY), tcp);
            assertRefused(() -> source.sendFile(file, 0, 1), pipe.source());
            assertRefused(() -> datagrams.sendFile(file, 0, 1), udp);
        }
    }

    private static void assertRefused(ThrowingCallable call, Object channel) {
        assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(call)
                .withMessageContaining(channel.toString());
    }

    @Test
    @Contract(section = RAW_CHANNELS, value = "Arguments that make no sense are refused at once")
    void badArgumentsAreRefused(EventLoop loop) throws IOException {
        Path path = Files.createFile(folder.resolve("file"));
        try (DatagramChannel udp = DatagramChannel.open();
                FileChannel file = FileChannel.open(path);
                RawChannel raw = RawChannel.of(loop, udp);
                SocketPair pair = SocketPair.open();
                RawChannel stream = RawChannel.of(loop, pair.near())) {
            assertThatIllegalArgumentException().isThrownBy(() -> raw.recv(0)).withMessageContaining("0");
            assertThatIllegalArgumentException().isThrownBy(() -> raw.recvFrom(-1));
            assertThatIllegalArgumentException().isThrownBy(() -> raw.recvInto(ByteBuffer.allocate(0)));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> raw.recvFromInto(ByteBuffer.allocate(9).asReadOnlyBuffer()));
            assertThatNullPointerException().isThrownBy(() -> raw.sendAll(null));
            assertThatNullPointerException().isThrownBy(() -> raw.sendTo(null, ANY));
            assertThatNullPointerException().isThrownBy(() -> raw.sendTo(ByteBuffer.allocate(1), null));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> raw.sendTo(ByteBuffer.allocate(1),
                            InetSocketAddress.createUnresolved("localhost", 1)))
                    .withMessageContaining("Resolver");
            assertThatNullPointerException().isThrownBy(() -> raw.connect(null));
            assertThatIllegalArgumentException().isThrownBy(() -> stream.sendFile(file, -1, 1));
            assertThatIllegalArgumentException().isThrownBy(() -> stream.sendFile(file, 0, -1));
            assertThatNullPointerException().isThrownBy(() -> stream.sendFile(null, 0, 1));
        }
    }

    @Test
    void operationsOnAnUnconnectedSocketFail(EventLoop loop) throws IOException {
        Path path = folder.resolve("file");
        Files.write(path, new byte[10]);
        try (SocketChannel tcp = SocketChannel.open();
                FileChannel file = FileChannel.open(path);
                RawChannel raw = RawChannel.of(loop, tcp)) {
            assertThatThrownBy(raw.recv(1)::get).hasCauseInstanceOf(NotYetConnectedException.class);
            assertThatThrownBy(raw.sendAll(ByteBuffer.allocate(1))::get)
                    .hasCauseInstanceOf(NotYetConnectedException.class);
            assertThatThrownBy(raw.sendFile(file, 0, 1)::get)
                    .hasCauseInstanceOf(NotYetConnectedException.class);
            assertThat(raw.sendAll(ByteBuffer.allocate(0))).isCompleted();
        }
    }

    @Test
    @Contract(section = RAW_CHANNELS, value = "An operation may be started from within a protocol's "
            + "dataReceived; it leaves the protocol's data alone")
    void operationInsideDataReceivedLeavesTheDataAlone(EventLoop loop) throws IOException {
        Pipe pipe = Pipe.open();
        try (SocketPair pair = SocketPair.open();
                RawChannel source = RawChannel.of(loop, pipe.source());
                RawChannel sink = RawChannel.of(loop, pipe.sink())) {
            pipe.sink().write(Bytes.heap("other"));
            CompletableFuture<String> seen = loop.createFuture();
            Protocol protocol = new Protocol() {
                @Override
                public void dataReceived(ByteBuffer data) {
                    source.recv(100).join();
                    sink.sendAll(Bytes.heap("more")).join();
                    source.recvInto(ByteBuffer.allocate(100)).join();
                    seen.complete(StandardCharsets.ISO_8859_1.decode(data).toString());
                }
            };
            Transport transport = loop.runUntilComplete(Net.adopt(loop, pair.near(), () -> protocol));
            pair.far().write(Bytes.heap("data"));
            assertThat(loop.runUntilComplete(seen)).isEqualTo("data");
            transport.abort();
            Turns.run(loop, 2);
        }
    }
}
