package io.jvloop.loop;

import java.util.Arrays;

/**
 * The timers of one loop in order of (deadline, sequence): a heap of four children per node, made of numbers.
 *
 * <pre>
 *   heap:   deadlines[i]  slots[i]      sorted as a heap; what moves when timers are added and removed
 *   tables: handles[s]    places[s]     a timer's slot s stays the same as long as it is armed;
 *                                       slots[places[s]] == s
 * </pre>
 *
 * <p><b>Why four children.</b> Half the levels of a binary heap, and the four deadlines compared on a level
 * lie in one cache line.
 *
 * <p><b>Why slots</b> and not the handles themselves in the heap: moving a reference inside an array that has
 * grown old costs a fence in the G1 collector's write barrier, on every level; moving an {@code int} costs
 * nothing.
 *
 * <p><b>Why not a timer wheel</b> (Netty's HashedWheelTimer, Agrona): a wheel is O(1), but coarse and
 * unordered inside a tick; jvloop promises nanosecond deadlines, and FIFO among equal ones.
 *
 * <p><b>Invariants.</b> A parent is never after its children. Slots that no timer has form a list through
 * {@code places}, and their handle is null, so nothing is kept alive.
 */
final class TimerHeap {
    private static final int FANOUT_SHIFT = 2;
    private static final int FANOUT = 1 << FANOUT_SHIFT;

    /**
     * The first place. With the root at 1 the children of every node lie, after the 16 bytes of an array's
     * header, in an aligned half of a cache line.
     */
    private static final int ROOT = 1;

    /** 64 timers take 1.3 KiB: a loop without many timers should stay small. */
    private static final int INITIAL = 64;

    /**
     * A burst's memory is kept while bursts need more than a quarter of it, so that they need not grow it
     * anew.
     */
    private static final int SPARSE = 4;

    private static final int NONE = -1;

    private long[] deadlines;
    private int[] slots;
    private TimerHandle[] handles;
    private int[] places;
    private int end;
    private int usedSlots; // slots below this have been in use since the tables were made
    private int freeSlot; // first of the list of free ones among them, or NONE
    private long sequence;

    TimerHeap() {
        reset();
    }

    int size() {
        return end - ROOT;
    }

    boolean isEmpty() {
        return end == ROOT;
    }

    /** The number the next timer armed will get: timers below it existed before now. */
    long nextSequence() {
        return sequence;
    }

    /** The earliest deadline; the heap must not be empty. */
    long earliestNanos() {
        return deadlines[ROOT];
    }

    /** Adds a timer behind all others of the same deadline. */
    void arm(TimerHandle timer) {
        number(timer);
        add(timer);
    }

    /** Makes a timer the youngest. */
    void number(TimerHandle timer) {
        timer.sequence = sequence++;
    }

    /** Adds a timer that already has its sequence number. */
    void add(TimerHandle timer) {
        if (end == deadlines.length) {
            resize(end * 2);
        }
        int slot = takeSlot();
        timer.slot = slot;
        handles[slot] = timer;
        siftUp(end++, slot, timer.when());
    }

    /** Puts a timer that is in the heap where its new deadline belongs, behind all others of the same. */
    void move(TimerHandle timer) {
        number(timer);
        int slot = timer.slot;
        siftUp(sink(places[slot]), slot, timer.when());
    }

    /** Takes out the first timer if it is due at {@code nowNanos}, else returns null. */
    TimerHandle popDue(long nowNanos) {
        if (isEmpty() || deadlines[ROOT] > nowNanos) {
            return null;
        }
        TimerHandle first = handles[slots[ROOT]];
        remove(first);
        return first;
    }

    /** Takes out a timer wherever it is; one that is not in the heap is ignored. */
    void remove(TimerHandle timer) {
        int slot = timer.slot;
        if (slot < 0) {
            return;
        }
        int hole = places[slot];
        giveSlot(timer);
        int last = --end;
        if (hole != last) {
            siftUp(sink(hole), slots[last], deadlines[last]);
        }
        if (end == ROOT) {
            emptied();
        }
    }

    /** Forgets all timers and returns them, in no particular order. */
    TimerHandle[] clear() {
        TimerHandle[] all = new TimerHandle[size()];
        for (int i = 0; i < all.length; i++) {
            all[i] = handles[slots[ROOT + i]];
            all[i].slot = TimerHandle.NOT_ARMED;
        }
        reset();
        return all;
    }

    /**
     * Lets a hole sink to a leaf along the earliest children; whoever fills it climbs from there. The filler
     * came from a leaf, so it rarely climbs far, and sinking needs no comparison with it (Floyd's trick).
     */
    private int sink(int hole) {
        int size = end;
        int at = hole;
        int child;
        while ((child = (at << FANOUT_SHIFT) - FANOUT / 2) < size) {
            int best = earliestOf(child, Math.min(child + FANOUT, size));
            put(at, slots[best], deadlines[best]);
            at = best;
        }
        return at;
    }

    private int earliestOf(int from, int to) {
        long[] keys = deadlines;
        int best = from;
        long bestKey = keys[from];
        for (int i = from + 1; i < to; i++) {
            long key = keys[i];
            if (key < bestKey || key == bestKey && isOlder(slots[i], slots[best])) {
                best = i;
                bestKey = key;
            }
        }
        return best;
    }

    private void siftUp(int from, int slot, long deadline) {
        int at = from;
        while (at > ROOT) {
            int parent = (at + FANOUT / 2) >> FANOUT_SHIFT;
            long key = deadlines[parent];
            if (key < deadline || key == deadline && isOlder(slots[parent], slot)) {
                break;
            }
            put(at, slots[parent], key);
            at = parent;
        }
        put(at, slot, deadline);
    }

    private boolean isOlder(int slot, int other) {
        return handles[slot].sequence < handles[other].sequence;
    }

    private void put(int place, int slot, long deadline) {
        deadlines[place] = deadline;
        slots[place] = slot;
        places[slot] = place;
    }

    private int takeSlot() {
        int slot = freeSlot;
        if (slot == NONE) {
            return usedSlots++;
        }
        freeSlot = places[slot];
        return slot;
    }

    private void giveSlot(TimerHandle timer) {
        int slot = timer.slot;
        timer.slot = TimerHandle.NOT_ARMED;
        handles[slot] = null;
        places[slot] = freeSlot;
        freeSlot = slot;
    }

    private void resize(int capacity) {
        deadlines = Arrays.copyOf(deadlines, capacity);
        slots = Arrays.copyOf(slots, capacity);
        handles = Arrays.copyOf(handles, capacity);
        places = Arrays.copyOf(places, capacity);
    }

    /** Slots are given out in order again; and memory that was mostly not needed since the last time goes. */
    private void emptied() {
        if (deadlines.length > INITIAL && usedSlots <= deadlines.length / SPARSE) {
            reset();
        }
        usedSlots = 0;
        freeSlot = NONE;
    }

    private void reset() {
        deadlines = new long[INITIAL];
        slots = new int[INITIAL];
        handles = new TimerHandle[INITIAL];
        places = new int[INITIAL];
        end = ROOT;
        usedSlots = 0;
        freeSlot = NONE;
    }
}
