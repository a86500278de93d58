package io.jvloop.loop;

import static io.jvloop.support.Section.CONSTANTS;
import static io.jvloop.support.Section.LOOP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.ReportedFailures;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Debug mode: foreign threads, slow callbacks, and who scheduled what. */
@ExtendWith(LoopExtension.class)
class DebugModeTest {
    private static final long SLOW = 100_000_000;

    private final List<String> log = new ArrayList<>();

    @Test
    @Contract(section = LOOP,
            value = "Debug mode can be switched at any time, and is on at first with -Djvloop.debug=true")
    void debugModeCanBeSwitched(EventLoop loop) {
        assertThat(loop.isDebug()).isFalse();
        loop.setDebug(true);
        assertThat(loop.isDebug()).isTrue();
        loop.callSoon(() -> loop.setDebug(false));
        loop.callSoon(() -> log.add("debug " + loop.isDebug()));
        loop.stop();
        loop.runForever();
        assertThat(log).containsExactly("debug false");
    }

    @Test
    void propertySwitchesDebugModeOn() {
        System.setProperty("jvloop.debug", "true");
        try (EventLoop debugging = EventLoop.create()) {
            assertThat(debugging.isDebug()).isTrue();
        } finally {
            System.clearProperty("jvloop.debug");
        }
    }

    @Test
    @Contract(section = LOOP,
            value = "In debug mode callSoon, callLater and callAt of a running loop refuse foreign threads")
    void callsOfAForeignThreadAreRefused(EventLoop loop) {
        loop.setDebug(true);
        try (LoopThread thread = LoopThread.start(loop)) {
            assertRefused(loop);
            try (EventLoop other = EventLoop.create()) {
                other.callSoon(() -> {
                    assertRefused(loop);
                    log.add("refused inside another loop too");
                });
                other.stop();
                other.runForever();
            }
            assertThat(thread.call(loop::stats))
                    .matches(stats -> stats.timers() == 0 && stats.callbacks() == 0);
        }
        assertThat(log).containsExactly("refused inside another loop too");
    }

    private static void assertRefused(EventLoop loop) {
        Runnable never = () -> {
            throw new AssertionError("must not run");
        };
        assertThatIllegalStateException().isThrownBy(() -> loop.callSoon(never))
                .withMessageContaining("callSoon");
        assertThatIllegalStateException().isThrownBy(() -> loop.callLater(0, never))
                .withMessageContaining("callLater");
        assertThatIllegalStateException().isThrownBy(() -> loop.callAt(0, never))
                .withMessageContaining("callAt");
        assertThatIllegalStateException().isThrownBy(() -> loop.callLater(Duration.ZERO, never))
                .withMessageContaining("Non-thread-safe operation");
    }

    @Test
    void callSoonThreadsafeIsNeverRefused(EventLoop loop) {
        loop.setDebug(true);
        CountDownLatch ran = new CountDownLatch(2);
        try (LoopThread thread = LoopThread.start(loop)) {
            loop.callSoonThreadsafe(ran::countDown);
            loop.execute(ran::countDown);
            Await.latch(ran);
            assertThat(thread.call(loop::isDebug)).isTrue();
        }
    }

    @Test
    @Contract(section = LOOP,
            value = "Without debug mode callbacks scheduled by a foreign thread run on the loop all the same")
    void withoutDebugModeCallsOfAForeignThreadAreCarriedOutOnTheLoop(EventLoop loop) {
        CountDownLatch ran = new CountDownLatch(3);
        try (LoopThread thread = LoopThread.start(loop)) {
            Runnable task = () -> {
                if (loop.inLoop()) {
                    ran.countDown();
                }
            };
            loop.callSoon(task);
            loop.callLater(1_000_000, task);
            loop.callAt(loop.time(), task);
            Await.latch(ran);
            assertThat(thread.thread().isAlive()).isTrue();
        }
    }

    @Test
    void loopThatDoesNotRunRefusesNobody(EventLoop loop) throws InterruptedException {
        loop.setDebug(true);
        Thread setUp = new Thread(() -> {
            loop.callSoon(() -> log.add("callback"));
            loop.callLater(0, () -> log.add("timer"));
        });
        setUp.start();
        setUp.join();
        loop.stop();
        loop.runForever();
        assertThat(log).containsExactly("callback", "timer");
    }

    @Test
    @Contract(section = LOOP,
            value = "In debug mode each slow callback or timer is logged once, with the name of its class")
    void slowCallbacksAndTimersAreLoggedOnceWithTheirName(ExpectedLogs logs) {
        try (TestLoop test = new TestLoop()) {
            test.loop.setDebug(true);
            test.loop.callSoon(() -> test.advance(SLOW + 1));
            test.loop.callSoon(new SlowTask(test));
            test.loop.callLater(0, () -> test.advance(3 * SLOW));
            test.loop.callSoon(() -> log.add("quick"));
            test.runUntilIdle();
        }
        List<LogRecord> records = logs.takeAll();
        assertThat(records).extracting(LogRecord::getLevel).containsOnly(Level.WARNING);
        assertThat(ExpectedLogs.texts(records)).containsExactly(
                "Executing io.jvloop.loop.DebugModeTest (lambda) took 0.100 seconds",
                "Executing io.jvloop.loop.DebugModeTest$SlowTask took 0.250 seconds",
                "Executing io.jvloop.loop.DebugModeTest (lambda) took 0.300 seconds");
    }

