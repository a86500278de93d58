package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Transport;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One direction of TLS ends before the other, and the peer's end in general. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class TlsHalfCloseTest {
    @Test
    @Contract(section = TLS, value = "With TLS 1.3 writeEof ends our direction once everything queued is "
            + "sent, and reading goes on")
    void writeEofEndsOurDirectionOnly(EventLoop loop) {
        byte[] data = Bytes.noise(2_000_000);
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).narrow().open(recorder)) {
            link.run(transport -> {
                assertThat(transport.canWriteEof()).isTrue();
                transport.write(data);
                assertThat(transport.writeBufferSize()).isPositive();
                transport.writeEof();
                transport.writeEof();
                assertThatIllegalStateException().isThrownBy(() -> transport.write(new byte[1]));
                assertThat(transport.isClosing()).isFalse();
                assertThat(transport.isReading()).isTrue();
            });
            assertThat(link.peer().readAll()).isEqualTo(data);
            link.peer().send("answer");
            recorder.awaitBytes(6);
            link.peer().end();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.text()).isEqualTo("answer");
            assertThat(recorder.calls()).containsExactly("made", "pause", "resume", "data", "eof", "lost");
        }
    }

    @Test
    @Contract(section = TLS, value = "With TLS 1.3, if eofReceived returns true, writing goes on until close")
    void writingGoesOnAfterThePeersEnd(EventLoop loop) {
        Recorder recorder = new Recorder().onEof(transport -> true);
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            link.peer().send("question").end();
            recorder.awaitCall("eof");
            link.run(transport -> {
                assertThat(transport.isClosing()).isFalse();
                assertThat(transport.isReading()).isFalse();
                transport.resumeReading();
                transport.write(Bytes.heap("an"));
            });
            assertThat(link.peer().readText(2)).isEqualTo("an");
            byte[] rest = Bytes.noise(1_000_000);
            link.run(transport -> {
                transport.write(rest);
                transport.close();
            });
            assertThat(link.peer().readAll()).isEqualTo(rest);
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "data", "eof", "lost");
        }
    }

    @Test
    void writeEofInsideEofReceivedAnswersAnEndWithAnEnd(EventLoop loop) {
        Recorder recorder = new Recorder().onEof(transport -> {
            transport.writeEof();
            return true;
        });
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            link.peer().end();
            assertThat(link.peer().readAll()).isEmpty();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "eof", "lost");
        }
    }

    @Test
    void closeAfterWriteEofWaitsForThePeersEnd(EventLoop loop) {
        byte[] data = Bytes.noise(1_000_000);
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).narrow().open(recorder)) {
            link.run(transport -> {
                transport.write(data);
                transport.writeEof();
                transport.close();
                transport.writeEof();
            });
            assertThat(link.peer().readAll()).isEqualTo(data);
            assertThat(recorder.calls()).doesNotContain("lost");
            link.peer().end();
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    void writeEofAfterTheEndIsHarmless(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            link.run(transport -> {
                transport.abort();
                transport.writeEof();
            });
            assertThat(recorder.awaitLost()).isNull();
            link.run(Transport::writeEof);
        }
    }

    @Test
    @Contract(section = TLS, value = "Before TLS 1.3 writeEof is refused, since the end of one direction is "
            + "the end of both")
    void writeEofIsRefusedBefore13(EventLoop loop) {
        Recorder recorder = Recorder.echo();
        try (TlsLink link = TlsLink.plan(loop).version("TLSv1.2").open(recorder)) {
            link.run(transport -> {
                assertThat(transport.canWriteEof()).isFalse();
                assertThatExceptionOfType(UnsupportedOperationException.class)
                        .isThrownBy(transport::writeEof).withMessageContaining("1.3");
            });
            link.peer().send("still there");
            assertThat(link.peer().readText(11)).isEqualTo("still there");
        }
    }

    @Test
    void trueFromEofReceivedMeansNothingBefore13(EventLoop loop) {
        Recorder recorder = new Recorder().onEof(transport -> true);
        try (TlsLink link = TlsLink.plan(loop).version("TLSv1.2").open(recorder)) {
            link.peer().send("question").end();
            assertThat(link.peer().readAll()).isEmpty();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "data", "eof", "lost");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS, value = "After the peer's close_notify, what was written before is still sent, "
            + "then the connection ends by itself")
    void peersEndIsAnsweredAfterWhatIsQueued(String version, EventLoop loop) {
        byte[] data = Bytes.noise(800_000);
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).version(version).narrow().open(recorder)) {
            link.run(transport -> transport.write(data));
            link.peer().send("trailing data").end();
            assertThat(link.peer().readAll()).isEqualTo(data);
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.text()).isEqualTo("trailing data");
            assertThat(recorder.calls()).containsSubsequence("made", "data", "eof", "lost");
        }
    }

    @Test
    @Contract(section = TLS, value = "Before TLS 1.3, if the peer ends while more than a megabyte is queued "
            + "for it, connectionLost gets a failure, since the rest cannot be sent")
    void tooMuchQueuedAtThePeersEndIsAFailureBefore13(EventLoop loop) {
        byte[] data = Bytes.noise(6_000_000);
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).version("TLSv1.2").narrow().open(recorder)) {
            link.run(transport -> transport.write(data));
            link.peer().end();
            assertThat(link.peer().readAll().length).isLessThan(data.length);
            assertThat(recorder.awaitLost()).isInstanceOf(SSLException.class)
                    .hasMessageContaining("before everything was sent");
            assertThat(recorder.calls()).containsExactly("made", "pause", "eof", "lost");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS, value = "A connection that ends without close_notify is told as a "
            + "TlsTruncatedException, without eofReceived, after all data")
    void endWithoutCloseNotifyIsAFailure(String version, EventLoop loop) {
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).version(version).open(recorder)) {
            link.peer().send("torso");
            link.raw().end();
            assertThat(recorder.awaitLost()).isInstanceOf(TlsTruncatedException.class);
            assertThat(recorder.text()).isEqualTo("torso");
            assertThat(recorder.calls()).containsExactly("made", "data", "lost");
        }
    }

    @Test
    @Contract(section = TLS, value = "While reading is paused the peer's end is not told either, only after "
            + "the data before it")
    void pauseHoldsThePeersEndToo(EventLoop loop) {
        Recorder recorder = new Recorder().onData((transport, data) -> transport.pauseReading());
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            link.together(() -> link.peer().send("data").end());
            recorder.awaitBytes(4);
            assertThat(link.ask(Transport::isClosing)).isFalse();
            assertThat(recorder.calls()).containsExactly("made", "data");
            link.run(Transport::resumeReading);
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "data", "eof", "lost");
        }
    }

    @Test
    void endWithoutCloseNotifyWaitsForAPauseToEnd(EventLoop loop) {
        Recorder recorder = new Recorder().onMade(Transport::pauseReading);
        byte[] data = Bytes.noise(20_000);
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            link.peer().send(data);
            link.raw().end();
            link.run(transport -> {}); // a turn, so that there is something to hold
            assertThat(recorder.calls()).containsExactly("made");
            link.run(Transport::resumeReading);
            assertThat(recorder.awaitLost()).isInstanceOf(TlsTruncatedException.class);
            assertThat(recorder.bytes()).isEqualTo(data);
        }
    }
}
