package io.jvloop.loop;

import static io.jvloop.support.Section.LOOP;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.ReportedFailures;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What callSoon and callLater return. */
@ExtendWith(LoopExtension.class)
class HandleTest {
    private final List<String> log = new ArrayList<>();

    @Test
    @Contract(section = LOOP, value = "cancel is idempotent, and does nothing once the callback has begun")
    void cancelledMeansCancelledBeforeItRan(EventLoop loop) {
        Handle ran = loop.callSoon(() -> log.add("ran"));
        Handle taken = loop.callSoon(() -> log.add("taken back"));
        assertThat(ran.isCancelled()).isFalse();
        taken.cancel();
        taken.cancel();
        turn(loop);
        ran.cancel();
        turn(loop);
        assertThat(log).containsExactly("ran");
        assertThat(ran.isCancelled()).isFalse();
        assertThat(taken.isCancelled()).isTrue();
    }

    @Test
    void callbackThatCancelsItselfHasBegunAlready(EventLoop loop) {
        Handle[] self = new Handle[1];
        self[0] = loop.callSoon(() -> {
            self[0].cancel();
            log.add("ran, cancelled=" + self[0].isCancelled());
        });
        turn(loop);
        assertThat(log).containsExactly("ran, cancelled=false");
    }

    @Test
    void callbackThatFailedIsNotCancelled(EventLoop loop, ReportedFailures failures) {
        Handle failed = loop.callSoon(() -> {
            throw new IllegalStateException("made by the test");
        });
        turn(loop);
        failed.cancel();
        assertThat(failed.isCancelled()).isFalse();
        assertThat(failures.takeOne().exception()).hasMessage("made by the test");
    }

    @Test
    @Contract(section = LOOP,
            value = "A handle prints the name of its callback, later whether it ran or was cancelled")
    void handlesPrintTheirState(EventLoop loop) {
        Handle lambda = loop.callSoon(() -> log.add("x"));
        Handle named = loop.callSoon(new Named());
        Handle cancelled = loop.callSoon(() -> log.add("y"));
        TimerHandle timer = loop.callLater(1_000_000_000, new Named());
        cancelled.cancel();
        assertThat(lambda).hasToString("Handle[io.jvloop.loop.HandleTest (lambda)]");
        assertThat(named).hasToString("Handle[io.jvloop.loop.HandleTest$Named]");
        assertThat(cancelled).hasToString("Handle[cancelled]");
        assertThat(timer.toString())
                .isEqualTo("TimerHandle[io.jvloop.loop.HandleTest$Named, when=" + timer.when() + " ns]");
        timer.cancel();
        assertThat(timer.toString()).startsWith("TimerHandle[cancelled, when=");
        turn(loop);
        assertThat(lambda.toString()).doesNotContain("HandleTest").contains("run");
    }

    @Test
    @Contract(section = LOOP, value = "A handle whose callback ran or was cancelled keeps nothing alive")
    void callbackThatRanIsForgotten(EventLoop loop) {
        for (boolean debug : List.of(false, true)) {
            loop.setDebug(debug);
            Kept soon = new Kept(loop::callSoon);
            Kept later = new Kept(task -> loop.callLater(0, task));
            Kept threadsafe = new Kept(loop::callSoonThreadsafe);
            turn(loop);
            List.of(soon, later, threadsafe).forEach(Kept::assertForgotten);
        }
    }

    @Test
    @Contract(section = LOOP, value = "A handle whose callback ran or was cancelled keeps nothing alive")
    void callbackThatWasCancelledIsForgottenAtOnce(EventLoop loop) {
        Kept soon = new Kept(loop::callSoon);
        Kept later = new Kept(task -> loop.callLater(1_000_000_000, task));
        soon.handle.cancel();
        later.handle.cancel();
        soon.assertForgotten();
        later.assertForgotten();
    }

    @Test
    void loopForgetsTimersThatFiredOrWereCancelledThoughOthersStay(EventLoop loop) {
        List<WeakReference<TimerHandle>> timers = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            timers.add(armed(loop, i % 2 == 0));
        }
        TimerHandle stays = loop.callLater(1_000_000_000_000L, () -> log.add("never"));
        turn(loop);
        Await.collected(timers);
        assertThat(log).hasSize(100);
        stays.cancel();
    }

    private WeakReference<TimerHandle> armed(EventLoop loop, boolean cancelled) {
        TimerHandle timer = loop.callLater(cancelled ? 1_000_000_000 : 0, () -> log.add("fired"));
        if (cancelled) {
            timer.cancel();
        }
        return new WeakReference<>(timer);
    }

    @Test
    @Contract(section = LOOP,
            value = "A callback may be cancelled by any thread; it then runs wholly or not at all")
    void cancelByAForeignThreadIsARaceThatEitherSideWins(EventLoop loop) {
        int[] runs = new int[20_000];
        List<Handle> handles = new ArrayList<>();
        CountDownLatch busy = new CountDownLatch(1);
        try (LoopThread thread = LoopThread.start(loop)) {
            thread.post(() -> Await.latch(busy));
            for (int i = 0; i < runs.length; i++) {
                int index = i;
                handles.add(loop.callSoonThreadsafe(() -> runs[index]++));
            }
            busy.countDown();
            for (int i = handles.size() - 1; i >= 0; i--) {
                handles.get(i).cancel();
            }
            thread.run(() -> log.add("end"));
        }
        for (int i = 0; i < runs.length; i++) {
            assertThat(runs[i]).isBetween(handles.get(i).isCancelled() ? 0 : 1, 1);
        }
        assertThat(log).containsExactly("end");
        assertThat(handles).noneMatch(Handle::isPending);
    }

    private static void turn(EventLoop loop) {
        loop.stop();
        loop.runForever();
    }

    /** A handle that is kept, and a captured object that must not be. */
    private static final class Kept {
        private final WeakReference<Object> captured;
        private final Handle handle;

        Kept(Function<Runnable, Handle> schedule) {
            Object big = new byte[1000];
            captured = new WeakReference<>(big);
            handle = schedule.apply(big::hashCode);
        }

        void assertForgotten() {
            Await.collected(List.of(captured));
            Reference.reachabilityFence(handle);
        }
    }

    private static final class Named implements Runnable {
        @Override
        public void run() {
            // only its name counts
        }
    }
}
