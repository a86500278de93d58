package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static javax.net.ssl.SSLEngineResult.HandshakeStatus.FINISHED;
import static javax.net.ssl.SSLEngineResult.HandshakeStatus.NEED_TASK;
import static javax.net.ssl.SSLEngineResult.HandshakeStatus.NEED_UNWRAP;
import static javax.net.ssl.SSLEngineResult.HandshakeStatus.NEED_UNWRAP_AGAIN;
import static javax.net.ssl.SSLEngineResult.HandshakeStatus.NEED_WRAP;
import static javax.net.ssl.SSLEngineResult.HandshakeStatus.NOT_HANDSHAKING;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Whatever an engine does in a handshake, the connection gets there or fails; it never spins nor hangs. */
@Timeout(30)
@ExtendWith(LoopExtension.class)
class ScriptedHandshakeTest {
    private static final byte[] HELLO = TlsScene.record(22, 100);

    private final ScriptedEngine engine = ScriptedEngine.tls13();

    private static void assertMade(TlsScene scene) {
        scene.below.turns();
        assertThat(scene.app.calls()).containsExactly("made");
        scene.end();
    }

    @Test
    void finishedMayBeReportedByUnwrap(EventLoop loop) {
        engine.status(NEED_WRAP).wrap(Step.ok(NEED_UNWRAP).produces(50))
                .unwrap(Step.ok(FINISHED).consumesAll());
        TlsScene scene = TlsScene.begin(loop, engine);
        assertThat(scene.below.written()).hasSize(50);
        scene.below.receive(HELLO);
        assertMade(scene);
    }

    @Test
    void finishedMayBeReportedByWrap(EventLoop loop) {
        engine.status(NEED_UNWRAP).unwrap(Step.ok(NEED_WRAP).consumesAll())
                .wrap(Step.ok(NEED_WRAP).produces(10), Step.ok(FINISHED).produces(20));
        TlsScene scene = TlsScene.begin(loop, engine);
        scene.below.receive(HELLO);
        assertThat(scene.below.written()).hasSize(30);
        assertThat(scene.below.writes()).as("one flight is one write").containsExactly(30);
        assertMade(scene);
    }

    @Test
    void whatTheEngineSaysAfterFinishedIsSentToo(EventLoop loop) {
        engine.status(NEED_UNWRAP).unwrap(Step.ok(FINISHED).consumesAll().then(NEED_WRAP))
                .wrap(Step.ok(NOT_HANDSHAKING).produces(77));
        TlsScene scene = TlsScene.begin(loop, engine);
        scene.below.receive(HELLO);
        assertThat(scene.below.written()).hasSize(77);
        assertMade(scene);
    }

    /** No engine may decide by leaving FINISHED out that a handshake is over. */
    @Test
    void withoutFinishedTheHandshakeIsNotOver(EventLoop loop) {
        engine.status(NEED_UNWRAP).unwrap(Step.ok(NOT_HANDSHAKING).consumesAll());
        TlsScene scene = TlsScene.begin(loop, engine);
        for (int i = 0; i < 10; i++) {
            scene.below.receive(HELLO);
        }
        assertThat(engine.unwrapCalls()).isEqualTo(10);
        assertThat(scene.app.calls()).isEmpty();
        scene.below.receiveEof();
        assertThat(scene.handshakeFailure()).isInstanceOf(SSLHandshakeException.class);
    }

    @Test
    void tasksAreRunOneAfterTheOther(EventLoop loop) {
        StringBuilder order = new StringBuilder();
        engine.status(NEED_UNWRAP).unwrap(Step.ok(NEED_TASK).consumesAll())
                .task(() -> order.append('1'), NEED_TASK).task(() -> order.append('2'), NEED_WRAP)
                .wrap(Step.ok(FINISHED).produces(1));
        TlsScene scene = TlsScene.begin(loop, engine);
        scene.below.receive(HELLO);
        assertThat(order).hasToString("12");
        assertMade(scene);
    }

    @Test
    void aTaskThatIsAlwaysDueAndNeverThereFails(EventLoop loop) {
        engine.status(NEED_UNWRAP).unwrap(Step.ok(NEED_TASK).consumesAll()).wrap(Step.ok(NEED_TASK));
        TlsScene scene = TlsScene.begin(loop, engine);
        scene.below.receive(HELLO);
        assertThat(scene.handshakeFailure()).isInstanceOf(SSLException.class)
                .hasMessageContaining("task");
    }

