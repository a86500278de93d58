package io.jvloop.process;

import static io.jvloop.support.Section.PROCESS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Children with callbacks. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class SubprocessProtocolTest {
    private static final Duration HOUR = Duration.ofHours(1);

    /** Writes down its calls. */
    private static class Recorder implements SubprocessProtocol {
        final List<String> log = new ArrayList<>();
        final StringBuilder stdout = new StringBuilder();
        final CompletableFuture<Void> end;
        SubprocessTransport transport;

        Recorder(EventLoop loop) {
            this.end = loop.createFuture();
        }

        @Override
        public void connectionMade(SubprocessTransport made) {
            transport = made;
            log.add("made");
        }

        @Override
        public void pipeDataReceived(int fd, ByteBuffer data) {
            String text = StandardCharsets.UTF_8.decode(data).toString();
            log.add("data " + fd);
            stdout.append(fd == 1 ? text : "");
        }

        @Override
        public void pipeConnectionLost(int fd, Throwable cause) {
            log.add("pipe lost " + fd + (cause == null ? "" : " " + cause.getMessage()));
        }

        @Override
        public void processExited() {
            log.add("exited " + transport.returnCode().getAsInt());
        }

        @Override
        public void connectionLost(Throwable cause) {
            log.add("lost " + cause);
            end.complete(null);
        }

        @Override
        public void pauseWriting() {
            log.add("pause");
        }

        @Override
        public void resumeWriting() {
            log.add("resume");
        }
    }

    @AfterEach
    void awaitTheEndOfAllChildren(EventLoop loop) {
        assertThat(loop.runUntilComplete(loop.drain(Duration.ofSeconds(30)))).isTrue();
    }

    private static void start(EventLoop loop, boolean byThreads, Recorder recorder, String command) {
        SubprocessTransport transport = loop.runUntilComplete(Children.exec(loop, byThreads,
                SubprocessConfig.PIPES, () -> recorder, "sh", "-c", command));
        assertThat(transport).isSameAs(recorder.transport);
        assertThat(recorder.log).startsWith("made");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS,
            value = "connectionMade comes first, per pipe data and then its end, connectionLost(null) last")
    void callsComeInTheirOrder(boolean byThreads, EventLoop loop) {
        Recorder recorder = new Recorder(loop);
        start(loop, byThreads, recorder, "echo out; echo err >&2; exit 4");
        loop.runUntilComplete(recorder.end);
        List<String> log = recorder.log;
        assertThat(log).containsExactlyInAnyOrder("made", "data 1", "data 2", "pipe lost 0", "pipe lost 1",
                "pipe lost 2", "exited 4", "lost null");
        assertThat(log.indexOf("data 1")).isLessThan(log.indexOf("pipe lost 1"));
        assertThat(log.indexOf("data 2")).isLessThan(log.indexOf("pipe lost 2"));
        assertThat(log.get(log.size() - 1)).isEqualTo("lost null");
        assertThat(recorder.stdout).hasToString("out\n");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS,
            value = "close kills a child that runs, and is idempotent; its pipes are lost, too")
    void closeKillsTheChild(boolean byThreads, EventLoop loop) {
        Recorder recorder = new Recorder(loop);
        start(loop, byThreads, recorder, "exec cat");
        CompletableFuture<Integer> exit = recorder.transport.exited();
        loop.callSoon(() -> {
            recorder.transport.close();
            recorder.transport.close();
            assertThat(recorder.transport.isClosing()).isTrue();
            assertThat(recorder.transport.returnCode()).isEmpty();
        });
        loop.runUntilComplete(recorder.end);
        assertThat(loop.runUntilComplete(exit)).isEqualTo(137);
        assertThat(recorder.log).contains("exited 137", "pipe lost 0", "pipe lost 1", "pipe lost 2");
        assertThat(recorder.transport.kill()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS,
            value = "The pipe to standard input has back-pressure, and cannot be read from")
    void standardInputHasBackPressure(boolean byThreads, EventLoop loop) {
        Recorder recorder = new Recorder(loop);
        start(loop, byThreads, recorder, "head -c 3000000 | wc -c");
        loop.callSoon(() -> recorder.transport.pipe(0).write(new byte[3_000_000]));
        loop.runUntilComplete(recorder.end);
        assertThat(recorder.stdout.toString().strip()).isEqualTo("3000000");
        assertThat(recorder.log).containsSubsequence("made", "pause", "resume");
        assertThatThrownBy(() -> recorder.transport.pipe(0).pauseReading())
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> recorder.transport.pipe(1).write(new byte[1]))
                .isInstanceOf(UnsupportedOperationException.class);
        assertThatIllegalArgumentException().isThrownBy(() -> recorder.transport.pipe(3));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS,
            value = "What callbacks throw is reported; the child and the other callbacks go on")
    void failingCallbacksAreReported(boolean byThreads, EventLoop loop, ReportedFailures failures) {
        Recorder recorder = new Recorder(loop) {
            @Override
            public void pipeDataReceived(int fd, ByteBuffer data) {
                throw new IllegalStateException("data");
            }

            @Override
            public void processExited() {
                super.processExited();
                throw new IllegalStateException("exit");
            }

            @Override
            public void connectionLost(Throwable cause) {
                super.connectionLost(cause);
                throw new IllegalStateException("lost");
            }
        };
        start(loop, byThreads, recorder, "echo x; exec >&-; read wait");
        loop.runUntilComplete(loop.runInExecutor(() -> null));
        loop.callSoon(() -> recorder.transport.pipe(0).close());
        loop.runUntilComplete(recorder.end);
        assertThat(recorder.log).contains("pipe lost 1 data", "exited 1", "lost null");
        assertThat(failures.takeAll()).extracting(context -> context.exception().getMessage())
                .containsExactlyInAnyOrder("data", "exit", "lost");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = PROCESS, value = "A drain kills a child whose protocol does not object")
    void drainKillsAChildUnlessItsProtocolObjects(boolean byThreads, EventLoop loop) {
        Recorder gives = new Recorder(loop);
        start(loop, byThreads, gives, "exec cat");
        Recorder objects = new Recorder(loop) {
            @Override
            public boolean draining() {
                log.add("draining");
                transport.pipe(0).close();
                return true;
            }
        };
        start(loop, byThreads, objects, "exec cat");
        assertThat(loop.runUntilComplete(loop.drain(HOUR))).isTrue();
        assertThat(gives.log).contains("exited 137").endsWith("lost null");
        assertThat(objects.log).contains("draining", "exited 0").endsWith("lost null");
    }
}
