package io.jvloop.loop;

/**
 * Whether a busy loop lets others have the core before it sleeps.
 *
 * <p>Those who talk to a loop often share its core: a proxy, a database, a container's other half, a load
 * generator. The first answer of a turn wakes them, the loop finds nothing more to do and sleeps, their next
 * request wakes it: the two take turns for every few messages, and each turn is a sleep, a wake-up and a
 * poll. If the loop yields before it sleeps, the others first get through all that the turn has given them,
 * and the next poll finds all that they want next. {@code epoll_wait} itself knows no "not before ten are
 * ready". A sleep of a few microseconds would do it too, but a thread that asks for one is woken after fifty
 * at the earliest.
 *
 * <p>Three rules keep the price down.
 * <ul>
 * <li>Only after a poll that found {@value #BUSY_CHANNELS} channels, and no timer is near. So a loop with
 * little to do, where each microsecond may count, never yields.
 * <li>Nobody wanted the core: {@value #TIMES_ALONE} such yields in a row, and it is left alone for the next
 * {@value #SKIPPED} times.
 * <li>Somebody takes the core for longer than what comes of it explains, as a thread that computes does. It
 * would take a whole slice of the scheduler each time, while a thread that wakes up gets the core at once. So
 * when the last {@value #WINDOW} or so took too long together, the next comes 10 ms later, then after twice
 * the time, up to a third of a second, until they are worth their time again. (A single one proves nothing:
 * something else runs now and then, and the slice of who computes may be near its end.)
 * </ul>
 */
final class YieldPacing {
    private static final int BUSY_CHANNELS = 8;
    private static final int TIMES_ALONE = 8;
    private static final int SKIPPED = 256;
    private static final int WINDOW = 8;
    private static final long NONE = -1;
    private static final long ALONE_NANOS = 2_000;
    private static final long NANOS_PER_CHANNEL = 32_000; // a system call or two on both sides, and some work
    private static final long TIMER_NANOS = 5_000_000;
    private static final long FIRST_BACK_OFF_NANOS = 10_000_000;
    private static final long LONGEST_BACK_OFF_NANOS = 320_000_000;

    private final Clock clock;
    private final Runnable letOthersRun;
    private int lastFound;
    private long yieldNanos = NONE; // how long the last one took that has not been judged yet
    private int alone; // in a row
    private int skips;
    private long spentNanos; // of late, fading
    private long worthNanos; // that what was found may have cost
    private long backOffNanos;
    private long backOffEnd;

    YieldPacing(Clock clock, Runnable letOthersRun) {
        this.clock = clock;
        this.letOthersRun = letOthersRun;
    }

    /** The loop is about to wait for channels, or for a timer. Says how long it takes. */
    long beforeSleep(long timeoutNanos) {
        if (lastFound < BUSY_CHANNELS || timeoutNanos < TIMER_NANOS || !isWorthATry()) {
            return 0;
        }
        long start = clock.nanoTime();
        letOthersRun.run();
        yieldNanos = clock.nanoTime() - start;
        return yieldNanos;
    }

    private boolean isWorthATry() {
        if (skips > 0) {
            skips--;
            return false;
        }
        return backOffNanos == 0 || clock.nanoTime() >= backOffEnd;
    }

    /** A poll has found so many channels ready. */
    void found(int channels) {
        lastFound = channels;
        if (yieldNanos != NONE) {
            judge(channels);
            yieldNanos = NONE;
        }
    }

    private void judge(int channels) {
        if (yieldNanos < ALONE_NANOS) {
            alone++;
            if (alone == TIMES_ALONE) {
                alone = 0;
                skips = SKIPPED;
            }
            return;
        }
        alone = 0;
        long worth = NANOS_PER_CHANNEL * Math.max(channels, BUSY_CHANNELS);
        spentNanos += yieldNanos - spentNanos / WINDOW;
        worthNanos += worth - worthNanos / WINDOW;
        if (spentNanos <= worthNanos) {
            backOffNanos = 0;
        } else if (yieldNanos > worth) {
            backOff();
        }
    }

    private void backOff() {
        backOffNanos = Math.min(Math.max(2 * backOffNanos, FIRST_BACK_OFF_NANOS), LONGEST_BACK_OFF_NANOS);
        backOffEnd = clock.nanoTime() + backOffNanos;
    }
}
