package io.jvloop.transport;

import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** setProtocol: another protocol takes over a connection. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class ProtocolSwitchTest {
    @Test
    @Contract(section = TRANSPORT, value = "setProtocol hands the connection over from the next call on; "
            + "connectionMade is not repeated")
    void newProtocolGetsEverythingFromTheNextCallOn(EventLoop loop) {
        Recorder first = new Recorder();
        Recorder second = new Recorder();
        try (Connection connection = Connection.open(loop, first)) {
            connection.peer().send("one");
            first.awaitBytes(3);
            connection.run(transport -> {
                assertThat(transport.protocol()).isSameAs(first);
                transport.setProtocol(second);
                assertThat(transport.protocol()).isSameAs(second);
            });
            connection.peer().send("two").end();
            assertThat(second.awaitLost()).isNull();
            assertThat(first.calls()).containsExactly("made", "data");
            assertThat(first.text()).isEqualTo("one");
            assertThat(second.calls()).containsExactly("data", "eof", "lost");
            assertThat(second.text()).isEqualTo("two");
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "setProtocol inside dataReceived applies from the next data on")
    void protocolMaySwitchInTheMiddleOfTheStream(EventLoop loop) {
        Recorder second = Recorder.echo();
        Recorder first = new Recorder().onData((transport, data) -> {
            transport.setProtocol(second);
            second.dataReceived(data); // what is left over is for the two to agree on
        });
        second.connectionMade(null);
        try (Connection connection = Connection.open(loop, first)) {
            second.onData((nobody, data) -> first.transport().write(data));
            connection.peer().send("left over ");
            assertThat(connection.peer().readText(10)).isEqualTo("left over ");
            connection.peer().send("and more");
            assertThat(connection.peer().readText(8)).isEqualTo("and more");
            assertThat(first.text()).isEqualTo("left over ");
            assertThat(second.text()).isEqualTo("left over and more");
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "setProtocol may switch between plain and buffered protocols at any time")
    void kindOfProtocolMayChangeBothWays(EventLoop loop) {
        Recorder plain = new Recorder();
        Recorder last = new Recorder();
        ByteBuffer own = ByteBuffer.allocate(100);
        Transport[] self = new Transport[1];
        BufferedProtocol buffered = new BufferedProtocol() {
            @Override
            public ByteBuffer getBuffer(int sizeHint) {
                return own;
            }

            @Override
            public void bufferUpdated(int count) {
                self[0].setProtocol(last);
                last.note("own buffer has " + own.position());
            }
        };
        try (Connection connection = Connection.open(loop, plain)) {
            self[0] = connection.transport();
            connection.peer().send("plain");
            plain.awaitBytes(5);
            connection.run(transport -> transport.setProtocol(buffered));
            connection.peer().send("buffered");
            last.awaitCall("own buffer has 8");
            connection.peer().send("plain again").end();
            assertThat(last.awaitLost()).isNull();
            assertThat(last.text()).isEqualTo("plain again");
            assertThat(last.calls()).containsExactly("own buffer has 8", "data", "eof", "lost");
        }
    }

    @Test
    void newProtocolHearsPauseAndResumeWriting(EventLoop loop) {
        Recorder first = new Recorder();
        Recorder second = new Recorder();
        try (Connection connection = Connection.narrow(loop, first)) {
            long filled = connection.ask(transport -> {
                transport.setProtocol(second);
                transport.setWriteBufferLimits(new WriteBufferLimits(0, 0));
                return Connection.fill(transport);
            });
            connection.peer().read((int) filled);
            second.awaitCall("resume");
            assertThat(first.calls()).containsExactly("made");
            assertThat(second.calls()).containsExactly("pause", "resume");
        }
    }

    @Test
    void nullIsNoProtocol(EventLoop loop) {
        Recorder recorder = Recorder.echo();
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.run(transport -> {
                assertThatNullPointerException().isThrownBy(() -> transport.setProtocol(null));
                assertThat(transport.protocol()).isSameAs(recorder);
            });
            connection.peer().send("x");
            assertThat(connection.peer().readText(1)).isEqualTo("x");
        }
    }

    @Test
    void protocolSetBetweenTheEndAndConnectionLostHearsConnectionLost(EventLoop loop) {
        Recorder first = new Recorder();
        Recorder second = new Recorder();
        try (Connection connection = Connection.open(loop, first)) {
            connection.run(transport -> {
                transport.abort();
                transport.setProtocol(second);
            });
            assertThat(second.awaitLost()).isNull();
            assertThat(first.calls()).containsExactly("made");
        }
    }

    @Test
    void newProtocolInsideConnectionMadeGetsTheData(EventLoop loop) {
        Recorder second = new Recorder();
        CompletableFuture<Void> switched = new CompletableFuture<>();
        Recorder first = new Recorder().onMade(transport -> {
            transport.setProtocol(second);
            switched.complete(null);
        });
        try (Connection connection = Connection.open(loop, first)) {
            Await.result(switched);
            connection.peer().send("for the second");
            second.awaitBytes(14);
            assertThat(first.calls()).containsExactly("made");
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "setProtocol inside getBuffer leaves the bytes to the new protocol")
    void protocolThatComesWithGetBufferGetsTheBytes(EventLoop loop) {
        Recorder last = new Recorder();
        ByteBuffer unused = ByteBuffer.allocate(100).position(10);
        Transport[] self = new Transport[1];
        BufferedProtocol second = bufferedUntil(self, last, unused);
        BufferedProtocol first = bufferedUntil(self, second, unused);
        try (Connection connection = Connection.open(loop, first)) {
            self[0] = connection.transport();
            connection.peer().send("hello").end();
            assertThat(last.awaitLost()).isNull();
            assertThat(last.text()).isEqualTo("hello");
            assertThat(unused.clear()).isEqualTo(ByteBuffer.allocate(100));
        }
    }

    private static BufferedProtocol bufferedUntil(Transport[] self, Protocol next, ByteBuffer unused) {
        return new BufferedProtocol() {
            @Override
            public ByteBuffer getBuffer(int sizeHint) {
                self[0].setProtocol(next);
                return unused;
            }

            @Override
            public void bufferUpdated(int count) {
                throw new IllegalStateException("handed over already");
            }
        };
    }
}
