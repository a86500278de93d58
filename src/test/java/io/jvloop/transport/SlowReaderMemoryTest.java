package io.jvloop.transport;

import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@Timeout(120)
@ExtendWith(LoopExtension.class)
class SlowReaderMemoryTest {
    private static final int BLOCK_BYTES = 32 * 1024;
    private static final int BLOCKS = 100 * 32; // 100 MiB

    /** Writes while it may. */
    private static final class Source implements Protocol {
        private final EventLoop loop;
        private final CRC32 sent = new CRC32();
        private final ByteBuffer block = Bytes.direct(Bytes.noise(BLOCK_BYTES));
        private final CompletableFuture<Void> stopped = new CompletableFuture<>();
        private Transport transport;
        private boolean paused;
        private int written;
        private int mostBuffers;
        private long mostQueued;

        Source(EventLoop loop) {
            this.loop = loop;
        }

        @Override
        public void connectionMade(Transport opened) {
            transport = opened;
            go();
        }

        private void go() {
            while (!paused && written < BLOCKS) {
                block.clear().putInt(0, written++);
                sent.update(block);
                transport.write(block.rewind());
                mostBuffers = Math.max(mostBuffers, loop.stats().buffers());
                mostQueued = Math.max(mostQueued, transport.writeBufferSize());
            }
            if (written == BLOCKS) {
                transport.close();
            }
        }

        @Override
        public void pauseWriting() {
            paused = true;
            stopped.complete(null);
        }

        @Override
        public void resumeWriting() {
            paused = false;
            go();
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "A protocol that stops at pauseWriting needs memory for the high mark "
                    + "and one write, however much it has to send and however slow its peer is")
    void memoryStaysBelowTheHighMarkAndOneWrite(EventLoop loop) {
        Source source = new Source(loop);
        try (Connection connection = Connection.open(loop, source)) {
            Await.result(source.stopped); // the reader is silent
            connection.run(transport -> {
                assertThat(source.paused).isTrue();
                assertThat(source.written).isLessThan(BLOCKS);
                assertThat(transport.writeBufferSize()).isPositive();
            });
            CRC32 arrived = new CRC32();
            byte[] piece = new byte[100_000];
            long total = 0;
            for (int n = 0; n >= 0; n = connection.peer().readSome(piece, piece.length)) {
                arrived.update(piece, 0, n);
                total += n;
            }
            assertThat(total).isEqualTo((long) BLOCKS * BLOCK_BYTES);
            assertThat(arrived.getValue()).isEqualTo(source.sent.getValue());
            int high = WriteBufferLimits.DEFAULT.highBytes();
            assertThat(source.mostQueued).isBetween((long) high, (long) high + BLOCK_BYTES);
            assertThat(source.mostBuffers).isBetween(1, 8); // of at most 64 KiB, and partly sent
            connection.run(transport -> assertThat(loop.buffers().keptBytes()).isLessThan(1 << 20));
        }
    }
}
