package io.jvloop.support;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import io.jvloop.loop.ExceptionHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * The exception handler of a loop under test. A test that expects a failure takes it; one that nobody took
 * fails the test. Any thread.
 */
public final class ReportedFailures implements ExceptionHandler {
    private final LinkedBlockingQueue<ExceptionContext> contexts = new LinkedBlockingQueue<>();

    @Override
    public void handle(EventLoop loop, ExceptionContext context) {
        contexts.add(context);
    }

    /** How many wait to be taken. */
    public int count() {
        return contexts.size();
    }

    /** Takes the one failure there is; none, or more than one, is an error. */
    public ExceptionContext takeOne() {
        List<ExceptionContext> all = takeAll();
        if (all.size() != 1) {
            throw new AssertionError("expected one reported failure, not " + all.size() + ": " + all);
        }
        return all.get(0);
    }

    /** Takes all failures, in the order they were reported. */
    public List<ExceptionContext> takeAll() {
        List<ExceptionContext> all = new ArrayList<>();
        contexts.drainTo(all);
        return all;
    }
}
