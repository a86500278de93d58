package io.jvloop.process;

import static io.jvloop.process.SignalledJvm.Access.FLAG;
import static io.jvloop.process.SignalledJvm.Access.MANIFEST;
import static io.jvloop.process.SignalledJvm.Access.NONE;
import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.SIGNALS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The end of servers and programs that a signal asks for; the same in both tiers, seen from outside. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class ShutdownTest {
    private static final String LONG = "PT1H";

    @TempDir
    private Path folder;

    private static String answer(Socket client) throws Exception {
        return new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8))
                .readLine();
    }

    private static void ask(Socket client, String text) throws Exception {
        client.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @EnumSource(names = {"NONE", "FLAG"})
    @Contract(section = BETTER,
            value = "On TERM a server answers what is in flight, and ends with 143 or the code chosen")
    void serverFinishesWhatIsInFlight(SignalledJvm.Access access) throws Exception {
        for (int code : new int[] {-1, 0}) {
            try (SignalledJvm jvm = SignalledJvm.start(access, folder, "server", "" + code, LONG);
                    Socket busy = SignalledJvm.connect(jvm.line())) {
                ask(busy, "question\n");
                jvm.expect("asked");
                jvm.send(Signal.TERM);
                jvm.expect("requested by TERM");
                assertThat(answer(busy)).isEqualTo("question");
                assertThat(answer(busy)).isNull();
                jvm.expectEnd(code < 0 ? Signal.TERM.exitCode() : code);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"INT", "HUP"})
    @Contract(section = SIGNALS, value = "An idle server ends at once on INT with 130 and on HUP with 129")
    void idleServerEndsAtOnce(Signal signal) throws Exception {
        for (SignalledJvm.Access access : List.of(NONE, MANIFEST)) {
            try (SignalledJvm jvm = SignalledJvm.start(access, folder, "server", "-1", LONG)) {
                assertThat(jvm.line()).startsWith("ready");
                jvm.send(signal);
                jvm.expect("requested by " + signal);
                jvm.expectEnd(signal.exitCode());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"NONE", "FLAG"})
    @Contract(section = SIGNALS,
            value = "A second signal forces the end, and so does the deadline; then the code is 128 + N")
    void secondSignalAndDeadlineForceTheEnd(SignalledJvm.Access access) throws Exception {
        try (SignalledJvm jvm = SignalledJvm.start(access, folder, "server", "0", LONG);
                Socket flood = SignalledJvm.connect(jvm.line())) {
            neverRead(jvm, flood);
            jvm.send(Signal.INT);
            jvm.expect("requested by INT");
            jvm.send(Signal.INT);
            jvm.expectEnd(Signal.INT.exitCode());
        }
        try (SignalledJvm jvm = SignalledJvm.start(access, folder, "server", "0", "PT0.2S");
                Socket flood = SignalledJvm.connect(jvm.line())) {
            neverRead(jvm, flood);
            jvm.send(Signal.TERM);
            jvm.expect("requested by TERM");
            jvm.expectEndInDisorder(Signal.TERM.exitCode()); // the loop complains, if logging still works
        }
    }

    /** Asks for more than the kernel takes for somebody who does not read. */
    private static void neverRead(SignalledJvm jvm, Socket client) throws Exception {
        ask(client, "flood\n");
        jvm.expect("asked");
    }

    @Test
    @Contract(section = BETTER, value = "A group of loops is ended in order by one call, too")
    void groupEndsInOrder() throws Exception {
        for (SignalledJvm.Access access : List.of(NONE, FLAG)) {
            try (SignalledJvm jvm = SignalledJvm.start(access, folder, "group");
                    Socket client = SignalledJvm.connect(jvm.line())) {
                ask(client, "x");
                jvm.send(Signal.TERM);
                assertThat(answer(client)).isNull();
                jvm.expectEnd(42);
            }
        }
    }

    @Test
    @Contract(section = SIGNALS,
            value = "Ctrl-C cancels the future of a Runner's main; a second one ends the program")
    void runnerIsCancelledFirstAndForcedThen() throws Exception {
        for (SignalledJvm.Access access : List.of(NONE, FLAG)) {
            try (SignalledJvm jvm = SignalledJvm.start(access, folder, "runner")) {
                jvm.expect("ready");
                jvm.send(Signal.INT);
                jvm.expect("cancelled true");
                assertThat(jvm.isAlive()).isTrue(); // something does not end
                jvm.send(Signal.INT);
                jvm.expectEnd(Signal.INT.exitCode());
            }
        }
    }

    @Test
    @Contract(section = SIGNALS,
            value = "A Runner returns the value of main, ends connections and executor, and closes the loop")
    void runnerReturnsTheValueAndClosesEverything() {
        AtomicReference<EventLoop> used = new AtomicReference<>();
        CompletableFuture<String> late = new CompletableFuture<>();
        String value = Runner.run(loop -> {
            used.set(loop);
            assertThat(EventLoop.current()).isSameAs(loop);
            loop.runInExecutor(() -> late.complete("done by the executor"));
            return loop.runInExecutor(() -> "value");
        });
        assertThat(value).isEqualTo("value");
        assertThat(used.get().isClosed()).isTrue();
        assertThat(late).isCompletedWithValue("done by the executor");
    }

    @Test
    void runnerThrowsWhatMainDoes() {
        assertThatThrownBy(() -> Runner.run(loop -> {
            throw new IllegalStateException("at once");
        })).isInstanceOf(CompletionException.class).cause().hasMessage("at once");
        assertThatThrownBy(() -> Runner.run(loop -> loop.runInExecutor(() -> {
            throw new java.io.IOException("later");
        }))).isInstanceOf(CompletionException.class).cause().hasMessage("later");
        assertThatThrownBy(() -> Runner.run(loop -> null)).isInstanceOf(CompletionException.class).cause()
                .hasMessageContaining("main returned null");
        assertThatThrownBy(() -> Runner.run(loop -> {
            loop.stop();
            return loop.createFuture();
        })).isInstanceOf(IllegalStateException.class).hasMessageContaining("stopped");
        assertThatThrownBy(
                () -> Runner.run(loop -> CompletableFuture.completedFuture(Runner.run(inner -> null))))
                .isInstanceOf(CompletionException.class).cause().isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("another loop is running in this thread");
    }

    @Test
    void shutdownCanBeTakenBackAndChecksItsExitCode(EventLoop loop) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Shutdown.onSignal(loop, Duration.ofSeconds(1), 256))
                .withMessageContaining("0 to 255");
        Shutdown shutdown = Shutdown.onSignal(loop, Duration.ofSeconds(Long.MAX_VALUE));
        assertThat(shutdown.requested()).isNotDone();
        shutdown.cancel();
        shutdown.cancel();
    }
}
