package io.jvloop.alternatives;

import java.util.PriorityQueue;

/**
 * The JDK's {@link PriorityQueue}, which finds an element to remove only by looking at all of them. So
 * cancelled timers are only marked, skipped when their time comes, and swept out together once they are more
 * than half; that is what asyncio does with Python's heap.
 *
 * <p>It asks whether a heap of one's own is worth having at all. What a figure of time does not show: up to
 * half of the memory is held by timers that are dead.
 */
public final class LazyPriorityQueue implements TimerStore<Timer> {
    /** asyncio's: fewer than these are not worth a sweep. */
    private static final int MIN_DEAD = 100;

    private final PriorityQueue<Timer> queue = new PriorityQueue<>();
    private int dead;
    private long sequence;

    @Override
    public Timer arm(long deadlineNanos) {
        Timer timer = new Timer(deadlineNanos, sequence++);
        queue.add(timer);
        return timer;
    }

    @Override
    public void cancel(Timer timer) {
        if (isDead(timer)) {
            return;
        }
        timer.index = Timer.NOWHERE;
        if (++dead > MIN_DEAD && dead > queue.size() / 2) {
            queue.removeIf(LazyPriorityQueue::isDead);
            dead = 0;
        }
    }

    @Override
    public Timer popDue(long nowNanos) {
        Timer first;
        while ((first = queue.peek()) != null && (isDead(first) || first.deadlineNanos <= nowNanos)) {
            queue.poll();
            if (!isDead(first)) {
                first.index = Timer.NOWHERE;
                return first;
            }
            dead--;
        }
        return null;
    }

    private static boolean isDead(Timer timer) {
        return timer.index == Timer.NOWHERE;
    }
}
