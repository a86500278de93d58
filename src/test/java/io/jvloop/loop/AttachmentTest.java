package io.jvloop.loop;

import static io.jvloop.support.Section.LOOP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.ReportedFailures;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What lives on a loop without a channel. */
@Timeout(60)
@ExtendWith(LoopExtension.class)
class AttachmentTest {
    private static final Duration HOUR = Duration.ofHours(1);

    private final List<String> log = new ArrayList<>();

    /** Says what it hears; and does what the test wants when the loop drains. */
    private final class Lodger implements IoHandler {
        private final String name;
        private final Runnable whenDraining;

        Lodger(String name, Runnable whenDraining) {
            this.name = name;
            this.whenDraining = whenDraining;
        }

        @Override
        public void ready(int ops) {
            throw new AssertionError("it has no channel");
        }

        @Override
        public void draining() {
            log.add(name + " drains");
            whenDraining.run();
        }

        @Override
        public void loopClosing() {
            log.add(name + " is cut off");
        }
    }

    @Test
    @Contract(section = LOOP,
            value = "A drain tells what is attached, waits until it is detached, and counts it as a channel")
    void drainWaitsUntilItIsDetached(EventLoop loop) {
        Attachment[] attached = new Attachment[1];
        attached[0] = loop.attach(new Lodger("child", () -> loop.callSoon(attached[0]::detach)));
        assertThat(loop.stats().channels()).isEqualTo(1);
        assertThat(loop.runUntilComplete(loop.drain(HOUR))).isTrue();
        assertThat(log).containsExactly("child drains");
        attached[0].detach(); // once more changes nothing
        assertThat(loop.stats().channels()).isZero();
    }

    @Test
    @Contract(section = LOOP, value = "What is attached during a drain is told in the next turn")
    void lateComerIsToldToo(EventLoop loop) {
        Attachment first = loop.attach(new Lodger("first", () -> {}));
        CompletableFuture<Boolean> drained = loop.drain(HOUR);
        loop.callSoon(() -> loop.callSoon(() -> {
            Attachment[] late = new Attachment[1];
            late[0] = loop.attach(new Lodger("late", () -> {
                late[0].detach();
                first.detach();
            }));
            assertThat(log).containsExactly("first drains");
        }));
        assertThat(loop.runUntilComplete(drained)).isTrue();
        assertThat(log).containsExactly("first drains", "late drains");
    }

    @Test
    void drainEndsAtItsDeadlineWhenNobodyDetaches(EventLoop loop) {
        Attachment stays = loop.attach(new Lodger("stays", () -> {}));
        assertThat(loop.runUntilComplete(loop.drain(Duration.ZERO))).isFalse();
        stays.detach();
    }

    @Test
    @Contract(section = LOOP,
            value = "Closing a loop tells what is attached, and a drain that waits for it gets false")
    void closingTellsWhatIsAttached(ReportedFailures failures) {
        EventLoop loop = EventLoop.create();
        loop.setExceptionHandler(failures);
        loop.attach(new Lodger("child", () -> {}));
        CompletableFuture<Boolean> drained = loop.drain(HOUR);
        loop.close();
        assertThat(drained).isCompletedWithValue(false);
        assertThat(log).containsExactly("child is cut off");
        assertThatIllegalStateException().isThrownBy(() -> loop.attach(new Lodger("late", () -> {})));
    }

    @Test
    void whatThrowsWhileDrainingIsReportedAndTheOthersHear(EventLoop loop, ReportedFailures failures) {
        Attachment bad = loop.attach(new Lodger("bad", () -> {
            throw new IllegalStateException("made by the test");
        }));
        Attachment[] good = new Attachment[1];
        good[0] = loop.attach(new Lodger("good", () -> {
            bad.detach();
            good[0].detach();
        }));
        assertThat(loop.runUntilComplete(loop.drain(HOUR))).isTrue();
        assertThat(log).containsExactly("bad drains", "good drains");
        assertThat(failures.takeOne().message()).isEqualTo("Exception while the loop drains");
    }

    @Test
    void attachingBelongsToTheThreadOfTheLoop(EventLoop loop) {
        assertThatNullPointerException().isThrownBy(() -> loop.attach(null)).withMessage("handler");
        try (LoopThread thread = LoopThread.start(loop)) {
            assertThatIllegalStateException().isThrownBy(() -> loop.attach(new Lodger("foreign", () -> {})))
                    .withMessageContaining("attach");
            thread.run(() -> loop.attach(new Lodger("own", () -> {})).detach());
        }
    }
}
