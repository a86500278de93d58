package io.jvloop.process;

import static io.jvloop.support.Section.PROCESS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.ReportedFailures;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a child calls, in which order, and what happens when a call throws. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class SubprocessProtocolTest {
    private final ChildRecorder recorder = new ChildRecorder();

    @AfterEach
    void awaitTheEndOfAllChildren(EventLoop loop) {
        if (!loop.isClosed()) {
            assertThat(loop.runUntilComplete(loop.drain(Duration.ofSeconds(30)))).isTrue();
        }
    }

    private SubprocessTransport start(EventLoop loop, boolean byThreads, SubprocessConfig config,
            String... command) {
        return loop.runUntilComplete(Children.exec(loop, byThreads, config, () -> recorder, command));
    }

    private SubprocessTransport shell(EventLoop loop, boolean byThreads, String command) {
        return start(loop, byThreads, SubprocessConfig.PIPES, "sh", "-c", command);
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS,
            value = "A child calls connectionMade first, of each pipe its data and then its end, and "
                    + "connectionLost last, each end once")
    void callsComeInTheOrderOfTheGrammar(boolean byThreads, EventLoop loop) {
        recorder.onMade(child -> child.pipe(0).write(text("question\n")));
        SubprocessTransport child =
                shell(loop, byThreads, "read a; echo \"answer to $a\"; echo error >&2; exit 9");
        assertThat(recorder.calls()).first().isEqualTo("made");
        loop.runUntilComplete(recorder.end());
        assertThat(recorder.calls()).startsWith("made").endsWith("end").containsExactlyInAnyOrder("made",
                "data 1", "data 2", "lost 0", "lost 1", "lost 2", "exited", "end")
                .containsSubsequence("data 1", "lost 1").containsSubsequence("data 2", "lost 2");
        assertThat(recorder.text(1)).isEqualTo("answer to question\n");
        assertThat(recorder.text(2)).isEqualTo("error\n");
        assertThat(recorder.causes()).containsExactly(null, null, null);
        assertThat(child.returnCode()).hasValue(9);
        assertThat(child.isClosing()).isTrue();
    }

    /** The child has long ended when the loop first hears of it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS,
            value = "What a child has done before the loop knows of it is delivered all the same, in order")
    void eventsBeforeTheBeginningAreDeliveredAfterIt(boolean byThreads, EventLoop loop) {
        loop.setDefaultExecutor(new InlineExecutor());
        long before = Children.ours();
        CompletableFuture<SubprocessTransport> spawn = Children.exec(loop, byThreads,
                SubprocessConfig.PIPES, () -> recorder, "sh", "-c", "echo early; echo too >&2; exit 4");
        Children.awaitNone(before);
        SubprocessTransport child = loop.runUntilComplete(spawn);
        assertThat(recorder.calls()).first().isEqualTo("made");
        loop.runUntilComplete(recorder.end());
        assertThat(recorder.calls()).endsWith("end").hasSize(8);
        assertThat(recorder.text(1)).isEqualTo("early\n");
        assertThat(recorder.text(2)).isEqualTo("too\n");
        assertThat(child.returnCode()).hasValue(4);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS, value = "A child without pipes calls connectionMade, processExited and "
            + "connectionLost")
    void childWithoutPipesHasThreeCalls(boolean byThreads, EventLoop loop) {
        SubprocessConfig config = SubprocessConfig.DEFAULT.withStdin(Stdio.NULL);
        SubprocessTransport child = start(loop, byThreads, config, "true");
        assertThat(child.pipe(0)).isNull();
        assertThat(child.pipe(1)).isNull();
        assertThat(child.pipe(2)).isNull();
        assertThatIllegalArgumentException().isThrownBy(() -> child.pipe(3)).withMessageContaining("0, 1");
        loop.runUntilComplete(recorder.end());
        assertThat(recorder.calls()).containsExactly("made", "exited", "end");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS, value = "The pid is the child's own")
    void pidIsThatOfTheChild(boolean byThreads, EventLoop loop) {
        SubprocessTransport child = shell(loop, byThreads, "echo $$");
        assertThat(child.loop()).isSameAs(loop);
        loop.runUntilComplete(recorder.end());
        assertThat(recorder.text(1)).isEqualTo(child.pid() + "\n");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS, value = "close kills the child and closes its pipes, once, without waiting")
    void closeKillsAndIsIdempotent(boolean byThreads, EventLoop loop) {
        SubprocessTransport child = start(loop, byThreads, SubprocessConfig.PIPES, "cat");
        child.close();
        child.close();
        assertThat(child.isClosing()).isTrue();
        assertThat(child.returnCode()).as("it did not wait").isEmpty();
        loop.runUntilComplete(recorder.end());
        assertThat(child.returnCode()).hasValue(137);
        assertThat(recorder.calls()).startsWith("made").endsWith("end")
                .containsExactlyInAnyOrder("made", "lost 0", "lost 1", "lost 2", "exited", "end");
        child.close();
        assertThat(ProcessHandle.of(child.pid())).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void closeInsideConnectionMadeIsTheEnd(boolean byThreads, EventLoop loop) {
        recorder.onMade(SubprocessTransport::close);
        start(loop, byThreads, SubprocessConfig.PIPES, "cat");
        loop.runUntilComplete(recorder.end());
        assertThat(recorder.calls()).startsWith("made").endsWith("end").hasSize(6);
        assertThat(recorder.transport().returnCode()).hasValue(137);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS,
            value = "What pipeDataReceived throws ends that pipe and is reported; the child goes on")
    void failingDataCallbackIsFatalForItsPipeOnly(boolean byThreads, EventLoop loop,
            ReportedFailures failures) {
        RuntimeException thrown = new RuntimeException("on purpose");
        recorder.onData((fd, child) -> {
            if (fd == 1) {
                throw thrown;
            }
        });
        SubprocessTransport child = shell(loop, byThreads, "echo out; read go; echo err >&2; exit 6");
        Await.until("the failure", () -> {
            turn(loop);
            return recorder.calls().contains("lost 1");
        });
        child.pipe(0).write(text("go\n"));
        loop.runUntilComplete(recorder.end());
        assertThat(failures.takeOne().exception()).isSameAs(thrown);
        assertThat(recorder.causes().get(0)).isSameAs(thrown);
        assertThat(recorder.text(2)).isEqualTo("err\n");
        assertThat(child.returnCode()).hasValue(6);
    }

    private static void turn(EventLoop loop) {
        loop.stop();
        loop.runForever();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS, value = "What the other callbacks of a child throw is reported, and all "
            + "calls still come")
    void otherFailingCallbacksAreReportedOnly(boolean byThreads, EventLoop loop, ReportedFailures failures) {
        recorder.onMade(child -> {
            throw new IllegalStateException("made");
        }).onLost(fd -> {
            throw new IllegalStateException("lost " + fd);
        }).onExited(child -> {
            throw new AssertionError("exited");
        }).onEnd(() -> {
            throw new IllegalStateException("end");
        });
        shell(loop, byThreads, "cat").pipe(0).close();
        loop.runUntilComplete(recorder.end());
        turn(loop);
        List<ExceptionContext> reported = failures.takeAll();
        assertThat(reported).extracting(context -> context.exception().getMessage())
                .containsExactlyInAnyOrder("made", "lost 0", "lost 1", "lost 2", "exited", "end");
        assertThat(reported.get(0).toString()).contains("pid " + recorder.transport().pid());
        assertThat(recorder.calls()).containsExactlyInAnyOrder("made", "lost 0", "lost 1", "lost 2",
                "exited", "end");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS, value = "A child that reads slowly pauses whoever writes to it")
    void slowChildPausesTheWriter(boolean byThreads, EventLoop loop) {
        SubprocessTransport child = shell(loop, byThreads, "read go < /dev/stdin; wc -c");
        Transport stdin = child.pipe(0);
        stdin.write(new byte[600_000]);
        assertThat(recorder.calls()).containsExactly("made", "pause");
        assertThat(stdin.writeBufferSize()).isPositive();
        stdin.write(text("\n"));
        stdin.write(new byte[5]);
        stdin.close();
        loop.runUntilComplete(recorder.end());
        assertThat(child.returnCode()).hasValue(0);
        assertThat(recorder.count(1)).as("wc has counted the rest").isPositive();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS,
            value = "Input that a child did not read before its end is the cause its stdin is lost with")
    void unreadInputIsAFailureOfThePipe(boolean byThreads, EventLoop loop) {
        SubprocessTransport child = shell(loop, byThreads, "read go; exit 0");
        child.pipe(0).write(new byte[1_000_000]);
        child.pipe(0).write(text("\n"));
        child.terminate();
        loop.runUntilComplete(recorder.end());
        int stdin = recorder.calls().stream().filter(call -> call.startsWith("lost")).toList()
                .indexOf("lost 0");
        assertThat(recorder.causes().get(stdin)).isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void pausedPipeKeepsTheOutputUntilItIsResumed(boolean byThreads, EventLoop loop) {
        recorder.onMade(child -> child.pipe(1).pauseReading());
        SubprocessTransport child = shell(loop, byThreads, "exec <&-; echo kept; exit 2");
        assertThat(loop.runUntilComplete(child.exited())).isEqualTo(2);
        assertThat(recorder.calls()).contains("exited").doesNotContain("data 1", "end");
        child.pipe(1).resumeReading();
        loop.runUntilComplete(recorder.end());
        assertThat(recorder.text(1)).isEqualTo("kept\n");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS,
            value = "A grandchild that holds a pipe delays connectionLost, but not processExited")
    void grandchildDelaysTheEndButNotTheExit(boolean byThreads, EventLoop loop, @TempDir Path folder)
            throws Exception {
        Children.require(byThreads);
        Path fifo = folder.resolve("fifo");
        assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor()).isZero();
        SubprocessTransport child = start(loop, byThreads, SubprocessConfig.PIPES.withStdin(Stdio.NULL), "sh",
                "-c", "(read go <\"$1\") & exit 3", "sh", fifo.toString());
        assertThat(loop.runUntilComplete(child.exited())).isEqualTo(3);
        if (!byThreads) { // the JDK may have closed the streams
            assertThat(recorder.calls()).containsExactly("made", "exited");
        }
        loop.runUntilComplete(loop.runInExecutor(() -> Files.writeString(fifo, "go\n")));
        loop.runUntilComplete(recorder.end());
        assertThat(recorder.calls()).containsExactlyInAnyOrder("made", "exited", "lost 1", "lost 2", "end")
                .endsWith("end");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS, value = "A draining loop kills a child whose protocol does not object")
    void drainKillsAChildUnlessItsProtocolObjects(boolean byThreads, EventLoop loop) {
        SubprocessTransport child = start(loop, byThreads, SubprocessConfig.PIPES, "cat");
        assertThat(loop.runUntilComplete(loop.drain(Duration.ofHours(1)))).isTrue();
        assertThat(child.returnCode()).hasValue(137);
        assertThat(recorder.calls()).startsWith("made", "draining").endsWith("end").hasSize(7);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS, value = "A draining loop waits for a child whose protocol wants to go on")
    void drainWaitsForAChildWhoseProtocolObjects(boolean byThreads, EventLoop loop) {
        recorder.onDraining(() -> true);
        SubprocessTransport child = start(loop, byThreads, SubprocessConfig.PIPES, "cat");
        CompletableFuture<Boolean> drained = loop.drain(Duration.ofHours(1));
        Await.until("the question", () -> {
            turn(loop);
            return recorder.calls().contains("draining");
        });
        child.pipe(0).write(text("last words"));
        child.pipe(0).close();
        assertThat(loop.runUntilComplete(drained)).isTrue();
        assertThat(recorder.text(1)).isEqualTo("last words");
        assertThat(child.returnCode()).hasValue(0);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void failingDrainingCallbackIsReportedAndTheChildEnds(boolean byThreads, EventLoop loop,
            ReportedFailures failures) {
        recorder.onDraining(() -> {
            throw new IllegalStateException("on purpose");
        });
        SubprocessTransport child = start(loop, byThreads, SubprocessConfig.PIPES, "cat");
        assertThat(loop.runUntilComplete(loop.drain(Duration.ofSeconds(10)))).isTrue();
        assertThat(failures.takeOne().exception()).hasMessage("on purpose");
        assertThat(child.returnCode()).hasValue(137);
    }

    @Test
    void factoriesThatFailKillTheChild(EventLoop loop) {
        Children.require(true);
        long before = Children.ours();
        List<String> cat = List.of("cat");
        CompletableFuture<?> failing = Subprocess.exec(loop, SubprocessConfig.PIPES, cat, () -> {
            throw new IllegalStateException("on purpose");
        });
        assertThatThrownBy(() -> loop.runUntilComplete(failing)).hasRootCauseMessage("on purpose");
        CompletableFuture<?> none = Subprocess.exec(loop, SubprocessConfig.PIPES, cat, () -> null);
        assertThatThrownBy(() -> loop.runUntilComplete(none))
                .hasRootCauseMessage("the protocol factory returned null");
        assertThatNullPointerException().isThrownBy(() -> Subprocess.exec(loop, SubprocessConfig.PIPES, cat,
                null)).withMessage("factory");
        Children.awaitNone(before);
    }

    @Test
    void methodsOfTheLoopThreadRefuseOthers(EventLoop loop) {
        Children.require(true);
        try (LoopThread thread = LoopThread.start(loop)) {
            SubprocessTransport child = Await.result(Subprocess.shell(loop, SubprocessConfig.PIPES, "cat",
                    () -> recorder));
            assertThatThrownBy(child::close).isInstanceOf(IllegalStateException.class);
            assertThatNullPointerException().isThrownBy(() -> child.sendSignal(null)).withMessage("signal");
            assertThat(Await.result(child.sendSignal(Signal.CONT))).isTrue();
            thread.run(child::close);
            assertThat(Await.result(child.exited())).isEqualTo(137);
            Await.result(recorder.end());
        }
    }
}
