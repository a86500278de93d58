package io.jvloop.loop;

/**
 * A callback with a deadline: what {@link EventLoop#callLater} and {@link EventLoop#callAt} return.
 *
 * <p>It knows its place in the heap, so that cancelling is O(log n) and leaves no corpse behind. (asyncio
 * only marks a cancelled timer and purges when more than half are dead; a server that sets a timeout per
 * request then drags thousands along.)
 *
 * <p>Read next: {@link TimerHeap}.
 */
public final class TimerHandle extends Handle {
    static final int NOT_ARMED = -1;

    private final Reactor reactor;
    private final long deadlineNanos;

    /** Order of arming; breaks ties between equal deadlines. */
    long sequence;

    /** Its slot in the heap's tables while armed; written by {@link TimerHeap} only. */
    int slot = NOT_ARMED;

    TimerHandle(Reactor reactor, Runnable callback, long deadlineNanos, Throwable creation) {
        super(callback, creation);
        this.reactor = reactor;
        this.deadlineNanos = deadlineNanos;
    }

    /**
     * When the callback is due, on the clock of {@link EventLoop#time()}.
     *
     * @return nanoseconds; stays valid after the timer has fired or was cancelled
     */
    public long when() {
        return deadlineNanos;
    }

    /** {@inheritDoc} A cancelled timer leaves the heap at once. */
    @Override
    public void cancel() {
        if (isPending()) {
            super.cancel();
            reactor.disarm(this);
        }
    }

    @Override
    public String toString() {
        return "TimerHandle[" + describe() + ", when=" + deadlineNanos + " ns]";
    }
}
