package io.jvloop.loop;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.LOOP;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.ReportedFailures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The selector's traps. */
@ExtendWith(LoopExtension.class)
class SelectorPollerTest {
    private static final int PREMATURE_LIMIT = 512;

    private final List<ScriptedSelector> selectors = new ArrayList<>();
    private final List<String> log = new ArrayList<>();

    @Test
    void timeoutsAreRoundedUpToMilliseconds(EventLoop loop) {
        SelectorPoller poller = new SelectorPoller(loop, new Diagnostics(loop), this::next);
        selectors.get(0).script = millis -> true;
        for (long nanos : new long[] {1, 999_999, 1_000_000, 1_000_001, 2_500_000, Clock.MAX_DELAY_NANOS}) {
            poller.poll(nanos);
        }
        poller.close();
        assertThat(selectors.get(0).waits).containsExactly(1L, 1L, 1L, 2L, 3L,
                Clock.MAX_DELAY_NANOS / 1_000_000);
    }

    @Test
    void zeroTimeoutDoesNotWaitAndOnlyForeverWaitsForEver(EventLoop loop) {
        SelectorPoller poller = new SelectorPoller(loop, new Diagnostics(loop), this::next);
        poller.poll(0);
        assertThat(selectors.get(0).looks).isEqualTo(1);
        assertThat(selectors.get(0).waits).isEmpty();
        poller.wakeup();
        poller.poll(Poller.FOREVER);
        poller.close();
        assertThat(selectors.get(0).waits).containsExactly(0L);
    }

    @Test
    void waitLastsAsLongAsAsked(EventLoop loop) {
        SelectorPoller poller = new SelectorPoller(loop, new Diagnostics(loop), this::next);
        long start = System.nanoTime();
        poller.poll(20_000_000);
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(20_000_000);
        poller.close();
    }

    @Test
    @Contract(section = BETTER,
            value = "A selector that keeps returning for nothing is replaced; its channels move along")
    void selectorThatReturnsForNothingIsReplaced(ReportedFailures failures) throws IOException {
        Pipe pipe = Pipe.open();
        try (EventLoop loop = LatePoller.loop(this::next, failures)) {
            selectors.get(0).script = millis -> true;
            Registration reader =
                    loop.register(pipe.source(), SelectionKey.OP_READ, ops -> stop(loop, "read " + ops));
            pipe.sink().write(ByteBuffer.allocate(1));
            loop.runForever();
            assertThat(log).containsExactly("read " + SelectionKey.OP_READ, "read " + SelectionKey.OP_READ);
            assertThat(selectors.get(0).waits).hasSize(PREMATURE_LIMIT);
            assertThat(selectors.get(0).isOpen()).isFalse();
            assertThat(selectors).hasSize(2);
            assertThat(loop.stats().selectorRebuilds()).isEqualTo(1);
            assertThat(loop.stats().channels()).isEqualTo(1);
            assertThat(failures.takeOne().message()).contains("returned 512 times in a row for nothing");
            reader.interest(0);
            loop.callLater(0, loop::stop);
            loop.runForever();
            assertThat(log).as("the registration controls its new key").hasSize(2);
            reader.close();
        }
        pipe.sink().close();
    }

    @Test
    void pausedChannelStaysPausedOnTheNewSelector(ReportedFailures failures) throws IOException {
        Pipe pipe = Pipe.open();
        try (EventLoop loop = LatePoller.loop(this::next, stoppingAt(failures))) {
            selectors.get(0).script = millis -> true;
            Registration reader = loop.register(pipe.source(), 0, ops -> log.add("read"));
            pipe.sink().write(ByteBuffer.allocate(1));
            TimerHandle far = loop.callLater(Duration.ofDays(1), () -> log.add("never"));
            loop.runForever();
            far.cancel();
            assertThat(loop.stats().selectorRebuilds()).isEqualTo(1);
            assertThat(log).isEmpty();
            failures.takeOne();
            reader.interest(SelectionKey.OP_READ);
            turn(loop);
            assertThat(log).containsExactly("read");
            reader.close();
        }
        pipe.sink().close();
    }

    @Test
    void returnsForNothingAreForgivenWhenAChannelIsServedInBetween(ReportedFailures failures)
            throws IOException {
        Pipe pipe = Pipe.open();
        try (EventLoop loop = LatePoller.loop(this::next, failures)) {
            ScriptedSelector selector = selectors.get(0);
            selector.script = millis -> selector.waits.size() % PREMATURE_LIMIT != 0;
            Registration reader = loop.register(pipe.source(), SelectionKey.OP_READ, ops -> {
                log.add("read");
                if (log.size() == 3) {
                    loop.stop();
                }
            });
            pipe.sink().write(ByteBuffer.allocate(1));
            loop.runForever();
            assertThat(selector.waits).hasSize(3 * PREMATURE_LIMIT);
            assertThat(loop.stats().selectorRebuilds()).isZero();
            reader.close();
        }
        pipe.sink().close();
    }

