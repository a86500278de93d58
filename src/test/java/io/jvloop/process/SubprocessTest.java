package io.jvloop.process;

import static io.jvloop.support.Section.PROCESS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.jvloop.loop.Async;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Children with streams, over selectable pipes and over threads. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class SubprocessTest {
    private static final int MANY_BYTES = Integer.getInteger("jvloop.test.childMegabytes", 64) * 1024 * 1024;
    private static final int PIPE_CHILDREN = 200;
    private static final int THREAD_CHILDREN = 30;

    /** The last word of a child comes a turn or two after its exit. */
    @AfterEach
    void awaitTheEndOfAllChildren(EventLoop loop) {
        assertThat(loop.runUntilComplete(loop.drain(Duration.ofSeconds(30)))).isTrue();
    }

    private static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS,
            value = "communicate feeds the child, reads both outputs to their end, and waits; of any size")
    void communicateGivesBackWhatItWasGiven(boolean byThreads, EventLoop loop) {
        for (int size : new int[] {0, 1, 65_536, 65_537, 10_000_000}) {
            byte[] input = bytes(size);
            Subprocess.Output output =
                    Children.output(loop, byThreads, SubprocessConfig.PIPES, input, "cat");
            assertThat(Arrays.equals(output.stdout(), input)).as("%s bytes", size).isTrue();
            assertThat(output.stderr()).isEmpty();
            assertThat(output.returnCode()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS,
            value = "On Linux a child's pipes need no thread; elsewhere there is one for each")
    void muchOutputNeedsNoThreadOnLinux(boolean byThreads, EventLoop loop) {
        SubprocessConfig config = SubprocessConfig.DEFAULT.withStdout(Stdio.PIPE);
        long carriersBefore = Children.carriers();
        Subprocess child = loop.runUntilComplete(Children.exec(loop, byThreads, config, "head", "-c",
                Integer.toString(MANY_BYTES), "/dev/zero"));
        assertThat(Children.carriers() - carriersBefore).isEqualTo(byThreads ? 1 : 0);
        long[] count = new long[1];
        loop.runUntilComplete(drink(child, count));
        assertThat(count[0]).isEqualTo(MANY_BYTES);
        assertThat(loop.runUntilComplete(child.exited())).isZero();
        assertThat(child.stdin()).isNull();
        assertThat(child.stderr()).isNull();
    }

    private static CompletableFuture<Void> drink(Subprocess child, long[] count) {
        return child.stdout().read(1 << 20).thenCompose(part -> {
            count[0] += part.length;
            return part.length == 0 ? CompletableFuture.completedFuture(null) : drink(child, count);
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS, value = "Hundreds of children can live on one loop at once")
    void manyChildrenAtOnce(boolean byThreads, EventLoop loop) {
        int many = byThreads ? THREAD_CHILDREN : PIPE_CHILDREN;
        long before = Children.ours();
        List<Subprocess> children = new ArrayList<>();
        for (int i = 0; i < many; i++) {
            children.add(loop.runUntilComplete(
                    Children.exec(loop, byThreads, SubprocessConfig.PIPES, "cat")));
        }
        assertThat(children.stream().map(Subprocess::pid).distinct()).hasSize(many);
        List<CompletableFuture<Subprocess.Output>> talks = new ArrayList<>();
        for (Subprocess child : children) {
            talks.add(child.communicate(text("pid " + child.pid())));
        }
        List<Subprocess.Output> outputs = loop.runUntilComplete(Async.gather(loop, talks));
        for (int i = 0; i < many; i++) {
            assertThat(outputs.get(i).stdoutText()).isEqualTo("pid " + children.get(i).pid());
        }
        Children.awaitNone(before);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS, value = "communicate forgives a child that does not read its input")
    void childThatDoesNotReadItsInputIsNoFailure(boolean byThreads, EventLoop loop) {
        Subprocess.Output output = Children.output(loop, byThreads, SubprocessConfig.PIPES, bytes(1_000_000),
                "sh", "-c", "exec <&-; echo done; exit 7");
        assertThat(output.stdoutText()).isEqualTo("done\n");
        assertThat(output.returnCode()).isEqualTo(7);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS,
            value = "exited completes with the child, the end of a pipe comes when nobody holds it any more")
    void grandchildMayHoldThePipeLongerThanTheChildLives(boolean byThreads, EventLoop loop,
            @TempDir Path folder)
            throws Exception {
        Children.require(byThreads);
        Path fifo = folder.resolve("fifo");
        assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor()).isZero();
        Subprocess child = loop.runUntilComplete(Children.exec(loop, byThreads, SubprocessConfig.PIPES, "sh",
                "-c", "(read go <\"$1\"; echo late) & echo first; exit 3", "sh", fifo.toString()));
        assertThat(loop.runUntilComplete(child.exited())).isEqualTo(3);
        CompletableFuture<byte[]> all = child.stdout().read();
        loop.runUntilComplete(loop.runInExecutor(() -> Files.writeString(fifo, "go\n")));
        String output = new String(loop.runUntilComplete(all), StandardCharsets.UTF_8);
        if (byThreads) {
            assertThat(output).startsWith("first\n"); // the JDK may close the stream before the rest
        } else {
            assertThat(output).isEqualTo("first\nlate\n");
        }
        loop.runUntilComplete(child.stderr().read());
        child.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS,
            value = "A reader that does not read pauses the child; what it wrote can be read after its end")
    void slowReaderPausesTheChildAndLosesNothing(boolean byThreads, EventLoop loop) throws Exception {
        SubprocessConfig config = SubprocessConfig.PIPES.withLimit(1024);
        Subprocess child = loop.runUntilComplete(Children.shell(loop, byThreads, config,
                "head -c 2000000 /dev/zero; echo all >&2"));
        loop.runUntilComplete(Async.sleep(loop, Duration.ofMillis(20)));
        assertThat(child.returnCode()).as("it cannot have written all").isEmpty();
        assertThat(loop.runUntilComplete(child.stdout().readExactly(2_000_000))).hasSize(2_000_000);
        assertThat(loop.runUntilComplete(child.exited())).isZero();
        assertThat(loop.runUntilComplete(child.stderr().readLine(StandardCharsets.UTF_8))).isEqualTo("all");
        assertThat(loop.runUntilComplete(child.stdout().read())).isEmpty();
        child.close();
        loop.runUntilComplete(child.stdin().closed());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS, value = "Standard error can go where standard output goes, in order with it")
    void standardErrorToStandardOutput(boolean byThreads, EventLoop loop) {
        SubprocessConfig config =
                SubprocessConfig.DEFAULT.withStdout(Stdio.PIPE).withStderr(Stdio.STDOUT);
        Subprocess.Output output = Children.output(loop, byThreads, config, null, "sh", "-c",
                "echo 1; echo 2 >&2; echo 3; echo 4 >&2");
        assertThat(output.stdoutText()).isEqualTo("1\n2\n3\n4\n");
        assertThat(output.stderr()).isNull();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS, value = "Streams can be /dev/null and files, to be read, made or added to")
    void streamsCanBeNothingAndFiles(boolean byThreads, EventLoop loop, @TempDir Path folder)
            throws IOException {
        SubprocessConfig nothing = SubprocessConfig.DEFAULT.withStdin(Stdio.NULL).withStdout(Stdio.NULL)
                .withStderr(Stdio.NULL);
        assertThat(Children.output(loop, byThreads, nothing, null, "sh", "-c", "cat; echo x; echo y >&2"))
                .extracting(Subprocess.Output::returnCode).isEqualTo(0);
        Path in = Files.writeString(folder.resolve("in"), "from a file\n");
        Path out = Files.writeString(folder.resolve("out"), "old and long content that has to go\n");
        Path err = Files.writeString(folder.resolve("err"), "before\n");
        SubprocessConfig files = SubprocessConfig.DEFAULT.withStdin(Stdio.from(in)).withStdout(Stdio.to(out))
                .withStderr(Stdio.appendTo(err));
        Children.output(loop, byThreads, files, null, "sh", "-c", "cat; echo after >&2");
        assertThat(out).hasContent("from a file\n");
        assertThat(err).hasContent("before\nafter\n");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS,
            value = "The directory and the environment are as configured; an empty one is really empty")
    void directoryAndEnvironment(boolean byThreads, EventLoop loop, @TempDir Path folder) throws IOException {
        SubprocessConfig there = SubprocessConfig.PIPES.withDirectory(folder);
        assertThat(Children.output(loop, byThreads, there, null, "pwd", "-P").stdoutText())
                .isEqualTo(folder.toRealPath() + "\n");
        SubprocessConfig more = SubprocessConfig.PIPES.withVariable("WHO", "jvloop");
        assertThat(Children.output(loop, byThreads, more, null, "sh", "-c", "echo $WHO; test -n \"$PATH\"")
                .stdoutText()).isEqualTo("jvloop\n");
        SubprocessConfig empty = SubprocessConfig.PIPES.withEnvironment(Map.of());
        assertThat(Children.output(loop, byThreads, empty, null, "/usr/bin/env").stdoutText()).isEmpty();
        SubprocessConfig one = empty.withVariable("ONLY", "this");
        assertThat(Children.output(loop, byThreads, one, null, "/usr/bin/env").stdoutText())
                .isEqualTo("ONLY=this\n");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS, value = "A child has its three streams and no other descriptor of ours")
    void childHasNoDescriptorOfOurs(boolean byThreads, EventLoop loop) {
        Subprocess.Output output = Children.output(loop, byThreads, SubprocessConfig.PIPES, null, "sh", "-c",
                "for fd in /proc/self/fd/*; do echo ${fd##*/}; done");
        assertThat(output.stdoutText().lines()).contains("0", "1", "2")
                .allMatch(fd -> fd.length() == 1 || fd.equals("10")); // a shell's own
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS, value = "Pipes are real ones: the child may open /dev/stdin and /dev/stdout")
    void childMayOpenItsStreamsAgain(boolean byThreads, EventLoop loop) {
        assertThat(Children.output(loop, byThreads, SubprocessConfig.PIPES, text("again"), "sh", "-c",
                "cat /dev/stdin > /dev/stdout").stdoutText()).isEqualTo("again");
    }

    @Test
    void shellRunsACommandAndExecDoesNot(EventLoop loop) {
        Children.require(true);
        SubprocessConfig config = SubprocessConfig.PIPES;
        assertThat(loop.runUntilComplete(Subprocess.shell(loop, config, "echo $((6 * 7)) | tr 4 5")
                .thenCompose(child -> child.communicate(null))).stdoutText()).isEqualTo("52\n");
        assertThat(loop.runUntilComplete(Subprocess.exec(loop, config, "echo", "$((6 * 7))", "a  b")
                .thenCompose(child -> child.communicate(null))).stdoutText()).isEqualTo("$((6 * 7)) a  b\n");
    }

    @Test
    void everythingCanBeCalledFromAnotherThread(EventLoop loop) {
        Children.require(true);
        try (LoopThread thread = LoopThread.start(loop)) {
            assertThat(thread.thread()).isNotSameAs(Thread.currentThread());
            Subprocess sort = Subprocess.exec(loop, SubprocessConfig.PIPES, "sort").join();
            sort.stdin().write("b\na\n");
            sort.stdin().drain().join();
            sort.stdin().close();
            assertThat(sort.stdout().readLine(StandardCharsets.UTF_8).join()).isEqualTo("a");
            assertThat(sort.stdout().readLine(StandardCharsets.UTF_8).join()).isEqualTo("b");
            assertThat(sort.stdout().readLine(StandardCharsets.UTF_8).join()).isNull();
            assertThat(sort.stderr().read().join()).isEmpty();
            assertThat(sort.exited().join()).isZero();
            assertThat(sort.returnCode()).hasValue(0);
            assertThat(Subprocess.exec(loop, SubprocessConfig.PIPES, "cat").join()
                    .communicate(bytes(1_000_000)).join().stdout()).isEqualTo(bytes(1_000_000));
            Subprocess cat = Subprocess.exec(loop, SubprocessConfig.PIPES, "cat").join();
            cat.close();
            assertThat(cat.exited().join()).isEqualTo(Signal.KILL.exitCode());
        }
    }

    @Test
    void badCommandsAndConfigurationsAreRefusedAtOnce(EventLoop loop) {
        assertThatIllegalArgumentException().isThrownBy(() -> Subprocess.exec(loop))
                .withMessageContaining("name of a program");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SubprocessConfig.DEFAULT.withStdin(Stdio.STDOUT))
                .withMessageContaining("standard input").withMessageContaining("Stdio.from(file)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SubprocessConfig.DEFAULT.withStdout(Stdio.STDOUT))
                .withMessageContaining("standard output");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SubprocessConfig.DEFAULT.withStderr(Stdio.from(Path.of("x"))))
                .withMessageContaining("standard error").withMessageContaining("STDOUT");
        assertThatIllegalArgumentException().isThrownBy(() -> SubprocessConfig.DEFAULT.withLimit(0))
                .withMessageContaining("positive");
        Children.require(true);
        Subprocess child = loop.runUntilComplete(Subprocess.exec(loop,
                SubprocessConfig.DEFAULT.withStdin(Stdio.NULL), "true"));
        assertThatIllegalStateException().isThrownBy(() -> child.communicate(new byte[1]))
                .withMessageContaining("Stdio.PIPE");
        loop.runUntilComplete(child.exited());
    }
}
