package io.jvloop.transport;

import static io.jvloop.support.Section.RAW_CHANNELS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Much data through raw channels, some of it against cancels from another thread. */
@Timeout(300)
@ExtendWith(LoopExtension.class)
class RawTransferTest {
    private static final int MEBIBYTE = 1024 * 1024;
    private static final int HUGE = 100 * MEBIBYTE;

    @Test
    @Contract(section = RAW_CHANNELS,
            value = "A program may accept, receive and send with raw channels alone")
    void acceptsReceivesAndSends(EventLoop loop) throws IOException {
        byte[] content = Bytes.noise(MEBIBYTE);
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (ServerSocketChannel server = ServerSocketChannel.open().bind(any);
                RawChannel listening = RawChannel.of(loop, server);
                Peer peer = Peer.connect(server.getLocalAddress());
                RawChannel raw =
                        RawChannel.of(loop, loop.runUntilComplete(listening.accept()))) {
            CompletableFuture<byte[]> echo = Peer.background(() -> {
                peer.send(content).end();
                return peer.readAll();
            });
            ByteArrayOutputStream received = new ByteArrayOutputStream();
            loop.runUntilComplete(receiveAll(raw, received));
            assertThat(received.toByteArray()).isEqualTo(content);
            loop.runUntilComplete(raw.sendAll(ByteBuffer.wrap(content)));
            raw.channel().close();
            assertThat(Await.result(echo)).isEqualTo(content);
        }
    }

    private static CompletableFuture<Void> receiveAll(RawChannel raw, ByteArrayOutputStream target) {
        return raw.recv(64 * 1024).thenComposeAsync(data -> {
            target.writeBytes(data);
            return data.length == 0 ? CompletableFuture.completedFuture(null) : receiveAll(raw, target);
        });
    }

    @ParameterizedTest
    @EnumSource
    @Contract(section = RAW_CHANNELS,
            value = "sendAll sends 100 MiB in one call, from heap and direct buffers")
    void hugeBuffersAreSentInOneCall(RawStreams kind, EventLoop loop) throws IOException {
        ByteBuffer content = ByteBuffer.wrap(Bytes.noise(HUGE));
        ByteBuffer direct = ByteBuffer.allocateDirect(HUGE / 4).put(0, content, 0, HUGE / 4);
        try (RawStreams.Output ends = kind.output();
                RawChannel raw = RawChannel.of(loop, ends.near());
                InputStream in = Channels.newInputStream(ends.far())) {
            CompletableFuture<Long> sum = Peer.background(() -> crc(in, HUGE + HUGE / 4));
            loop.runUntilComplete(raw.sendAll(content));
            assertThat(content.hasRemaining()).isFalse();
            loop.runUntilComplete(raw.sendAll(direct));
            assertThat(direct.hasRemaining()).isFalse();
            CRC32 expected = new CRC32();
            expected.update(content.flip());
            expected.update(direct.flip());
            assertThat(Await.result(sum)).isEqualTo(expected.getValue());
        }
    }

    private static long crc(InputStream in, int count) throws IOException {
        CRC32 sum = new CRC32();
        byte[] buffer = new byte[256 * 1024];
        for (int left = count; left > 0;) {
            int read = in.read(buffer, 0, Math.min(left, buffer.length));
            if (read < 0) {
                throw new IOException("the end came " + left + " bytes early");
            }
            sum.update(buffer, 0, read);
            left -= read;
        }
        return sum.getValue();
    }

    @ParameterizedTest
    @EnumSource
    void hugeStreamIsReceivedIntoOneBuffer(RawStreams kind, EventLoop loop) throws IOException {
        byte[] content = Bytes.noise(HUGE / 4);
        try (RawStreams.Input ends = kind.input();
                RawChannel raw = RawChannel.of(loop, ends.near());
                OutputStream out = Channels.newOutputStream(ends.far())) {
            CompletableFuture<Void> sent = Peer.background(() -> {
                out.write(content);
                return null;
            });
            ByteBuffer target = ByteBuffer.allocate(content.length);
            while (target.hasRemaining()) {
                assertThat(loop.runUntilComplete(raw.recvInto(target))).isPositive();
            }
            Await.result(sent);
            assertThat(target.array()).isEqualTo(content);
        }
    }

