package io.jvloop.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LoopExtension.class)
class FlowControlTest {
    private final Recorder protocol = new Recorder();

    @Test
    void pausesAboveTheHighMarkOnly(EventLoop loop) {
        FlowControl flow = new FlowControl(loop, new WriteBufferLimits(10, 100));
        flow.grown(100, protocol);
        assertThat(protocol.calls()).isEmpty();
        assertThat(flow.isPaused()).isFalse();
        flow.grown(101, protocol);
        assertThat(protocol.calls()).containsExactly("pause");
        assertThat(flow.isPaused()).isTrue();
        flow.grown(1_000_000_000_000L, protocol);
        assertThat(protocol.calls()).containsExactly("pause");
    }

    @Test
    void resumesAtTheLowMark(EventLoop loop) {
        FlowControl flow = new FlowControl(loop, new WriteBufferLimits(10, 100));
        flow.shrunk(0, protocol);
        assertThat(protocol.calls()).isEmpty();
        flow.grown(101, protocol);
        flow.shrunk(11, protocol);
        assertThat(protocol.calls()).containsExactly("pause");
        flow.shrunk(10, protocol);
        assertThat(protocol.calls()).containsExactly("pause", "resume");
        assertThat(flow.isPaused()).isFalse();
        flow.shrunk(0, protocol);
        assertThat(protocol.calls()).containsExactly("pause", "resume");
    }

    @Test
    void newMarksAreAppliedAtOnceInBothDirections(EventLoop loop) {
        FlowControl flow = new FlowControl(loop, new WriteBufferLimits(10, 100));
        flow.limits(new WriteBufferLimits(0, 49), 50, protocol);
        assertThat(protocol.calls()).containsExactly("pause");
        flow.limits(new WriteBufferLimits(49, 49), 50, protocol);
        assertThat(protocol.calls()).containsExactly("pause");
        flow.limits(new WriteBufferLimits(50, 200), 50, protocol);
        assertThat(protocol.calls()).containsExactly("pause", "resume");
        assertThat(flow.limits()).isEqualTo(new WriteBufferLimits(50, 200));
    }

    @Test
    void stateHasChangedByTheTimeOfTheCall(EventLoop loop) {
        FlowControl flow = new FlowControl(loop, new WriteBufferLimits(0, 0));
        List<Boolean> seen = new ArrayList<>();
        Recorder curious = new Recorder().onPause(full -> seen.add(flow.isPaused()))
                .onResume(empty -> seen.add(flow.isPaused()));
        flow.grown(1, curious);
        flow.shrunk(0, curious);
        assertThat(seen).containsExactly(true, false);
    }

    @Test
    void failureOfTheProtocolIsReportedAndChangesNothing(EventLoop loop, ReportedFailures failures) {
        RuntimeException broken = new RuntimeException("broken on purpose");
        Recorder failing = new Recorder().onPause(full -> {
            throw broken;
        });
        FlowControl flow = new FlowControl(loop, new WriteBufferLimits(0, 0));
        flow.grown(1, failing);
        assertThat(failures.takeOne().exception()).isSameAs(broken);
        assertThat(flow.isPaused()).isTrue();
        flow.shrunk(0, failing);
        assertThat(failing.calls()).containsExactly("pause", "resume");
    }

    @Test
    void argumentsMustNotBeNull(EventLoop loop) {
        assertThatNullPointerException().isThrownBy(() -> new FlowControl(null, WriteBufferLimits.DEFAULT));
        assertThatNullPointerException().isThrownBy(() -> new FlowControl(loop, null));
        FlowControl flow = new FlowControl(loop, WriteBufferLimits.DEFAULT);
        assertThatNullPointerException().isThrownBy(() -> flow.limits(null, 1 << 20, protocol));
        assertThat(flow.limits()).isEqualTo(WriteBufferLimits.DEFAULT);
        assertThat(protocol.calls()).isEmpty();
    }

    /** The rules in two lines, against any sequence of sizes and marks. */
    @Test
    void callsFollowTheRulesForAnySequenceOfSizes(EventLoop loop) {
        Random random = new Random(11);
        FlowControl flow = new FlowControl(loop, new WriteBufferLimits(0, 0));
        List<String> expected = new ArrayList<>();
        WriteBufferLimits limits = flow.limits();
        boolean paused = false;
        int size = 0;
        for (int step = 0; step < 20_000; step++) {
            int next = random.nextInt(40);
            if (random.nextInt(5) == 0) {
                int high = random.nextInt(30);
                limits = new WriteBufferLimits(random.nextInt(high + 1), high);
                flow.limits(limits, size, protocol);
            } else if (next >= size) {
                size = next;
                flow.grown(size, protocol);
            } else {
                size = next;
                flow.shrunk(size, protocol);
            }
            if (paused ? size <= limits.lowBytes() : size > limits.highBytes()) {
                expected.add(paused ? "resume" : "pause");
                paused = !paused;
            }
            assertThat(flow.isPaused()).isEqualTo(paused);
        }
        assertThat(protocol.calls()).isEqualTo(expected);
        assertThat(expected).hasSizeGreaterThan(2_000);
    }
}
