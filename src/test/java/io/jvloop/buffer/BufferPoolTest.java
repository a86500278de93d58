package io.jvloop.buffer;

import static io.jvloop.support.Section.CONSTANTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BufferPoolTest {
    private static final int KIB = 1024;
    private static final int MIB = 1024 * KIB;

    private final BufferPool pool = new BufferPool();

    @ParameterizedTest
    @CsvSource({"1, 4096", "4095, 4096", "4096, 4096", "4097, 8192", "8192, 8192", "8193, 16384",
        "65536, 65536",
        "65537, 131072", "131073, 262144", "262143, 262144", "262144, 262144"})
    void capacityIsTheNextPowerOfTwoFromFourKibibytes(int asked, int given) {
        ByteBuffer buffer = pool.acquire(asked);
        assertThat(buffer.capacity()).isEqualTo(given);
        assertThat(buffer.isDirect()).isTrue();
        pool.release(buffer);
        assertThat(pool.keptBytes()).isEqualTo(given);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE, BufferPool.MAX_BYTES + 1, Integer.MAX_VALUE})
    void sizesOutOfRangeAreRefused(int asked) {
        assertThatIllegalArgumentException().isThrownBy(() -> pool.acquire(asked))
                .withMessageContaining(Integer.toString(asked));
        assertThat(pool.outstanding()).isZero();
    }

    @Test
    @Contract(section = CONSTANTS,
            value = "A loop's buffers have 4 KiB to 256 KiB; its one read buffer has 256 KiB")
    void smallestAndLargestBuffer() {
        assertThat(BufferPool.MIN_BYTES).isEqualTo(4 * KIB);
        assertThat(BufferPool.MAX_BYTES).isEqualTo(256 * KIB);
        assertThat(pool.scratch().capacity()).isEqualTo(256 * KIB);
    }

    @Test
    void releasedBufferIsLentAgainCleared() {
        ByteBuffer buffer = pool.acquire(5_000);
        buffer.putInt(1).limit(100);
        pool.release(buffer);
        ByteBuffer again = pool.acquire(8_000);
        assertThat(again).isSameAs(buffer);
        assertThat(again.position()).isZero();
        assertThat(again.limit()).isEqualTo(8 * KIB);
        assertThat(pool.keptBytes()).isZero();
    }

    @Test
    void bufferUsedLastIsLentFirst() {
        ByteBuffer first = pool.acquire(1);
        ByteBuffer second = pool.acquire(1);
        pool.release(first);
        pool.release(second);
        assertThat(pool.acquire(1)).isSameAs(second);
        assertThat(pool.acquire(1)).isSameAs(first);
    }

    @Test
    void outstandingCountsWhatIsOut() {
        ByteBuffer first = pool.acquire(1);
        ByteBuffer second = pool.acquire(100_000);
        assertThat(pool.outstanding()).isEqualTo(2);
        pool.release(first);
        assertThat(pool.outstanding()).isEqualTo(1);
        pool.release(second);
        assertThat(pool.outstanding()).isZero();
    }

    @Test
    void releasingMoreThanWasAcquiredIsRefused() {
        ByteBuffer buffer = pool.acquire(1);
        pool.release(buffer);
        assertThatIllegalStateException().isThrownBy(() -> pool.release(buffer))
                .withMessageContaining("released twice");
        assertThat(pool.outstanding()).isZero();
        assertThat(pool.keptBytes()).isEqualTo(4 * KIB);
    }

    @Test
    void doubleReleaseIsFoundByAnAssertionEvenIfOthersAreOut() {
        assumeTrue(BufferPool.class.desiredAssertionStatus(), "assertions are off");
        ByteBuffer other = pool.acquire(1);
        ByteBuffer buffer = pool.acquire(1);
        pool.release(buffer);
        assertThatThrownBy(() -> pool.release(buffer)).isInstanceOf(AssertionError.class)
                .hasMessageContaining("released twice");
        assertThat(pool.outstanding()).isEqualTo(1);
        pool.release(other);
    }

    @Test
    void foreignBuffersAreRefused() {
        ByteBuffer own = pool.acquire(1);
        List<ByteBuffer> foreign = List.of(ByteBuffer.allocate(4 * KIB), ByteBuffer.allocateDirect(2 * KIB),
                ByteBuffer.allocateDirect(5 * KIB), ByteBuffer.allocateDirect(512 * KIB), own.slice(0, 100));
        for (ByteBuffer buffer : foreign) {
            assertThatIllegalArgumentException().isThrownBy(() -> pool.release(buffer));
        }
        assertThatNullPointerException().isThrownBy(() -> pool.release(null));
        assertThat(pool.outstanding()).isEqualTo(1);
        pool.release(own);
    }

    @Test
    @Contract(section = CONSTANTS,
            value = "A loop keeps at most 8 MiB of free buffers for later, or one of each size")
    void freeMemoryKeptIsBounded() {
        List<ByteBuffer> large = acquire(40, 256 * KIB);
        large.forEach(pool::release);
        assertThat(pool.outstanding()).isZero();
        assertThat(pool.keptBytes()).isEqualTo(8 * MIB);
        ByteBuffer small = pool.acquire(1);
        pool.release(small);
        assertThat(pool.keptBytes()).as("full, but there was none of its size").isEqualTo(8 * MIB + 4 * KIB);
        acquire(2, 1).forEach(pool::release);
        assertThat(pool.keptBytes()).isEqualTo(8 * MIB + 4 * KIB);
        pool.release(pool.acquire(256 * KIB));
        assertThat(pool.keptBytes()).isLessThanOrEqualTo(8 * MIB + 4 * KIB);
    }

    @Test
    void bufferBeyondTheBoundIsLeftToTheCollector() {
        List<ByteBuffer> kept = acquire(32, 256 * KIB);
        WeakReference<ByteBuffer> surplus = acquireAndRelease(kept);
        Await.collected(List.of(surplus));
        assertThat(pool.keptBytes()).isEqualTo(8 * MIB);
    }

    private WeakReference<ByteBuffer> acquireAndRelease(List<ByteBuffer> others) {
        ByteBuffer surplus = pool.acquire(256 * KIB);
        others.forEach(pool::release);
        pool.release(surplus);
        return new WeakReference<>(surplus);
    }

    @Test
    void scratchIsAlwaysTheSameBufferClearedAndNotCounted() {
        ByteBuffer scratch = pool.scratch();
        scratch.putLong(1).limit(20);
        ByteBuffer again = pool.scratch();
        assertThat(again).isSameAs(scratch);
        assertThat(again.isDirect()).isTrue();
        assertThat(again.position()).isZero();
        assertThat(again.limit()).isEqualTo(256 * KIB);
        assertThat(pool.outstanding()).isZero();
        assertThat(pool.keptBytes()).isZero();
    }

    @Test
    void heapScratchIsAlwaysTheSameArrayClearedAndNotCounted() {
        ByteBuffer scratch = pool.heapScratch();
        scratch.order(ByteOrder.LITTLE_ENDIAN).putLong(1).limit(20);
        ByteBuffer again = pool.heapScratch();
        assertThat(again).isSameAs(scratch).isNotSameAs(pool.scratch());
        assertThat(again.hasArray()).isTrue();
        assertThat(again.order()).isEqualTo(ByteOrder.BIG_ENDIAN);
        assertThat(again.position()).isZero();
        assertThat(again.limit()).as("the largest TLS record fits").isEqualTo(64 * KIB);
        assertThat(pool.outstanding()).isZero();
        assertThat(pool.keptBytes()).isZero();
        pool.clear();
        assertThat(pool.heapScratch()).isNotSameAs(scratch);
    }

    @Test
    void clearForgetsFreeBuffersAndScratchButTakesOutstandingOnesBack() {
        ByteBuffer scratch = pool.scratch();
        ByteBuffer out = pool.acquire(1);
        ByteBuffer free = pool.acquire(1);
        pool.release(free);
        pool.clear();
        assertThat(pool.keptBytes()).isZero();
        assertThat(pool.outstanding()).isEqualTo(1);
        assertThat(pool.scratch()).isNotSameAs(scratch);
        pool.release(out);
        assertThat(pool.outstanding()).isZero();
        assertThat(pool.acquire(1)).isSameAs(out);
    }

    @Test
    void printsItsCounters() {
        ByteBuffer out = pool.acquire(1);
        pool.release(pool.acquire(16 * KIB));
        assertThat(pool).hasToString("BufferPool[1 outstanding, 16 KiB kept]");
        pool.release(out);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void noBufferIsEverLentTwiceAtOnce(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Set<ByteBuffer> out = Collections.newSetFromMap(new IdentityHashMap<>());
        List<ByteBuffer> order = new ArrayList<>();
        for (int step = 0; step < 5_000; step++) {
            if (order.isEmpty() || order.size() < 50 && random.nextBoolean()) {
                ByteBuffer buffer = pool.acquire(1 + random.nextInt(BufferPool.MAX_BYTES));
                assertThat(out.add(buffer)).as("lent once").isTrue();
                order.add(buffer);
            } else {
                ByteBuffer buffer = order.remove(random.nextInt(order.size()));
                out.remove(buffer);
                pool.release(buffer);
            }
            assertThat(pool.outstanding()).isEqualTo(out.size());
            assertThat(pool.keptBytes()).isBetween(0L, 8L * MIB);
        }
    }

    private List<ByteBuffer> acquire(int count, int bytes) {
        List<ByteBuffer> buffers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            buffers.add(pool.acquire(bytes));
        }
        return buffers;
    }

    @Test
    @Contract(section = CONSTANTS,
            value = "When there is no direct memory left the JDK is not asked again for five seconds")
    void exhaustedMemoryIsNotAskedForAgainAtOnce() {
        long[] now = {-1};
        int[] asked = {0};
        boolean[] isThere = {false};
        BufferPool poor = new BufferPool(bytes -> {
            asked[0]++;
            if (!isThere[0]) {
                throw new OutOfMemoryError("as planned");
            }
            return ByteBuffer.allocateDirect(bytes);
        }, () -> now[0]);
        assertThatIllegalStateException().isThrownBy(() -> poor.acquire(1))
                .withMessage("no direct memory left for a buffer of 4096 bytes")
                .withCauseInstanceOf(OutOfMemoryError.class);
        isThere[0] = true;
        now[0] += 4_999_999_999L;
        assertThatIllegalStateException().isThrownBy(() -> poor.acquire(1)).withNoCause();
        assertThatIllegalStateException().isThrownBy(poor::scratch);
        assertThat(asked[0]).isEqualTo(1);
        assertThat(poor.outstanding()).isZero();
        now[0]++;
        ByteBuffer buffer = poor.acquire(1);
        poor.release(buffer);
        assertThat(poor.acquire(1)).isSameAs(buffer);
        assertThat(poor.acquire(1)).isNotSameAs(buffer);
        assertThat(asked[0]).isEqualTo(3);
    }
}
