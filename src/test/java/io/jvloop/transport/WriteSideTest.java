package io.jvloop.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.jvloop.buffer.BufferPool;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** The way out of a channel; that heap buffers never reach it the scripted channel itself checks. */
class WriteSideTest {
    private static final int EVERYTHING = Integer.MAX_VALUE;

    private final BufferPool pool = new BufferPool();
    private WriteSide side;
    private ScriptedChannel channel;

    private void appetites(Integer... appetites) {
        Iterator<Integer> next = List.of(appetites).iterator();
        channel = new ScriptedChannel(next::next);
        side = new WriteSide(pool, channel);
    }

    @AfterEach
    void everyBufferIsBack() {
        side.clear(null);
        assertThat(side.hasQueued()).isFalse();
        assertThat(side.queuedBytes()).isZero();
        assertThat(pool.outstanding()).isZero();
    }

    @Test
    void directBufferGoesToTheChannelItself() throws IOException {
        appetites(EVERYTHING);
        ByteBuffer data = Bytes.direct(Bytes.noise(300_000));
        side.write(data);
        assertThat(channel.seen()).hasSize(1);
        assertThat(channel.seen().get(0)).isSameAs(data);
        assertThat(side.hasQueued()).isFalse();
        assertThat(pool.outstanding()).isZero();
    }

    @Test
    void heapBufferGoesThroughPooledOnes() throws IOException {
        appetites(EVERYTHING, EVERYTHING, EVERYTHING, EVERYTHING, EVERYTHING);
        byte[] bytes = Bytes.noise(300_000);
        ByteBuffer data = ByteBuffer.wrap(bytes);
        side.write(data);
        assertThat(channel.taken()).isEqualTo(bytes);
        assertThat(data.hasRemaining()).isFalse();
        assertThat(side.hasQueued()).isFalse();
        assertThat(pool.outstanding()).isZero();
        assertThat(channel.seen()).allMatch(copy -> copy.capacity() <= 65_536);
    }

    @Test
    void whatTheChannelRefusesIsQueued() throws IOException {
        appetites(100_000, 0, EVERYTHING);
        byte[] bytes = Bytes.noise(300_000);
        side.write(Bytes.direct(bytes));
        assertThat(side.hasQueued()).isTrue();
        assertThat(side.queuedBytes()).isEqualTo(200_000);
        side.flush();
        assertThat(side.queuedBytes()).isEqualTo(200_000);
        side.flush();
        assertThat(side.hasQueued()).isFalse();
        assertThat(channel.taken()).isEqualTo(bytes);
    }

    @Test
    void heapBufferThatIsTakenInPartIsQueuedFromThere() throws IOException {
        appetites(EVERYTHING, 10_000, EVERYTHING);
        byte[] bytes = Bytes.noise(300_000);
        side.write(ByteBuffer.wrap(bytes));
        assertThat(channel.calls()).as("no call after one that was not satisfied").hasSize(2);
        assertThat(side.queuedBytes()).isEqualTo(300_000 - channel.takenCount());
        side.flush();
        assertThat(channel.taken()).isEqualTo(bytes);
    }

    @Test
    void nothingOvertakesTheQueue() throws IOException {
        appetites(0, EVERYTHING);
        side.write(Bytes.heap("first "));
        side.write(Bytes.direct("second ".getBytes()));
        side.writeAll(Bytes.heap("third "), Bytes.heap("fourth"));
        assertThat(channel.calls()).hasSize(1);
        assertThat(channel.taken()).isEmpty();
        side.flush();
        assertThat(channel.taken()).isEqualTo("first second third fourth".getBytes());
    }

    @Test
    void writeAllIsOneCallOfTheChannel() throws IOException {
        appetites(EVERYTHING);
        byte[] large = Bytes.noise(200_000);
        ByteBuffer[] parts = {Bytes.heap("head"), ByteBuffer.wrap(large), Bytes.direct("tail".getBytes())};
        side.writeAll(parts);
        assertThat(channel.calls()).hasSize(1);
        assertThat(channel.taken()).startsWith("head".getBytes()).endsWith("tail".getBytes())
                .hasSize(large.length + 8);
        assertThat(side.hasQueued()).isFalse();
        assertThat(parts).noneMatch(ByteBuffer::hasRemaining);
    }