    @Test
    void anUnwrapThatIsDoneAgainAfterTheTaskIsNoFailure(EventLoop loop) {
        engine.status(NEED_UNWRAP).unwrap(Step.ok(NEED_TASK), Step.ok(FINISHED).consumesAll())
                .task(() -> {}, NEED_UNWRAP);
        TlsScene scene = TlsScene.begin(loop, engine);
        scene.below.receive(HELLO);
        assertThat(engine.unwrapCalls()).isEqualTo(2);
        assertMade(scene);
    }

    @Test
    void anUnwrapThatWantsAWrapFirstIsDoneAgain(EventLoop loop) {
        engine.status(NEED_UNWRAP).unwrap(Step.ok(NEED_WRAP), Step.ok(FINISHED).consumesAll())
                .wrap(Step.ok(NEED_UNWRAP).produces(9));
        TlsScene scene = TlsScene.begin(loop, engine);
        scene.below.receive(HELLO);
        assertThat(scene.below.written()).hasSize(9);
        assertMade(scene);
    }

    @Test
    @Contract(section = TLS, value = "An engine that makes no progress fails its connection, and never spins")
    void wrapThatIsAlwaysDueAndNeverDoesAnythingFails(EventLoop loop) {
        engine.status(NEED_UNWRAP).unwrap(Step.ok(NEED_WRAP)).wrap(Step.ok(NEED_WRAP));
        TlsScene scene = TlsScene.begin(loop, engine);
        scene.below.receive(HELLO);
        assertThat(scene.handshakeFailure()).isInstanceOf(SSLException.class)
                .hasMessageContaining("no progress");
    }

    @Test
    void wrapThatIsClosedForEverWaitsForThePeer(EventLoop loop) {
        engine.status(NEED_WRAP).wrap(Step.of(Status.CLOSED, NEED_WRAP))
                .unwrap(Step.ok(NEED_WRAP).consumesAll());
        TlsScene scene = TlsScene.begin(loop, engine);
        assertThat(engine.wrapCalls()).isEqualTo(1);
        scene.below.receive(HELLO);
        scene.below.receiveEof();
        assertThat(scene.handshakeFailure()).isInstanceOf(SSLHandshakeException.class)
                .hasMessageContaining("closed the connection during");
    }

    @Test
    @Contract(section = TLS, value = "An engine that makes no progress fails its connection, and never spins")
    void unwrapThatDoesNothingFails(EventLoop loop) {
        engine.status(NEED_UNWRAP).unwrap(Step.ok(NEED_UNWRAP)).wrap(Step.ok(NOT_HANDSHAKING));
        TlsScene scene = TlsScene.begin(loop, engine);
        scene.below.receive(HELLO);
        assertThat(engine.unwrapCalls()).isEqualTo(1);
        assertThat(scene.handshakeFailure()).isInstanceOf(SSLException.class)
                .hasMessageContaining("no progress");
    }

    @Test
    void unwrapAgainIsDoneWithTheNextRecord(EventLoop loop) {
        engine.status(NEED_UNWRAP)
                .unwrap(Step.ok(NEED_UNWRAP_AGAIN).consumesAll(), Step.ok(FINISHED).consumesAll());
        TlsScene scene = TlsScene.begin(loop, engine);
        scene.below.receive(HELLO);
        assertThat(scene.app.calls()).isEmpty();
        scene.below.receive(HELLO);
        assertMade(scene);
    }

    @Test
    void unwrapAgainForEverWithoutTakingAnythingFails(EventLoop loop) {
        engine.status(NEED_UNWRAP).unwrap(Step.ok(NEED_UNWRAP_AGAIN)).wrap(Step.ok(NOT_HANDSHAKING));
        TlsScene scene = TlsScene.begin(loop, engine);
        scene.below.receive(HELLO);
        assertThat(scene.handshakeFailure()).hasMessageContaining("no progress");
    }

