package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Connection;
import io.jvloop.transport.Net;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Peers that do not answer, do not read, send garbage or vanish; each ends, once and with its reason. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class TlsBadPeersTest {
    private static final Duration SHORT = Duration.ofMillis(300);
    private static final TlsConfig LONG = TlsConfig.DEFAULT.withInlineTasks();
    private static final TlsConfig HASTY = LONG.withHandshakeTimeout(SHORT).withShutdownTimeout(SHORT);
    private static final byte[] GARBAGE = Bytes.noise(5_000);
    private static final int MUCH = 20_000_000;

    /** How a peer goes without a goodbye. */
    enum Exit {
        END, RESET;

        void from(EnginePeer peer) throws IOException {
            if (this == END) {
                peer.end();
            } else {
                peer.reset();
            }
        }
    }

    private static void assertAtLeast(Duration least, long startNanos) {
        assertThat(System.nanoTime() - startNanos).isGreaterThanOrEqualTo(least.toNanos());
    }

    // ------------------------------------------------------------------------------- during the handshake

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 5, 60})
    @Contract(section = TLS, value = "A client that does not go on with its handshake is aborted after the "
            + "handshake's timeout, not before")
    void clientThatGetsStuckInItsHandshake(int bytes, EventLoop loop) {
        for (TlsConfig config : new TlsConfig[] {HASTY, HASTY.withContexts(name -> null)}) {
            Recorder recorder = new Recorder();
            try (TlsServerScene scene = new TlsServerScene(loop, recorder, config)) {
                long start = System.nanoTime();
                byte[] hello = new byte[bytes];
                System.arraycopy(new byte[] {22, 3, 1, 1, 0}, 0, hello, 0, Math.min(bytes, 5));
                try (Peer peer = scene.stranger().send(hello)) {
                    assertThat(scene.handshakeFailure()).isInstanceOf(SocketTimeoutException.class)
                            .hasMessageContaining("handshake");
                    assertAtLeast(SHORT, start);
                    peer.drain();
                }
                assertThat(recorder.calls()).isEmpty();
            }
        }
    }

    @Test
    void serverThatNeverAnswersTheHandshake(EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        try (ServerSocket silent = Peer.listen();
                LoopThread thread = LoopThread.start(loop)) {
            long start = System.nanoTime();
            CompletableFuture<Transport> ready = thread.call(() -> Tls.handshake(Net.connect(loop,
                    silent.getLocalSocketAddress(),
                    Tls.client(TlsServerScene.certificate().clientContext(), "localhost", () -> recorder,
                            HASTY))));
            try (Peer peer = Peer.accept(silent)) {
                assertThat(catchThrowable(() -> ready.get())).isInstanceOf(ExecutionException.class)
                        .hasCauseInstanceOf(SocketTimeoutException.class);
                assertAtLeast(SHORT, start);
                peer.drain();
            }
            assertThat(recorder.calls()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void garbageInsteadOfTheHandshake(boolean choosesByName, EventLoop loop) {
        Recorder recorder = new Recorder();
        TlsConfig config = choosesByName ? LONG.withContexts(name -> null) : LONG;
        try (TlsServerScene scene = new TlsServerScene(loop, recorder, config);
                Peer peer = scene.stranger().send(GARBAGE)) {
            assertThat(scene.handshakeFailure()).isInstanceOf(SSLException.class);
            peer.drain();
            assertThat(recorder.calls()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"TLSv1.2, END", "TLSv1.2, RESET", "TLSv1.3, END", "TLSv1.3, RESET"})
    @Contract(section = TLS, value = "A peer that goes away during the handshake fails it at once; neither "
            + "connectionMade nor connectionLost is called")
    void peerThatVanishesDuringTheHandshake(String version, Exit exit, EventLoop loop) throws IOException {
        for (TlsConfig config : new TlsConfig[] {LONG, LONG.withContexts(name -> null)}) {
            for (boolean inTheMiddle : new boolean[] {false, true}) {
                Recorder recorder = new Recorder();
                try (TlsServerScene scene = new TlsServerScene(loop, recorder, config);
                        EnginePeer client = scene.beginner(version)) {
                    if (inTheMiddle) {
                        client.hello();
                    }
                    exit.from(client);
                    assertThat(scene.handshakeFailure()).isInstanceOf(
                            exit == Exit.END ? SSLHandshakeException.class : IOException.class);
                    assertThat(recorder.calls()).isEmpty();
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void garbageInTheMiddleOfTheHandshake(String version, EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        try (TlsServerScene scene = new TlsServerScene(loop, recorder, LONG);
                EnginePeer client = scene.beginner(version)) {
            client.hello();
            client.sendRaw(GARBAGE);
            client.sendRaw(GARBAGE);
            client.end();
            assertThat(scene.handshakeFailure()).isInstanceOf(SSLException.class);
            assertThat(recorder.calls()).isEmpty();
        }
    }

    // -------------------------------------------------------------------------------- after the handshake

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void garbageAfterTheHandshake(String version, EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        try (TlsServerScene scene = new TlsServerScene(loop, recorder, LONG);
                EnginePeer client = scene.client(version)) {
            client.sendRaw(new byte[] {23, 3, 3, 1, 0});
            client.sendRaw(GARBAGE);
            client.flush();
            assertThat(recorder.awaitLost()).isInstanceOf(SSLException.class);
            client.toEnd();
            assertThat(client.failure()).isEqualTo("Received fatal alert: bad_record_mac");
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @ParameterizedTest
    @CsvSource({"TLSv1.2, END", "TLSv1.2, RESET", "TLSv1.3, END", "TLSv1.3, RESET"})
    void peerThatVanishesWhileOpen(String version, Exit exit, EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        try (TlsServerScene scene = new TlsServerScene(loop, recorder, LONG);
                EnginePeer client = scene.client(version)) {
            exit.from(client);
            assertThat(recorder.awaitLost()).isInstanceOf(
                    exit == Exit.END ? TlsTruncatedException.class : IOException.class);
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void resetWhileReadingIsPausedAndTheQueueIsFull(String version, EventLoop loop) throws IOException {
        Recorder recorder = new Recorder().onMade(transport -> {
            transport.pauseReading();
            transport.write(new byte[MUCH]);
        });
        try (TlsServerScene scene = new TlsServerScene(loop, recorder, LONG);
                EnginePeer client = scene.client(version)) {
            recorder.awaitCall("pause");
            client.reset();
            assertThat(recorder.awaitLost()).isInstanceOf(IOException.class);
            assertThat(recorder.calls()).containsExactly("made", "pause", "lost");
        }
    }

    /** Else the transport below would complain of writes after its end. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void writeToAPeerThatIsGoneIsOneFailure(String version, EventLoop loop) throws IOException {
        Recorder recorder = new Recorder().onMade(Transport::pauseReading);
        try (TlsServerScene scene = new TlsServerScene(loop, recorder, LONG);
                EnginePeer client = scene.client(version)) {
            client.reset();
            scene.thread().run(() -> {
                recorder.transport().write(new byte[MUCH]);
                assertThat(recorder.transport().writeBufferSize()).isZero();
                recorder.transport().write(new byte[MUCH]);
            });
            assertThat(recorder.awaitLost()).isInstanceOf(IOException.class);
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    // ------------------------------------------------------------------------------------- after our close

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS, value = "A peer that does not answer close_notify is aborted after the "
            + "shutdown's timeout, not before; connectionLost gets a SocketTimeoutException")
    void peerThatDoesNotAnswerCloseNotify(String version, EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        try (TlsServerScene scene = new TlsServerScene(loop, recorder, HASTY);
                EnginePeer client = scene.client(version)) {
            long start = System.nanoTime();
            scene.thread().run(() -> recorder.transport().close());
            assertThat(recorder.awaitLost()).isInstanceOf(SocketTimeoutException.class)
                    .hasMessageContaining("shutdown");
            assertAtLeast(SHORT, start);
            client.toEnd();
            assertThat(client.isClosed()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS, value = "A peer that does not read cannot keep a closed connection for longer "
            + "than the shutdown's timeout")
    void peerThatDoesNotRead(String version, EventLoop loop) throws IOException {
        for (int bytes : new int[] {0, MUCH}) { // the transport below is full; so is ours
            Recorder recorder = new Recorder();
            try (TlsServerScene scene = new TlsServerScene(loop, recorder, HASTY);
                    EnginePeer client = scene.client(version)) {
                long start = System.nanoTime();
                scene.thread().run(() -> {
                    Connection.fill(recorder.transport());
                    recorder.transport().write(new byte[bytes]);
                    recorder.transport().close();
                });
                assertThat(recorder.awaitLost()).isInstanceOf(SocketTimeoutException.class);
                assertAtLeast(SHORT, start);
                assertThat(client.isClosed()).isFalse();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void peerThatSaysGoodbyeButDoesNotRead(String version, EventLoop loop) throws IOException {
        Recorder recorder = new Recorder().onMade(transport -> transport.write(new byte[MUCH]));
        try (TlsServerScene scene = new TlsServerScene(loop, recorder, HASTY);
                EnginePeer client = scene.client(version)) {
            client.closeNotify();
            client.flush();
            assertThat(recorder.awaitLost()).isInstanceOf(IOException.class);
            assertThat(recorder.calls()).containsExactly("made", "pause", "eof", "lost");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS, value = "What a peer still sends after our close is dropped, without error")
    void peerThatSendsMuchAfterOurClose(String version, EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        try (TlsServerScene scene = new TlsServerScene(loop, recorder, LONG);
                EnginePeer client = scene.client(version)) {
            scene.thread().run(() -> recorder.transport().close());
            client.send(new byte[1024 * 1024]);
            client.closeNotify();
            client.toEnd();
            assertThat(client.isClosed()).isTrue();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void garbageAfterOurClose(String version, EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        try (TlsServerScene scene = new TlsServerScene(loop, recorder, LONG);
                EnginePeer client = scene.client(version)) {
            scene.thread().run(() -> recorder.transport().close());
            client.sendRaw(new byte[] {23, 3, 3, 1, 0});
            client.sendRaw(GARBAGE);
            client.end();
            assertThat(recorder.awaitLost()).isInstanceOf(SSLException.class);
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @ParameterizedTest
    @EnumSource(Exit.class)
    void peerThatVanishesWhileItsGoodbyeIsAwaited(Exit exit, EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        try (TlsServerScene scene = new TlsServerScene(loop, recorder, LONG);
                EnginePeer client = scene.client("TLSv1.3")) {
            scene.thread().run(() -> recorder.transport().close());
            client.receive(1); // up to our goodbye
            exit.from(client);
            if (exit == Exit.END) { // which is an answer of a kind
                assertThat(recorder.awaitLost()).isNull();
            } else {
                assertThat(recorder.awaitLost()).isInstanceOf(IOException.class);
            }
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void resetWhileTheLastBytesAreSent(String version, EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        try (TlsServerScene scene = new TlsServerScene(loop, recorder, LONG);
                EnginePeer client = scene.client(version)) {
            scene.thread().run(() -> {
                recorder.transport().write(new byte[MUCH]);
                recorder.transport().close();
            });
            client.reset();
            assertThat(recorder.awaitLost()).isInstanceOf(IOException.class);
            assertThat(recorder.calls()).doesNotContain("eof", "data");
        }
    }

    @Test
    void endInTheMiddleOfTheLastBytesStillGetsThem(EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        try (TlsServerScene scene = new TlsServerScene(loop, recorder, LONG);
                EnginePeer client = scene.client("TLSv1.3")) {
            scene.thread().run(() -> {
                recorder.transport().write(new byte[MUCH]);
                recorder.transport().close();
            });
            client.end();
            client.toEnd();
            assertThat(client.plaintext()).hasSize(MUCH);
            assertThat(client.isClosed()).isTrue();
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    void closeFollowedByAbortIsOneEnd(EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        try (TlsServerScene scene = new TlsServerScene(loop, recorder, LONG);
                EnginePeer client = scene.client("TLSv1.3")) {
            scene.thread().run(() -> {
                recorder.transport().close();
                recorder.transport().close();
                recorder.transport().abort();
                recorder.transport().abort();
            });
            assertThat(recorder.awaitLost()).isNull();
            client.toEnd();
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }
}
