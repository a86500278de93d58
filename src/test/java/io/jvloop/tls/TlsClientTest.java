package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Net;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever connects and waits for the handshake. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class TlsClientTest {
    private static final SSLContext CONTEXT = TlsLink.SELF.context();

    private final Recorder recorder = new Recorder();

    private CompletableFuture<Transport> connect(EventLoop loop, ServerSocket listener) {
        return Tls.handshake(Net.connect(loop, listener.getLocalSocketAddress(),
                Tls.client(CONTEXT, "localhost", () -> recorder)));
    }

    @Test
    @Contract(section = TLS, value = "Tls.connect completes with the transport that the application sees, "
            + "after connectionMade")
    void connectsByName(EventLoop loop) throws Exception {
        try (ServerSocket listener = Peer.listen(); LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<Transport> connecting = thread.call(() -> Tls
                    .connect(loop, "localhost", listener.getLocalPort(), CONTEXT, () -> recorder)
                    .whenComplete((transport, failure) -> recorder.note("completed")));
            Peer raw = Peer.accept(listener);
            Peer peer = Await.result(
                    Peer.background(() -> new Peer(TlsLink.layer(raw.socket(), false))));
            Transport transport = Await.result(connecting);
            assertThat(transport).isSameAs(recorder.transport());
            assertThat(recorder.calls()).containsExactly("made", "completed");
            thread.run(() -> transport.write(Bytes.heap("hello")));
            assertThat(peer.readText(5)).isEqualTo("hello");
            thread.run(transport::close);
            peer.end();
            assertThat(recorder.awaitLost()).isNull();
            raw.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS, value = "The first data come a turn after the handshake was told, even if they "
            + "came with it")
    void firstDataComeATurnLater(String version, EventLoop loop) {
        boolean clientIsLast = version.equals("TLSv1.2"); // else the server, which hears of the end last
        Recorder last = new Recorder().onMade(transport -> loop.callSoon(() -> {
            ((Recorder) transport.protocol()).note("turn");
        }));
        Recorder first = new Recorder().onMade(transport -> transport.write(Bytes.heap("at once")));
        try (TlsPair pair = TlsPair.open(loop, clientIsLast ? last : first, clientIsLast ? first : last,
                config -> config.withProtocols(version).withSessionResumption(false))) {
            last.awaitBytes(7);
            assertThat(last.calls()).containsExactly("made", "turn", "data");
            assertThat(pair.client().isClosing()).isFalse();
        }
    }

    @Test
    void protocolMayBeSwappedBeforeTheFirstData(EventLoop loop) {
        Recorder other = new Recorder();
        Recorder client = new Recorder().onMade(transport -> loop.callSoon(() -> {
            transport.setProtocol(other);
        }));
        Recorder server = new Recorder().onMade(transport -> transport.write(Bytes.heap("for the other")));
        try (TlsPair pair = TlsPair.open(loop, client, server,
                config -> config.withProtocols("TLSv1.2").withSessionResumption(false))) {
            other.awaitBytes(13);
            assertThat(client.calls()).containsExactly("made");
            assertThat(pair.client().protocol()).isSameAs(other);
        }
    }

    @Test
    @Contract(section = TLS, value = "A certificate that is not trusted, or is another host's, fails the "
            + "handshake: the future gets an SSLHandshakeException, the protocol never hears of it")
    void wrongCertificateFails(EventLoop loop) throws Exception {
        SSLContext stranger = SelfSigned.of("localhost").clientContext();
        List<TlsFactory> factories = List.of(Tls.client(stranger, "localhost", () -> recorder),
                Tls.client(CONTEXT, "elsewhere.example", () -> recorder),
                Tls.client(CONTEXT, "127.0.0.2", () -> recorder));
        try (ServerSocket listener = Peer.listen(); LoopThread thread = LoopThread.start(loop)) {
            for (TlsFactory factory : factories) {
                CompletableFuture<Transport> shaking = thread.call(() -> Tls
                        .handshake(Net.connect(loop, listener.getLocalSocketAddress(), factory)));
                try (Peer raw = Peer.accept(listener)) {
                    CompletableFuture<?> peer =
                            Peer.background(() -> TlsLink.layer(raw.socket(), false, "TLSv1.2"));
                    assertThat(TlsLink.failure(shaking)).isInstanceOf(SSLHandshakeException.class);
                    assertThat(TlsLink.failure(peer)).isInstanceOf(IOException.class);
                    raw.drain();
                }
            }
            assertThat(recorder.calls()).isEmpty();
        }
    }

    @Test
    void hostCheckCanBeLeftOut(EventLoop loop) throws Exception {
        TlsFactory factory = Tls.client(CONTEXT, "elsewhere.example", () -> recorder,
                TlsConfig.DEFAULT.withHostCheck(false));
        try (ServerSocket listener = Peer.listen(); LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<Transport> shaking = thread.call(
                    () -> Tls.handshake(Net.connect(loop, listener.getLocalSocketAddress(), factory)));
            try (Peer raw = Peer.accept(listener)) {
                CompletableFuture<?> peer = Peer.background(() -> TlsLink.layer(raw.socket(), false));
                Transport transport = Await.result(shaking);
                Await.result(peer);
                thread.run(transport::abort);
            }
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    void refusedConnectionFailsAsWithoutTls(EventLoop loop) {
        InetSocketAddress nobody = Peer.refusing();
        try (LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<Transport> connecting = thread.call(() -> Tls.connect(loop,
                    nobody.getHostString(), nobody.getPort(), CONTEXT, () -> recorder));
            assertThat(TlsLink.failure(connecting)).isInstanceOf(ConnectException.class);
            assertThat(recorder.calls()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Contract(section = TLS,
            value = "A handshake may be cancelled or timed out at any moment; that closes the "
                    + "connection and is reported to nobody")
    void givenUpWhileThePeerIsSilent(boolean cancel, EventLoop loop) throws Exception {
        try (ServerSocket listener = Peer.listen(); LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<Transport> shaking = thread.call(() -> connect(loop, listener));
            try (Peer silent = Peer.accept(listener)) {
                assertThat(silent.read(1)[0]).isEqualTo((byte) 22); // a handshake record: it has begun
                if (cancel) {
                    assertThat(shaking.cancel(true)).isTrue();
                    assertThat(TlsLink.failure(shaking)).isInstanceOf(CancellationException.class);
                } else {
                    shaking.orTimeout(50, TimeUnit.MILLISECONDS);
                    assertThat(TlsLink.failure(shaking)).isInstanceOf(TimeoutException.class);
                }
                silent.drain();
            }
            thread.run(() -> {});
            Await.until("no timer", () -> thread.call(() -> loop.stats().timers()) == 0);
            assertThat(recorder.calls()).isEmpty();
        }
    }

    @Test
    void cancelledBeforeItIsConnected(EventLoop loop) throws Exception {
        try (ServerSocket listener = Peer.listen(); LoopThread thread = LoopThread.start(loop)) {
            thread.run(() -> connect(loop, listener).cancel(false));
            Await.until("no channel", () -> thread.call(() -> loop.stats().channels()) == 0);
            assertThat(recorder.calls()).isEmpty();
        }
    }

    @Test
    void cancelledInsideTheCallThatItsHandshakeEnds(EventLoop loop) throws Exception {
        CompletableFuture<Transport> cancelled = new CompletableFuture<>();
        recorder.onMade(transport -> cancelled.cancel(false));
        try (ServerSocket listener = Peer.listen(); LoopThread thread = LoopThread.start(loop)) {
            thread.run(() -> {
                CompletableFuture<Transport> shaking = connect(loop, listener);
                cancelled.whenComplete((transport, failure) -> shaking.cancel(false));
            });
            try (Peer raw = Peer.accept(listener)) {
                TlsLink.failure(Peer.background(() -> TlsLink.layer(raw.socket(), false)));
                assertThat(recorder.awaitLost()).isNull();
                assertThat(recorder.calls()).containsExactly("made", "lost");
            }
        }
    }

    @Test
    void cancelAfterwardsHasNoEffect(EventLoop loop) {
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            CompletableFuture<Transport> again = link.thread()
                    .call(() -> Tls.handshake(CompletableFuture.completedFuture(link.below())));
            assertThat(Await.result(again)).isSameAs(link.transport());
            assertThat(again.cancel(true)).isFalse();
            link.peer().send("still there");
            recorder.awaitBytes(11);
        }
    }

    @Test
    void anyThreadMayAskForTheHandshake(EventLoop loop) throws Exception {
        try (ServerSocket listener = Peer.listen(); LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<Transport> connecting =
                    thread.call(() -> Net.connect(loop, listener.getLocalSocketAddress(),
                            Tls.client(CONTEXT, "localhost", () -> recorder)));
            Await.result(connecting);
            CompletableFuture<Transport> shaking = Tls.handshake(connecting);
            Thread[] completer = new Thread[1];
            shaking = shaking.whenComplete((transport, failure) -> completer[0] = Thread.currentThread());
            try (Peer raw = Peer.accept(listener)) {
                CompletableFuture<?> peer = Peer.background(() -> TlsLink.layer(raw.socket(), false));
                Transport transport = Await.result(shaking);
                Await.result(peer);
                assertThat(completer[0]).isSameAs(thread.thread());
                thread.run(transport::abort);
                recorder.awaitLost();
            }
        }
    }

    @Test
    void waitingForAConnectionWithoutTlsIsAnError(EventLoop loop) throws Exception {
        try (ServerSocket listener = Peer.listen(); LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<Transport> plain = thread
                    .call(() -> Net.connect(loop, listener.getLocalSocketAddress(), () -> recorder));
            Transport transport = Await.result(plain);
            assertThat(TlsLink.failure(Tls.handshake(plain))).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no TLS");
            thread.run(transport::abort);
            assertThat(recorder.awaitLost()).isNull();
            thread.run(() -> {});
            assertThat(TlsLink.failure(Tls.handshake(plain))).hasMessageContaining("ended already");
        }
    }

    @Test
    @Contract(section = TLS, value = "Time-outs that are not positive, a blank host and unknown ciphers are "
            + "refused at once")
    void senselessArgumentsAreRefused() {
        for (Duration none : List.of(Duration.ZERO, Duration.ofNanos(-1))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> TlsConfig.DEFAULT.withHandshakeTimeout(none));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> TlsConfig.DEFAULT.withShutdownTimeout(none));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> Tls.client(CONTEXT, " ", Recorder::new));
        assertThatIllegalArgumentException().isThrownBy(() -> Tls.server(CONTEXT, Recorder::new,
                TlsConfig.DEFAULT.withCipherSuites("TLS_ROT13")));
        assertThatIllegalArgumentException().isThrownBy(() -> Tls.server(CONTEXT, Recorder::new,
                TlsConfig.DEFAULT.withProtocols("TLSv9")));
    }
}
