package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Transport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Protocols above TLS that throw. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class TlsCallbackFailuresTest {
    private static final class Thrown extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private final Thrown thrown = new Thrown();

    private void requireReported(ReportedFailures failures, String message) {
        Await.until("the report", () -> failures.count() > 0);
        ExceptionContext context = failures.takeOne();
        assertThat(context.message()).isEqualTo(message);
        assertThat(context.exception()).isSameAs(thrown);
        assertThat(context.toString()).contains("Recorder");
    }

    @Test
    @Contract(section = TLS,
            value = "What connectionMade, pauseWriting, resumeWriting or connectionLost throw "
                    + "is reported once, and the connection goes on")
    void connectionMadeThatThrowsIsReported(EventLoop loop, ReportedFailures failures) {
        Recorder recorder = Recorder.echo().onMade(transport -> {
            throw thrown;
        });
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            link.peer().send("still");
            assertThat(link.peer().readText(5)).isEqualTo("still");
            link.peer().end();
            assertThat(recorder.awaitLost()).isNull();
        }
        requireReported(failures, "protocol.connectionMade() failed");
    }

    @Test
    void pauseWritingThatThrowsIsReported(EventLoop loop, ReportedFailures failures) {
        Recorder recorder = new Recorder().onPause(transport -> {
            throw thrown;
        });
        try (TlsLink link = TlsLink.plan(loop).narrow().open(recorder)) {
            link.run(transport -> transport.write(new byte[2_000_000]));
            assertThat(link.peer().read(2_000_000)).hasSize(2_000_000);
            recorder.awaitCall("resume");
        }
        requireReported(failures, "protocol.pauseWriting() failed");
    }

    @Test
    void resumeWritingThatThrowsIsReported(EventLoop loop, ReportedFailures failures) {
        Recorder recorder = new Recorder().onResume(transport -> {
            throw thrown;
        });
        try (TlsLink link = TlsLink.plan(loop).narrow().open(recorder)) {
            link.run(transport -> transport.write(new byte[2_000_000]));
            assertThat(link.peer().read(2_000_000)).hasSize(2_000_000);
            recorder.awaitCall("resume");
            link.run(transport -> transport.write(new byte[10]));
            assertThat(link.peer().read(10)).hasSize(10);
        }
        requireReported(failures, "protocol.resumeWriting() failed");
    }

    @Test
    void connectionLostThatThrowsIsReported(EventLoop loop, ReportedFailures failures) {
        Recorder recorder = new Recorder().onLost(cause -> {
            throw thrown;
        });
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            link.run(Transport::abort);
            recorder.awaitLost();
        }
        assertThat(failures.takeOne().exception()).isSameAs(thrown);
    }

    @Test
    @Contract(section = TLS, value = "What dataReceived or eofReceived throw is fatal: the connection is "
            + "aborted, connectionLost gets it, and it is reported once")
    void dataReceivedThatThrowsIsFatal(EventLoop loop, ReportedFailures failures) {
        Recorder recorder = new Recorder().onData((transport, data) -> {
            throw thrown;
        });
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            link.together(() -> link.peer().send("first").send("second").end());
            assertThat(recorder.awaitLost()).isSameAs(thrown);
            link.raw().drain();
            assertThat(recorder.calls()).containsExactly("made", "data", "lost");
        }
        requireReported(failures, "Fatal error on transport");
    }

    @Test
    void eofReceivedThatThrowsIsFatal(EventLoop loop, ReportedFailures failures) {
        Recorder recorder = new Recorder().onEof(transport -> {
            throw thrown;
        });
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            link.peer().end();
            assertThat(recorder.awaitLost()).isSameAs(thrown);
            assertThat(recorder.calls()).containsExactly("made", "eof", "lost");
        }
        requireReported(failures, "Fatal error on transport");
    }

    @Test
    void errorsAreFatalToo(EventLoop loop, ReportedFailures failures) {
        AssertionError error = new AssertionError("by dataReceived");
        Recorder recorder = new Recorder().onData((transport, data) -> {
            throw error;
        });
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            link.peer().send("x");
            assertThat(recorder.awaitLost()).isSameAs(error);
        }
        assertThat(failures.takeOne().exception()).isSameAs(error);
    }

    @Test
    void otherConnectionsGoOn(EventLoop loop, ReportedFailures failures) {
        Recorder healthy = Recorder.echo();
        Recorder broken = new Recorder().onData((transport, data) -> {
            throw thrown;
        });
        Recorder client = new Recorder();
        try (TlsPair pair = TlsPair.open(loop, client, broken)) {
            pair.thread().run(() -> {
                pair.client().setProtocol(healthy);
                pair.client().write(new byte[1]);
            });
            assertThat(broken.awaitLost()).isSameAs(thrown);
            assertThat(healthy.awaitLost()).isNotNull();
        }
        assertThat(failures.takeOne().exception()).isSameAs(thrown);
    }
}
