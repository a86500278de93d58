package io.jvloop.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.buffer.BufferPool;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The parts of a transport that transports of other packages are made of. */
@Timeout(60)
@ExtendWith(LoopExtension.class)
class BricksTest {
    /** Takes so many bytes of each call, of buffers of any kind. */
    private static final class TakesSome implements GatheringByteChannel {
        private final int most;
        private final List<ByteBuffer> seen = new ArrayList<>();

        TakesSome(int most) {
            this.most = most;
        }

        @Override
        public int write(ByteBuffer source) {
            seen.add(source);
            int count = Math.min(most, source.remaining());
            source.position(source.position() + count);
            return count;
        }

        @Override
        public long write(ByteBuffer[] sources, int offset, int length) {
            return write(sources[offset]);
        }

        @Override
        public long write(ByteBuffer[] sources) {
            return write(sources, 0, sources.length);
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {
            throw new UnsupportedOperationException();
        }
    }

    @Test
    void aChannelThatTakesTheHeapGetsHeapBuffersThemselves() throws IOException {
        BufferPool pool = new BufferPool();
        TakesSome channel = new TakesSome(60_000);
        WriteSide side = new WriteSide(pool, channel, true);
        ByteBuffer data = ByteBuffer.allocate(100_000);
        side.write(data);
        assertThat(channel.seen).hasSize(1).allMatch(seen -> seen == data);
        assertThat(data.hasRemaining()).isFalse();
        assertThat(side.queuedBytes()).isEqualTo(40_000);
        side.flush();
        assertThat(channel.seen.get(1).isDirect()).as("what waits is a copy").isTrue();
        assertThat(side.hasQueued()).isFalse();
        assertThat(pool.outstanding()).isZero();
    }

    @Test
    void aChannelThatDoesNotGetsCopies() throws IOException {
        TakesSome channel = new TakesSome(100_000);
        new WriteSide(new BufferPool(), channel, false).write(ByteBuffer.allocate(100_000));
        assertThat(channel.seen).isNotEmpty().allMatch(ByteBuffer::isDirect);
    }

    @Test
    void aFileThatComesTooLateFailsInALaterTurn(EventLoop loop) {
        IOException cause = new IOException("closing");
        CompletableFuture<Long> result =
                WriteSide.refuseFile(loop, new TestFile(new byte[10]), 0, 10, cause);
        assertThat(result).isNotDone();
        Turns.run(loop, 1);
        assertThatThrownBy(result::join).isInstanceOf(CompletionException.class).cause()
                .isInstanceOfSatisfying(SendFileException.class,
                        e -> assertThat(e.sent()).isZero())
                .hasCause(cause);
        assertThatIllegalArgumentException().as("a mistake is a mistake, late or not").isThrownBy(
                () -> WriteSide.refuseFile(loop, new TestFile(new byte[10]), -1, 10, cause));
    }

    @Test
    void lateWritesAreTakenCountedAndLoggedOnce(EventLoop loop, ExpectedLogs logs) {
        int count = 0;
        for (int i = 1; i <= 20; i++) {
            ByteBuffer first = Bytes.heap("late");
            ByteBuffer second = Bytes.direct(new byte[3]);
            count = LateWrites.drop(count, "my transport", first, second);
            assertThat(first.hasRemaining() || second.hasRemaining()).isFalse();
            assertThat(count).isEqualTo(i);
            assertThat(logs.count()).isEqualTo(i < 5 ? 0 : 1);
        }
        assertThat(logs.takeText()).contains("5 writes", "my transport");
    }

    @Test
    void aLoggerThatThrowsDoesNotMakeALateWriteThrow(EventLoop loop, ExpectedLogs logs) {
        Logger logger = Logger.getLogger("io.jvloop");
        Handler broken = new Broken();
        logger.addHandler(broken);
        try {
            assertThat(LateWrites.drop(4, "my transport", Bytes.heap("x"))).isEqualTo(5);
        } finally {
            logger.removeHandler(broken);
        }
        logs.takeAll();
    }

    private static final class Broken extends Handler {
        @Override
        public void publish(LogRecord record) {
            throw new IllegalStateException("disk full");
        }

        @Override
        public void flush() {
            // nothing is buffered
        }

        @Override
        public void close() {
            // nothing is open
        }
    }

    /** Gives whatever a test says. */
    private record Receiver(Supplier<ByteBuffer> supplier, List<Integer> hints) implements BufferedProtocol {
        Receiver(Supplier<ByteBuffer> supplier) {
            this(supplier, new ArrayList<>());
        }

        @Override
        public ByteBuffer getBuffer(int sizeHint) {
            hints.add(sizeHint);
            return supplier.get();
        }

        @Override
        public void bufferUpdated(int count) {
            throw new UnsupportedOperationException();
        }
    }

    @Test
    void aReceiveBufferIsTheProtocolsOwnAsItIs() {
        ByteBuffer buffer = ByteBuffer.allocate(10).position(9);
        Receiver receiver = new Receiver(() -> buffer);
        assertThat(ReceiveBuffer.of(receiver)).isSameAs(buffer);
        assertThat(buffer.position()).isEqualTo(9);
        assertThat(receiver.hints).containsExactly(65_536);
    }

    @Test
    void whatIsNoReceiveBufferIsRefused() {
        List<Supplier<ByteBuffer>> bad = List.of(() -> null, () -> ByteBuffer.allocate(0),
                () -> ByteBuffer.allocate(5).position(5), () -> ByteBuffer.allocate(5).asReadOnlyBuffer());
        for (Supplier<ByteBuffer> supplier : bad) {
            assertThatIllegalStateException().isThrownBy(() -> ReceiveBuffer.of(new Receiver(supplier)))
                    .withMessageContaining(Receiver.class.getName()).withMessageContaining("writable");
        }
        RuntimeException failure = new RuntimeException("no memory");
        assertThatIllegalStateException().isThrownBy(() -> ReceiveBuffer.of(new Receiver(() -> {
            throw failure;
        }))).withCause(failure).withMessageContaining("getBuffer()");
    }
}
