package io.jvloop.alternatives;

import java.util.Arrays;

/**
 * The textbook's heap: two children per node, made of the timers themselves, each of which knows its index.
 *
 * <p>It asks what the two unusual things about jvloop's heap are worth, its four children per node and its
 * being made of numbers. Here every comparison loads an object from somewhere in memory, and every move
 * stores a reference into an array that with many timers has grown old, which the collector wants to know.
 */
public final class BinaryHandleHeap implements TimerStore<Timer> {
    private Timer[] heap = new Timer[64];
    private int size;
    private long sequence;

    @Override
    public Timer arm(long deadlineNanos) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, size * 2);
        }
        Timer timer = new Timer(deadlineNanos, sequence++);
        siftUp(size++, timer);
        return timer;
    }

    @Override
    public void cancel(Timer timer) {
        int hole = timer.index;
        if (hole == Timer.NOWHERE) {
            return;
        }
        timer.index = Timer.NOWHERE;
        Timer last = heap[--size];
        heap[size] = null;
        if (last != timer) {
            siftDown(hole, last);
            if (last.index == hole) {
                siftUp(hole, last);
            }
        }
    }

    @Override
    public Timer popDue(long nowNanos) {
        if (size == 0 || heap[0].deadlineNanos > nowNanos) {
            return null;
        }
        Timer first = heap[0];
        cancel(first);
        return first;
    }

    private void siftUp(int from, Timer timer) {
        int at = from;
        while (at > 0) {
            int parent = (at - 1) >> 1;
            if (heap[parent].isBefore(timer)) {
                break;
            }
            put(at, heap[parent]);
            at = parent;
        }
        put(at, timer);
    }

    private void siftDown(int from, Timer timer) {
        int at = from;
        int child;
        while ((child = 2 * at + 1) < size) {
            if (child + 1 < size && heap[child + 1].isBefore(heap[child])) {
                child++;
            }
            if (timer.isBefore(heap[child])) {
                break;
            }
            put(at, heap[child]);
            at = child;
        }
        put(at, timer);
    }

    private void put(int index, Timer timer) {
        heap[index] = timer;
        timer.index = index;
    }
}
