package io.jvloop.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The loop thread's own queue against a deque of the JDK. */
class HandleFifoTest {
    private final HandleFifo fifo = new HandleFifo();

    @Test
    void emptyQueueGivesNull() {
        assertThat(fifo.poll()).isNull();
        assertThat(fifo.isEmpty()).isTrue();
        assertThat(fifo.size()).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void behavesLikeADequeAcrossAllChunkBorders(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Deque<Handle> model = new ArrayDeque<>();
        for (int burst = 0; burst < 200; burst++) {
            for (int i = random.nextInt(700); i > 0; i--) {
                Handle handle = new Handle(() -> {}, null);
                fifo.add(handle);
                model.add(handle);
            }
            for (int i = random.nextInt(700); i > 0; i--) {
                assertThat(fifo.poll()).isSameAs(model.poll());
            }
            assertThat(fifo.size()).isEqualTo(model.size());
            assertThat(fifo.isEmpty()).isEqualTo(model.isEmpty());
        }
        while (!model.isEmpty()) {
            assertThat(fifo.poll()).isSameAs(model.poll());
        }
        assertThat(fifo.poll()).isNull();
    }
}