    @Test
    void returnsForNothingBeforeATimerAreCountedToo(ReportedFailures failures) {
        try (EventLoop loop = LatePoller.loop(this::next, stoppingAt(failures))) {
            selectors.get(0).script = millis -> true;
            TimerHandle far = loop.callLater(Duration.ofSeconds(1000), () -> log.add("far"));
            loop.runForever();
            far.cancel();
            assertThat(selectors.get(0).waits).hasSize(PREMATURE_LIMIT);
            assertThat(failures.takeOne().message()).contains("for nothing");
            assertThat(loop.stats().selectorRebuilds()).isEqualTo(1);
        }
    }

    @Test
    void waitsThatLastTheirTimeAreNotForNothing(EventLoop loop) {
        SelectorPoller poller = new SelectorPoller(loop, new Diagnostics(loop), this::next);
        for (int i = 0; i <= PREMATURE_LIMIT; i++) {
            poller.poll(500_000);
        }
        poller.close();
        assertThat(poller.rebuilds()).isZero();
    }

    @Test
    void wakeUpsAreNotForNothing(EventLoop loop) {
        try (LoopThread thread = LoopThread.start(loop)) {
            for (int i = 0; i < 3 * PREMATURE_LIMIT; i++) {
                int number = i;
                assertThat(thread.call(() -> number)).isEqualTo(number);
            }
            assertThat(thread.call(loop::stats).selectorRebuilds()).isZero();
        }
    }

    @Test
    @Contract(section = BETTER,
            value = "If polling itself fails, that is reported and the loop goes on with a new selector")
    void selectorThatFailsIsReplaced(ReportedFailures failures) throws IOException {
        Pipe pipe = Pipe.open();
        IOException broken = new IOException("epoll is broken");
        try (EventLoop loop = LatePoller.loop(this::next, failures)) {
            selectors.get(0).script = millis -> {
                throw broken;
            };
            Registration reader =
                    loop.register(pipe.source(), SelectionKey.OP_READ, ops -> stop(loop, "read"));
            pipe.sink().write(ByteBuffer.allocate(1));
            loop.runForever();
            assertThat(log).isNotEmpty().containsOnly("read");
            assertThat(loop.stats().selectorRebuilds()).isEqualTo(1);
            ExceptionContext context = failures.takeOne();
            assertThat(context.exception()).isSameAs(broken);
            assertThat(context.message()).contains("replaced");
            reader.close();
        }
        pipe.sink().close();
    }

    @Test
    @Contract(section = LOOP,
            value = "An interrupt of the loop's thread is reported once and cleared, and the loop goes on")
    void interruptIsReportedOnceAndCleared(EventLoop loop, ReportedFailures failures) {
        loop.setExceptionHandler((self, reported) -> {
            failures.handle(self, reported);
            loop.callLater(Duration.ofMillis(5), () -> stop(loop, "timer"));
        });
        loop.callSoon(Thread.currentThread()::interrupt);
        loop.runForever();
        assertThat(Thread.interrupted()).isFalse();
        assertThat(log).containsExactly("timer");
        ExceptionContext context = failures.takeOne();
        assertThat(context.exception()).isInstanceOf(InterruptedException.class);
        assertThat(context.message()).contains("interrupted").contains("stop()");
        assertThat(loop.stats().turns()).isLessThan(20);
    }

    @Test
    void interruptFromOutsideIsReportedAndTheLoopStillWorks(EventLoop loop, ReportedFailures failures) {
        try (LoopThread thread = LoopThread.start(loop)) {
            thread.thread().interrupt();
            Await.until("the report", () -> failures.count() == 1);
            assertThat(thread.call(() -> "works")).isEqualTo("works");
        }
        assertThat(failures.takeOne().exception()).isInstanceOf(InterruptedException.class);
    }

    @Test
    void keyCancelledBehindOurBackIsNoFailure(ReportedFailures failures) throws IOException {
        Pipe first = Pipe.open();
        Pipe second = Pipe.open();
        try (EventLoop loop = LatePoller.loop(this::next, failures)) {
            IoHandler cancelsBoth = ops -> {
                log.add("served");
                selectors.get(0).keys().forEach(SelectionKey::cancel);
            };
            Registration one = loop.register(first.source(), SelectionKey.OP_READ, cancelsBoth);
            Registration two = loop.register(second.source(), SelectionKey.OP_READ, cancelsBoth);
            first.sink().write(ByteBuffer.allocate(1));
            second.sink().write(ByteBuffer.allocate(1));
            turn(loop);
            turn(loop);
            assertThat(log).containsExactly("served");
            one.interest(0);
            one.close();
            two.close();
        }
        first.sink().close();
        second.sink().close();
    }

    private Selector next() {
        ScriptedSelector selector = new ScriptedSelector();
        selectors.add(selector);
        return selector;
    }

    /** Takes note of a failure and stops the loop. */
    private static ExceptionHandler stoppingAt(ReportedFailures failures) {
        return (loop, context) -> {
            failures.handle(loop, context);
            loop.stop();
        };
    }

    private void stop(EventLoop loop, String message) {
        log.add(message);
        loop.stop();
    }

    private static void turn(EventLoop loop) {
        loop.stop();
        loop.runForever();
    }
}
