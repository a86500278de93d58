package io.jvloop.loop;

/**
 * How often a loop that has callbacks to run also looks at its channels.
 *
 * <p>After every turn, plainly. But a look that finds nothing is a system call and costs as much as dozens of
 * callbacks (see {@code JdkCostsBenchmark}), and with callbacks that go on queueing callbacks the loop would
 * do little else. So once {@value #EMPTY_POLLS} looks in a row have found nothing, the next comes 20 µs after
 * the last.
 *
 * <p>The clock is not free either: it is read when {@code stride} callbacks have run since the last time, a
 * number that doubles while they are quick and falls to 1, which is every turn, when they are not. So slow
 * callbacks do not keep channels waiting for more than their turn; but when quick ones turn slow, that is
 * noticed at the end of the turn with the {@value #MAX_STRIDE}th of them, be they one in each turn or all in
 * one. (A bound in time would need the clock after every callback, and it costs as much as one. Shared among
 * {@value #MAX_STRIDE} it costs a few percent.)
 *
 * <p>A channel that is ready, or a wait, ends all this: the next turns look every time again.
 */
final class PollPacing {
    private static final int EMPTY_POLLS = 32;
    private static final int MAX_STRIDE = 16;
    private static final long QUICK_NANOS = 2_000;
    private static final long POLL_NANOS = 20_000;

    private final Clock clock;
    private int emptyPolls;
    private int stride = 1;
    private int callbacksToClock;
    private long lastClockNanos;
    private long lastPollNanos;

    PollPacing(Clock clock) {
        this.clock = clock;
    }

    /** Whether to look now; asked in turns that have callbacks queued, and have run so many. */
    boolean pollIsDue(int callbacksRun) {
        return emptyPolls < EMPTY_POLLS || (callbacksToClock -= callbacksRun) <= 0 && pollIsDueByClock();
    }

    /** A look that does not wait begins; it counts as empty until a channel is served. */
    void pollBegins() {
        emptyPolls++;
    }

    /** A channel is about to be served, or the loop to wait. */
    void ioSeen() {
        emptyPolls = 0;
    }

    private boolean pollIsDueByClock() {
        long now = clock.nanoTime();
        stride = now - lastClockNanos < QUICK_NANOS ? Math.min(stride * 2, MAX_STRIDE) : 1;
        callbacksToClock = stride;
        lastClockNanos = now;
        if (now - lastPollNanos < POLL_NANOS) {
            return false;
        }
        lastPollNanos = now;
        return true;
    }
}
