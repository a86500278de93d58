package io.jvloop.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The heap against a sorted set, and its memory. */
class TimerHeapTest {
    private static final Runnable NOTHING = () -> {};

    private final TimerHeap heap = new TimerHeap();

    @Test
    void emptyHeapHasNothingDue() {
        assertThat(heap.isEmpty()).isTrue();
        assertThat(heap.size()).isZero();
        assertThat(heap.popDue(Long.MAX_VALUE)).isNull();
        assertThat(heap.clear()).isEmpty();
    }

    @Test
    void onlyWhatIsDueIsTakenOut() {
        TimerHandle early = armed(10);
        TimerHandle late = armed(20);
        assertThat(heap.earliestNanos()).isEqualTo(10);
        assertThat(heap.popDue(9)).isNull();
        assertThat(heap.popDue(10)).isSameAs(early);
        assertThat(heap.popDue(19)).isNull();
        assertThat(heap.popDue(21)).isSameAs(late);
        assertThat(heap.isEmpty()).isTrue();
    }

    @Test
    void equalDeadlinesComeOutInTheOrderOfArming() {
        List<TimerHandle> armed = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            armed.add(armed(7));
        }
        assertThat(drained()).isEqualTo(armed);
    }

    @Test
    void timerThatWasPutAsideKeepsItsPlaceAmongEquals() {
        TimerHandle first = armed(7);
        TimerHandle second = armed(7);
        assertThat(heap.popDue(7)).isSameAs(first);
        heap.add(first);
        assertThat(drained()).containsExactly(first, second);
    }

    @Test
    void nextSequenceTellsTimersArmedBeforeFromThoseArmedAfter() {
        TimerHandle before = armed(1);
        long bound = heap.nextSequence();
        TimerHandle after = armed(1);
        assertThat(before.sequence).isLessThan(bound);
        assertThat(after.sequence).isGreaterThanOrEqualTo(bound);
    }

    @Test
    void removingTwiceOrWhatWasNeverArmedDoesNothing() {
        TimerHandle kept = armed(1);
        TimerHandle removed = armed(2);
        heap.remove(new TimerHandle(null, NOTHING, 1, null));
        heap.remove(removed);
        heap.remove(removed);
        assertThat(heap.size()).isEqualTo(1);
        assertThat(drained()).containsExactly(kept);
        heap.remove(kept);
        assertThat(heap.size()).isZero();
    }

    @Test
    void clearReturnsAllTimersAndTheHeapCanBeUsedAgain() {
        List<TimerHandle> armed = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            armed.add(armed(i % 17));
        }
        assertThat(heap.clear()).containsExactlyInAnyOrderElementsOf(armed);
        assertThat(heap.isEmpty()).isTrue();
        armed.forEach(heap::remove);
        TimerHandle again = armed(5);
        assertThat(drained()).containsExactly(again);
    }

    @Test
    void extremeDeadlinesSortLikeAnyOther() {
        TimerHandle last = armed(Long.MAX_VALUE);
        TimerHandle first = armed(Long.MIN_VALUE);
        TimerHandle middle = armed(0);
        assertThat(drained()).containsExactly(first, middle, last);
    }

    /**
     * Arms, cancels and pops at random, with few different deadlines so that ties abound, and compares with a
     * sorted set.
     */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void behavesLikeASortedSetWhateverIsArmedAndCancelled(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        TreeSet<TimerHandle> model = new TreeSet<>(
                Comparator.comparingLong(TimerHandle::when).thenComparingLong(timer -> timer.sequence));
        List<TimerHandle> everArmed = new ArrayList<>();
        int deadlines = 1 + random.nextInt(2_000);
        for (int step = 0; step < 20_000; step++) {
            boolean growing = step / 4_000 % 2 == 0;
            int action = random.nextInt(10);
            if (action < (growing ? 6 : 3)) {
                TimerHandle timer = armed(random.nextInt(deadlines));
                model.add(timer);
                everArmed.add(timer);
            } else if (action < 8 && !everArmed.isEmpty()) {
                TimerHandle victim = everArmed.get(random.nextInt(everArmed.size()));
                heap.remove(victim);
                model.remove(victim);
            } else {
                popAndCompare(model, random.nextInt(deadlines));
            }
            assertThat(heap.size()).isEqualTo(model.size());
        }
        assertThat(drained()).containsExactlyElementsOf(model);
    }

    private void popAndCompare(TreeSet<TimerHandle> model, long now) {
        TimerHandle expected = model.isEmpty() || model.first().when() > now ? null : model.pollFirst();
        assertThat(heap.popDue(now)).isSameAs(expected);
        if (!model.isEmpty()) {
            assertThat(heap.earliestNanos()).isEqualTo(model.first().when());
        }
    }

    @Test
    void hundredThousandTimersComeOutSorted() {
        SplittableRandom random = new SplittableRandom(42);
        for (int i = 0; i < 100_000; i++) {
            armed(random.nextLong());
        }
        List<TimerHandle> all = drained();
        assertThat(all).hasSize(100_000).isSortedAccordingTo(Comparator.comparingLong(TimerHandle::when));
    }

    private TimerHandle armed(long deadline) {
        TimerHandle timer = new TimerHandle(null, NOTHING, deadline, null);
        heap.arm(timer);
        return timer;
    }

    private List<TimerHandle> drained() {
        List<TimerHandle> all = new ArrayList<>();
        for (TimerHandle next = heap.popDue(Long.MAX_VALUE); next != null;
                next = heap.popDue(Long.MAX_VALUE)) {
            all.add(next);
        }
        return all;
    }
}
