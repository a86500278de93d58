package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static javax.net.ssl.SSLEngineResult.HandshakeStatus.NEED_TASK;
import static javax.net.ssl.SSLEngineResult.HandshakeStatus.NEED_UNWRAP;
import static javax.net.ssl.SSLEngineResult.HandshakeStatus.NEED_UNWRAP_AGAIN;
import static javax.net.ssl.SSLEngineResult.HandshakeStatus.NEED_WRAP;
import static javax.net.ssl.SSLEngineResult.HandshakeStatus.NOT_HANDSHAKING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever an engine does to application data, they go through in order or the connection fails. */
@Timeout(30)
@ExtendWith(LoopExtension.class)
class ScriptedTransferTest {
    private static final Step SEAL = Step.ok(NOT_HANDSHAKING).consumes(16_000).produces(16_030);
    private static final Step GOODBYE = Step.of(Status.CLOSED, NOT_HANDSHAKING).produces(2);

    private final ScriptedEngine engine = ScriptedEngine.tls13().whenClosed(GOODBYE);

    private static Step data(int bytes) {
        return Step.ok(NOT_HANDSHAKING).consumesAll().produces(bytes);
    }

    // ------------------------------------------------------------------------------------------- out

    @ParameterizedTest
    @EnumSource(value = Status.class, names = {"OK", "CLOSED"})
    @Contract(section = TLS, value = "An engine that makes no progress fails its connection, and never spins")
    void wrapThatDoesNothingForEverFailsTheConnection(Status status, EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine);
        engine.wrap(Step.of(status, NOT_HANDSHAKING));
        scene.upper().write(Bytes.heap("never sent"));
        assertThat(scene.lost()).isInstanceOf(SSLException.class).hasMessageContaining(complaint(status));
        assertThat(engine.wrapCalls()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(value = Status.class, names = {"OK", "CLOSED"})
    void wrapThatStopsDoingAnythingFailsWhatIsQueued(Status status, EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine);
        engine.wrap(SEAL);
        scene.below.stopTaking();
        scene.upper().write(new byte[600_000]);
        assertThat(scene.upper().writeBufferSize()).isPositive();
        int records = engine.wrapCalls();
        engine.clear().wrap(Step.of(status, NOT_HANDSHAKING));
        scene.below.takeAll();
        assertThat(scene.lost()).isInstanceOf(SSLException.class).hasMessageContaining(complaint(status));
        assertThat(scene.below.written()).hasSize(records * 16_030);
    }

    private static String complaint(Status status) {
        return status == Status.CLOSED ? "before everything was sent" : "no progress";
    }

