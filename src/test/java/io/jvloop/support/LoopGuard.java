package io.jvloop.support;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import io.jvloop.loop.LoopStats;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.logging.LogRecord;
import java.util.stream.Collectors;

/** A loop for one test, and what must be in order when the test has ended. */
final class LoopGuard {
    private static final String OUR_THREADS = "jvloop-";

    /** A loop that fails in each turn would fill the memory with its own error message. */
    private static final int MOST = 5;

    /** A machine that stalls is no failure of a test in debug mode; a test of slow callbacks sets its own. */
    private static final Duration SLOW = Duration.ofSeconds(60);

    private final int descriptorsBefore = Descriptors.open();
    private final Set<Thread> threadsBefore = ourThreads();
    private final List<String> problems = new ArrayList<>();
    private final List<Throwable> causes = new ArrayList<>();

    final ReportedFailures failures = new ReportedFailures();
    final ExpectedLogs logs = new ExpectedLogs();
    final EventLoop loop = EventLoop.create();

    LoopGuard() {
        loop.setExceptionHandler(failures);
        loop.setSlowCallbackDuration(SLOW);
    }

    /**
     * Closes the loop. Throws an error that names everything that was left behind.
     *
     * @param patience how long threads and descriptors may take to go; the JDK closes some of them late
     */
    void check(Duration patience) {
        long patienceNanos = patience.toNanos();
        try {
            checkLoop(patienceNanos);
        } catch (RuntimeException | Error e) {
            problems.add("the loop cannot be closed: " + e);
            causes.add(e);
        }
        List<ExceptionContext> reported = failures.takeAll();
        reported.stream().limit(MOST).forEach(this::unexpected);
        logs.close();
        List<LogRecord> logged = logs.takeAll();
        logged.stream().limit(MOST).forEach(this::unexpected);
        if (reported.size() > MOST || logged.size() > MOST) {
            problems.add("… " + reported.size() + " failures and " + logged.size() + " log records in all");
        }
        if (!Await.within(patienceNanos, () -> straysNow().isEmpty())) {
            problems.add("threads left running: " + straysNow());
        }
        if (!Await.within(patienceNanos, () -> Descriptors.open() <= descriptorsBefore)) {
            problems.add("descriptors left open: " + (Descriptors.open() - descriptorsBefore));
        }
        if (!problems.isEmpty()) {
            AssertionError error = new AssertionError("After the test:\n- " + String.join("\n- ", problems));
            causes.forEach(error::addSuppressed);
            throw error;
        }
    }

    private void checkLoop(long patienceNanos) {
        if (loop.isRunning()) {
            problems.add("the loop is still running");
            loop.stop();
            if (!Await.within(patienceNanos, () -> !loop.isRunning())) {
                return; // it cannot be looked at, nor closed
            }
        } else if (!loop.isClosed()) {
            checkLeftovers(loop.stats());
        }
        loop.close();
    }

    private void checkLeftovers(LoopStats stats) {
        if (stats.channels() > 0) {
            problems.add("channels left open: " + stats.channels());
        }
        if (stats.timers() > 0) {
            problems.add("timers left armed: " + stats.timers());
        }
        if (stats.buffers() > 0) {
            problems.add("buffers not released: " + stats.buffers());
        }
    }

    private void unexpected(ExceptionContext context) {
        problems.add("reported failure that the test did not take: " + context + " " + context.exception());
        causes.add(context.exception() == null ? new Throwable(context.message()) : context.exception());
    }

    private void unexpected(LogRecord record) {
        problems.add(
                "logged, but not taken by the test: " + record.getLevel() + " " + ExpectedLogs.text(record));
        if (record.getThrown() != null) {
            causes.add(record.getThrown());
        }
    }

    private Set<String> straysNow() {
        Set<Thread> strays = ourThreads();
        strays.removeAll(threadsBefore);
        return strays.stream().map(Thread::getName).collect(Collectors.toSet());
    }

    /** Threads of the library, without those of a pool that wait for work: they end by themselves. */
    private static Set<Thread> ourThreads() {
        Set<Thread> ours = new HashSet<>();
        Thread.getAllStackTraces().forEach((thread, stack) -> {
            if (thread.getName().startsWith(OUR_THREADS) && !isIdle(stack)) {
                ours.add(thread);
            }
        });
        return ours;
    }

    private static boolean isIdle(StackTraceElement[] stack) {
        for (StackTraceElement frame : stack) {
            if (frame.getMethodName().equals("getTask")
                    && frame.getClassName().endsWith("ThreadPoolExecutor")) {
                return true;
            }
        }
        return false;
    }
}
