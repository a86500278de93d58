package io.jvloop.process;

import static io.jvloop.support.Section.PROCESS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.Descriptors;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A cancel, a drain or the end of the loop in each turn of a child's beginning and end. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class SubprocessRaceTest {
    /** After these a child has certainly begun, or its exit has been dealt with. */
    private static final int TURNS = 8;

    private static void turns(EventLoop loop, int count) {
        for (int i = 0; i < count; i++) {
            loop.stop();
            loop.runForever();
        }
    }

    /** Either nothing at all, or the whole grammar. */
    private static void assertGrammar(List<String> calls) {
        if (!calls.isEmpty()) {
            assertThat(calls).startsWith("made").endsWith("end").doesNotHaveDuplicates();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS,
            value = "A spawn can be cancelled at any moment: the child is killed, and its protocol hears "
                    + "nothing, or all of it")
    void cancelInAnyTurnLeavesNothing(boolean byThreads, EventLoop loop) {
        loop.setDefaultExecutor(new InlineExecutor());
        int descriptors = Descriptors.open();
        long children = Children.ours();
        for (int count = 0; count < TURNS; count++) {
            ChildRecorder recorder = new ChildRecorder().onDraining(() -> true);
            CompletableFuture<SubprocessTransport> spawn =
                    Children.exec(loop, byThreads, SubprocessConfig.PIPES, () -> recorder, "cat");
            turns(loop, count);
            if (!spawn.cancel(false)) {
                assertThat(recorder.calls()).first().isEqualTo("made");
                spawn.join().close();
            }
            awaitNothing(loop, byThreads, children, descriptors);
            assertGrammar(recorder.calls());
        }
    }

    private static void awaitNothing(EventLoop loop, boolean byThreads, long children, int descriptors) {
        Await.until("the end of everything", () -> {
            turns(loop, 1);
            return Children.ours() <= children && loop.stats().channels() == 0
                    && Children.carriers() == 0 && Descriptors.open() <= descriptors;
        });
        assertThat(byThreads || Children.carriers() == 0).isTrue();
    }

    /** Whoever is cancelled must let go of pipes that a grandchild still holds. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void cancelInAnyTurnLetsGoOfPipesThatAGrandchildHolds(boolean byThreads, EventLoop loop,
            @TempDir Path folder) throws Exception {
        Children.require(byThreads);
        loop.setDefaultExecutor(new InlineExecutor());
        for (int count = 0; count < TURNS; count++) {
            Path fifo = folder.resolve("fifo" + count);
            Path ready = folder.resolve("ready" + count);
            assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor()).isZero();
            CompletableFuture<Subprocess> spawn = Children.exec(loop, byThreads, SubprocessConfig.PIPES,
                    "sh", "-c", "(echo >\"$2\"; read go <\"$1\") & wait", "sh", fifo.toString(),
                    ready.toString());
            Await.until("the grandchild", () -> Files.exists(ready));
            turns(loop, count);
            if (!spawn.cancel(false)) {
                spawn.join().close();
            }
            Await.until("the end of the pipes", () -> {
                turns(loop, 1);
                return loop.stats().channels() == 0;
            });
            Files.writeString(fifo, "go\n");
        }
        assertThat(loop.runUntilComplete(loop.drain(Duration.ofSeconds(30)))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS,
            value = "A loop can be closed in any turn of a spawn: its future completes, the child is killed")
    void closeOfTheLoopInAnyTurnLeavesNothing(boolean byThreads, ExpectedLogs logs) {
        int descriptors = Descriptors.open();
        long children = Children.ours();
        for (int count = 0; count < TURNS; count++) {
            EventLoop loop = EventLoop.create();
            loop.setDefaultExecutor(new InlineExecutor());
            ChildRecorder recorder = new ChildRecorder();
            CompletableFuture<SubprocessTransport> called =
                    Children.exec(loop, byThreads, SubprocessConfig.PIPES, () -> recorder, "cat");
            CompletableFuture<Subprocess> streamed =
                    Children.exec(loop, byThreads, SubprocessConfig.PIPES, "cat");
            turns(loop, count);
            loop.close();
            assertThat(called).as("closed after %s turns", count).isDone();
            assertThat(streamed).as("closed after %s turns", count).isDone();
            assertGrammar(recorder.calls());
        }
        Await.until("the end of everything", () -> Children.ours() <= children
                && Children.carriers() == 0 && Descriptors.open() <= descriptors);
        logs.takeAll(); // of open pipes
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS, value = "A drain at any moment of a spawn ends in order")
    void drainInAnyTurnEndsInOrder(boolean byThreads) {
        for (int count = 0; count < TURNS; count++) {
            try (EventLoop loop = EventLoop.create()) {
                loop.setDefaultExecutor(new InlineExecutor());
                ChildRecorder recorder = new ChildRecorder();
                CompletableFuture<SubprocessTransport> spawn =
                        Children.exec(loop, byThreads, SubprocessConfig.PIPES, () -> recorder, "cat");
                turns(loop, count);
                loop.runUntilComplete(spawn.handle((child, failure) -> null));
                assertThat(loop.runUntilComplete(loop.drain(Duration.ofSeconds(30)))).isTrue();
                assertGrammar(recorder.calls());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void drainAheadOfASpawnFailsItOrLetsItEnd(boolean byThreads) {
        for (int count = 0; count < TURNS; count++) {
            try (EventLoop loop = EventLoop.create()) {
                loop.setDefaultExecutor(new InlineExecutor());
                ChildRecorder recorder = new ChildRecorder();
                long children = Children.ours();
                CompletableFuture<SubprocessTransport> spawn =
                        Children.exec(loop, byThreads, SubprocessConfig.PIPES, () -> recorder, "cat");
                turns(loop, count);
                CompletableFuture<Boolean> drained = loop.drain(Duration.ofSeconds(30));
                assertThat(loop.runUntilComplete(drained)).isTrue();
                turns(loop, 1);
                assertThat(spawn).as("drained after %s turns", count).isDone();
                assertGrammar(recorder.calls());
                Children.awaitNone(children);
            }
        }
    }

    /** Each number of turns between the exit and the end of the loop; connectionLost is never dropped. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS, value = "connectionLost of a child is called even if the loop is closed in "
            + "the very turn of its end")
    void closeOfTheLoopAtTheExitStillCallsConnectionLost(boolean byThreads, ExpectedLogs logs) {
        SubprocessConfig noPipes = SubprocessConfig.DEFAULT.withStdin(Stdio.NULL);
        for (int count = 0; count < 3; count++) {
            EventLoop loop = EventLoop.create();
            ChildRecorder recorder = new ChildRecorder().onExited(child -> loop.stop());
            loop.runUntilComplete(Children.exec(loop, byThreads, noPipes, () -> recorder, "cat"));
            loop.runForever();
            turns(loop, count);
            loop.close();
            assertThat(recorder.calls()).containsExactly("made", "exited", "end");
        }
        logs.takeAll();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void communicateAfterTheInputWasEndedFailsOrEnds(boolean byThreads, EventLoop loop) {
        Subprocess closed = loop.runUntilComplete(
                Children.exec(loop, byThreads, SubprocessConfig.PIPES, "cat"));
        closed.stdin().close();
        assertThat(loop.runUntilComplete(closed.communicate(new byte[10])).stdout()).isEmpty();
        Subprocess ended = loop.runUntilComplete(
                Children.exec(loop, byThreads, SubprocessConfig.PIPES, "cat"));
        ended.stdin().writeEof();
        assertThatThrownBy(() -> loop.runUntilComplete(ended.communicate(new byte[10])))
                .hasMessageContaining("writeEof");
        assertThat(loop.runUntilComplete(ended.exited())).isZero();
        assertThat(loop.runUntilComplete(loop.drain(Duration.ofSeconds(30)))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS,
            value = "A communicate that is cancelled while it writes leaves the rest of the input to others")
    void cancelledCommunicateDoesNotEndTheInput(boolean byThreads, EventLoop loop) {
        Subprocess child = loop.runUntilComplete(Children.shell(loop, byThreads, SubprocessConfig.PIPES,
                "read go </dev/stdin; cat >/dev/null; echo end"));
        CompletableFuture<Subprocess.Output> talk = child.communicate(new byte[2_000_000]);
        turns(loop, 1);
        assertThat(talk).isNotDone();
        talk.cancel(false);
        child.stdin().write("\n");
        loop.runUntilComplete(child.stdin().drain());
        assertThat(child.stdin().isClosing()).isFalse();
        child.stdin().close();
        assertThat(new String(loop.runUntilComplete(child.stdout().read()))).isEqualTo("end\n");
        loop.runUntilComplete(child.exited());
        assertThat(loop.runUntilComplete(loop.drain(Duration.ofSeconds(30)))).isTrue();
    }
}