    @Test
    @Contract(section = CONSTANTS,
            value = "A callback is slow if it takes more than 100 ms, unless set otherwise")
    void aTenthOfASecondIsNotYetSlow(ExpectedLogs logs) {
        try (TestLoop test = new TestLoop()) {
            test.loop.setDebug(true);
            test.loop.callSoon(() -> test.advance(SLOW));
            test.turn();
            assertThat(logs.count()).isZero();
            test.loop.setSlowCallbackDuration(Duration.ofNanos(SLOW - 1));
            test.loop.callSoon(() -> test.advance(SLOW));
            test.turn();
        }
        assertThat(logs.takeText()).startsWith("Executing ");
    }

    @Test
    void withoutDebugModeNothingIsTimed(ExpectedLogs logs) {
        try (TestLoop test = new TestLoop()) {
            test.loop.callSoon(() -> test.advance(10 * SLOW));
            test.loop.callLater(0, () -> test.advance(10 * SLOW));
            test.runUntilIdle();
        }
        assertThat(logs.count()).isZero();
    }

    @Test
    void slowCallbackThatFailsIsReportedAndLogged(ExpectedLogs logs) {
        try (TestLoop test = new TestLoop()) {
            test.loop.setDebug(true);
            test.loop.callSoon(() -> {
                test.advance(2 * SLOW);
                throw new IllegalStateException("made by the test");
            });
            test.turn();
            assertThat(test.failures).singleElement()
                    .satisfies(context -> assertThat(context.exception()).hasMessage("made by the test"));
            test.failures.clear();
        }
        assertThat(logs.takeText()).contains("0.200 seconds");
    }

    @Test
    @Contract(section = LOOP,
            value = "In debug mode a slow channel handler is logged once, with the name of its class")
    void slowChannelHandlerIsLoggedOnceWithItsName(EventLoop loop, ExpectedLogs logs) throws IOException {
        loop.setDebug(true);
        loop.setSlowCallbackDuration(Duration.ofMillis(1));
        Pipe pipe = Pipe.open();
        Registration reader = loop.register(pipe.source(), SelectionKey.OP_READ, new SlowHandler(loop, pipe));
        pipe.sink().write(ByteBuffer.allocate(1));
        loop.runForever();
        reader.close();
        pipe.sink().close();
        assertThat(logs.takeText())
                .matches("Executing .*SlowHandler.* took \\d.\\d+ seconds");
    }

    /** The name is only for a message; a handler that cannot tell it must be served all the same. */
    @Test
    void handlerThatCannotPrintItselfIsServedInDebugMode(EventLoop loop) throws IOException {
        loop.setDebug(true);
        Pipe pipe = Pipe.open();
        UnprintableHandler handler = new UnprintableHandler();
        Registration reader = loop.register(pipe.source(), SelectionKey.OP_READ, handler);
        pipe.sink().write(ByteBuffer.allocate(1));
        loop.stop();
        loop.runForever();
        reader.close();
        pipe.sink().close();
        assertThat(handler.served).isTrue();
    }

    @Test
    @Contract(section = LOOP,
            value = "In debug mode the report of a failed callback tells where it was scheduled")
    void reportTellsWhereTheCallbackWasScheduledInDebugModeOnly(EventLoop loop, ReportedFailures failures) {
        for (boolean debug : List.of(true, false)) {
            loop.setDebug(debug);
            Runnable failing = () -> {
                throw new IllegalStateException("made by the test");
            };
            loop.callSoon(failing);
            loop.callSoonThreadsafe(failing);
            loop.callLater(0, failing);
            loop.stop();
            loop.runForever();
            List<ExceptionContext> contexts = failures.takeAll();
            assertThat(contexts).hasSize(3);
            for (ExceptionContext context : contexts) {
                if (debug) {
                    assertThat(context.details().get("created")).isInstanceOfSatisfying(Throwable.class,
                            created -> assertThat(created.getStackTrace())
                                    .extracting(StackTraceElement::getMethodName)
                                    .contains("reportTellsWhereTheCallbackWasScheduledInDebugModeOnly"));
                } else {
                    assertThat(context.details()).doesNotContainKey("created");
                }
            }
        }
    }

    private record SlowTask(TestLoop test) implements Runnable {
        @Override
        public void run() {
            test.advance(250_000_000);
        }
    }

    private record SlowHandler(EventLoop loop, Pipe pipe) implements IoHandler {
        @Override
        public void ready(int ops) {
            try {
                pipe.source().read(ByteBuffer.allocate(1));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            Await.block(3_000_000);
            loop.stop();
        }
    }

    private static final class UnprintableHandler implements IoHandler {
        private boolean served;

        @Override
        public void ready(int ops) {
            served = true;
        }

        @Override
        public String toString() {
            throw new UnsupportedOperationException("no name");
        }
    }
}
