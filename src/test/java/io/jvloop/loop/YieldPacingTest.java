package io.jvloop.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.LoopExtension;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** When a busy loop lets others have the core before it sleeps. */
@ExtendWith(LoopExtension.class)
class YieldPacingTest {
    private static final int BUSY = 8;
    private static final long MICRO = 1_000;
    private static final long MILLI = 1_000_000;
    private static final long QUICK = MICRO;
    private static final long USEFUL = 100 * MICRO;
    private static final long SLICE = 3 * MILLI;
    private static final int TIMES_ALONE = 8;
    private static final int SKIPPED = 256;
    private static final int WINDOW = 8;
    private static final long[] PAUSES = {10, 20, 40, 80, 160, 320, 320, 320};

    private long now = MILLI;
    private long yieldNanos = USEFUL;
    private int yields;
    private final YieldPacing pacing = new YieldPacing(() -> now, () -> {
        yields++;
        now += yieldNanos;
    });

    @Test
    void aLoopWithLittleToDoNeverYields() {
        for (int turn = 0; turn < 100; turn++) {
            assertThat(yieldsIn(BUSY - 1)).isFalse();
        }
    }

    @Test
    void aBusyLoopYieldsBeforeEachSleep() {
        pacing.beforeSleep(Poller.FOREVER);
        assertThat(yields).isZero();
        pacing.found(BUSY);
        for (int turn = 1; turn <= 1000; turn++) {
            pacing.beforeSleep(Poller.FOREVER);
            assertThat(yields).isEqualTo(turn);
            pacing.found(BUSY);
        }
    }

    @Test
    void aSleepThatATimerEndsIsNotOneOfABusyLoop() {
        pacing.found(BUSY);
        pacing.found(0);
        pacing.beforeSleep(Poller.FOREVER);
        assertThat(yields).isZero();
    }

    @Test
    void aTimerThatIsNearIsNotPutAtRisk() {
        pacing.found(BUSY);
        pacing.beforeSleep(5 * MILLI - 1);
        assertThat(yields).isZero();
        pacing.beforeSleep(5 * MILLI);
        assertThat(yields).isOne();
    }

    @Test
    void whatAYieldTakesIsTold() {
        pacing.found(BUSY);
        assertThat(pacing.beforeSleep(5 * MILLI)).isEqualTo(USEFUL);
        pacing.found(BUSY - 1);
        assertThat(pacing.beforeSleep(5 * MILLI)).isZero();
    }

    @Test
    void aTimerIsNotLateByTheTimeOfAYield(EventLoop loop) throws IOException {
        ScriptedSelector selector = new ScriptedSelector();
        selector.script = millis -> true;
        SelectorPoller poller = new SelectorPoller(loop, new Diagnostics(loop), () -> selector, pacing);
        pacing.found(BUSY);
        yieldNanos = 4 * MILLI;
        poller.poll(6 * MILLI);
        pacing.found(BUSY);
        now += 10_000 * MILLI;
        yieldNanos = 40 * MILLI;
        poller.poll(6 * MILLI);
        poller.close();
        assertThat(selector.waits).containsExactly(2L, 1L);
    }

    @Test
    void aCoreThatNobodyElseWantsIsNotOfferedForAWhile() {
        yieldNanos = QUICK;
        for (int round = 0; round < 3; round++) {
            for (int time = 0; time < TIMES_ALONE; time++) {
                assertThat(yieldsIn(BUSY)).isTrue();
            }
            for (int time = 0; time < SKIPPED; time++) {
                assertThat(yieldsIn(BUSY)).isFalse();
            }
        }
    }

    @Test
    void oneUsefulYieldAmongVainOnesIsEnough() {
        for (int turn = 1; turn < 1000; turn++) {
            yieldNanos = turn % TIMES_ALONE == 0 ? USEFUL : QUICK;
            assertThat(yieldsIn(BUSY)).isTrue();
        }
    }

    @Test
    void whoComputesGetsTheCoreOnceInEverLongerTimes() {
        backOffFar();
    }

    @Test
    void aYieldThatTakesLongNowAndThenMeansNothing() {
        for (int turn = 0; turn < 10 * WINDOW; turn++) {
            yieldNanos = turn % WINDOW == WINDOW - 1 ? 7 * USEFUL : USEFUL;
            assertThat(yieldsIn(BUSY)).isTrue();
        }
    }

    @Test
    void aShortOneAmongThoseThatTakeLongMeansNothing() {
        backOffFar();
        yieldNanos = USEFUL;
        assertThat(yieldsIn(BUSY)).isTrue();
        assertThat(yieldsIn(BUSY)).isTrue();
        offendAndExpectAPauseOf(320);
    }

    @Test
    void yieldsThatAreWorthTheirTimeEndThePauses() {
        backOffFar();
        yieldNanos = USEFUL;
        for (int time = 0; time < 5 * WINDOW; time++) {
            assertThat(yieldsIn(BUSY)).isTrue();
        }
        offendAndExpectAPauseOf(10);
    }

    private void offendAndExpectAPauseOf(long millis) {
        yieldNanos = SLICE;
        assertThat(yieldsIn(BUSY)).isTrue();
        now += millis * MILLI - 1;
        assertThat(yieldsIn(BUSY)).isFalse();
        now++;
    }

    /** To the longest pause, which is over. */
    private void backOffFar() {
        for (long pause : PAUSES) {
            offendAndExpectAPauseOf(pause);
        }
    }

    @Test
    void manyChannelsExplainALongYield() {
        yieldNanos = SLICE;
        for (int turn = 0; turn < 100; turn++) {
            assertThat(yieldsIn(100)).isTrue();
        }
    }

    @Test
    void thePollerYieldsWhenItHasServedManyAndWouldSleep(EventLoop loop) throws IOException {
        ScriptedSelector selector = new ScriptedSelector();
        selector.script = millis -> !selector.waits.isEmpty() && selector.waits.size() > 1;
        SelectorPoller poller = new SelectorPoller(loop, new Diagnostics(loop), () -> selector, pacing);
        List<Pipe> pipes = new ArrayList<>();
        int[] served = {0};
        for (int i = 0; i < BUSY; i++) {
            Pipe pipe = Pipe.open();
            pipes.add(pipe);
            poller.register(pipe.source(), SelectionKey.OP_READ, ops -> served[0]++);
            pipe.sink().write(ByteBuffer.allocate(1));
        }
        poller.poll(Poller.FOREVER);
        assertThat(served[0]).isEqualTo(BUSY);
        assertThat(yields).isZero();
        poller.poll(Poller.FOREVER);
        assertThat(yields).isOne();
        poller.spinNanos(1);
        poller.poll(Poller.FOREVER);
        poller.poll(Poller.FOREVER);
        assertThat(yields).as("a loop that spins does so to keep the core").isOne();
        poller.registrations().forEach(Registration::close);
        for (Pipe pipe : pipes) {
            pipe.sink().close();
        }
        poller.close();
    }

    /** Before a sleep; then so many channels are found. */
    private boolean yieldsIn(int channels) {
        int before = yields;
        if (before == 0) {
            pacing.found(channels);
        }
        pacing.beforeSleep(Poller.FOREVER);
        pacing.found(channels);
        return yields > before;
    }
}
