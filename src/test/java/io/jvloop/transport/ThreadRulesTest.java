package io.jvloop.transport;

import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.Descriptors;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.SocketPair;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Everything that changes something belongs to the loop's thread. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class ThreadRulesTest {
    private static final InetSocketAddress ANY_PORT =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    /** A call with a transport that may throw. */
    private interface Call {
        void on(Transport transport) throws IOException;
    }

    static Stream<Named<Call>> changes() {
        return Stream.of(Named.of("write", transport -> transport.write(Bytes.heap("foreign"))),
                Named.of("write of an array", transport -> transport.write(new byte[7])),
                Named.of("writeAll", transport -> transport.writeAll(Bytes.heap("foreign"))),
                Named.of("writeEof", Transport::writeEof), Named.of("close", Transport::close),
                Named.of("abort", Transport::abort), Named.of("pauseReading", Transport::pauseReading),
                Named.of("resumeReading", Transport::resumeReading),
                Named.of("setProtocol", transport -> transport.setProtocol(new Recorder())),
                Named.of("setWriteBufferLimits",
                        transport -> transport.setWriteBufferLimits(new WriteBufferLimits(0, 0))),
                Named.of("setOption",
                        transport -> transport.setOption(StandardSocketOptions.TCP_NODELAY, false)));
    }

    @ParameterizedTest
    @MethodSource("changes")
    @Contract(section = TRANSPORT, value = "Whatever changes a transport throws IllegalStateException on a "
            + "foreign thread, and changes nothing")
    void foreignThreadChangesNothing(Call change, EventLoop loop) {
        Recorder recorder = Recorder.echo();
        try (Connection connection = Connection.open(loop, recorder)) {
            Transport transport = connection.transport();
            assertRefused(() -> change.on(transport));
            connection.run(own -> {
                assertThat(own.isClosing()).isFalse();
                assertThat(own.isReading()).isTrue();
                assertThat(own.protocol()).isSameAs(recorder);
                assertThat(own.writeBufferSize()).isZero();
                assertThat(own.writeBufferLimits()).isEqualTo(WriteBufferLimits.DEFAULT);
            });
            assertThat(connection.<Boolean>ask(own -> noDelay(own))).isTrue();
            connection.peer().send("alive");
            assertThat(connection.peer().readText(5)).isEqualTo("alive");
            assertThat(recorder.calls()).containsExactly("made", "data");
        }
    }

    private static boolean noDelay(Transport transport) {
        try {
            return transport.option(StandardSocketOptions.TCP_NODELAY);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void refusedResumeLeavesThePause(EventLoop loop) {
        try (Connection connection = Connection.open(loop, new Recorder())) {
            connection.run(Transport::pauseReading);
            assertRefused(connection.transport()::resumeReading);
            assertThat(connection.ask(Transport::isReading)).isFalse();
        }
    }

    @Test
    void refusedWriteDoesNotTouchTheBuffer(EventLoop loop) {
        try (Connection connection = Connection.open(loop, new Recorder())) {
            ByteBuffer data = Bytes.heap("untouched");
            assertRefused(() -> connection.transport().write(data));
            assertRefused(() -> connection.transport().writeAll(data));
            assertThat(data.remaining()).isEqualTo(9);
        }
    }

    @Test
    void foreignThreadIsRefusedAfterTheEndToo(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.run(Transport::abort);
            recorder.awaitLost();
            assertRefused(() -> connection.transport().write(new byte[1]));
            assertRefused(connection.transport()::close);
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "The addresses and the loop of a transport may be asked for on any thread")
    void addressesMayBeAskedForOnAnyThread(EventLoop loop) {
        try (Connection connection = Connection.open(loop, new Recorder())) {
            Transport transport = connection.transport();
            assertThat(transport.localAddress())
                    .isEqualTo(connection.peer().socket().getRemoteSocketAddress());
            assertThat(transport.remoteAddress())
                    .isEqualTo(connection.peer().socket().getLocalSocketAddress());
            assertThat(transport.loop()).isSameAs(loop);
        }
    }

    @Test
    void serverBelongsToTheLoopsThread(EventLoop loop) throws IOException {
        Server server = Net.listen(loop, ANY_PORT, Recorder::new);
        try (LoopThread thread = LoopThread.start(loop)) {
            assertRefused(server::startServing);
            assertRefused(server::serveForever);
            assertRefused(server::close);
            assertRefused(server::closeClients);
            assertRefused(server::abortClients);
            assertThat(server.loop()).isSameAs(loop);
            thread.run(() -> {
                assertThat(server.isServing()).isTrue();
                server.close();
            });
        }
    }

    @Test
    void listenConnectAndAdoptBelongToTheLoopsThread(EventLoop loop) throws IOException {
        Recorders recorders = new Recorders();
        try (LoopThread thread = LoopThread.start(loop);
                SocketPair pair = SocketPair.open();
                ServerSocketChannel listening = ServerSocketChannel.open().bind(ANY_PORT)) {
            int before = Descriptors.open();
            InetSocketAddress address = (InetSocketAddress) listening.getLocalAddress();
            assertRefused(() -> Net.listen(loop, ANY_PORT, recorders));
            assertRefused(() -> Net.listen(loop, List.of("localhost"), 0, recorders, ListenConfig.DEFAULT));
            assertRefused(() -> Net.connect(loop, address, recorders));
            assertRefused(() -> Net.connect(loop, "localhost", address.getPort(), recorders));
            assertRefused(() -> Net.connect(loop, List.of(address), recorders, ConnectConfig.DEFAULT));
            assertRefused(() -> Net.adopt(loop, pair.near(), recorders));
            assertRefused(() -> Net.adopt(loop, listening, recorders, ListenConfig.DEFAULT));
            assertThat(Descriptors.open()).isLessThanOrEqualTo(before);
            assertThat(recorders.count()).isZero();
            assertThat(pair.near().isRegistered()).isFalse();
            assertThat(listening.isOpen()).isTrue();
            thread.run(() -> assertThat(loop.stats().channels()).isZero());
        }
    }

    private static void assertRefused(ThrowingCallable call) {
        assertThatIllegalStateException().isThrownBy(call).withMessageContaining("thread");
    }
}
