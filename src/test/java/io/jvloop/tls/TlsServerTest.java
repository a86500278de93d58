package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import io.jvloop.transport.BaseProtocol;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Transport;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What servers and loops do with their TLS connections, and what is left of those. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class TlsServerTest {
    @Test
    @Contract(section = TLS, value = "Server.closeClients ends TLS connections in order, with what is queued "
            + "and close_notify")
    void closeClientsSaysGoodbye(EventLoop loop) {
        byte[] data = Bytes.noise(5_000_000);
        Recorder client = new Recorder();
        Recorder server = new Recorder();
        try (TlsPair pair = TlsPair.open(loop, client, server)) {
            pair.thread().run(() -> {
                server.transport().write(data);
                pair.server().closeClients();
            });
            assertThat(client.awaitLost()).isNull();
            assertThat(client.bytes()).isEqualTo(data);
            assertThat(client.calls()).containsExactly("made", "data", "eof", "lost");
            assertThat(server.awaitLost()).isNull();
        }
    }

    @Test
    void abortClientsDoesNot(EventLoop loop) {
        Recorder client = new Recorder();
        Recorder server = new Recorder();
        try (TlsPair pair = TlsPair.open(loop, client, server)) {
            pair.thread().run(pair.server()::abortClients);
            assertThat(server.awaitLost()).isNull();
            assertThat(client.awaitLost()).isNotNull();
            assertThat(client.calls()).containsExactly("made", "lost");
        }
    }

    @Test
    @Contract(section = TLS, value = "EventLoop.drain ends TLS connections in order")
    void drainEndsTlsConnectionsInOrder(EventLoop loop) {
        byte[] data = Bytes.noise(2_000_000);
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).narrow().open(recorder)) {
            CompletableFuture<Boolean> drained = link.ask(transport -> {
                transport.write(data);
                return loop.drain(Duration.ofSeconds(20));
            });
            assertThat(link.peer().readAll()).isEqualTo(data);
            link.peer().end();
            assertThat(Await.result(drained)).isTrue();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "pause", "lost");
        }
    }

    @Test
    void protocolMayFinishSomethingBeforeItIsDrained(EventLoop loop, ReportedFailures failures) {
        CompletableFuture<Void> asked = new CompletableFuture<>();
        CompletableFuture<Throwable> end = new CompletableFuture<>();
        Protocol busy = new Protocol() {
            @Override
            public boolean draining() {
                asked.complete(null);
                return true;
            }

            @Override
            public void connectionLost(Throwable cause) {
                end.complete(cause);
            }
        };
        try (TlsLink link = TlsLink.plan(loop).open(busy)) {
            CompletableFuture<Boolean> drained = link.ask(transport -> loop.drain(Duration.ofSeconds(20)));
            Await.result(asked);
            link.run(transport -> {
                assertThat(transport.isClosing()).isFalse();
                transport.write(Bytes.heap("done"));
                transport.close();
            });
            assertThat(link.peer().readAllText()).isEqualTo("done");
            link.peer().end();
            assertThat(Await.result(drained)).isTrue();
            assertThat(end).isCompletedWithValue(null);
        }
        assertThat(failures.count()).isZero();
    }

    @Test
    @Contract(section = TLS,
            value = "EventLoop.close tells connectionLost to the protocols of TLS connections "
                    + "that are still open")
    void closingTheLoopTellsTheProtocol(EventLoop loop, ExpectedLogs logs) {
        Recorder recorder = new Recorder();
        TlsLink link = TlsLink.plan(loop).open(recorder);
        link.thread().close();
        loop.close();
        assertThat(recorder.awaitLost()).isNull();
        assertThat(recorder.calls()).containsExactly("made", "lost");
        link.raw().drain();
        link.raw().close();
        assertThat(logs.takeText()).contains("Closing an event loop with 1 open channel(s)");
    }

    @Test
    @Contract(section = TLS, value = "setIdleTimeout ends a TLS connection on which nothing happens, unless "
            + "idleTimeout says to go on")
    void silenceEndsTheConnection(EventLoop loop) {
        List<String> calls = new ArrayList<>();
        CompletableFuture<Throwable> end = new CompletableFuture<>();
        Protocol idler = new Protocol() {
            @Override
            public void connectionMade(Transport transport) {
                transport.setIdleTimeout(Duration.ofMillis(50));
            }

            @Override
            public boolean idleTimeout() {
                calls.add("idle");
                return calls.size() < 3;
            }

            @Override
            public void connectionLost(Throwable cause) {
                end.complete(cause);
            }
        };
        try (TlsLink link = TlsLink.plan(loop).open(idler)) {
            assertThat(Await.result(end)).isInstanceOf(SocketTimeoutException.class)
                    .hasMessageStartingWith("idle for");
            assertThat(calls).hasSize(3);
            link.raw().drain();
        }
    }

    @Test
    @Contract(section = TLS,
            value = "A renegotiation, which only TLS 1.2 has, is refused: connectionLost gets "
                    + "an SSLHandshakeException, after what came before it")
    void renegotiationIsRefused(EventLoop loop) {
        Recorder recorder = Recorder.echo();
        try (TlsLink link = TlsLink.plan(loop).version("TLSv1.2").server().open(recorder)) {
            link.peer().send("before");
            assertThat(link.peer().readText(6)).isEqualTo("before");
            CompletableFuture<?> again = Peer.background(() -> {
                ((SSLSocket) link.peer().socket()).startHandshake();
                link.peer().read(1);
                return null;
            });
            assertThat(recorder.awaitLost()).isInstanceOf(SSLHandshakeException.class)
                    .hasMessageContaining("renegotiation");
            assertThat(TlsLink.failure(again)).isNotNull();
            assertThat(recorder.text()).isEqualTo("before");
            assertThat(recorder.calls()).containsExactly("made", "data", "lost");
        }
    }

    @Test
    @Contract(section = TLS,
            value = "In debug mode TLS works the same, and a buffer that was only borrowed is "
                    + "overwritten after dataReceived")
    void debugModeOverwritesWhatWasBorrowed(EventLoop loop) {
        loop.setDebug(true);
        ByteBuffer[] kept = new ByteBuffer[1];
        Recorder recorder = new Recorder();
        recorder.onData((transport, data) -> {
            kept[0] = data.duplicate();
            recorder.onData(Transport::write);
        });
        byte[] data = Bytes.noise(1_000_000);
        try (TlsLink link = TlsLink.plan(loop).narrow().open(recorder)) {
            link.peer().send("hello");
            recorder.awaitBytes(5);
            assertThat(link.<Byte>ask(transport -> kept[0].get(0))).isEqualTo((byte) 0xDB);
            CompletableFuture<Peer> sending = Peer.background(() -> link.peer().send(data));
            assertThat(link.peer().read(data.length)).isEqualTo(data);
            Await.result(sending).end();
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"close", "abort", "peer"})
    @Contract(section = TLS, value = "Nothing refers to a protocol after the end of its TLS connection, "
            + "however that came, not even a transport that is kept")
    void protocolIsForgotten(String how, EventLoop loop) {
        ReferenceQueue<Object> queue = new ReferenceQueue<>();
        List<PhantomReference<BaseProtocol>> references = new ArrayList<>();
        Transport kept;
        try (TlsLink link = link(loop, queue, references)) {
            kept = link.transport();
            switch (how) {
                case "close" -> link.run(Transport::close);
                case "abort" -> link.run(Transport::abort);
                default -> {}
            }
            link.peer().end();
            Await.until("the end", () -> link.thread().call(() -> loop.stats().channels()) == 0);
            link.run(transport -> assertThat(transport.protocol()).isNull());
            assertThat(link.thread().call(() -> loop.stats().timers())).isZero();
            Await.collected(references);
        }
        assertThat(kept.isClosing()).isTrue();
    }

    /** In a method of its own, so that no local variable keeps the protocol. */
    private static TlsLink link(EventLoop loop, ReferenceQueue<Object> queue,
            List<PhantomReference<BaseProtocol>> references) {
        Recorder recorder = new Recorder();
        references.add(new PhantomReference<>(recorder, queue));
        return TlsLink.plan(loop).open(recorder);
    }
}
