package io.jvloop.alternatives;

/**
 * A simple hashed wheel: a ring of lists, one for each tick of about a millisecond; a timer lies in the list
 * of its tick, modulo the size of the ring.
 *
 * <p>It asks what exact order costs. Arming and cancelling are O(1) here, but timers of one tick fire in any
 * order and only when the tick is over, and a loop that wants to sleep until the earliest timer would have to
 * search the ring for it. Timers more than one round ahead are looked at once per round.
 */
public final class HashedWheel implements TimerStore<HashedWheel.Node> {
    /** 1.05 ms: a power of two is quicker to divide by. */
    private static final int TICK_SHIFT = 20;

    /** A round of 4.3 s. */
    private static final int TICKS = 4096;

    private final Node[] ring = new Node[TICKS];
    private final Node due = new Node(0);
    private long tick; // the first that is not yet over

    /** An element of a ring of such; the lists' heads are nodes too, so no list is ever empty. */
    public static final class Node {
        private final long deadlineNanos;
        private Node previous = this;
        private Node next = this;

        Node(long deadlineNanos) {
            this.deadlineNanos = deadlineNanos;
        }

        private void append(Node last) {
            last.previous = previous;
            last.next = this;
            previous.next = last;
            previous = last;
        }

        private void unlink() {
            previous.next = next;
            next.previous = previous;
            previous = this;
            next = this;
        }
    }

    /** Makes an empty wheel whose time begins at 0. */
    public HashedWheel() {
        for (int i = 0; i < TICKS; i++) {
            ring[i] = new Node(0);
        }
    }

    @Override
    public Node arm(long deadlineNanos) {
        Node node = new Node(deadlineNanos);
        list(Math.max(tick, deadlineNanos >> TICK_SHIFT)).append(node);
        return node;
    }

    @Override
    public void cancel(Node timer) {
        timer.unlink();
    }

    @Override
    public Node popDue(long nowNanos) {
        while (due.next == due && tick < nowNanos >> TICK_SHIFT) {
            collect(list(tick));
            tick++;
        }
        if (due.next == due) {
            return null;
        }
        Node first = due.next;
        first.unlink();
        return first;
    }

    private void collect(Node list) {
        Node next;
        for (Node node = list.next; node != list; node = next) {
            next = node.next;
            if (node.deadlineNanos >> TICK_SHIFT <= tick) {
                node.unlink();
                due.append(node);
            }
        }
    }

    private Node list(long ofTick) {
        return ring[(int) ofTick & TICKS - 1];
    }
}