    @Test
    @Contract(section = RAW_CHANNELS, value = "recv gives at most 256 KiB at a time")
    void oneReceiveIsBounded(EventLoop loop) throws IOException {
        byte[] content = Bytes.noise(MEBIBYTE);
        try (RawStreams.Input ends = RawStreams.TCP.input();
                RawChannel raw = RawChannel.of(loop, ends.near());
                OutputStream out = Channels.newOutputStream(ends.far())) {
            CompletableFuture<Void> sent = Peer.background(() -> {
                out.write(content);
                return null;
            });
            int left = content.length;
            while (left > 0) {
                int received = loop.runUntilComplete(raw.recv(Integer.MAX_VALUE)).length;
                assertThat(received).isBetween(1, 256 * 1024);
                left -= received;
            }
            Await.result(sent);
        }
    }

    @Test
    @Contract(section = RAW_CHANNELS,
            value = "After a cancelled sendAll the position of its buffer tells how much was sent")
    void cancelledSendTellsHowFarItGot(EventLoop loop) throws IOException {
        byte[] content = Bytes.noise(HUGE);
        for (ByteBuffer data : new ByteBuffer[] {ByteBuffer.wrap(content), Bytes.direct(content)}) {
            try (RawStreams.Output ends = RawStreams.TCP.output();
                    RawChannel raw = RawChannel.of(loop, ends.near());
                    InputStream in = Channels.newInputStream(ends.far())) {
                CompletableFuture<Void> sending = raw.sendAll(data);
                Turns.run(loop, 3);
                sending.cancel(false);
                int sent = data.position();
                ends.near().close();
                Turns.run(loop, 1); // only a poll gives the descriptor back
                assertThat(in.readAllBytes()).isEqualTo(Arrays.copyOf(content, sent));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @Contract(section = RAW_CHANNELS,
            value = "A cancel by another thread does not lose what is being read at that moment")
    void cancelsFromAnotherThreadLoseNothing(RawStreams kind, EventLoop loop) throws IOException {
        byte[] content = Bytes.noise(MEBIBYTE);
        ByteArrayOutputStream received = new ByteArrayOutputStream();
        AtomicBoolean over = new AtomicBoolean();
        try (RawStreams.Input ends = kind.input();
                RawChannel raw = RawChannel.of(loop, ends.near());
                OutputStream out = Channels.newOutputStream(ends.far())) {
            CompletableFuture<Void> sent = Peer.background(() -> {
                for (int i = 0; i < content.length; i += 1024) {
                    out.write(content, i, 1024);
                }
                return null;
            });
            try (LoopThread thread = LoopThread.start(loop)) {
                while (!over.get()) {
                    CompletableFuture<byte[]> receiving = thread.call(() -> raw.recv(500));
                    receiving.whenComplete((data, failure) -> {
                        if (data != null) {
                            received.writeBytes(data);
                            over.set(received.size() == content.length);
                        }
                    });
                    receiving.cancel(false);
                }
            }
            Await.result(sent);
        }
        assertThat(received.toByteArray()).isEqualTo(content);
    }

    @Test
    void sendToAPeerThatIsGoneFails(EventLoop loop) throws IOException {
        try (RawStreams.Output ends = RawStreams.UNIX.output();
                RawChannel raw = RawChannel.of(loop, ends.near())) {
            ends.far().close();
            assertThatThrownBy(raw.sendAll(ByteBuffer.allocate(1))::get)
                    .hasCauseInstanceOf(IOException.class);
        }
    }
}
