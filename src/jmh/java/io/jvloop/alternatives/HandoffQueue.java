package io.jvloop.alternatives;

/**
 * What all ways of queueing callbacks have in common, so that {@code QueueBenchmark} can exchange them.
 *
 * @param <E> an element
 */
public interface HandoffQueue<E> {
    /** Appends, from the thread that also takes out. */
    void add(E element);

    /** Appends, from any other thread. */
    default void post(E element) {
        throw new UnsupportedOperationException("for one thread only");
    }

    /** The first or null. */
    E poll();
}
