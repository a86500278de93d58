package io.jvloop.loop;

import static io.jvloop.support.Section.LOOP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What becomes of that which callbacks throw. */
@ExtendWith(LoopExtension.class)
class ErrorsTest {
    private final List<String> log = new ArrayList<>();

    @Test
    @Contract(section = LOOP,
            value = "A callback that throws is reported to the exception handler, and the loop goes on")
    void failingCallbackIsReportedAndTheLoopGoesOn(EventLoop loop, ReportedFailures failures) {
        RuntimeException thrown = new IllegalArgumentException("made by the test");
        Handle handle = loop.callSoon(() -> {
            throw thrown;
        });
        runToTheEnd(loop);
        ExceptionContext context = failures.takeOne();
        assertThat(context.message()).isEqualTo("Exception in callback");
        assertThat(context.exception()).isSameAs(thrown);
        assertThat(context.details()).containsEntry("handle", handle);
        assertThat(loop.stats().failures()).isEqualTo(1);
    }

    @Test
    void failingTimerIsReportedAndTheOtherTimersRun(EventLoop loop, ReportedFailures failures) {
        long when = loop.time();
        TimerHandle timer = loop.callAt(when, () -> {
            throw new IllegalStateException("made by the test");
        });
        loop.callAt(when, () -> log.add("neighbour"));
        runToTheEnd(loop);
        assertThat(failures.takeOne().details()).containsEntry("handle", timer);
        assertThat(log).startsWith("neighbour");
    }

    @Test
    @Contract(section = LOOP,
            value = "A stack overflow, a failed assertion or a missing class ends that callback only")
    void errorsThatAreTheFaultOfOneCallbackAreReported(EventLoop loop, ReportedFailures failures) {
        loop.callSoon(() -> overflow(0));
        loop.callSoon(() -> {
            throw new AssertionError("made by the test");
        });
        loop.callSoon(() -> {
            throw new NoClassDefFoundError("made by the test");
        });
        runToTheEnd(loop);
        assertThat(failures.takeAll()).extracting(ExceptionContext::exception).hasExactlyElementsOfTypes(
                StackOverflowError.class, AssertionError.class, NoClassDefFoundError.class);
    }

    @Test
    @Contract(section = LOOP,
            value = "An exception handler gets the loop and what happened; null restores the default")
    void handlerCanBeSetAndReset(EventLoop loop, ExpectedLogs logs) {
        List<ExceptionContext> seen = new ArrayList<>();
        loop.setExceptionHandler((itsLoop, context) -> {
            assertThat(itsLoop).isSameAs(loop);
            assertThat(itsLoop.inLoop()).isTrue();
            seen.add(context);
        });
        loop.callSoon(() -> fail("first"));
        loop.callSoon(() -> loop.setExceptionHandler(null));
        loop.callSoon(() -> fail("second"));
        runToTheEnd(loop);
        assertThat(seen).singleElement()
                .satisfies(context -> assertThat(context.exception()).hasMessage("first"));
        assertThat(logs.takeOne().getThrown()).hasMessage("second");
    }

    @Test
    @Contract(section = LOOP,
            value = "Without a handler each failure is one log record of System.Logger io.jvloop")
    void defaultHandlerLogsOneRecord(EventLoop loop, ExpectedLogs logs) {
        loop.setExceptionHandler(null);
        loop.callSoon(() -> fail("from a callback"));
        loop.callLater(0, () -> fail("from a timer"));
        runToTheEnd(loop);
        List<LogRecord> records = logs.takeAll();
        assertThat(records).extracting(LogRecord::getLoggerName).containsExactly("io.jvloop", "io.jvloop");
        assertThat(records).extracting(LogRecord::getLevel).containsExactly(Level.SEVERE, Level.SEVERE);
        assertThat(records).extracting(record -> record.getThrown().getMessage())
                .containsExactly("from a callback", "from a timer");
        assertThat(ExpectedLogs.text(records.get(0))).startsWith("Exception in callback")
                .contains("\n  handle: Handle[");
        assertThat(ExpectedLogs.text(records.get(1))).contains("\n  handle: TimerHandle[");
    }

    @Test
    @Contract(section = LOOP,
            value = "If the exception handler throws, both failures are logged and the loop goes on")
    void brokenHandlerIsLoggedTogetherWithTheOriginalFailure(EventLoop loop, ExpectedLogs logs) {
        loop.setExceptionHandler((itsLoop, context) -> {
            throw new IllegalStateException("broken handler");
        });
        loop.callSoon(() -> fail("original"));
        runToTheEnd(loop);
        LogRecord record = logs.takeOne();
        assertThat(ExpectedLogs.text(record)).startsWith("Unhandled error in exception handler")
                .contains("Exception in callback");
        assertThat(record.getThrown()).hasMessage("broken handler");
    }

    @Test
    void logOfABrokenHandlerShowsWhereTheOriginalFailureCameFrom(EventLoop loop, ExpectedLogs logs) {
        loop.setExceptionHandler((itsLoop, context) -> {
            throw new IllegalStateException("broken handler");
        });
        loop.callSoon(() -> fail("original"));
        runToTheEnd(loop);
        String text = logs.takeText();
        assertThat(text).contains("ErrorsTest.fail").contains("original");
        assertThat(text).as("the message of the original failure").contains("IllegalArgumentException");
    }

    @Test
    void handlerThatThrowsAnAssertionErrorDoesNotEndTheLoop(EventLoop loop, ExpectedLogs logs) {
        loop.setExceptionHandler(
                (itsLoop, context) -> assertThat(context.message()).isEqualTo("something else"));
        loop.callSoon(() -> fail("original"));
        runToTheEnd(loop);
        assertThat(logs.takeOne().getThrown()).isInstanceOf(AssertionError.class);
    }

