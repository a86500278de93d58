package io.jvloop.loop;

/**
 * A plain FIFO of handles for one thread: a chain of small arrays, each filled once and dropped.
 *
 * <p><b>Why not {@code ArrayDeque}.</b> Its one array grows old, and with the G1 collector each store of a
 * young object into an old one costs a processor fence (see {@code JdkCostsBenchmark}) and a
 * card to be scanned later. An array that is dropped while it is young costs 4 bytes of allocation per
 * element instead, and a burst's memory goes back by itself.
 */
final class HandleFifo {
    /** With the link in the last slot, two kilobytes per array. */
    private static final int CHUNK = 512;
    private static final int LINK = CHUNK - 1;

    private Object[] head = new Object[CHUNK];
    private Object[] tail = head;
    private int headIndex;
    private int tailIndex;
    private int size;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    void add(Handle handle) {
        if (tailIndex == LINK) {
            Object[] next = new Object[CHUNK];
            tail[LINK] = next;
            tail = next;
            tailIndex = 0;
        }
        tail[tailIndex++] = handle;
        size++;
    }

    /** The first handle or null. */
    Handle poll() {
        if (size == 0) {
            return null;
        }
        if (headIndex == LINK) {
            Object[] done = head;
            head = (Object[]) done[LINK];
            done[LINK] = null; // or a dropped array that has grown old would make its successors grow old too
            headIndex = 0;
        }
        size--;
        return (Handle) head[headIndex++]; // not cleared: the array goes soon
    }
}
