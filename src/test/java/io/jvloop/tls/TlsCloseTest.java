package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Transport;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The end of a TLS connection from our side. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class TlsCloseTest {
    private static final Duration SHORT = Duration.ofMillis(200);

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS,
            value = "close sends everything that is queued, then close_notify, and ends once the peer's has "
                    + "come")
    void closeSendsWhatIsQueued(String version, EventLoop loop) {
        byte[] data = Bytes.noise(32 * 128 * 1024);
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).version(version).narrow().open(recorder)) {
            link.run(transport -> {
                for (int i = 0; i < 32; i++) {
                    transport.write(ByteBuffer.wrap(data, i * 128 * 1024, 128 * 1024));
                }
                assertThat(transport.writeBufferSize()).isPositive();
                transport.close();
                transport.close();
                assertThat(transport.isClosing()).isTrue();
                assertThat(transport.isReading()).isFalse();
            });
            assertThat(link.peer().readAll()).isEqualTo(data);
            if (version.equals("TLSv1.3")) { // before, the JDK's sockets answer by themselves
                assertThat(recorder.calls()).doesNotContain("lost");
                link.peer().end();
            }
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "pause", "lost");
            assertThat(loop.stats().timers()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS, value = "A peer of ours that closes in order is told from one that breaks off: "
            + "eofReceived is called for close_notify only")
    void closeIsAnOrderlyEndForThePeer(String version, EventLoop loop) {
        Recorder client = new Recorder();
        Recorder server = new Recorder();
        try (TlsPair pair = TlsPair.open(loop, client, server, config -> config.withProtocols(version))) {
            pair.thread().run(() -> {
                pair.client().write(Bytes.heap("last words"));
                pair.client().close();
            });
            assertThat(server.awaitLost()).isNull();
            assertThat(client.awaitLost()).isNull();
            assertThat(server.calls()).containsExactly("made", "data", "eof", "lost");
            assertThat(server.text()).isEqualTo("last words");
            assertThat(client.calls()).containsExactly("made", "lost");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS,
            value = "A peer that does not answer close_notify is given up after the shutdown "
                    + "timeout, and connectionLost gets a SocketTimeoutException")
    void silentPeerIsGivenUp(String version, EventLoop loop) {
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).version(version)
                .config(config -> config.withShutdownTimeout(SHORT)).open(recorder)) {
            link.run(Transport::close);
            assertThat(recorder.awaitLost()).isInstanceOf(SocketTimeoutException.class)
                    .hasMessageContaining("TLS shutdown");
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @Test
    void peerThatDoesNotReadIsGivenUpToo(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).narrow()
                .config(config -> config.withShutdownTimeout(SHORT)).open(recorder)) {
            link.fill();
            link.run(Transport::close);
            assertThat(recorder.awaitLost()).isInstanceOf(SocketTimeoutException.class);
            assertThat(link.ask(Transport::writeBufferSize)).isZero();
        }
    }

    @Test
    @Contract(section = TLS,
            value = "What arrives after close is discarded, and does not keep the connection from ending")
    void dataAfterCloseIsDiscarded(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            link.run(Transport::close);
            assertThat(link.peer().readAll()).isEmpty();
            for (int i = 0; i < 30; i++) {
                link.peer().send(new byte[100_000]);
            }
            assertThat(recorder.calls()).containsExactly("made");
            link.peer().end();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @Test
    void floodDoesNotOutliveTheShutdownTimeout(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).config(config -> config.withShutdownTimeout(SHORT))
                .open(recorder)) {
            CompletableFuture<Void> flood = Peer.background(() -> {
                try {
                    while (true) {
                        link.peer().send(new byte[1 << 16]);
                    }
                } catch (UncheckedIOException over) {
                    return null;
                }
            });
            recorder.awaitBytes(1);
            link.run(Transport::close);
            assertThat(recorder.awaitLost()).isInstanceOf(SocketTimeoutException.class);
            Await.result(flood);
            assertThat(recorder.calls()).containsExactly("made", "data", "lost");
        }
    }

    @Test
    void closeInsideConnectionMadeIsAnOrderlyEnd(EventLoop loop) {
        Recorder client = new Recorder().onMade(transport -> {
            transport.write(Bytes.heap("hello and goodbye"));
            transport.close();
        });
        Recorder server = new Recorder();
        try (TlsPair pair = TlsPair.open(loop, client, server)) {
            assertThat(client.awaitLost()).isNull();
            assertThat(server.awaitLost()).isNull();
            assertThat(server.text()).isEqualTo("hello and goodbye");
            assertThat(server.calls()).containsExactly("made", "data", "eof", "lost");
            assertThat(client.calls()).containsExactly("made", "lost");
            assertThat(pair.client().isClosing()).isTrue();
        }
    }

    @Test
    void abortInsideConnectionMadeGivesAClosedTransport(EventLoop loop) {
        Recorder client = new Recorder().onMade(Transport::abort);
        Recorder server = new Recorder();
        try (TlsPair pair = TlsPair.open(loop, client, server)) {
            assertThat(client.awaitLost()).isNull();
            assertThat(server.awaitLost()).isNotNull();
            assertThat(client.calls()).containsExactly("made", "lost");
            assertThat(pair.client().isClosing()).isTrue();
        }
    }

    @Test
    void closeInsideDataReceivedEndsTheData(EventLoop loop) {
        Recorder recorder = new Recorder().onData((transport, data) -> {
            transport.write(data);
            transport.close();
        });
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            link.peer().send("first");
            assertThat(link.peer().readAllText()).isEqualTo("first");
            link.peer().send("second").end();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "data", "lost");
            assertThat(recorder.text()).isEqualTo("first");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void closeInsideEofReceivedIsOneEnd(boolean keep, EventLoop loop) {
        Recorder recorder = new Recorder().onEof(transport -> {
            transport.close();
            return keep;
        });
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            link.peer().end();
            assertThat(link.peer().readAll()).isEmpty();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "eof", "lost");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void endInsidePauseWritingIsNotFollowedByResume(boolean abort, EventLoop loop) {
        Recorder recorder = new Recorder().onPause(abort ? Transport::abort : Transport::close);
        byte[] data = Bytes.noise(2_000_000);
        try (TlsLink link = TlsLink.plan(loop).narrow().open(recorder)) {
            link.run(transport -> {
                transport.write(data);
                transport.write(Bytes.heap("dropped"));
                assertThat(transport.isClosing()).isTrue();
            });
            if (!abort) {
                assertThat(link.peer().readAll()).isEqualTo(data);
                link.peer().end();
            }
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "pause", "lost");
        }
    }

    @Test
    void closeWhileReadingIsPausedSeesThePeersAnswer(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            link.run(Transport::pauseReading);
            link.peer().send(new byte[1000]).end();
            link.run(transport -> {
                transport.write(Bytes.heap("no thanks"));
                transport.close();
                transport.resumeReading();
                assertThat(transport.isReading()).isFalse();
            });
            assertThat(link.peer().readAllText()).isEqualTo("no thanks");
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @Test
    void closeAfterALongPauseReadsWhatItDoesNotWant(EventLoop loop) {
        Recorder recorder = new Recorder().onMade(Transport::pauseReading);
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            CompletableFuture<Peer> sending =
                    Peer.background(() -> link.peer().send(new byte[5_000_000]).end());
            link.run(Transport::close);
            Await.result(sending);
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @Test
    @Contract(section = TLS, value = "abort ends a TLS connection at once, whatever is queued, also during "
            + "close, and without a cause")
    void abortOverridesClose(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).narrow().open(recorder)) {
            link.run(transport -> {
                transport.write(new byte[3_000_000]);
                transport.close();
                transport.abort();
                transport.abort();
                transport.close();
                assertThat(transport.writeBufferSize()).isZero();
                assertThat(transport.isClosing()).isTrue();
            });
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "pause", "lost");
        }
    }

    @Test
    void abortWhileThePeersAnswerIsAwaited(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            link.run(Transport::close);
            assertThat(link.peer().readAll()).isEmpty();
            link.run(Transport::abort);
            assertThat(recorder.awaitLost()).isNull();
            assertThat(loop.stats().timers()).isZero();
        }
    }

    @Test
    @Contract(section = TLS, value = "After abort nothing more is received, not even what is decrypted "
            + "already")
    void nothingIsReceivedAfterAbort(EventLoop loop) {
        SmallBuffer small = new SmallBuffer(4);
        small.onFirst(transport -> {
            transport.abort();
            assertThat(transport.isReading()).isFalse();
        });
        try (TlsLink link = TlsLink.plan(loop).open(small)) {
            link.together(() -> link.peer().send("hello world").end());
            assertThat(small.recorder().awaitLost()).isNull();
            assertThat(small.recorder().text()).isEqualTo("hell");
            assertThat(small.recorder().calls()).containsExactly("made", "data", "lost");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void bothEndsMayCloseAtTheSameTime(String version, EventLoop loop) {
        Recorder client = new Recorder();
        Recorder server = new Recorder();
        try (TlsPair pair = TlsPair.open(loop, client, server, config -> config.withProtocols(version))) {
            pair.thread().run(() -> {
                pair.client().close();
                server.transport().close();
            });
            assertThat(client.awaitLost()).isNull();
            assertThat(server.awaitLost()).isNull();
            assertThat(client.calls()).containsExactly("made", "lost");
            assertThat(server.calls()).containsExactly("made", "lost");
        }
    }
}
