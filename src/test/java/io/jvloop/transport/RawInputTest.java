package io.jvloop.transport;

import static io.jvloop.support.Section.RAW_CHANNELS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.buffer.BufferPool;
import io.jvloop.support.Contract;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A cancel by another thread at the worst moment: it has been read, but nobody has been told. */
class RawInputTest {
    private static final InetSocketAddress ANY =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final String KEEPS =
            "A cancel by another thread does not lose what is being read at that moment";

    private final BufferPool pool = new BufferPool();

    @AfterEach
    void nothingIsOutstanding() {
        assertThat(pool.outstanding()).isZero();
    }

    @Test
    @Contract(section = RAW_CHANNELS, value = KEEPS)
    void bytesReadForNobodyGoToTheNext() throws IOException {
        Pipe pipe = Pipe.open();
        RawInput input = new RawInput(pool, pipe.source());
        pipe.sink().write(Bytes.heap("abcdef"));
        cancelAfterAttempt(input.bytes(4));
        assertThat(text(complete(input.bytes(1)))).isEqualTo("a");
        ByteBuffer heap = ByteBuffer.allocate(2);
        assertThat(complete(input.into(heap))).isEqualTo(2);
        assertThat(heap.flip()).isEqualTo(Bytes.heap("bc"));
        assertThat(text(complete(input.bytes(100)))).isEqualTo("d");
        assertThat(text(complete(input.bytes(100)))).isEqualTo("ef");
        pipe.sink().close();
        cancelAfterAttempt(input.bytes(4));
        assertThat(complete(input.bytes(4))).as("the end stays").isEmpty();
        pipe.source().close();
    }

    @Test
    @Contract(section = RAW_CHANNELS, value = KEEPS)
    void bytesReadIntoABufferForNobodyGoToTheNext() throws IOException {
        Pipe pipe = Pipe.open();
        RawInput input = new RawInput(pool, pipe.source());
        for (ByteBuffer target : new ByteBuffer[] {ByteBuffer.allocate(10), ByteBuffer.allocateDirect(10)}) {
            target.put((byte) '-').limit(9);
            pipe.sink().write(Bytes.heap("abc"));
            cancelAfterAttempt(input.into(target));
            target.clear().put(new byte[10]); // its owner uses it for something else
            assertThat(text(complete(input.bytes(100)))).isEqualTo("abc");
        }
        pipe.sink().close();
        pipe.source().close();
    }

    @Test
    @Contract(section = RAW_CHANNELS, value = KEEPS)
    void datagramReceivedForNobodyGoesToTheNext() throws IOException {
        try (DatagramChannel near = DatagramChannel.open().bind(ANY);
                DatagramChannel far = DatagramChannel.open().bind(ANY)) {
            RawInput input = new RawInput(pool, near);
            SocketAddress sender = far.getLocalAddress();
            far.send(Bytes.heap("abc"), near.getLocalAddress());
            far.send(Bytes.heap("def"), near.getLocalAddress());
            far.send(Bytes.heap(""), near.getLocalAddress());
            far.send(Bytes.heap("last"), near.getLocalAddress());
            cancelAfterAttempt(input.datagram(10));
            assertThat(complete(input.datagram(2))).isEqualTo(new Datagram(bytes("ab"), sender));
            cancelAfterAttempt(input.datagramInto(ByteBuffer.allocate(10)));
            ByteBuffer target = ByteBuffer.allocate(10);
            assertThat(complete(input.datagramInto(target))).isEqualTo(sender);
            assertThat(target.flip()).isEqualTo(Bytes.heap("def"));
            cancelAfterAttempt(input.datagram(10));
            assertThat(complete(input.datagram(10))).isEqualTo(new Datagram(new byte[0], sender));
            cancelAfterAttempt(input.bytes(10));
            assertThat(complete(input.datagram(10))).isEqualTo(new Datagram(bytes("last"), sender));
        }
    }

    @Test
    @Contract(section = RAW_CHANNELS, value = KEEPS)
    void connectionAcceptedForNobodyGoesToTheNextOrIsClosed() throws IOException {
        try (ServerSocketChannel server = ServerSocketChannel.open().bind(ANY);
                SocketChannel one = SocketChannel.open(server.getLocalAddress());
                SocketChannel two = SocketChannel.open(server.getLocalAddress())) {
            RawInput input = new RawInput(pool, server);
            cancelAfterAttempt(input.connection());
            try (SocketChannel accepted = complete(input.connection())) {
                assertThat(accepted.getRemoteAddress()).isEqualTo(one.getLocalAddress());
            }
            cancelAfterAttempt(input.connection());
            input.close();
            assertThat(two.read(ByteBuffer.allocate(1))).isEqualTo(-1);
        }
    }

    private static <T> void cancelAfterAttempt(RawOperation.Attempt<T> attempt) {
        CompletableFuture<T> future = new CompletableFuture<>();
        RawOperation<T> operation = new RawOperation<>("test", future, attempt);
        assertThat(operation.attempt()).isTrue();
        future.cancel(false);
        operation.deliver();
    }

    private static <T> T complete(RawOperation.Attempt<T> attempt) {
        CompletableFuture<T> future = new CompletableFuture<>();
        RawOperation<T> operation = new RawOperation<>("test", future, attempt);
        assertThat(operation.attempt()).isTrue();
        operation.deliver();
        return future.join();
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
