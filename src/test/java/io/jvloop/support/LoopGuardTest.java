package io.jvloop.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.Registration;
import io.jvloop.loop.TimerHandle;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/**
 * The guard finds what a test leaves behind; each test here leaves something behind and tidies up after the
 * guard.
 */
class LoopGuardTest {
    private static final Duration LONG = Duration.ofSeconds(10);
    private static final Duration SHORT = Duration.ofMillis(20);

    private final LoopGuard guard = new LoopGuard();

    @Test
    void tidyTestPasses() {
        guard.loop.callSoon(guard.loop::stop);
        guard.loop.runForever();
        guard.check(LONG);
        assertThat(guard.loop.isClosed()).isTrue();
    }

    @Test
    void failureThatWasNotTakenIsFound() {
        guard.loop.callSoon(() -> {
            throw new IllegalArgumentException("forgotten");
        });
        guard.loop.stop();
        guard.loop.runForever();
        assertThatThrownBy(() -> guard.check(LONG)).isInstanceOf(AssertionError.class)
                .hasMessageContaining("forgotten")
                .satisfies(error -> assertThat(error.getSuppressed()[0]).hasMessage("forgotten"));
    }

    @Test
    void failureThatWasTakenIsFine() {
        guard.loop.callSoon(() -> {
            throw new IllegalArgumentException("expected");
        });
        guard.loop.stop();
        guard.loop.runForever();
        assertThat(guard.failures.takeOne().exception()).hasMessage("expected");
        guard.check(LONG);
    }

    @Test
    void floodOfFailuresIsSummedUp() {
        for (int i = 0; i < 1000; i++) {
            guard.loop.callSoon(() -> {
                throw new IllegalArgumentException("again");
            });
        }
        guard.loop.stop();
        guard.loop.runForever();
        assertThatThrownBy(() -> guard.check(LONG)).hasMessageContaining("1000 failures")
                .satisfies(error -> assertThat(error.getSuppressed()).hasSize(5));
    }

    @Test
    void logRecordThatWasNotTakenIsFound() {
        Logger.getLogger("io.jvloop.some.part").log(Level.WARNING, "Something {0}", "odd");
        assertThatThrownBy(() -> guard.check(LONG)).hasMessageContaining("WARNING Something odd");
    }

    @Test
    void logRecordThatWasTakenOrIsOnlyInformationIsFine() {
        Logger.getLogger("io.jvloop").log(Level.INFO, "Nothing special");
        Logger.getLogger("io.jvloop").log(Level.SEVERE, "Expected");
        assertThat(guard.logs.takeText()).isEqualTo("Expected");
        guard.check(LONG);
    }

    @Test
    void timerLeftArmedIsFound() {
        TimerHandle timer = guard.loop.callLater(1, () -> {});
        assertThatThrownBy(() -> guard.check(LONG)).hasMessageContaining("timers left armed: 1");
        assertThat(timer.isCancelled()).isTrue();
    }

    @Test
    void bufferNotReleasedIsFound() {
        ByteBuffer buffer = guard.loop.buffers().acquire(1);
        assertThatThrownBy(() -> guard.check(LONG)).hasMessageContaining("buffers not released: 1");
        guard.loop.buffers().release(buffer);
    }

    @Test
    void channelAndDescriptorLeftOpenAreFound() throws IOException {
        Pipe pipe = Pipe.open();
        Registration registration = guard.loop.register(pipe.source(), 0, ops -> {});
        assertThatThrownBy(() -> guard.check(SHORT)).hasMessageContaining("channels left open: 1")
                .hasMessageContaining("descriptors left open: 1")
                .hasMessageContaining("Closing an event loop with 1");
        assertThat(registration.isOpen()).isFalse();
        pipe.sink().close();
    }

    @Test
    void loopLeftRunningIsFoundAndStopped() {
        LoopThread thread = LoopThread.start(guard.loop);
        assertThatThrownBy(() -> guard.check(LONG)).hasMessageContaining("the loop is still running");
        thread.join();
    }

    @Test
    void threadLeftWorkingIsFound() {
        CountDownLatch end = new CountDownLatch(1);
        Thread thread = new Thread(() -> Await.latch(end), "jvloop-busy");
        thread.start();
        assertThatThrownBy(() -> guard.check(SHORT))
                .hasMessageContaining("threads left running: [jvloop-busy]");
        end.countDown();
        Await.end(thread);
    }

    @Test
    void poolThreadThatWaitsForWorkIsFine() {
        guard.loop.runUntilComplete(guard.loop.runInExecutor(() -> 1));
        guard.check(LONG);
    }

    @Test
    void testMayCloseTheLoopItself() {
        guard.loop.callLater(1, () -> {});
        guard.loop.close();
        guard.check(LONG);
    }
}
