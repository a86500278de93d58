package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.ReportedFailures;
import io.jvloop.transport.Net;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Server;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Handshakes that come to nothing, seen from a server. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class TlsHandshakeFailureTest {
    private static final InetSocketAddress ANY_PORT =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final Recorder recorder = new Recorder();
    private final CompletableFuture<Throwable> told = new CompletableFuture<>();

    /** A running server; closing it waits until nothing is left of its connections. */
    private final class Scene implements AutoCloseable {
        private final LoopThread thread;
        private final Server server;

        Scene(EventLoop loop, TlsConfig config, boolean listens) {
            TlsConfig full = listens ? config.withHandshakeFailed((transport, failure) -> {
                assertThat(transport.isClosing()).isTrue();
                told.complete(failure);
            }) : config;
            try {
                server = Net.listen(loop, ANY_PORT, Tls.server(TlsLink.SELF.context(), () -> recorder, full));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            thread = LoopThread.start(loop);
        }

        Peer peer() {
            return Peer.connect(server.addresses().get(0));
        }

        @Override
        public void close() {
            Await.until("no connection", () -> thread.call(server::activeConnections) == 0);
            assertThat(thread.call(() -> server.loop().stats().timers())).isZero();
            thread.run(server::close);
            thread.close();
            assertThat(recorder.calls()).isEmpty();
        }
    }

    @Test
    @Contract(section = TLS, value = "If the peer ends during the handshake, neither connectionMade nor "
            + "connectionLost is called; a listener may ask for such failures")
    void peerEndsBeforeTheFirstByte(EventLoop loop) {
        try (Scene scene = new Scene(loop, TlsConfig.DEFAULT, true); Peer peer = scene.peer()) {
            peer.end();
            assertThat(Await.result(told)).isInstanceOf(SSLHandshakeException.class)
                    .hasMessageContaining("closed the connection during the TLS handshake");
            peer.drain();
        }
    }

    @Test
    void peerEndsBeforeTheServersNameIsKnown(EventLoop loop) {
        TlsConfig config = TlsConfig.DEFAULT.withContexts(name -> null);
        try (Scene scene = new Scene(loop, config, true); Peer peer = scene.peer()) {
            peer.send(new byte[] {22, 3, 1}).end();
            assertThat(Await.result(told)).isInstanceOf(SSLHandshakeException.class);
            peer.drain();
        }
    }

    @Test
    void peerEndsInTheMiddleOfARecord(EventLoop loop) {
        try (Scene scene = new Scene(loop, TlsConfig.DEFAULT, true); Peer peer = scene.peer()) {
            peer.send(new byte[] {22, 3, 1, 1, 0, 1}).end();
            assertThat(Await.result(told)).isInstanceOf(SSLHandshakeException.class);
            peer.drain();
        }
    }

    @Test
    void peerResetsDuringTheHandshake(EventLoop loop) {
        try (Scene scene = new Scene(loop, TlsConfig.DEFAULT, true); Peer peer = scene.peer()) {
            peer.send(new byte[] {22, 3, 1});
            peer.reset();
            assertThat(Await.result(told)).isInstanceOf(IOException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Contract(section = TLS, value = "A handshake that takes too long is aborted with a "
            + "SocketTimeoutException that says how long it had")
    void silentPeerIsGivenUp(boolean choosesContext, EventLoop loop) {
        TlsConfig config = TlsConfig.DEFAULT.withHandshakeTimeout(Duration.ofMillis(150));
        config = choosesContext ? config.withContexts(name -> null) : config;
        try (Scene scene = new Scene(loop, config, true); Peer peer = scene.peer()) {
            peer.drain();
            assertThat(Await.result(told)).isInstanceOf(SocketTimeoutException.class)
                    .hasMessageContaining("is taking longer than PT0.15S: aborting the connection");
        }
    }

    @Test
    void silentServerIsGivenUpByAClient(EventLoop loop) throws IOException {
        TlsConfig config = TlsConfig.DEFAULT.withHandshakeTimeout(Duration.ofMillis(150));
        try (ServerSocket silent = Peer.listen(); LoopThread thread = LoopThread.start(loop)) {
            TlsFactory factory =
                    Tls.client(TlsLink.SELF.context(), "localhost", () -> recorder, config);
            CompletableFuture<Throwable> failure = thread.call(() -> Tls
                    .handshake(Net.connect(loop, silent.getLocalSocketAddress(), factory))
                    .handle((transport, thrown) -> thrown));
            assertThat(Await.result(failure)).isInstanceOf(SocketTimeoutException.class);
            assertThat(recorder.calls()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "SSH-2.0-OpenSSH\r\n", "\0\0\0\0\0\0",
                "\u0016\u0003\u0001\u0000\u0004abcd", "\u0017\u0003\u0003\u0000\u0004abcd"})
    @Contract(section = TLS, value = "What is no TLS fails the handshake with an SSLException")
    void garbageFailsTheHandshake(String garbage, EventLoop loop) {
        try (Scene scene = new Scene(loop, TlsConfig.DEFAULT, true); Peer peer = scene.peer()) {
            peer.send(garbage);
            assertThat(Await.result(told)).isInstanceOf(SSLException.class);
            peer.drain();
        }
    }

    @Test
    @Contract(section = TLS, value = "Failed handshakes of a server are reported to nobody who did not ask")
    void withoutListenerNothingIsReported(EventLoop loop, ReportedFailures failures) {
        try (Scene scene = new Scene(loop, TlsConfig.DEFAULT, false)) {
            for (String garbage : new String[] {"", "\u0016", "nonsense"}) {
                try (Peer peer = scene.peer()) {
                    peer.send(garbage).end();
                    peer.drain();
                }
            }
        }
        assertThat(failures.count()).isZero();
    }

    @Test
    void listenerThatThrowsIsReported(EventLoop loop, ReportedFailures failures) {
        IllegalStateException thrown = new IllegalStateException("by the listener");
        TlsConfig config = TlsConfig.DEFAULT.withHandshakeFailed((transport, failure) -> {
            throw thrown;
        });
        try (Scene scene = new Scene(loop, config, false); Peer peer = scene.peer()) {
            peer.end();
            peer.drain();
            Await.until("the report", () -> failures.count() > 0);
        }
        assertThat(failures.takeOne().exception()).isSameAs(thrown);
    }

    @Test
    void clientWithoutTheCertificateThatIsRequiredFails(EventLoop loop) {
        TlsConfig config = TlsConfig.DEFAULT.withProtocols("TLSv1.2")
                .withClientAuthentication(TlsConfig.ClientAuthentication.REQUIRED);
        try (Scene scene = new Scene(loop, config, true); Peer raw = scene.peer()) {
            CompletableFuture<?> peer = Peer.background(() -> {
                SSLSocket socket = (SSLSocket) TlsLink.SELF.clientContext().getSocketFactory()
                        .createSocket(raw.socket(), "localhost", 1, true);
                socket.startHandshake();
                return socket;
            });
            assertThat(Await.result(told)).isInstanceOf(SSLHandshakeException.class);
            assertThat(TlsLink.failure(peer)).isNotNull();
        }
    }

    @Test
    void closingClientsEndsHandshakesToo(EventLoop loop) {
        try (Scene scene = new Scene(loop, TlsConfig.DEFAULT, true); Peer peer = scene.peer()) {
            Await.until("it is accepted", () -> scene.thread.call(scene.server::activeConnections) == 1);
            scene.thread.run(scene.server::closeClients);
            peer.drain();
            assertThat(Await.result(told)).hasMessageContaining("closed before the TLS handshake was over");
        }
    }

    @Test
    void loopThatClosesEndsHandshakesToo(EventLoop loop, ExpectedLogs logs) throws IOException {
        Server server = Net.listen(loop, ANY_PORT, Tls.server(TlsLink.SELF.context(), () -> recorder,
                TlsConfig.DEFAULT.withHandshakeFailed((transport, failure) -> told.complete(failure))));
        try (Peer peer = Peer.connect(server.addresses().get(0))) {
            try (LoopThread thread = LoopThread.start(loop)) {
                Await.until("it is accepted", () -> thread.call(server::activeConnections) == 1);
            }
            loop.close();
            peer.drain();
            assertThat(Await.result(told)).isInstanceOf(IOException.class);
            assertThat(recorder.calls()).isEmpty();
            assertThat(logs.takeText()).contains("Closing an event loop with 2 open channel(s)");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS, value = "A protocol factory that throws after a handshake is reported once, and "
            + "the connection aborted")
    void factoryThatThrowsIsReportedOnce(String version, EventLoop loop, ReportedFailures failures)
            throws IOException {
        IllegalStateException thrown = new IllegalStateException("by the factory");
        TlsConfig config = TlsConfig.DEFAULT.withProtocols(version);
        Server server = Net.listen(loop, ANY_PORT, Tls.server(TlsLink.SELF.context(), () -> {
            throw thrown;
        }, config));
        try (LoopThread thread = LoopThread.start(loop);
                Peer raw = Peer.connect(server.addresses().get(0))) {
            TlsLink.failure(Peer.background(() -> TlsLink.layer(raw.socket(), true, version)));
            raw.drain();
            Await.until("no connection", () -> thread.call(server::activeConnections) == 0);
            thread.run(server::close);
        }
        assertThat(failures.takeOne().exception()).isSameAs(thrown);
    }

    @Test
    void factoryThatThrowsFailsWhoWaits(EventLoop loop) throws IOException {
        IllegalStateException thrown = new IllegalStateException("by the factory");
        try (ServerSocket listener = Peer.listen(); LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<Transport> shaking = thread.call(() -> Tls.handshake(Net.connect(loop,
                    listener.getLocalSocketAddress(), Tls.client(TlsLink.SELF.context(), "localhost", () -> {
                        throw thrown;
                    }))));
            try (Peer raw = Peer.accept(listener)) {
                TlsLink.failure(Peer.background(() -> TlsLink.layer(raw.socket(), false)));
                assertThat(TlsLink.failure(shaking)).isSameAs(thrown);
                raw.drain();
            }
        }
    }

    @Test
    void executorThatRefusesIsReported(EventLoop loop, ReportedFailures failures) {
        TlsConfig config = TlsConfig.DEFAULT.withTaskExecutor(task -> {
            throw new RejectedExecutionException("too busy");
        });
        try (Scene scene = new Scene(loop, config, true); Peer raw = scene.peer()) {
            CompletableFuture<?> shaking = Peer.background(() -> TlsLink.layer(raw.socket(), true));
            assertThat(Await.result(told)).isNotNull();
            TlsLink.failure(shaking);
        }
        failures.takeAll();
    }

    @Test
    void transportOfAFailedHandshakeHasNoSession(EventLoop loop) {
        CompletableFuture<Transport> below = new CompletableFuture<>();
        TlsConfig config =
                TlsConfig.DEFAULT.withHandshakeFailed((transport, failure) -> below.complete(transport));
        try (Scene scene = new Scene(loop, config, false); Peer peer = scene.peer()) {
            peer.end();
            assertThat(Tls.session(Await.result(below))).isEmpty();
            peer.drain();
        }
    }
}
