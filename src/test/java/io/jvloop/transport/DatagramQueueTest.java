package io.jvloop.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.buffer.BufferPool;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class DatagramQueueTest {
    private static final InetSocketAddress SOMEBODY = new InetSocketAddress("127.0.0.1", 1);

    private final BufferPool pool = new BufferPool();
    private final DatagramQueue queue = new DatagramQueue(pool);

    @AfterEach
    void everyBufferIsBack() {
        queue.clear();
        assertThat(queue.isEmpty()).isTrue();
        assertThat(queue.size()).isZero();
        assertThat(pool.outstanding()).isZero();
    }

    private byte[] first() {
        ByteBuffer data = queue.first();
        assertThat(data.isDirect()).isTrue();
        byte[] bytes = new byte[data.remaining()];
        data.get(bytes);
        return bytes;
    }

    @Test
    void appendedBytesAreACopyAndTheDatagramKeepsItsEnds() {
        byte[] bytes = Bytes.noise(1_000);
        ByteBuffer data = ByteBuffer.allocate(1_200).position(100).put(bytes).position(100).limit(1_100);
        queue.append(data, SOMEBODY);
        queue.append(ByteBuffer.wrap(new byte[1_000]), SOMEBODY);
        data.clear().put(new byte[1_200]);
        assertThat(first()).isEqualTo(bytes);
        queue.removeFirst();
        assertThat(first()).isEqualTo(new byte[1_000]);
    }

    @Test
    void everyDatagramCountsEightBytesMore() {
        queue.append(ByteBuffer.allocate(0), SOMEBODY);
        assertThat(queue.isEmpty()).isFalse();
        assertThat(queue.size()).isEqualTo(8);
        queue.append(ByteBuffer.allocate(100), SOMEBODY);
        assertThat(queue.size()).isEqualTo(116);
        assertThat(first()).isEmpty();
        queue.removeFirst();
        assertThat(queue.size()).isEqualTo(108);
        queue.removeFirst();
        assertThat(queue.size()).isZero();
    }

    @Test
    void thousandSmallDatagramsShareTwoBuffers() {
        for (int i = 0; i < 1_000; i++) {
            queue.append(ByteBuffer.allocate(60), SOMEBODY);
        }
        assertThat(pool.outstanding()).isEqualTo(2);
    }

    @Test
    void oneSmallDatagramTakesTheSmallestBuffer() {
        queue.append(ByteBuffer.allocate(60), SOMEBODY);
        queue.clear();
        assertThat(pool.keptBytes()).isEqualTo(BufferPool.MIN_BYTES);
    }

    @Test
    void bufferIsGivenBackWithItsLastDatagram() {
        ByteBuffer large = ByteBuffer.allocateDirect(40_000);
        for (int i = 0; i < 3; i++) {
            queue.append(large.clear(), SOMEBODY);
        }
        assertThat(pool.outstanding()).isEqualTo(3);
        for (int left = 2; left >= 0; left--) {
            queue.removeFirst();
            assertThat(pool.outstanding()).isEqualTo(left);
        }
    }

    @Test
    void longestDatagramFits() {
        byte[] bytes = Bytes.noise(DatagramQueue.MAX_BYTES);
        queue.append(ByteBuffer.wrap(new byte[1]), SOMEBODY);
        queue.append(ByteBuffer.wrap(bytes).asReadOnlyBuffer(), SOMEBODY);
        queue.removeFirst();
        assertThat(first()).isEqualTo(bytes);
    }

    private record Entry(byte[] bytes, InetSocketAddress to) {
    }

    /** Any order of appends and removals gives what a plain queue gives. */
    @RepeatedTest(20)
    void behavesAsAPlainQueueOfCopies(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        Deque<Entry> model = new ArrayDeque<>();
        long size = 0;
        for (int i = 0; i < 2_000; i++) {
            if (random.nextInt(100) < 52 || model.isEmpty()) {
                int most = random.nextInt(10) == 0 ? DatagramQueue.MAX_BYTES : 2_000;
                byte[] bytes = new byte[random.nextInt(most + 1)];
                random.nextBytes(bytes);
                InetSocketAddress to = new InetSocketAddress("127.0.0.1", 1 + random.nextInt(60_000));
                queue.append(ByteBuffer.wrap(bytes), to);
                model.add(new Entry(bytes, to));
                size += bytes.length + DatagramQueue.OVERHEAD_BYTES;
            } else {
                Entry expected = model.poll();
                assertThat(first()).isEqualTo(expected.bytes());
                assertThat(queue.firstTarget()).isSameAs(expected.to());
                queue.removeFirst();
                size -= expected.bytes().length + DatagramQueue.OVERHEAD_BYTES;
            }
            assertThat(queue.size()).isEqualTo(size);
            assertThat(queue.isEmpty()).isEqualTo(model.isEmpty());
        }
    }
}
