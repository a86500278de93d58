package io.jvloop.alternatives;

import java.util.ArrayDeque;

/**
 * An {@link ArrayDeque}, bare for its own thread; what others post waits in a second one under a lock.
 *
 * <p>It asks two things: whether a plain deque would do for the loop's thread (its one array grows old, and
 * then the collector has to hear of every element stored), and whether a lock would do for the others.
 *
 * @param <E> an element
 */
public final class LockedDeque<E> implements HandoffQueue<E> {
    private final ArrayDeque<E> own = new ArrayDeque<>();
    private final ArrayDeque<E> foreign = new ArrayDeque<>();

    @Override
    public void add(E element) {
        own.add(element);
    }

    @Override
    public void post(E element) {
        synchronized (foreign) {
            foreign.add(element);
        }
    }

    @Override
    public E poll() {
        E first = own.poll();
        return first != null ? first : pollForeign();
    }

    private E pollForeign() {
        synchronized (foreign) {
            return foreign.poll();
        }
    }
}
