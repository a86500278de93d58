package io.jvloop.alternatives;

import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The JDK's own lock-free queue, for everything.
 *
 * <p>It asks whether the JCTools dependency earns its place. A node is allocated for each element, and both
 * ends are atomic. The loop also needs the number of elements at the start of a turn, which this queue finds
 * only by walking through all of them; that is not counted here.
 *
 * @param <E> an element
 */
public final class LinkedHandoff<E> implements HandoffQueue<E> {
    private final ConcurrentLinkedQueue<E> queue = new ConcurrentLinkedQueue<>();

    @Override
    public void add(E element) {
        queue.add(element);
    }

    @Override
    public void post(E element) {
        queue.add(element);
    }

    @Override
    public E poll() {
        return queue.poll();
    }
}
