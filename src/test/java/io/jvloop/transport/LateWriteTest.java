package io.jvloop.transport;

import static io.jvloop.support.Section.CHOICES;
import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Writes that come too late: after writeEof, after close, after the loss of the connection. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class LateWriteTest {
    @Test
    @Contract(section = CHOICES,
            value = "Writes after the loss of a connection are dropped, and the fifth is "
                    + "logged (uvloop throws)")
    void writesAfterTheLossAreDroppedAndTheFifthIsLogged(EventLoop loop, ExpectedLogs logs) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.run(Transport::abort);
            recorder.awaitLost();
            connection.run(transport -> {
                for (int i = 1; i <= 2; i++) {
                    ByteBuffer data = Bytes.heap("late");
                    transport.write(data);
                    assertThat(data.hasRemaining()).isFalse();
                    transport.write(new byte[100]);
                }
                assertThat(logs.count()).isZero();
                ByteBuffer[] parts = {Bytes.heap("late"), Bytes.heap("too")};
                transport.writeAll(parts);
                assertThat(parts).noneMatch(ByteBuffer::hasRemaining);
                assertThat(logs.takeText()).contains("5 writes", transport.toString());
                for (int i = 0; i < 20; i++) {
                    transport.write(new byte[1]);
                }
                assertThat(logs.count()).isZero();
                assertThat(transport.writeBufferSize()).isZero();
            });
        }
    }

    @Test
    void writesAreCountedForEachConnection(EventLoop loop, ExpectedLogs logs) {
        try (Connection first = Connection.open(loop, new Recorder());
                Connection second = first.beside(new Recorder())) {
            first.run(Transport::abort);
            second.run(Transport::abort);
            for (int i = 0; i < 4; i++) {
                first.run(transport -> transport.write(new byte[1]));
                second.run(transport -> transport.write(new byte[1]));
            }
            assertThat(logs.count()).isZero();
            second.run(transport -> transport.write(new byte[1]));
            assertThat(logs.takeText()).contains(second.transport().toString());
        }
    }

    @Test
    void writeBetweenTheLossAndConnectionLostIsDropped(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.run(transport -> {
                transport.abort();
                transport.write(Bytes.heap("dropped"));
            });
            assertThat(recorder.awaitLost()).isNull();
            assertThat(connection.peer().readAll()).isEmpty();
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "What is written after close, while the rest is still being sent, is sent too")
    void writeAfterCloseWhileFlushingIsSent(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.narrow(loop, recorder)) {
            long filled = connection.fill();
            connection.run(transport -> {
                transport.close();
                transport.write(Bytes.heap("after "));
                transport.writeAll(Bytes.heap("the "), Bytes.heap("close"));
                assertThat(transport.isClosing()).isTrue();
            });
            connection.peer().read((int) filled);
            assertThat(connection.peer().readAllText()).isEqualTo("after the close");
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    void writeAfterCloseWithNothingToFlushIsDropped(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.run(transport -> {
                transport.write(Bytes.heap("before"));
                transport.close();
                transport.write(Bytes.heap("after"));
            });
            assertThat(connection.peer().readAllText()).isEqualTo("before");
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "write after writeEof throws IllegalStateException")
    void writeAfterWriteEofThrows(EventLoop loop) {
        Recorder recorder = new Recorder().onEof(transport -> true);
        try (Connection connection = Connection.narrow(loop, recorder)) {
            long filled = connection.fill();
            connection.run(transport -> {
                transport.writeEof();
                refuseWrites(transport); // the end is queued
            });
            assertThat(connection.peer().readAll()).hasSize((int) filled);
            connection.run(LateWriteTest::refuseWrites); // the end is sent
            connection.run(Transport::abort);
            recorder.awaitLost();
            connection.run(LateWriteTest::refuseWrites); // the connection is over
        }
    }

    private static void refuseWrites(Transport transport) {
        long queued = transport.writeBufferSize();
        ByteBuffer data = Bytes.heap("refused");
        assertThatIllegalStateException().isThrownBy(() -> transport.write(data))
                .withMessageContaining("writeEof");
        assertThatIllegalStateException().isThrownBy(() -> transport.write(new byte[3]));
        assertThatIllegalStateException().isThrownBy(() -> transport.writeAll(data));
        assertThat(data.remaining()).isEqualTo(7);
        assertThat(transport.writeBufferSize()).isEqualTo(queued);
    }
}