    @Test
    void fatalErrorOfTheHandlerLeavesTheRun(EventLoop loop) {
        loop.setExceptionHandler((itsLoop, context) -> {
            throw new OutOfMemoryError("made by the test");
        });
        loop.callSoon(() -> fail("original"));
        assertThatThrownBy(loop::runForever).isInstanceOf(OutOfMemoryError.class);
    }

    @Test
    @Contract(section = LOOP,
            value = "If even logging fails, the thread's uncaught-exception handler is told")
    void brokenLoggingGoesToTheUncaughtExceptionHandler(EventLoop loop, ExpectedLogs logs) {
        RuntimeException broken = new IllegalStateException("broken log");
        assertThat(uncaught(loop, record -> broken)).singleElement().satisfies(thrown -> {
            assertThat(thrown).hasMessage("broken log");
            assertThat(thrown.getSuppressed()).extracting(Throwable::getMessage).containsExactly("original");
        });
        logs.takeAll();
    }

    @Test
    void logThatThrowsWhatItWasGivenDoesNotEndTheLoop(EventLoop loop, ExpectedLogs logs) {
        assertThat(uncaught(loop, record -> (RuntimeException) record.getThrown())).singleElement()
                .satisfies(thrown -> assertThat(thrown).hasMessage("original").hasNoSuppressedExceptions());
        logs.takeAll();
    }

    /** What reaches the thread's handler if a callback throws "original" and the log throws too. */
    private List<Throwable> uncaught(EventLoop loop,
            Function<LogRecord, RuntimeException> logFailure) {
        Thread self = Thread.currentThread();
        List<Throwable> uncaught = new ArrayList<>();
        Logger logger = Logger.getLogger("io.jvloop");
        Handler broken = new BrokenLogHandler(logFailure);
        logger.addHandler(broken);
        Thread.UncaughtExceptionHandler before = self.getUncaughtExceptionHandler();
        self.setUncaughtExceptionHandler((thread, thrown) -> uncaught.add(thrown));
        try {
            loop.setExceptionHandler(null);
            loop.callSoon(() -> fail("original"));
            runToTheEnd(loop);
        } finally {
            self.setUncaughtExceptionHandler(before);
            logger.removeHandler(broken);
        }
        return uncaught;
    }

    @Test
    void handlerMayAlsoLogTheUsualWay(EventLoop loop, ExpectedLogs logs) {
        loop.setExceptionHandler(EventLoop::defaultExceptionHandler);
        loop.callSoon(() -> fail("both ways"));
        runToTheEnd(loop);
        assertThat(logs.takeOne().getThrown()).hasMessage("both ways");
    }

    @Test
    @Contract(section = LOOP,
            value = "callExceptionHandler reports a failure of the caller's; it throws only fatal errors")
    void callersMayReportFailuresOfTheirOwn(EventLoop loop, ReportedFailures failures) {
        ExceptionContext own = ExceptionContext.of("Something of mine", null).with("transport", "T");
        loop.callExceptionHandler(own);
        assertThat(failures.takeOne()).isSameAs(own);
        ExceptionContext fatal = ExceptionContext.of("The end", new InternalError("made by the test"));
        assertThatThrownBy(() -> loop.callExceptionHandler(fatal)).isSameAs(fatal.exception());
        assertThat(failures.count()).isZero();
    }

    @Test
    @Contract(section = LOOP, value = "The default handler survives an object whose toString fails")
    void defaultHandlerSurvivesABrokenToString(EventLoop loop, ExpectedLogs logs) {
        loop.setExceptionHandler(null);
        loop.callExceptionHandler(ExceptionContext.of("Trouble", null).with("protocol", new Unprintable()));
        assertThat(logs.takeText()).startsWith("Trouble").contains(Unprintable.class.getName());
    }

    /**
     * Two objects that print each other are an easy mistake, and must not turn a report into the end of the
     * loop.
     */
    @Test
    void defaultHandlerSurvivesAToStringThatNeverEnds(EventLoop loop, ExpectedLogs logs) {
        List<Object> endless = new ArrayList<>();
        endless.add(List.of("x", endless));
        loop.setExceptionHandler(null);
        loop.callSoon(() -> loop
                .callExceptionHandler(ExceptionContext.of("Trouble", null).with("protocol", endless)));
        runToTheEnd(loop);
        assertThat(logs.takeText()).startsWith("Trouble").contains("protocol");
    }

    private static void fail(String message) {
        throw new IllegalArgumentException(message);
    }

    private static int overflow(int depth) {
        return overflow(depth + 1) + 1;
    }

    /** The loop is whole if callbacks and timers still run. */
    private void runToTheEnd(EventLoop loop) {
        loop.callSoon(() -> loop.callLater(0, () -> loop.callSoon(() -> {
            log.add("end");
            loop.stop();
        })));
        loop.runForever();
        assertThat(log).endsWith("end");
    }

    private static final class Unprintable {
        @Override
        public String toString() {
            throw new UnsupportedOperationException("no name");
        }
    }

    private static final class BrokenLogHandler extends Handler {
        private final Function<LogRecord, RuntimeException> failure;

        BrokenLogHandler(Function<LogRecord, RuntimeException> failure) {
            this.failure = failure;
        }

        @Override
        public void publish(LogRecord record) {
            throw failure.apply(record);
        }

        @Override
        public void flush() {
            // nothing is buffered
        }

        @Override
        public void close() {
            // nothing is open
        }
    }
}
