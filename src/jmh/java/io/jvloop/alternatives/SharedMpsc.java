package io.jvloop.alternatives;

import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;

/**
 * One queue for the loop's own callbacks and for those of others, as in Netty.
 *
 * <p>It asks what the second queue of jvloop's {@code CallbackQueue} saves. This is simpler and gives one
 * order for nothing; but the loop's own thread, from which nearly all callbacks come, pays for an atomic
 * operation each time.
 *
 * @param <E> an element
 */
public final class SharedMpsc<E> implements HandoffQueue<E> {
    private final MpscUnboundedAtomicArrayQueue<E> queue = new MpscUnboundedAtomicArrayQueue<>(1024);

    @Override
    public void add(E element) {
        queue.offer(element);
    }

    @Override
    public void post(E element) {
        queue.offer(element);
    }

    @Override
    public E poll() {
        return queue.poll();
    }
}
