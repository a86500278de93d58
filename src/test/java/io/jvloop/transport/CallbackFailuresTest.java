package io.jvloop.transport;

import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a protocol throws, and whom that concerns. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class CallbackFailuresTest {
    private final RuntimeException broken = new RuntimeException("broken on purpose");

    @Test
    @Contract(section = TRANSPORT,
            value = "What connectionMade throws is reported, and the connection lives on")
    void failureInConnectionMadeIsReportedAndTheConnectionLives(EventLoop loop, ReportedFailures failures) {
        Recorder recorder = Recorder.echo().onMade(transport -> {
            throw broken;
        });
        try (Connection connection = Connection.open(loop, recorder)) {
            ExceptionContext context = failures.takeOne();
            assertThat(context.exception()).isSameAs(broken);
            assertThat(context.message()).contains("connectionMade");
            assertThat(context.details()).containsEntry("protocol", recorder)
                    .containsEntry("transport", connection.transport());

            connection.peer().send("still there?");
            assertThat(connection.peer().readText(12)).isEqualTo("still there?");
            connection.run(Transport::close);
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "What dataReceived or eofReceived throws is reported and ends the "
            + "connection; connectionLost gets it")
    void failureInDataReceivedEndsTheConnection(EventLoop loop, ReportedFailures failures) {
        Recorder recorder = new Recorder().onData((transport, data) -> {
            throw broken;
        });
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.peer().send("x");
            assertThat(recorder.awaitLost()).isSameAs(broken);
            connection.peer().drain();
            assertThat(recorder.calls()).containsExactly("made", "data", "lost");
            assertFatal(failures.takeOne(), recorder, connection.transport());
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "What dataReceived or eofReceived throws is reported and ends the "
            + "connection; connectionLost gets it")
    void failureInEofReceivedEndsTheConnection(EventLoop loop, ReportedFailures failures) {
        Recorder recorder = new Recorder().onEof(transport -> {
            throw broken;
        });
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.peer().end();
            assertThat(recorder.awaitLost()).isSameAs(broken);
            connection.peer().drain();
            assertThat(recorder.calls()).containsExactly("made", "eof", "lost");
            assertFatal(failures.takeOne(), recorder, connection.transport());
        }
    }

    private void assertFatal(ExceptionContext context, Protocol protocol, Transport transport) {
        assertThat(context.exception()).isSameAs(broken);
        assertThat(context.details()).containsEntry("protocol", protocol)
                .containsEntry("transport", transport);
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "A StackOverflowError in dataReceived ends that connection and nothing else")
    void stackOverflowInDataReceivedEndsOnlyThatConnection(EventLoop loop, ReportedFailures failures) {
        Recorder recorder = new Recorder().onData((transport, data) -> overflow(1));
        Recorder neighbour = Recorder.echo();
        try (Connection connection = Connection.open(loop, recorder);
                Connection beside = connection.beside(neighbour)) {
            connection.peer().send("x");
            assertThat(recorder.awaitLost()).isInstanceOf(StackOverflowError.class);
            assertThat(failures.takeOne().exception()).isInstanceOf(StackOverflowError.class);
            beside.peer().send("alive");
            assertThat(beside.peer().readText(5)).isEqualTo("alive");
        }
    }

    private static int overflow(int depth) {
        return overflow(depth + 1) + 1;
    }

    @Test
    void errorThatIsNoExceptionEndsTheConnectionToo(EventLoop loop, ReportedFailures failures) {
        Recorder recorder = new Recorder().onData((transport, data) -> {
            throw new AssertionError("made by the test");
        });
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.peer().send("x");
            assertThat(recorder.awaitLost()).isInstanceOf(AssertionError.class);
            assertThat(failures.takeOne().exception()).isInstanceOf(AssertionError.class);
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "What connectionLost throws is reported, and nothing else changes")
    void failureInConnectionLostIsReported(EventLoop loop, ReportedFailures failures) {
        Recorder recorder = new Recorder().onLost(cause -> {
            throw broken;
        });
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.run(Transport::close);
            recorder.awaitLost();
            connection.run(transport -> assertThat(transport.protocol()).isNull());
            ExceptionContext context = failures.takeOne();
            assertThat(context.exception()).isSameAs(broken);
            assertThat(context.message()).contains("connectionLost");
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "What pauseWriting or resumeWriting throws is reported, and the connection lives on")
    void failureInPauseAndResumeWritingIsReportedAndTheConnectionLives(EventLoop loop,
            ReportedFailures failures) {
        Recorder recorder = new Recorder().onPause(transport -> {
            throw broken;
        }).onResume(transport -> {
            throw broken;
        });
        try (Connection connection = Connection.narrow(loop, recorder)) {
            long filled = connection.fill();
            byte[] block = Bytes.noise(100_000);
            connection.run(transport -> transport.write(block));
            ExceptionContext paused = failures.takeOne();
            assertThat(paused.message()).contains("pauseWriting");
            assertThat(paused.exception()).isSameAs(broken);
            assertThat(paused.details()).containsEntry("protocol", recorder);

            connection.peer().read((int) filled);
            assertThat(connection.peer().read(block.length)).isEqualTo(block);
            Await.until("a report of resumeWriting", () -> failures.count() > 0);
            assertThat(failures.takeOne().message()).contains("resumeWriting");
            assertThat(connection.transport().isClosing()).isFalse();
            assertThat(recorder.calls()).containsExactly("made", "pause", "resume");
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "A protocol that throws does not cost other connections their turn")
    void failuresDoNotConcernTheNeighbours(EventLoop loop, ReportedFailures failures) {
        AtomicInteger losses = new AtomicInteger();
        int count = 5;
        try (Connection good = Connection.open(loop, Recorder.echo())) {
            Recorder[] bad = new Recorder[count];
            Connection[] connections = new Connection[count];
            for (int i = 0; i < count; i++) {
                bad[i] = new Recorder().onData((transport, data) -> {
                    throw broken;
                }).onLost(cause -> losses.incrementAndGet());
                connections[i] = good.beside(bad[i]);
            }
            good.run(anyone -> { // while the loop is busy here, data arrives for all of them
                for (Connection connection : connections) {
                    connection.peer().send("x");
                }
                good.peer().send("echo");
            });
            assertThat(good.peer().readText(4)).isEqualTo("echo");
            for (Recorder recorder : bad) {
                assertThat(recorder.awaitLost()).isSameAs(broken);
            }
            assertThat(failures.takeAll()).hasSize(count);
            assertThat(losses).hasValue(count);
            for (Connection connection : connections) {
                connection.close();
            }
        }
    }

    @Test
    void peersFailureIsNotReportedEvenIfItIsFoundByAWrite(EventLoop loop, ReportedFailures failures) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.run(Transport::pauseReading);
            connection.peer().reset();
            Await.until("a write that fails", () -> connection.ask(transport -> {
                transport.write(new byte[10]);
                return transport.isClosing();
            }));
            assertThat(recorder.awaitLost()).isInstanceOf(IOException.class);
            assertThat(failures.count()).isZero();
        }
    }
}