    @Test
    void nothingToWriteIsNoCall() throws IOException {
        appetites();
        side.writeAll();
        side.writeAll(ByteBuffer.allocate(0));
        assertThat(channel.calls()).isEmpty();
    }

    @Test
    void emptyHeapBufferIsNothingToWrite() throws IOException {
        appetites(EVERYTHING);
        side.write(ByteBuffer.allocate(0));
        assertThat(channel.taken()).isEmpty();
        assertThat(side.hasQueued()).isFalse();
    }

    @Test
    void failedWriteTakesTheBufferAllTheSame() {
        appetites(ScriptedChannel.FAIL, EVERYTHING, ScriptedChannel.FAIL, ScriptedChannel.FAIL);
        ByteBuffer direct = Bytes.direct(Bytes.noise(1_000));
        assertThatIOException().isThrownBy(() -> side.write(direct)).withMessage("scripted failure");
        assertThat(direct.hasRemaining()).isFalse();
        ByteBuffer heap = ByteBuffer.allocate(100_000);
        assertThatIOException().isThrownBy(() -> side.write(heap));
        assertThat(heap.hasRemaining()).isFalse();
        assertThat(pool.outstanding()).isZero();
        ByteBuffer part = ByteBuffer.allocate(10);
        assertThatIOException().isThrownBy(() -> side.writeAll(part));
        assertThat(part.hasRemaining()).isFalse();
    }

    @Test
    void refusedArgumentLeavesNothingBehind() throws IOException {
        appetites(0, EVERYTHING);
        assertThatNullPointerException().isThrownBy(() -> side.write(null));
        assertThat(side.hasQueued()).isFalse();
        side.write(Bytes.heap("queued"));
        assertThatNullPointerException().isThrownBy(() -> side.write(null));
        assertThat(side.queuedBytes()).isEqualTo(6);
        side.flush();
        assertThat(channel.taken()).isEqualTo("queued".getBytes());
    }

    /** Against an array of bytes as the model. */
    @RepeatedTest(20)
    void randomScheduleGivesTheSameAsAnArrayOfBytes(RepetitionInfo repetition) throws IOException {
        Random random = new Random(repetition.getCurrentRepetition());
        channel = new ScriptedChannel(() -> random.nextInt(4) == 0 ? 0 : random.nextInt(200_000));
        side = new WriteSide(pool, channel);
        ByteArrayOutputStream model = new ByteArrayOutputStream();
        for (int step = 0; step < 300; step++) {
            if (random.nextInt(3) == 0 && side.hasQueued()) {
                side.flush();
            } else {
                writeSomehow(random, model);
            }
            assertThat(side.queuedBytes()).isEqualTo(model.size() - channel.takenCount());
            assertThat(side.hasQueued()).isEqualTo(side.queuedBytes() > 0);
            assertThat(pool.outstanding() == 0).isEqualTo(!side.hasQueued());
        }
        while (side.hasQueued()) {
            side.flush();
        }
        assertThat(channel.taken()).isEqualTo(model.toByteArray());
    }

    private void writeSomehow(Random random, ByteArrayOutputStream model) throws IOException {
        byte[] data = new byte[1 + random.nextInt(random.nextBoolean() ? 500 : 150_000)];
        random.nextBytes(data);
        model.writeBytes(data);
        switch (random.nextInt(3)) {
            case 0 -> side.write(Bytes.direct(data));
            case 1 -> side.write(ByteBuffer.wrap(data));
            default -> {
                int cut = random.nextInt(data.length);
                side.writeAll(ByteBuffer.wrap(data, 0, cut), Bytes.direct(data).position(cut));
            }
        }
    }
}
