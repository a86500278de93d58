package io.jvloop.stream;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * What has arrived and nobody has read yet: an array, from {@code head} to {@code tail}. An empty buffer
 * holds none, so that an idle stream costs nothing.
 *
 * <p>It is one array and not a list of chunks, since separators are looked for in it, across every boundary;
 * and on the heap, since what is read ends up there anyway.
 */
final class StreamBuffer {
    private static final byte[] NONE = {};
    private static final int LEAST_BYTES = 512;

    /** The longest array that every JVM can make. */
    private static final int MOST_BYTES = Integer.MAX_VALUE - 8;

    private byte[] bytes = NONE;
    private int head;
    private int tail;

    int size() {
        return tail - head;
    }

    boolean isEmpty() {
        return head == tail;
    }

    /** Copies all of it to the end. */
    void append(ByteBuffer data) {
        int count = data.remaining();
        makeRoom(count);
        data.get(bytes, tail, count);
        tail += count;
    }

    private void makeRoom(int count) {
        if (bytes.length - tail >= count) {
            return;
        }
        long needed = (long) size() + count;
        if (needed > MOST_BYTES) {
            throw new IllegalStateException("more than 2 GiB wait to be read at once; read them in pieces");
        }
        byte[] target = bytes;
        if (needed > bytes.length / 2) { // else there is room enough at the front
            long capacity = isEmpty() ? needed : Math.min(2 * needed, MOST_BYTES);
            target = new byte[(int) Math.max(LEAST_BYTES, capacity)];
        }
        System.arraycopy(bytes, head, target, 0, size());
        tail -= head;
        head = 0;
        bytes = target;
    }

    /** Takes bytes from the front, at most {@link #size}. */
    byte[] take(int count) {
        byte[] taken = Arrays.copyOfRange(bytes, head, head + count);
        head += count;
        return taken;
    }

    void skip(int count) {
        head += count;
    }

    /** Where the front is now, for {@link #putBack}; valid until the next {@code append} or {@code trim}. */
    int front() {
        return head;
    }

    /** What was taken since is there again. */
    void putBack(int front) {
        head = front;
    }

    /** Lets go of the array if it is empty. */
    void trim() {
        if (isEmpty()) {
            bytes = NONE;
            head = 0;
            tail = 0;
        }
    }

    /**
     * Where a separator begins.
     *
     * @param from first index looked at
     * @return -1 if it is not there
     */
    int indexOf(byte[] separator, int from) {
        int last = tail - separator.length;
        byte first = separator[0];
        for (int i = head + from; i <= last; i++) {
            if (bytes[i] == first
                    && Arrays.equals(bytes, i, i + separator.length, separator, 0, separator.length)) {
                return i - head;
            }
        }
        return -1;
    }
}
