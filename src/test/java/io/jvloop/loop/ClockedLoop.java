package io.jvloop.loop;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Makes loops with real channels and a clock that shows what a test says, so that timeouts of hours take no
 * time, and do not pass by themselves on a machine that stalls. Run such a loop by turns that do not wait.
 */
public final class ClockedLoop {
    private final AtomicLong now = new AtomicLong(TestLoop.START);
    private final EventLoop loop = new EventLoop(now::get, null);

    /** The loop; whoever made this closes it. */
    public EventLoop loop() {
        return loop;
    }

    /** Lets time pass; timers are due in the next turn. */
    public void advance(Duration time) {
        now.addAndGet(time.toNanos());
    }
}
