package io.jvloop.loop;

import static io.jvloop.support.Section.BETTER;
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
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A wake-up is a system call: it is made once per sleep, and not at all for a loop that is awake. */
@ExtendWith(LoopExtension.class)
class WakeUpTest {
    private final ScriptedSelector selector = new ScriptedSelector();

    @Test
    @Contract(section = BETTER, value = "Posting to a loop that is awake costs no system call")
    void postsDuringATimerAfterASleepWakeNobody(ReportedFailures failures) {
        try (EventLoop loop = LatePoller.loop(() -> selector, failures)) {
            // a slow machine may be late for the timer, so that there is nothing to sleep for; then once more
            for (int run = 0; run < 100 && selector.waits.isEmpty(); run++) {
                loop.callLater(Duration.ofMillis(2), () -> {
                    postFromAnotherThread(loop);
                    loop.stop();
                });
                loop.runForever();
            }
            assertThat(selector.waits).isNotEmpty();
            assertThat(selector.wakeups).hasValue(0);
        }
    }

    @Test
    void postsDuringServiceOfAChannelWakeNobody(ReportedFailures failures) throws IOException {
        Pipe pipe = Pipe.open();
        try (EventLoop loop = LatePoller.loop(() -> selector, failures)) {
            Registration[] reader = new Registration[1];
            reader[0] = loop.register(pipe.source(), SelectionKey.OP_READ, ops -> {
                reader[0].close();
                postFromAnotherThread(loop);
                loop.stop();
            });
            pipe.sink().write(ByteBuffer.allocate(1));
            loop.runForever();
            assertThat(selector.waits).hasSize(1);
            assertThat(selector.wakeups).hasValue(0);
        }
        pipe.sink().close();
    }

    @Test
    void callbacksOfTheLoopsOwnThreadWakeNobody(ReportedFailures failures) {
        try (EventLoop loop = LatePoller.loop(() -> selector, failures)) {
            loop.callLater(Duration.ofMillis(1), () -> {
                loop.callSoon(() -> loop.execute(loop::stop));
                loop.callSoonThreadsafe(() -> {});
            });
            loop.runForever();
            assertThat(selector.wakeups).hasValue(0);
        }
    }

    @Test
    @Contract(section = BETTER, value = "However many posts reach a sleeping loop, they wake it once")
    void manyPostsToABusyLoopThatSleptBeforeWakeItOnce(ReportedFailures failures) {
        try (EventLoop loop = LatePoller.loop(() -> selector, failures)) {
            try (LoopThread thread = LoopThread.start(loop)) {
                CountDownLatch hold = new CountDownLatch(1);
                thread.post(() -> Await.latch(hold));
                for (int i = 0; i < 1000; i++) {
                    thread.post(() -> {});
                }
                int wakeups = selector.wakeups.get();
                hold.countDown();
                assertThat(wakeups).isLessThanOrEqualTo(1);
            }
        }
    }

    private static void postFromAnotherThread(EventLoop loop) {
        Thread poster = new Thread(() -> {
            for (int i = 0; i < 100; i++) {
                loop.callSoonThreadsafe(() -> {});
            }
        });
        poster.start();
        try {
            poster.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
