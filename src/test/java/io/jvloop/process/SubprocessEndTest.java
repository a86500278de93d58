package io.jvloop.process;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.PROCESS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.Attachment;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.Descriptors;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How children end: by themselves, by signals, with the loop, or before they have begun. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class SubprocessEndTest {
    private static final int SPAWNS = Integer.getInteger("jvloop.test.spawns", 60);
    private static final Duration HOUR = Duration.ofHours(1);

    /** The last word of a child comes a turn or two after its exit. */
    @AfterEach
    void awaitTheEndOfAllChildren(EventLoop loop) {
        assertThat(loop.runUntilComplete(loop.drain(Duration.ofSeconds(30)))).isTrue();
    }

    private static boolean isAlive(long pid) {
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS,
            value = "A child that a signal has ended has the return code 128 + N; afterwards none is sent")
    void signalsEndAChildAndNeverHitAnybodyElse(boolean byThreads, EventLoop loop) {
        Subprocess one = loop.runUntilComplete(
                Children.exec(loop, byThreads, SubprocessConfig.PIPES, "cat"));
        assertThat(one.returnCode()).isEmpty();
        assertThat(one.terminate()).isTrue();
        assertThat(loop.runUntilComplete(one.exited())).isEqualTo(143);
        assertThat(one.terminate()).isFalse();
        assertThat(one.kill()).isFalse();
        assertThat(loop.runUntilComplete(one.sendSignal(Signal.USR1))).isFalse();
        assertThat(loop.runUntilComplete(one.sendSignal(Signal.TERM))).isFalse();
        one.close();
        Subprocess two = loop.runUntilComplete(
                Children.exec(loop, byThreads, SubprocessConfig.PIPES, "cat"));
        assertThat(loop.runUntilComplete(two.sendSignal(Signal.KILL))).isTrue();
        assertThat(loop.runUntilComplete(two.exited())).isEqualTo(137);
        two.close();
        Subprocess three = loop.runUntilComplete(
                Children.exec(loop, byThreads, SubprocessConfig.PIPES, "cat"));
        assertThat(loop.runUntilComplete(three.sendSignal(Signal.HUP))).isTrue();
        assertThat(loop.runUntilComplete(three.exited())).isEqualTo(Signal.HUP.exitCode());
        three.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS, value = "Any signal can be sent, in the midst of a conversation")
    void childHandlesSignalsWhileTalking(boolean byThreads, EventLoop loop) {
        Subprocess child = loop.runUntilComplete(Children.shell(loop, byThreads, SubprocessConfig.PIPES,
                "trap 'echo caught; exit 5' USR1; echo ready; read a; echo \"got $a\"; "
                        + "while read b; do :; done"));
        assertThat(line(loop, child)).isEqualTo("ready");
        child.stdin().write("one\n");
        assertThat(line(loop, child)).isEqualTo("got one");
        assertThat(loop.runUntilComplete(child.sendSignal(Signal.USR1))).isTrue();
        child.stdin().write("two\n"); // many a shell handles a signal only when its read is over
        assertThat(line(loop, child)).isEqualTo("caught");
        assertThat(loop.runUntilComplete(child.exited())).isEqualTo(5);
        child.close();
    }

    private static String line(EventLoop loop, Subprocess child) {
        return loop.runUntilComplete(child.stdout().readLine(StandardCharsets.UTF_8));
    }

    /** The start time in the script is what keeps a signal from whoever has the number next. */
    @Test
    @Contract(section = BETTER, value = "A signal goes only to a process with the start time of our child")
    void signalIsNotSentToAProcessWithAnotherStartTime() throws Exception {
        Children.require(true);
        Process other = new ProcessBuilder("cat").start();
        try {
            assertThat(SignalScript.send(other.pid(), "12345", Signal.KILL)).isFalse();
            assertThat(other.isAlive()).isTrue();
            assertThat(SignalScript.send(other.pid(), "", Signal.KILL)).isTrue();
            assertThat(other.waitFor()).isEqualTo(137);
        } finally {
            other.destroyForcibly();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS,
            value = "Many may wait for the exit; one that gives up disturbs neither the child nor the others")
    void cancelledWaitChangesNothing(boolean byThreads, EventLoop loop) {
        Subprocess child = loop.runUntilComplete(
                Children.exec(loop, byThreads, SubprocessConfig.PIPES, "cat"));
        CompletableFuture<Integer> first = child.exited();
        CompletableFuture<Integer> second = child.exited();
        CompletableFuture<Subprocess.Output> talk = child.communicate("x".getBytes(StandardCharsets.UTF_8));
        first.cancel(false);
        assertThat(loop.runUntilComplete(talk).returnCode()).isZero();
        assertThat(loop.runUntilComplete(second)).isZero();
        assertThat(loop.runUntilComplete(child.exited())).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS,
            value = "A failed spawn names the program or the directory, and leaves nothing behind")
    void failedSpawnsSayWhyAndLeaveNothing(boolean byThreads, EventLoop loop, @TempDir Path folder)
            throws Exception {
        Path plain = Files.writeString(folder.resolve("plain"), "no program");
        SubprocessConfig pipes = SubprocessConfig.PIPES;
        assertFails(loop, Children.exec(loop, byThreads, pipes, "no-such-program-here"),
                NoSuchFileException.class, "no-such-program-here");
        assertFails(loop, Children.exec(loop, byThreads, pipes, plain.toString()),
                AccessDeniedException.class, "plain");
        assertFails(loop, Children.exec(loop, byThreads, pipes.withDirectory(folder.resolve("gone")), "cat"),
                NoSuchFileException.class, "gone");
        assertFails(loop, Children.exec(loop, byThreads, pipes.withStdin(Stdio.from(folder.resolve("none"))),
                "cat"), IOException.class, "none");
        int descriptors = Descriptors.open();
        long children = Children.ours();
        for (int i = 0; i < SPAWNS; i++) {
            assertFails(loop, Children.exec(loop, byThreads, pipes, "no-such-program-here"),
                    NoSuchFileException.class, "no-such-program-here");
        }
        Await.until("the descriptors", () -> Descriptors.open() <= descriptors);
        Children.awaitNone(children);
    }

    private static void assertFails(EventLoop loop, CompletableFuture<?> spawn, Class<?> type, String named) {
        assertThatThrownBy(() -> loop.runUntilComplete(spawn)).cause().isInstanceOf(type)
                .hasMessageContaining(named);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS,
            value = "Spawns that succeed or are cancelled leave no descriptor, thread or zombie behind")
    void manySpawnsLeaveNothingBehind(boolean byThreads, EventLoop loop) {
        int descriptors = Descriptors.open();
        long children = Children.ours();
        for (int i = 0; i < SPAWNS; i++) {
            assertThat(Children.output(loop, byThreads, SubprocessConfig.PIPES, null, "true").returnCode())
                    .isZero();
        }
        List<CompletableFuture<Subprocess>> cancelled = new ArrayList<>();
        for (int i = 0; i < SPAWNS; i++) {
            CompletableFuture<Subprocess> spawn =
                    Children.exec(loop, byThreads, SubprocessConfig.PIPES, "cat");
            cancelled.add(spawn);
            for (int turn = 0; turn < i; turn++) { // at each stage of its beginning
                loop.stop();
                loop.runForever();
            }
            if (!spawn.cancel(false)) {
                spawn.join().close(); // it was quicker
            }
        }
        loop.runUntilComplete(loop.runInExecutor(() -> null));
        Await.until("the end of the cancelled", () -> {
            loop.stop();
            loop.runForever();
            return Children.ours() <= children && Descriptors.open() <= descriptors
                    && Children.carriers() == 0 && loop.stats().channels() == 0;
        });
        assertThat(cancelled).allMatch(CompletableFuture::isDone);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS, value = "Closing a loop kills the children that still run on it")
    void closingTheLoopKillsItsChildren(boolean byThreads, ExpectedLogs logs) {
        EventLoop loop = EventLoop.create();
        Subprocess piped = loop.runUntilComplete(
                Children.exec(loop, byThreads, SubprocessConfig.PIPES, "cat"));
        SubprocessConfig none = SubprocessConfig.DEFAULT.withStdin(Stdio.NULL);
        Subprocess silent = loop.runUntilComplete(
                Children.exec(loop, byThreads, none, "sleep", "1000"));
        CompletableFuture<Integer> exit = silent.exited();
        CompletableFuture<byte[]> read = piped.stdout().read(1);
        loop.runUntilComplete(loop.runInExecutor(() -> null));
        loop.close();
        assertThat(exit).isDone();
        assertThat(exit.exceptionally(failure -> 137).join()).as("if it was seen in time").isEqualTo(137);
        assertThat(read).isDone();
        Await.until("the death of the children", () -> !isAlive(piped.pid()) && !isAlive(silent.pid()));
        assertThat(logs.takeAll()).hasSize(1); // the open pipes
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS, value = "A drain waits for children, with pipes or without")
    void drainWaitsForChildren(boolean byThreads, EventLoop loop) {
        Subprocess cat = loop.runUntilComplete(
                Children.exec(loop, byThreads, SubprocessConfig.PIPES, "cat"));
        CompletableFuture<Boolean> drained = loop.drain(HOUR);
        cat.stdin().write("still served\n");
        assertThat(line(loop, cat)).isEqualTo("still served");
        assertThat(drained).isNotDone();
        cat.stdin().close();
        assertThat(loop.runUntilComplete(drained)).isTrue();
        assertThat(cat.returnCode()).hasValue(0);
    }

    @Test
    @Contract(section = PROCESS, value = "A child that is being started while the loop drains is killed")
    void childThatComesDuringADrainIsKilled(EventLoop loop) {
        Children.require(false);
        long before = Children.ours();
        Attachment holds = loop.attach(ops -> {});
        CompletableFuture<Boolean> drained = loop.drain(HOUR);
        CompletableFuture<Subprocess> late = Children.exec(loop, false, SubprocessConfig.PIPES, "cat");
        assertThatThrownBy(() -> loop.runUntilComplete(late)).cause().isInstanceOf(IOException.class);
        holds.detach();
        assertThat(loop.runUntilComplete(drained)).isTrue();
        Children.awaitNone(before);
    }

    @Test
    @Contract(section = BETTER, value = "Several loops may start children at the same time")
    void severalLoopsMaySpawnAtTheSameTime() {
        Children.require(true);
        try (EventLoop one = EventLoop.create();
                EventLoop two = EventLoop.create();
                LoopThread first = LoopThread.start(one);
                LoopThread second = LoopThread.start(two)) {
            assertThat(first.thread()).isNotSameAs(second.thread());
            List<CompletableFuture<Subprocess.Output>> all = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                EventLoop loop = i % 2 == 0 ? one : two;
                all.add(Subprocess.exec(loop, SubprocessConfig.PIPES, "echo", "" + i)
                        .thenCompose(child -> child.communicate(null)));
            }
            for (int i = 0; i < 20; i++) {
                assertThat(Await.result(all.get(i)).stdoutText()).isEqualTo(i + "\n");
            }
        }
    }

    @Test
    void cancelledCommunicateLeavesTheChildAlone(EventLoop loop) {
        Children.require(true);
        Subprocess child = loop.runUntilComplete(Subprocess.exec(loop, SubprocessConfig.PIPES, "sh", "-c",
                "cat; exec sleep 1000"));
        CompletableFuture<Subprocess.Output> talk = child.communicate(null);
        CompletableFuture<Subprocess.Output> other = child.communicate(null);
        assertThatThrownBy(() -> loop.runUntilComplete(other)).hasMessageContaining("another read waits");
        talk.cancel(false);
        assertThatThrownBy(talk::join).isInstanceOf(CancellationException.class);
        assertThat(child.returnCode()).isEmpty();
        assertThat(child.terminate()).isTrue();
        assertThat(loop.runUntilComplete(child.exited())).isEqualTo(143);
        child.close();
    }
}
