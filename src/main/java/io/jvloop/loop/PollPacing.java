package io.jvloop.loop;

/**
 * How often a loop that has callbacks to run also looks at its channels.
 *
 * <p>After every turn, plainly. But a look that finds nothing is a system call and costs as much as dozens of
 * callbacks (see {@code JdkCostsBenchmark}), and with callbacks that go on queueing callbacks the loop would
 * do little else. So once {@value #EMPTY_POLLS} looks in a row have found nothing, the next comes 20 µs after
 * the last. The clock is not free either: it is read every {@code stride} turns, a number that doubles while
 * these are quick and falls to 1 when they are not, so that slow callbacks do not keep the channels waiting.
 *
 * <p>A channel that is ready, or a wait, ends all this: the next turns look every time again.
 */
final class PollPacing {
    private static final int EMPTY_POLLS = 32;
    private static final int MAX_STRIDE = 64;
    private static final long QUICK_NANOS = 2_000;
    private static final long POLL_NANOS = 20_000;

    private final Clock clock;
    private int emptyPolls;
    private int stride = 1;
    private int turnsToClock;
    private long lastClockNanos;
    private long lastPollNanos;

    PollPacing(Clock clock) {
        this.clock = clock;
    }

    /** Whether to look now; asked in turns that have callbacks queued. */
    boolean pollIsDue() {
        return emptyPolls < EMPTY_POLLS || --turnsToClock <= 0 && pollIsDueByClock();
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
        turnsToClock = stride;
        lastClockNanos = now;
        if (now - lastPollNanos < POLL_NANOS) {
            return false;
        }
        lastPollNanos = now;
        return true;
    }
}