    @Test
    void aWholeRecordThatIsNotEnoughFails(EventLoop loop) {
        engine.status(NEED_UNWRAP).unwrap(Step.of(Status.BUFFER_UNDERFLOW, NEED_UNWRAP))
                .wrap(Step.ok(NOT_HANDSHAKING));
        TlsScene scene = TlsScene.begin(loop, engine);
        scene.below.receive(HELLO);
        assertThat(scene.handshakeFailure()).isInstanceOf(SSLException.class)
                .hasMessageContaining("105 bytes");
        assertThat(engine.unwrapCalls()).isEqualTo(1);
    }

    @Test
    void theRestOfARecordThatIsTakenInPartIsTheNextOne(EventLoop loop) {
        engine.status(NEED_UNWRAP).unwrap(Step.ok(NEED_UNWRAP).consumes(HELLO.length),
                Step.ok(FINISHED).consumesAll());
        TlsScene scene = TlsScene.begin(loop, engine);
        byte[] nested = TlsScene.record(22, 300);
        System.arraycopy(HELLO, 0, nested, HELLO.length, 5);
        scene.below.receive(nested);
        assertMade(scene);
    }

    @Test
    void aTargetThatIsNeverLargeEnoughFails(EventLoop loop) {
        engine.status(NEED_UNWRAP).unwrap(Step.ok(NEED_UNWRAP).needs(300_000).consumesAll())
                .wrap(Step.ok(NOT_HANDSHAKING));
        TlsScene scene = TlsScene.begin(loop, engine);
        scene.below.receive(HELLO);
        assertThat(scene.handshakeFailure()).isInstanceOf(SSLException.class)
                .hasMessageContaining("262144");
    }

    @Test
    void aFlightThatNeedsMoreThanTheScratchFails(EventLoop loop) {
        engine.packetBufferSize(100_000).status(NEED_WRAP).wrap(Step.ok(NEED_UNWRAP).produces(80_000));
        TlsScene scene = TlsScene.begin(loop, engine);
        assertThat(scene.handshakeFailure()).isInstanceOf(SSLException.class)
                .hasMessageContaining("100000");
        assertThat(scene.below.written()).isEmpty();
    }

    @Test
    void closeInsideTheHandshakeFails(EventLoop loop) {
        engine.status(NEED_UNWRAP).unwrap(Step.of(Status.CLOSED, NEED_WRAP).consumesAll());
        TlsScene scene = TlsScene.begin(loop, engine);
        scene.below.receive(HELLO);
        assertThat(scene.handshakeFailure()).isInstanceOf(SSLHandshakeException.class)
                .hasMessageContaining("closed the connection during the TLS handshake");
        assertThat(engine.wrapCalls()).isZero();
    }

    @Test
    void closeInsideTheHandshakeThatTakesNothingFailsToo(EventLoop loop) {
        engine.status(NEED_UNWRAP).unwrap(Step.of(Status.CLOSED, NEED_UNWRAP));
        TlsScene scene = TlsScene.begin(loop, engine);
        scene.below.receive(HELLO);
        assertThat(scene.handshakeFailure()).isInstanceOf(SSLHandshakeException.class);
        assertThat(engine.unwrapCalls()).isEqualTo(1);
    }

    @Test
    @Contract(section = TLS, value = "The peer gets the alert that says what a handshake has failed of")
    void theAlertThatIsMadeAfterTheExceptionIsSent(EventLoop loop) {
        SSLException failure = new SSLException("bad hello");
        engine.status(NEED_UNWRAP).unwrap(Step.throwing(failure, NEED_WRAP))
                .whenClosed(Step.of(Status.CLOSED, NOT_HANDSHAKING).produces(7));
        TlsScene scene = TlsScene.begin(loop, engine);
        scene.below.receive(HELLO);
        assertThat(scene.handshakeFailure()).isSameAs(failure);
        assertThat(scene.below.written()).hasSize(7);
        assertThat(scene.below.isAborted()).as("the alert goes out first").isFalse();
    }

    @Test
    void exceptionOfWrapIsFollowedByTheAlertToo(EventLoop loop) {
        SSLException failure = new SSLException("no certificate");
        engine.status(NEED_WRAP).wrap(Step.throwing(failure, NEED_WRAP))
                .whenClosed(Step.of(Status.CLOSED, NOT_HANDSHAKING).produces(7));
        TlsScene scene = TlsScene.begin(loop, engine);
        assertThat(scene.handshakeFailure()).isSameAs(failure);
        assertThat(scene.below.written()).hasSize(7);
    }

