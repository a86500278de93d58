package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static javax.net.ssl.SSLEngineResult.HandshakeStatus.NEED_TASK;
import static javax.net.ssl.SSLEngineResult.HandshakeStatus.NEED_WRAP;
import static javax.net.ssl.SSLEngineResult.HandshakeStatus.NOT_HANDSHAKING;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Recorder;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Whatever an engine does when a connection ends, it ends, once. */
@Timeout(30)
@ExtendWith(LoopExtension.class)
class ScriptedEndTest {
    private static final Step GOODBYE = Step.of(Status.CLOSED, NOT_HANDSHAKING).produces(2);
    private static final Step PEER_CLOSED = Step.of(Status.CLOSED, NEED_WRAP).consumesAll();

    private final ScriptedEngine engine = ScriptedEngine.tls13().whenClosed(GOODBYE);

    @Test
    void theGoodbyeIsSentAndThePeersAwaited(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine);
        scene.upper().close();
        scene.below.turns();
        assertThat(scene.below.written()).hasSize(2);
        assertThat(scene.below.isClosing()).isFalse();
        engine.unwrap(PEER_CLOSED);
        scene.below.receive(TlsScene.RECORD);
        assertThat(scene.lost()).isNull();
        assertThat(scene.below.isAborted()).isFalse();
        assertThat(scene.app.calls()).containsExactly("made", "lost");
    }

    /** In TLS 1.3 the JDK's engine would make empty records for ever, each as it is asked for. */
    @Test
    void whatTheEngineWantsToSayAfterThePeersCloseIsNotAskedFor(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine, new Recorder().onEof(transport -> true));
        engine.unwrap(PEER_CLOSED).wrap(Step.ok(NEED_WRAP).consumesAll().produces(27));
        int before = engine.wrapCalls();
        scene.below.receive(TlsScene.RECORD);
        scene.below.turns();
        assertThat(engine.wrapCalls()).isEqualTo(before);
        scene.upper().write(Bytes.heap("still writing"));
        scene.below.turns();
        assertThat(engine.wrapCalls()).isEqualTo(before + 1);
        assertThat(scene.below.written()).hasSize(27);
        scene.upper().close();
        assertThat(scene.lost()).isNull();
        assertThat(scene.below.written()).hasSize(29);
    }

    @Test
    void nothingIsDecryptedAfterThePeersClose(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine, new Recorder().onEof(transport -> true));
        engine.unwrap(PEER_CLOSED);
        int before = engine.unwrapCalls();
        scene.below.receive(ByteBuffer.allocate(20).put(TlsScene.RECORD).put(TlsScene.RECORD).array());
        scene.below.receive(TlsScene.RECORD);
        scene.below.turns();
        assertThat(engine.unwrapCalls()).isEqualTo(before + 1);
        assertThat(scene.app.calls()).containsExactly("made", "eof");
        scene.end();
    }

    @Test
    void aGoodbyeThatIsNeverMadeIsAskedForOnce(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine.whenClosed(null));
        engine.wrap(Step.ok(NEED_WRAP)).unwrap(PEER_CLOSED);
        int before = engine.wrapCalls();
        scene.upper().close();
        scene.below.turns();
        assertThat(engine.wrapCalls()).isEqualTo(before + 1);
        scene.below.receive(TlsScene.RECORD);
        assertThat(scene.lost()).isNull();
    }

    @Test
    void aTaskThatComesUpInTheShutdownIsRun(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine);
        boolean[] ran = {false};
        engine.unwrap(Step.ok(NEED_TASK).consumesAll(), PEER_CLOSED)
                .task(() -> ran[0] = true, NOT_HANDSHAKING);
        scene.upper().close();
        scene.below.receive(TlsScene.RECORD);
        assertThat(ran[0]).isTrue();
        scene.below.receive(TlsScene.RECORD);
        assertThat(scene.lost()).isNull();
    }

    /** Until then the engine makes no record: neither may that be the end, nor must the goodbye be lost. */
    @Test
    void aTaskThatIsDueAtTheShutdownIsRunBeforeTheGoodbye(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine.whenClosed(null));
        engine.status(NEED_TASK).wrap(Step.ok(NEED_TASK), Step.ok(NOT_HANDSHAKING).produces(2),
                Step.ok(NOT_HANDSHAKING)).unwrap(PEER_CLOSED).task(() -> {}, NEED_WRAP);
        scene.upper().close();
        assertThat(scene.below.written()).hasSize(2);
        scene.below.receive(TlsScene.RECORD);
        assertThat(scene.lost()).isNull();
    }

    @Test
    void dataThatArriveAfterCloseAreDroppedUpToThePeersClose(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine);
        Step data = Step.ok(NOT_HANDSHAKING).consumesAll().produces(16_384);
        engine.unwrap(data, data, PEER_CLOSED);
        scene.upper().close();
        for (int i = 0; i < 3; i++) {
            scene.below.receive(TlsScene.RECORD);
        }
        assertThat(scene.lost()).isNull();
        assertThat(scene.app.calls()).containsExactly("made", "lost");
    }

    @Test
    void unwrapThatDoesNothingInTheShutdownFails(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine);
        engine.unwrap(Step.ok(NEED_WRAP));
        scene.upper().close();
        scene.below.receive(TlsScene.RECORD);
        assertThat(scene.lost()).isInstanceOf(SSLException.class).hasMessageContaining("no progress");
    }

    @Test
    void exceptionOfTheGoodbyeEndsTheConnection(EventLoop loop) {
        SSLException failure = new SSLException("no goodbye");
        TlsScene scene = TlsScene.established(loop, engine.whenClosed(Step.throwing(failure, NEED_WRAP)));
        scene.upper().close();
        assertThat(scene.lost()).isSameAs(failure);
    }

    @Test
    @Contract(section = TLS,
            value = "eofReceived comes after all the peer has sent, and not while reading is "
                    + "paused")
    void eofWaitsForTheApplicationThatHasPaused(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine,
                new Recorder().onData((transport, data) -> transport.pauseReading()).onEof(t -> true));
        engine.unwrap(Step.ok(NOT_HANDSHAKING).consumesAll().produces(10), PEER_CLOSED);
        scene.below.receive(ByteBuffer.allocate(20).put(TlsScene.RECORD).put(TlsScene.RECORD).array());
        scene.below.turns();
        assertThat(scene.app.calls()).containsExactly("made", "data");
        scene.upper().resumeReading();
        scene.below.turns();
        assertThat(scene.app.calls()).containsExactly("made", "data", "eof");
        scene.end();
    }

    @Test
    void eofComesAfterWhatABufferedProtocolCouldNotTakeYet(EventLoop loop) {
        TinyBuffer reader = new TinyBuffer();
        TlsScene scene = TlsScene.established(loop, engine, new Recorder());
        scene.upper().setProtocol(reader.on(scene.upper()));
        engine.unwrap(Step.ok(NOT_HANDSHAKING).consumesAll().produces(10), PEER_CLOSED);
        scene.below.receive(ByteBuffer.allocate(20).put(TlsScene.RECORD).put(TlsScene.RECORD).array());
        scene.below.turns();
        assertThat(reader.calls()).hasToString("4");
        scene.upper().resumeReading();
        scene.below.turns();
        assertThat(reader.calls()).hasToString("44");
        scene.upper().resumeReading();
        scene.below.turns();
        scene.upper().resumeReading();
        scene.below.turns();
        assertThat(reader.calls()).hasToString("442e");
        scene.end();
    }

    /** TLS 1.2: with the peer's close the engine takes nothing any more, so answers must be sealed before. */
    @Test
    void whatIsAnsweredToDataThatCameWithTheCloseIsSent(EventLoop loop) {
        int[] unwraps = {0};
        ScriptedEngine old = ScriptedEngine.tls12().whenClosed(GOODBYE);
        TlsScene scene = TlsScene.established(loop, old, new Recorder().onData((transport, bytes) -> {
            unwraps[0] = old.unwrapCalls();
            transport.write(bytes);
        }));
        Step data = Step.ok(NOT_HANDSHAKING).consumesAll().produces(10);
        old.unwrap(data, PEER_CLOSED).wrap(Step.ok(NOT_HANDSHAKING).consumesAll().produces(30));
        byte[] both = ByteBuffer.allocate(17).put(TlsScene.RECORD).put(TlsScene.record(21, 2)).array();
        int before = old.unwrapCalls();
        scene.below.receive(both);
        assertThat(scene.lost()).isNull();
        assertThat(scene.below.writes()).containsExactly(30, 2);
        assertThat(unwraps[0]).as("unwrap calls when the data were delivered")
                .isEqualTo(before + 1);
    }
}
