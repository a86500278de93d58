package io.jvloop.buffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.transport.Bytes;
import io.jvloop.transport.ScriptedChannel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class ByteQueueTest {
    private final BufferPool pool = new BufferPool();
    private final ByteQueue queue = new ByteQueue(pool);

    @AfterEach
    void everyBufferIsBack() {
        queue.clear();
        assertThat(pool.outstanding()).isZero();
    }

    @Test
    void newQueueIsEmpty() {
        assertThat(queue.isEmpty()).isTrue();
        assertThat(queue.size()).isZero();
        queue.clear();
        assertThat(queue.isEmpty()).isTrue();
    }

    @Test
    void appendedBytesAreACopy() throws IOException {
        byte[] bytes = Bytes.noise(10_000);
        ByteBuffer data = ByteBuffer.wrap(bytes.clone());
        queue.append(data);
        assertThat(data.hasRemaining()).isFalse();
        data.clear().put(new byte[10_000]);
        ScriptedChannel channel = ScriptedChannel.takesEverything();
        queue.flush(channel);
        assertThat(channel.taken()).isEqualTo(bytes);
        assertThat(queue.isEmpty()).isTrue();
    }

    @Test
    void appendingNothingChangesNothing() {
        queue.append(ByteBuffer.allocate(0));
        assertThat(queue.isEmpty()).isTrue();
        queue.append(Bytes.heap("x"));
        queue.append(ByteBuffer.allocateDirect(0));
        assertThat(queue.size()).isEqualTo(1);
        assertThat(pool.outstanding()).isEqualTo(1);
    }

    @Test
    void thousandSmallWritesShareFewBuffersAndOneCall() throws IOException {
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        for (int i = 0; i < 1_000; i++) {
            byte[] small = Bytes.noise(i % 20);
            expected.writeBytes(small);
            queue.append(ByteBuffer.wrap(small));
        }
        int fourKibibytes = BufferPool.MIN_BYTES;
        assertThat(pool.outstanding()).isEqualTo((expected.size() + fourKibibytes - 1) / fourKibibytes);
        ScriptedChannel channel = ScriptedChannel.takesEverything();
        queue.flush(channel);
        assertThat(channel.calls()).hasSize(1);
        assertThat(channel.taken()).isEqualTo(expected.toByteArray());
    }

    @Test
    void largeWriteIsCutIntoPiecesOfAtMost64Kibibytes() throws IOException {
        byte[] large = Bytes.noise(1_000_000);
        queue.append(Bytes.direct(large));
        assertThat(queue.size()).isEqualTo(large.length);
        assertThat(pool.outstanding()).isEqualTo((large.length + 65_535) / 65_536);
        ScriptedChannel channel = ScriptedChannel.takesEverything();
        while (!queue.isEmpty()) {
            queue.flush(channel);
        }
        assertThat(channel.seen()).allMatch(piece -> piece.capacity() <= 65_536);
        assertThat(channel.taken()).isEqualTo(large);
    }

    @Test
    void oneFlushIsOneCallOfTheChannelWithALimitedNumberOfBuffers() throws IOException {
        queue.append(ByteBuffer.allocate(100 * 65_536));
        ScriptedChannel channel = ScriptedChannel.takesEverything();
        queue.flush(channel);
        assertThat(channel.calls()).hasSize(1).allMatch(buffers -> buffers > 1 && buffers <= 1_024);
        assertThat(queue.isEmpty()).isFalse();
    }

    @Test
    void failedFlushLosesNothing() throws IOException {
        byte[] bytes = Bytes.noise(200_000);
        queue.append(ByteBuffer.wrap(bytes));
        int[] appetites = {50_000, ScriptedChannel.FAIL, 100_000, 0, 1 << 30, 1 << 30};
        int[] next = {0};
        ScriptedChannel channel = new ScriptedChannel(() -> appetites[next[0]++]);
        queue.flush(channel);
        assertThatThrownBy(() -> queue.flush(channel)).hasMessage("scripted failure");
        assertThat(queue.size()).isEqualTo(150_000);
        while (!queue.isEmpty()) {
            queue.flush(channel);
        }
        assertThat(channel.taken()).isEqualTo(bytes);
    }

    @Test
    void clearReturnsTheBuffersAndTheQueueMayBeUsedAgain() throws IOException {
        queue.append(ByteBuffer.allocate(500_000));
        queue.clear();
        assertThat(queue.size()).isZero();
        assertThat(queue.isEmpty()).isTrue();
        assertThat(pool.outstanding()).isZero();
        queue.append(Bytes.heap("again"));
        ScriptedChannel channel = ScriptedChannel.takesEverything();
        queue.flush(channel);
        assertThat(channel.taken()).isEqualTo("again".getBytes());
    }

    /** Against an array of bytes as the model of a queue. */
    @RepeatedTest(20)
    void randomScheduleGivesTheSameAsAnArrayOfBytes(RepetitionInfo repetition) throws IOException {
        Random random = new Random(repetition.getCurrentRepetition());
        int[] scales = {10, 1_000, 10_000, 300_000};
        ByteArrayOutputStream model = new ByteArrayOutputStream();
        ScriptedChannel channel = new ScriptedChannel(
                () -> random.nextInt(8) == 0 ? 0 : random.nextInt(scales[random.nextInt(scales.length)] * 2));
        for (int step = 0; step < 300; step++) {
            if (random.nextInt(5) < 3) {
                byte[] data = new byte[random.nextInt(scales[random.nextInt(scales.length)])];
                random.nextBytes(data);
                model.writeBytes(data);
                queue.append(random.nextBoolean() ? ByteBuffer.wrap(data) : Bytes.direct(data));
            } else if (!queue.isEmpty()) {
                queue.flush(channel);
            }
            assertThat(queue.size()).isEqualTo(model.size() - channel.takenCount());
            assertThat(queue.isEmpty()).isEqualTo(queue.size() == 0);
            assertThat(pool.outstanding() == 0).isEqualTo(queue.isEmpty());
        }
        for (int flushes = 0; !queue.isEmpty(); flushes++) {
            assertThat(flushes).as("flushes").isLessThan(1_000_000);
            queue.flush(channel);
        }
        assertThat(channel.taken()).isEqualTo(model.toByteArray());
        assertThat(pool.outstanding()).isZero();
    }

    @Test
    void copyToKeepsWhatItCopies() {
        byte[] bytes = Bytes.noise(200_000);
        queue.append(ByteBuffer.wrap(bytes));
        for (int count : new int[] {0, 1, 65_536, 65_537, 200_000, 200_000}) {
            ByteBuffer target = ByteBuffer.allocate(count + 3).position(2);
            queue.copyTo(target, count);
            assertThat(target.position()).isEqualTo(2 + count);
            assertThat(Arrays.copyOfRange(target.array(), 2, 2 + count))
                    .isEqualTo(Arrays.copyOf(bytes, count));
            assertThat(queue.size()).isEqualTo(200_000);
        }
    }

    @Test
    void skipGivesBuffersBackAsSoonAsTheyAreEmpty() {
        queue.append(ByteBuffer.allocate(3 * 65_536));
        queue.skip(0);
        queue.skip(65_535);
        assertThat(pool.outstanding()).isEqualTo(3);
        queue.skip(1);
        assertThat(pool.outstanding()).isEqualTo(2);
        queue.skip(2 * 65_536);
        assertThat(queue.isEmpty()).isTrue();
        assertThat(queue.size()).isZero();
        assertThat(pool.outstanding()).isZero();
    }

    /** Against an array of bytes, from which the same is copied and dropped. */
    @RepeatedTest(20)
    void copyToAndSkipGiveTheSameAsAnArrayOfBytes(RepetitionInfo repetition) throws IOException {
        Random random = new Random(repetition.getCurrentRepetition());
        int[] scales = {10, 1_000, 10_000, 200_000};
        byte[] model = new byte[0];
        for (int step = 0; step < 300; step++) {
            int count = random.nextInt(scales[random.nextInt(scales.length)]);
            switch (random.nextInt(4)) {
                case 0, 1 -> {
                    byte[] data = new byte[model.length > 1_000_000 ? 0 : count];
                    random.nextBytes(data);
                    queue.append(random.nextBoolean() ? ByteBuffer.wrap(data) : Bytes.direct(data));
                    model = concat(model, data);
                }
                case 2 -> {
                    int dropped = Math.min(count, model.length);
                    queue.skip(dropped);
                    model = Arrays.copyOfRange(model, dropped, model.length);
                }
                default -> {
                    ScriptedChannel channel = new ScriptedChannel(() -> count);
                    if (!queue.isEmpty()) {
                        queue.flush(channel);
                    }
                    assertThat(channel.taken()).isEqualTo(Arrays.copyOf(model, channel.takenCount()));
                    model = Arrays.copyOfRange(model, channel.takenCount(), model.length);
                }
            }
            ByteBuffer front = ByteBuffer.allocate(Math.min(count, model.length));
            queue.copyTo(front, front.capacity());
            assertThat(front.array()).isEqualTo(Arrays.copyOf(model, front.capacity()));
            assertThat(queue.size()).isEqualTo(model.length);
            assertThat(pool.outstanding() == 0).isEqualTo(queue.isEmpty());
        }
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