    /** A KeyUpdate for example: a record that has nothing of ours. */
    @Test
    void recordsOfTheEnginesOwnBetweenOursAreNoFailure(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine);
        engine.wrap(SEAL, Step.ok(NEED_WRAP).produces(40), Step.ok(NEED_WRAP).produces(40), SEAL);
        scene.upper().write(new byte[48_000]);
        scene.below.turns();
        assertThat(scene.below.written()).hasSize(3 * 16_030 + 80);
        assertThat(scene.upper().writeBufferSize()).isZero();
        scene.end();
    }

    @Test
    void recordLargerThanTheScratchGetsABufferOfItsOwn(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine.packetBufferSize(100_000));
        engine.wrap(Step.ok(NOT_HANDSHAKING).consumesAll().produces(90_000));
        scene.upper().write(new byte[80_000]);
        assertThat(scene.below.written()).hasSize(90_000).containsOnly(Step.CONTENT);
        scene.end();
    }

    @Test
    void recordLargerThanTheEngineItselfSaysFailsTheConnection(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine.packetBufferSize(100_000));
        engine.wrap(Step.ok(NOT_HANDSHAKING).consumesAll().produces(100_001));
        scene.upper().write(new byte[80_000]);
        assertThat(scene.lost()).isInstanceOf(SSLException.class).hasMessageContaining("100000");
        assertThat(scene.below.written()).as("a goodbye, which would make it look complete").isEmpty();
    }

    @Test
    @Contract(section = TLS,
            value = "write does not throw what fails inside TLS: connectionLost is told, as for a socket")
    void runtimeExceptionOfWrapIsNotThrownByWrite(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine);
        RuntimeException bug = new IllegalArgumentException("engine bug");
        engine.wrap(Step.throwing(bug, NOT_HANDSHAKING));
        ByteBuffer data = Bytes.heap("not sent");
        scene.upper().write(data);
        assertThat(data.hasRemaining()).isFalse();
        assertThat(scene.lost()).isInstanceOf(SSLException.class).hasCause(bug);
    }

    @Test
    void runtimeExceptionOfWrapInALaterTurnEndsTheConnectionToo(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine);
        RuntimeException bug = new IllegalArgumentException("engine bug");
        engine.wrap(SEAL, Step.ok(NEED_WRAP).produces(40), Step.throwing(bug, NOT_HANDSHAKING));
        scene.upper().writeAll(ByteBuffer.allocate(20_000), ByteBuffer.allocate(12_000));
        assertThat(scene.upper().isClosing()).isFalse();
        assertThat(scene.lost()).isInstanceOf(SSLException.class).hasCause(bug);
    }

    @Test
    void aMistakeOfTheApplicationsIsThrownAndHarmsNothing(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine);
        engine.wrap(SEAL);
        assertThatNullPointerException().isThrownBy(() -> scene.upper().write((ByteBuffer) null));
        assertThatNullPointerException()
                .isThrownBy(() -> scene.upper().writeAll(Bytes.heap("x"), null));
        scene.upper().write(new byte[16_000]);
        assertThat(scene.below.written()).hasSize(16_030);
        scene.end();
    }

    @Test
    void exceptionOfWrapIsFollowedByTheGoodbye(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine);
        SSLException failure = new SSLException("out of sequence numbers");
        engine.wrap(SEAL, Step.throwing(failure, NEED_WRAP));
        scene.upper().write(new byte[32_000]);
        assertThat(scene.lost()).isSameAs(failure);
        assertThat(scene.below.written()).hasSize(16_030 + 2);
    }

    // -------------------------------------------------------------------------------------------- in

    @Test
    void allRecordsOfOneReadAreOneCall(EventLoop loop) {
        int[] calls = {0};
        TlsScene scene = TlsScene.established(loop, engine,
                new Recorder().onData((transport, data) -> calls[0]++));
        engine.unwrap(data(5));
        scene.below.receive(twice(twice(TlsScene.RECORD)));
        assertThat(scene.app.bytes()).hasSize(20);
        assertThat(calls[0]).isEqualTo(1);
        scene.end();
    }

    private static byte[] twice(byte[] bytes) {
        return ByteBuffer.allocate(2 * bytes.length).put(bytes).put(bytes).array();
    }

    @ParameterizedTest
    @ValueSource(ints = {17_000, 100_000, 200_000, 262_144})
    void recordThatNeedsMoreRoomThanIsLeftGetsAllThereIs(int room, EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine);
        engine.unwrap(data(16_384), data(16_384).needs(room), data(100).needs(room));
        scene.below.receive(twice(twice(TlsScene.RECORD)));
        assertThat(scene.app.bytes()).hasSize(2 * 16_384 + 2 * 100).containsOnly(Step.CONTENT);
        scene.end();
    }

    @Test
    void recordThatNeedsMoreThanTheLargestBufferFailsTheConnection(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine);
        engine.unwrap(data(100), data(100).needs(262_145));
        scene.below.receive(twice(TlsScene.RECORD));
        assertThat(scene.lost()).isInstanceOf(SSLException.class).hasMessageContaining("262144");
        assertThat(scene.app.bytes()).as("what came before is delivered").hasSize(100);
        assertThat(scene.app.calls()).containsExactly("made", "data", "lost");
    }

    @Test
    void taskInTheMiddleOfDataIsRunBeforeWhatFollows(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine);
        StringBuilder order = new StringBuilder();
        engine.unwrap(data(5), Step.ok(NEED_TASK).consumesAll(), data(6))
                .task(() -> order.append("task after " + engine.unwrapCalls()), NOT_HANDSHAKING);
        byte[] two = twice(TlsScene.RECORD);
        int before = engine.unwrapCalls();
        scene.below.receive(twice(two));
        assertThat(order).hasToString("task after " + (before + 2));
        assertThat(scene.app.bytes()).hasSize(5 + 6 + 6);
        scene.end();
    }

    @Test
    void answerInTheMiddleOfDataIsSent(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine);
        engine.unwrap(data(5), Step.ok(NOT_HANDSHAKING).consumesAll().then(NEED_WRAP), data(6))
                .wrap(Step.ok(NOT_HANDSHAKING).produces(33));
        scene.below.receive(twice(twice(TlsScene.RECORD)));
        assertThat(scene.below.written()).hasSize(33);
        assertThat(scene.app.bytes()).hasSize(17);
        scene.end();
    }

    @ParameterizedTest
    @EnumSource(value = javax.net.ssl.SSLEngineResult.HandshakeStatus.class,
            names = {"NOT_HANDSHAKING", "NEED_UNWRAP", "NEED_UNWRAP_AGAIN", "NEED_WRAP"})
    void unwrapThatDoesNothingForEverFailsTheConnection(
            javax.net.ssl.SSLEngineResult.HandshakeStatus status, EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine);
        engine.unwrap(data(5), Step.ok(status)).wrap(Step.ok(status));
        scene.below.receive(twice(TlsScene.RECORD));
        assertThat(scene.lost()).isInstanceOf(SSLException.class).hasMessageContaining("no progress");
        assertThat(scene.app.bytes()).hasSize(5);
    }

    @Test
    void unwrapThatTakesNothingOnceIsDoneAgainAfterEachTask(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine);
        engine.unwrap(Step.ok(NEED_TASK), Step.ok(NEED_TASK), Step.ok(NEED_WRAP), data(7))
                .task(() -> {}, NEED_UNWRAP).task(() -> {}, NEED_UNWRAP)
                .wrap(Step.ok(NEED_UNWRAP).produces(1));
        scene.below.receive(TlsScene.RECORD);
        assertThat(scene.app.bytes()).hasSize(7);
        scene.end();
    }

    @Test
    void unwrapAgainIsDoneWithTheNextRecord(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine);
        engine.unwrap(Step.ok(NEED_UNWRAP_AGAIN).consumesAll().produces(3), data(4));
        scene.below.receive(twice(TlsScene.RECORD));
        assertThat(scene.app.bytes()).hasSize(7);
        scene.end();
    }

    @Test
    void exceptionInTheMiddleOfDataComesAfterWhatWasSound(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine);
        SSLException failure = new SSLException("Tag mismatch");
        engine.unwrap(data(5), Step.throwing(failure, NEED_WRAP));
        scene.below.receive(twice(twice(TlsScene.RECORD)));
        assertThat(scene.lost()).isSameAs(failure);
        assertThat(scene.app.calls()).containsExactly("made", "data", "lost");
        assertThat(scene.app.bytes()).hasSize(5);
        assertThat(scene.below.written()).as("the alert").hasSize(2);
    }

    @Test
    void runtimeExceptionOfUnwrapIsTakenForThePeersNonsense(EventLoop loop) {
        TlsScene scene = TlsScene.established(loop, engine);
        RuntimeException bug = new IllegalStateException("engine bug");
        engine.unwrap(Step.throwing(bug, NOT_HANDSHAKING));
        scene.below.receive(TlsScene.RECORD);
        assertThat(scene.lost()).isInstanceOf(SSLException.class).hasCause(bug);
    }
}
