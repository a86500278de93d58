package io.jvloop.loop;

import static io.jvloop.support.Section.LOOP;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The counters. */
@ExtendWith(LoopExtension.class)
class StatsTest {
    private static final Runnable NOTHING = () -> {};

    @Test
    void freshLoopHasNothing(EventLoop loop) {
        assertThat(loop.stats()).isEqualTo(new LoopStats(0, 0, 0, 0, 0, 0, 0));
    }

    @Test
    @Contract(section = LOOP,
            value = "stats() counts channels, timers, callbacks, buffers lent, turns and failures")
    void everythingIsCounted(EventLoop loop, ReportedFailures failures) throws IOException {
        Pipe pipe = Pipe.open();
        Registration source = loop.register(pipe.source(), 0, ops -> {});
        Registration sink = loop.register(pipe.sink(), 0, ops -> {});
        TimerHandle timer = loop.callLater(1_000_000_000_000L, NOTHING);
        loop.callSoon(NOTHING);
        loop.callSoonThreadsafe(NOTHING);
        Handle cancelled = loop.callSoon(NOTHING);
        cancelled.cancel();
        loop.buffers().scratch();
        ByteBuffer buffer = loop.buffers().acquire(1);
        assertThat(loop.stats()).isEqualTo(new LoopStats(2, 1, 3, 1, 0, 0, 0));
        loop.callSoon(() -> {
            throw new IllegalStateException("made by the test");
        });
        source.close();
        timer.cancel();
        loop.buffers().release(buffer);
        loop.stop();
        loop.runForever();
        assertThat(loop.stats()).isEqualTo(new LoopStats(1, 0, 0, 0, 1, 1, 0));
        sink.close();
        failures.takeOne();
        assertThat(loop.stats()).isEqualTo(new LoopStats(0, 0, 0, 0, 1, 1, 0));
    }

    @Test
    void turnsAreCountedAcrossRuns(EventLoop loop) {
        for (int run = 1; run <= 3; run++) {
            loop.stop();
            loop.runForever();
            assertThat(loop.stats().turns()).isEqualTo(run);
        }
        assertThat(loop.toString()).contains("turn 3");
    }
}
