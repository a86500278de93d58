package io.jvloop.process;

import static io.jvloop.process.SignalledJvm.Access.FLAG;
import static io.jvloop.process.SignalledJvm.Access.MANIFEST;
import static io.jvloop.process.SignalledJvm.Access.NONE;
import static io.jvloop.support.Section.SIGNALS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Handlers of signals, in JVMs that are sent real ones. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class SignalsTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    @Contract(section = SIGNALS,
            value = "With a flag or a line in a manifest signals are events on the loop; the process goes on")
    void signalsAreEventsWhereTheJdkIsOpened(SignalledJvm.Access access) throws Exception {
        try (SignalledJvm jvm = SignalledJvm.start(access, folder, "handlers", "TERM", "INT", "USR1", "WINCH",
                "CONT", "CHLD")) {
            jvm.expect("ready INTERNAL");
            for (Signal signal : new Signal[] {Signal.USR1, Signal.TERM, Signal.WINCH, Signal.INT,
                Signal.CONT, Signal.USR1, Signal.CHLD, Signal.TERM}) {
                jvm.send(signal);
                jvm.expect("got " + signal + " on the loop");
            }
            jvm.send(Signal.HUP); // stops the loop
            jvm.expect("closed");
            jvm.expectEnd(0);
        }
    }

    @Test
    @Contract(section = SIGNALS, value = "A signal whose handler was removed has its default effect again")
    void removedHandlerLeavesTheDefault() throws Exception {
        try (SignalledJvm jvm = SignalledJvm.start(FLAG, folder, "handlers", "USR1")) {
            jvm.expect("ready INTERNAL");
            jvm.send(Signal.USR1);
            jvm.expect("got USR1 on the loop");
            jvm.send(Signal.URG);
            jvm.expect("removed true");
            jvm.send(Signal.USR1);
            jvm.expectEnd(Signal.USR1.exitCode());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"TERM", "INT", "HUP"})
    @Contract(section = SIGNALS,
            value = "Without any flag TERM, INT and HUP call their handler; the JVM ends when its loop has")
    void endingSignalsAreHandledOnTheWayOut(Signal signal) throws Exception {
        try (SignalledJvm jvm = SignalledJvm.start(NONE, folder, "handlers", "TERM", "INT")) {
            jvm.expect("ready SHUTDOWN");
            jvm.send(signal);
            jvm.expect("got " + signal + " on the loop");
            if (signal != Signal.HUP) {
                assertThat(jvm.isAlive()).isTrue(); // its loop runs on, and is waited for
                jvm.send(Signal.TERM); // until another signal forces the end
            } else {
                jvm.expect("closed");
            }
            jvm.expectEnd(signal.exitCode());
        }
    }

    @Test
    @Contract(section = SIGNALS, value = "A handler that throws is reported, and the loop goes on")
    void handlerThatThrowsIsReported() throws Exception {
        try (SignalledJvm jvm = SignalledJvm.start(MANIFEST, folder, "failing")) {
            jvm.expect("ready");
            jvm.send(Signal.TERM);
            jvm.expect("made by the test");
            jvm.send(Signal.INT);
            jvm.expect("still here");
            jvm.expectEnd(0);
        }
    }

    @Test
    @Contract(section = SIGNALS,
            value = "A signal whose loops are all closed is not lost: it has its default effect")
    void signalForAClosedLoopTakesItsCourse() throws Exception {
        for (SignalledJvm.Access access : new SignalledJvm.Access[] {NONE, FLAG}) {
            try (SignalledJvm jvm = SignalledJvm.start(access, folder, "closed")) {
                jvm.expect("ready");
                jvm.send(Signal.TERM);
                jvm.expectEnd(Signal.TERM.exitCode());
            }
        }
    }

    @Test
    @Contract(section = SIGNALS,
            value = "A helper process catches USR1, WINCH and CONT without a flag, and ends with the JVM")
    void helperCatchesWhatTheJvmCannot() throws Exception {
        try (SignalledJvm jvm = SignalledJvm.start(NONE, folder, "helper")) {
            jvm.expect("before NONE");
            String[] ready = jvm.line().split(" ");
            assertThat(ready).startsWith("ready").endsWith("HELPER");
            long helper = Long.parseLong(ready[1]);
            SignalledJvm.send(helper, Signal.USR1);
            jvm.expect("got USR1 on the loop");
            SignalledJvm.send(helper, Signal.TERM); // of no interest to it
            SignalledJvm.send(helper, Signal.WINCH);
            jvm.expect("got WINCH on the loop");
            SignalledJvm.send(helper, Signal.CONT);
            jvm.expect("drained true, NONE");
            jvm.expectEnd(0);
        }
        try (SignalledJvm jvm = SignalledJvm.start(NONE, folder, "helper")) {
            jvm.expect("before NONE");
            ProcessHandle helper =
                    ProcessHandle.of(Long.parseLong(jvm.line().split(" ")[1])).orElseThrow();
            jvm.send(Signal.KILL);
            Await.until("the helper's end", () -> !helper.isAlive());
        }
    }

    @Test
    @Contract(section = SIGNALS, value = "KILL, STOP, QUIT, USR2 and PIPE are refused, with the reason")
    void signalsThatNobodyShouldCatchAreRefused(EventLoop loop) {
        for (Signal signal : new Signal[] {Signal.KILL, Signal.STOP, Signal.QUIT, Signal.USR2, Signal.PIPE,
            Signal.ABRT}) {
            assertThat(Signals.supported(signal)).isEqualTo(Signals.Tier.NONE);
            assertThatIllegalArgumentException().isThrownBy(() -> Signals.handle(loop, signal, () -> {}))
                    .withMessageStartingWith("SIG" + signal + " cannot be handled: ");
        }
    }

    @Test
    @Contract(section = SIGNALS,
            value = "A signal out of reach is refused with the flag and the manifest line that would help")
    void refusalSaysWhatWouldHelp(EventLoop loop) {
        assertThat(Signals.supported(Signal.USR1)).isEqualTo(Signals.Tier.NONE);
        assertThat(Signals.supported(Signal.TERM)).isEqualTo(Signals.Tier.SHUTDOWN);
        assertThatThrownBy(() -> Signals.handle(loop, Signal.USR1, () -> {}))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("Launcher-Agent-Class: io.jvloop.process.SignalAgent")
                .hasMessageContaining("--add-exports java.base/jdk.internal.misc=ALL-UNNAMED")
                .hasMessageContaining("Signals.startHelper(loop)");
        assertThatThrownBy(() -> Signals.handle(loop, Signal.URG, () -> {}))
                .hasMessageNotContaining("startHelper");
        EventLoop closed = EventLoop.create();
        closed.close();
        assertThatIllegalStateException().isThrownBy(() -> Signals.handle(closed, Signal.TERM, () -> {}));
        assertThat(Signals.remove(loop, Signal.TERM)).isFalse();
        Signals.handle(loop, Signal.TERM, () -> {});
        assertThat(Signals.remove(loop, Signal.TERM)).isTrue();
        assertThat(Signals.remove(loop, Signal.TERM)).isFalse();
    }
}
