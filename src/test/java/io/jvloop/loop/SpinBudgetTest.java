package io.jvloop.loop;

import static io.jvloop.support.Section.BETTER;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.ReportedFailures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Looking for work without sleeping, for those who ask for it. */
@ExtendWith(LoopExtension.class)
class SpinBudgetTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    private final ScriptedSelector selector = new ScriptedSelector();
    private final List<String> log = new ArrayList<>();

    @Test
    void withoutABudgetTheLoopSleepsAtOnce(ReportedFailures failures) {
        try (EventLoop loop = LatePoller.loop(() -> selector, failures)) {
            int runs = runUntilItSlept(loop);
            assertThat(selector.waits).isNotEmpty();
            assertThat(selector.looks).as("the turns after stop()").isLessThanOrEqualTo(2 * runs);
        }
    }

    @Test
    @Contract(section = BETTER,
            value = "With a spin budget the loop looks for work that long before it sleeps")
    void withinTheBudgetTheLoopNeverSleeps(ReportedFailures failures) throws IOException {
        Pipe pipe = Pipe.open();
        try (EventLoop loop = LatePoller.loop(() -> selector, failures)) {
            loop.setSpinBudget(LONG);
            Registration reader = loop.register(pipe.source(), SelectionKey.OP_READ, ops -> {
                log.add("channel");
                loop.stop();
            });
            loop.callLater(Duration.ofMillis(3), () -> {
                log.add("timer");
                write(pipe);
            });
            loop.runForever();
            assertThat(log).startsWith("timer", "channel");
            assertThat(selector.waits).isEmpty();
            assertThat(selector.looks).isGreaterThan(2);
            reader.close();
        }
        pipe.sink().close();
    }

    @Test
    void whenTheBudgetIsSpentTheLoopSleeps(ReportedFailures failures) {
        try (EventLoop loop = LatePoller.loop(() -> selector, failures)) {
            loop.setSpinBudget(Duration.ofNanos(50_000));
            runUntilItSlept(loop);
            assertThat(selector.waits).isNotEmpty();
            assertThat(selector.looks).isPositive();
        }
    }

    @Test
    void partOfAMillisecondIsSpunNotSlept(EventLoop loop) {
        SelectorPoller poller = new SelectorPoller(loop, new Diagnostics(loop), () -> selector);
        selector.script = millis -> true;
        poller.spinNanos(1);
        poller.poll(2_900_000);
        poller.poll(900_000);
        poller.close();
        assertThat(selector.waits).containsExactly(2L, 1L);
    }

    @Test
    void postsWakeALoopThatSpins(EventLoop loop) {
        loop.setSpinBudget(LONG);
        try (LoopThread thread = LoopThread.start(loop)) {
            for (int i = 0; i < 100; i++) {
                int number = i;
                assertThat(thread.call(() -> number)).isEqualTo(number);
            }
        }
    }

    @Test
    void budgetCanBeTakenBack(ReportedFailures failures) {
        try (EventLoop loop = LatePoller.loop(() -> selector, failures)) {
            loop.setSpinBudget(LONG);
            loop.setSpinBudget(Duration.ZERO);
            runUntilItSlept(loop);
            assertThat(selector.waits).isNotEmpty();
        }
    }

    /** On a slow machine a timer may be due before the loop gets to sleep; then once more. */
    private int runUntilItSlept(EventLoop loop) {
        int runs = 0;
        while (runs < 100 && selector.waits.isEmpty()) {
            loop.callLater(Duration.ofMillis(5), loop::stop);
            loop.runForever();
            runs++;
        }
        return runs;
    }

    private static void write(Pipe pipe) {
        try {
            pipe.sink().write(ByteBuffer.allocate(1));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