    @Test
    void anAlertThatCannotBeMadeEitherDoesNotHideTheFailure(EventLoop loop) {
        SSLException failure = new SSLException("bad hello");
        SSLException further = new SSLException("no alert");
        engine.status(NEED_UNWRAP).unwrap(Step.throwing(failure, NEED_WRAP))
                .wrap(Step.throwing(further, NEED_WRAP));
        TlsScene scene = TlsScene.begin(loop, engine);
        scene.below.receive(HELLO);
        assertThat(scene.handshakeFailure()).isSameAs(failure).hasSuppressedException(further);
        assertThat(scene.below.written()).isEmpty();
    }

    @Test
    void alertThatWouldNeverEndIsNotAskedForForEver(EventLoop loop) {
        engine.status(NEED_UNWRAP).unwrap(Step.throwing(new SSLException("bad"), NEED_WRAP))
                .wrap(Step.of(Status.CLOSED, NEED_WRAP));
        TlsScene scene = TlsScene.begin(loop, engine);
        scene.below.receive(HELLO);
        assertThat(scene.handshakeFailure()).hasMessage("bad");
        assertThat(engine.wrapCalls()).isEqualTo(1);
    }

    @Test
    void theHandshakeMayFailToBegin(EventLoop loop) {
        SSLException failure = new SSLException("nothing to begin with");
        TlsScene scene = TlsScene.begin(loop, engine.failingToBegin(failure).wrap(Step.ok(NOT_HANDSHAKING)));
        assertThat(scene.handshakeFailure()).isSameAs(failure);
    }

    @Test
    void runtimeExceptionAtTheBeginningIsReported(EventLoop loop, ReportedFailures failures) {
        RuntimeException failure = new IllegalStateException("no mode");
        TlsScene scene = TlsScene.begin(loop, engine.failingToBegin(failure));
        assertThat(scene.handshakeFailure()).isSameAs(failure);
        assertThat(failures.takeOne().exception()).isSameAs(failure);
    }

    @Test
    void runtimeExceptionOfUnwrapIsTakenForThePeersNonsense(EventLoop loop) {
        RuntimeException failure = new IllegalStateException("engine bug");
        engine.status(NEED_UNWRAP).unwrap(Step.throwing(failure, NEED_UNWRAP)).wrap(Step.ok(NEED_UNWRAP));
        TlsScene scene = TlsScene.begin(loop, engine);
        scene.below.receive(HELLO);
        assertThat(scene.handshakeFailure()).isInstanceOf(SSLException.class).hasCause(failure);
    }

    @Test
    void runtimeExceptionOfATaskIsReported(EventLoop loop, ReportedFailures failures) {
        RuntimeException failure = new IllegalStateException("task bug");
        engine.status(NEED_UNWRAP).unwrap(Step.ok(NEED_TASK).consumesAll()).task(() -> {
            throw failure;
        }, NEED_WRAP);
        TlsScene scene = TlsScene.begin(loop, engine);
        scene.below.receive(HELLO);
        assertThat(scene.handshakeFailure()).isSameAs(failure);
        assertThat(failures.takeOne().exception()).isSameAs(failure);
    }

    /** There is room for a megabyte of answers: two peers that wait for each other must both go on. */
    @Test
    @Contract(section = TLS, value = "A peer that makes TLS answer and does not read the answers is not read "
            + "from any more, once a megabyte of them waits")
    void nothingIsDecryptedWhileAnAnswerCannotBeSent(EventLoop loop) {
        engine.status(NEED_UNWRAP).wrap(Step.ok(NEED_UNWRAP).produces(60_000));
        for (int i = 0; i < 19; i++) {
            engine.unwrap(Step.ok(NEED_WRAP).consumesAll());
        }
        engine.unwrap(Step.ok(FINISHED).consumesAll());
        TlsScene scene = TlsScene.begin(loop, engine);
        scene.below.stopTaking();
        for (int i = 0; i < 20; i++) {
            scene.below.receive(HELLO);
        }
        assertThat(engine.unwrapCalls()).isEqualTo(19);
        assertThat(engine.wrapCalls()).isEqualTo(18);
        scene.below.takeAll();
        assertThat(engine.unwrapCalls()).isEqualTo(20);
        assertThat(scene.below.written()).hasSize(19 * 60_000);
        assertMade(scene);
    }
}
