package io.jvloop.transport;

import static io.jvloop.support.Section.RAW_CHANNELS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.DatagramChannel;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Datagrams one by one. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class RawDatagramTest {
    private static final InetSocketAddress ANY =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final int LONGEST = 65_507;

    private EventLoop loop;
    private DatagramChannel far;
    private RawChannel raw;
    private SocketAddress near;

    @BeforeEach
    void open(EventLoop fresh) throws IOException {
        loop = fresh;
        far = DatagramChannel.open().bind(ANY);
        DatagramChannel channel = DatagramChannel.open().bind(ANY);
        near = channel.getLocalAddress();
        raw = RawChannel.of(loop, channel);
    }

    @AfterEach
    void close() throws IOException {
        raw.close();
        far.close();
    }

    @Test
    @Contract(section = RAW_CHANNELS,
            value = "A datagram is received with its sender, and answered by address")
    void datagramsComeWithTheirSenderAndGoByAddress() throws IOException {
        CompletableFuture<Datagram> question = raw.recvFrom(100);
        far.send(Bytes.heap("question"), near);
        Datagram received = loop.runUntilComplete(question);
        assertThat(received).isEqualTo(new Datagram("question".getBytes(), far.getLocalAddress()));
        assertThat(received).hasSameHashCodeAs(new Datagram("question".getBytes(), far.getLocalAddress()));
        assertThat(received).isNotEqualTo(new Datagram("question".getBytes(), near));
        assertThat(received.toString()).contains("8 bytes");
        for (ByteBuffer answer : new ByteBuffer[] {Bytes.heap("answer"), Bytes.direct("answer".getBytes())}) {
            assertThat(raw.sendTo(answer, received.sender())).isCompletedWithValue(6);
            assertThat(answer.hasRemaining()).isFalse();
            ByteBuffer buffer = ByteBuffer.allocate(100);
            assertThat(far.receive(buffer)).isEqualTo(near);
            assertThat(buffer.flip()).isEqualTo(Bytes.heap("answer"));
        }
    }

    @Test
    @Contract(section = RAW_CHANNELS, value = "An empty datagram is sent, and received as one")
    void emptyDatagramsAreSentAndReceived() throws IOException {
        assertThat(raw.sendTo(ByteBuffer.allocate(0), far.getLocalAddress())).isCompletedWithValue(0);
        assertThat(raw.sendTo(ByteBuffer.allocateDirect(0), far.getLocalAddress())).isCompletedWithValue(0);
        assertThat(far.receive(ByteBuffer.allocate(1))).isEqualTo(near);
        assertThat(far.receive(ByteBuffer.allocate(1))).isEqualTo(near);
        far.send(ByteBuffer.allocate(0), near);
        assertThat(loop.runUntilComplete(raw.recvFrom(1)).data()).isEmpty();
        far.send(ByteBuffer.allocate(0), near);
        ByteBuffer target = ByteBuffer.allocate(1);
        assertThat(loop.runUntilComplete(raw.recvFromInto(target))).isEqualTo(far.getLocalAddress());
        assertThat(target.position()).isZero();
    }

    @Test
    @Contract(section = RAW_CHANNELS, value = "Of a datagram longer than asked for, the rest is lost")
    void longDatagramsAreCut() throws IOException {
        far.send(Bytes.heap("abcdef"), near);
        far.send(Bytes.heap("next"), near);
        assertThat(loop.runUntilComplete(raw.recvFrom(3)).data()).isEqualTo("abc".getBytes());
        ByteBuffer target = ByteBuffer.allocateDirect(10).position(4).limit(6);
        loop.runUntilComplete(raw.recvFromInto(target));
        assertThat(target.flip().position(4)).isEqualTo(Bytes.heap("ne"));
    }

    @Test
    void longestDatagramGoesThroughAndALongerOneFails() throws IOException {
        byte[] longest = Bytes.noise(LONGEST);
        CompletableFuture<Integer> sent = raw.sendTo(ByteBuffer.wrap(longest), far.getLocalAddress());
        assertThat(loop.runUntilComplete(sent)).isEqualTo(LONGEST);
        ByteBuffer buffer = ByteBuffer.allocate(70_000);
        far.receive(buffer);
        assertThat(Arrays.copyOf(buffer.array(), buffer.position())).isEqualTo(longest);
        far.send(ByteBuffer.wrap(longest), near);
        assertThat(loop.runUntilComplete(raw.recvFrom(100_000)).data()).isEqualTo(longest);
        for (int tooLong : new int[] {LONGEST + 1, 70_000, 300_000}) {
            assertThatThrownBy(raw.sendTo(ByteBuffer.allocate(tooLong), far.getLocalAddress())::get)
                    .hasCauseInstanceOf(IOException.class);
            assertThatThrownBy(raw.sendTo(ByteBuffer.allocateDirect(tooLong), far.getLocalAddress())::get)
                    .hasCauseInstanceOf(IOException.class);
        }
    }

    @Test
    void connectedOneSendsAndReceivesWithoutAddresses() throws IOException {
        raw.connect(far.getLocalAddress()).join();
        assertThat(raw.sendAll(Bytes.heap("hello"))).isCompleted();
        ByteBuffer buffer = ByteBuffer.allocate(10);
        assertThat(far.receive(buffer)).isEqualTo(near);
        assertThat(buffer.flip()).isEqualTo(Bytes.heap("hello"));
        far.send(Bytes.heap("answer"), near);
        assertThat(loop.runUntilComplete(raw.recv(10))).isEqualTo("answer".getBytes());
        assertThatThrownBy(raw.sendTo(Bytes.heap("x"), near)::get)
                .hasCauseInstanceOf(AlreadyConnectedException.class);
        assertThatThrownBy(raw.sendAll(ByteBuffer.allocate(70_000))::get)
                .hasCauseInstanceOf(IOException.class);
    }

    @Test
    @Contract(section = RAW_CHANNELS,
            value = "That nobody listens at a connected datagram channel's peer is a "
                    + "failure of the next operation")
    void closedPortIsAFailureOfAConnectedOneOnly() throws IOException {
        SocketAddress nobody;
        try (DatagramSocket gone = new DatagramSocket(ANY)) {
            nobody = gone.getLocalSocketAddress();
        }
        assertThat(raw.sendTo(Bytes.heap("x"), nobody)).isCompleted();
        far.send(Bytes.heap("y"), near);
        assertThat(loop.runUntilComplete(raw.recvFrom(1)).data()).isEqualTo("y".getBytes());
        raw.connect(nobody).join();
        CompletableFuture<Datagram> receiving = raw.recvFrom(1);
        raw.sendAll(Bytes.heap("x")).join();
        assertThatThrownBy(() -> loop.runUntilComplete(receiving))
                .hasCauseInstanceOf(PortUnreachableException.class);
    }

    @Test
    void unboundOneIsBoundByReceiving(EventLoop fresh) throws IOException {
        try (DatagramChannel unbound = DatagramChannel.open();
                RawChannel receiver = RawChannel.of(fresh, unbound)) {
            CompletableFuture<Datagram> receiving = receiver.recvFrom(10);
            int port = ((InetSocketAddress) unbound.getLocalAddress()).getPort();
            far.send(Bytes.heap("x"), new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            assertThat(fresh.runUntilComplete(receiving).data()).isEqualTo("x".getBytes());
        }
    }
}
