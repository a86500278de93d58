package io.jvloop.http;

import static io.jvloop.http.HttpScene.head;
import static io.jvloop.http.HttpScene.readAnswer;
import static io.jvloop.http.HttpScene.readHead;
import static io.jvloop.support.Section.HTTP;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.http.codec.HttpParseException;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Transport;
import io.jvloop.transport.WriteBufferLimits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The turn in which a connection is neither HTTP's any more nor the next protocol's already. */
@Timeout(60)
@ExtendWith(LoopExtension.class)
class HttpHandOverTest {
    private static final String UPGRADE = head("GET /", "Connection: Upgrade", "Upgrade: echo");

    @Test
    @Contract(section = HTTP,
            value = "the protocol of an upgrade hears of the connection's end, even if that comes first")
    void theNewProtocolHearsOfAnEndBeforeItsBeginning(EventLoop loop) throws IOException {
        Recorder next = new Recorder();
        CompletableFuture<Throwable> done = new CompletableFuture<>();
        HttpHandler handler = (request, response) -> {
            request.transport().abort(); // as if the write of the answer had met a reset
            response.upgrade("echo", next);
            response.done().whenComplete((nothing, failure) -> done.complete(failure));
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(UPGRADE);
            assertThat(next.awaitLost()).isNull();
            assertThat(next.calls()).containsExactly("made", "lost");
            assertThat(Await.result(done)).isInstanceOf(IOException.class);
        }
    }

    @Test
    @Contract(section = HTTP,
            value = "a protocol that takes over while the loop drains is asked, as any other")
    void theNewProtocolIsToldOfADrain(EventLoop loop) throws IOException {
        CompletableFuture<HttpResponse> kept = new CompletableFuture<>();
        CompletableFuture<Void> asked = new CompletableFuture<>();
        Protocol next = new Protocol() {
            @Override
            public boolean draining() {
                asked.complete(null);
                return false; // close, as by default
            }
        };
        try (HttpScene scene = HttpScene.of(loop, (request, response) -> kept.complete(response));
                Peer peer = scene.connect()) {
            peer.send(UPGRADE);
            HttpResponse response = Await.result(kept);
            CompletableFuture<?> drained = scene.thread().call(() -> {
                CompletableFuture<?> end = loop.drain(Duration.ofMinutes(1));
                loop.callSoon(() -> response.upgrade("echo", next));
                return end;
            });
            assertThat(readHead(peer)).startsWith("HTTP/1.1 101 ");
            Await.result(asked);
            assertThat(peer.readAllText()).isEmpty();
            Await.result(drained);
        }
    }

    @Test
    void whatCameEarlyIsForTheProtocolOfTheMoment(EventLoop loop) throws IOException {
        Recorder second = new Recorder();
        Protocol first = new Protocol() {
            @Override
            public void connectionMade(Transport transport) {
                transport.setProtocol(second);
            }

            @Override
            public void dataReceived(ByteBuffer data) {
                throw new AssertionError("it has left");
            }
        };
        HttpHandler handler = (request, response) -> response.upgrade("echo", first);
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(UPGRADE + "early");
            assertThat(second.awaitBytes(5)).asString().isEqualTo("early");
        }
    }

    @Test
    void theNewProtocolHearsThatItHasToPause(EventLoop loop) throws IOException {
        Recorder next = new Recorder();
        HttpHandler handler = (request, response) -> {
            if (request.path().equals("/")) {
                response.upgrade("echo", next);
            } else { // goes out with the 101, and is more than the socket takes
                narrow(request.transport());
                response.end(new byte[60_000]);
            }
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.socket().setReceiveBufferSize(4_096);
            peer.send(head("GET /big") + UPGRADE);
            next.awaitCall("pause");
            assertThat(readAnswer(peer)).contains("Content-Length: 60000");
            assertThat(readHead(peer)).startsWith("HTTP/1.1 101 ");
            assertThat(next.calls()).containsExactly("made", "pause", "resume");
        }
    }

    private static void narrow(Transport transport) {
        try {
            transport.setOption(StandardSocketOptions.SO_SNDBUF, 4_096);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        transport.setWriteBufferLimits(new WriteBufferLimits(0, 0));
    }

    @Test
    @Contract(section = HTTP,
            value = "after an answer with Connection: close of ours, what the client still sends is no reset")
    void aClientMayFinishWhatItIsSending(EventLoop loop) throws IOException {
        HttpHandler handler = (request, response) -> response.header("Connection", "close").end("hello");
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            assertThat(readAnswer(peer.send(head("GET /")))).endsWith("hello");
            assertThat(peer.readAllText()).isEmpty();
            for (int i = 0; i < 20; i++) { // a reset would make one of these fail
                peer.send(new byte[100_000]);
            }
            peer.end();
        }
    }

    @Test
    @Contract(section = HTTP,
            value = "a client that waits for 100 Continue is told before write(), or would take that for it")
    void aBodyMayBeAskedForAfterWrite(EventLoop loop) throws IOException {
        HttpHandler handler = (request, response) -> {
            response.write("got ");
            response.await(request.body().text(), response::end);
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(head("POST /", "Content-Length: 5", "Expect: 100-continue"));
            assertThat(readHead(peer)).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
            peer.send("hello");
            assertThat(readHead(peer)).startsWith("HTTP/1.1 200 ").doesNotContain("Connection: close");
            String chunks = "4\r\ngot \r\n5\r\nhello\r\n0\r\n\r\n";
            assertThat(peer.readText(chunks.length())).isEqualTo(chunks);
        }
    }

    @Test
    void aClientThatIsRefusedIsNotToldToGoOn(EventLoop loop) throws IOException {
        HttpHandler handler = (request, response) -> {
            response.status(403).write("no");
            response.end();
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(head("POST /", "Content-Length: 5", "Expect: 100-continue"));
            assertThat(readHead(peer)).startsWith("HTTP/1.1 403 ").contains("Connection: close");
        }
    }

    /** Answers with more than fits into the socket, and the path / with an upgrade. */
    private static HttpHandler bigThenUpgrade(Protocol next, WriteBufferLimits limits) {
        return (request, response) -> {
            if (request.path().equals("/")) {
                response.upgrade("echo", next);
            } else {
                narrow(request.transport());
                request.transport().setWriteBufferLimits(limits);
                response.end(new byte[60_000]);
            }
        };
    }

    @Test
    void marksThatAreRaisedMeanwhileNeedNoPause(EventLoop loop) throws IOException {
        Recorder next = new Recorder()
                .onMade(transport -> transport.setWriteBufferLimits(new WriteBufferLimits(100_000, 200_000)));
        try (HttpScene scene = HttpScene.of(loop, bigThenUpgrade(next, WriteBufferLimits.DEFAULT));
                Peer peer = scene.connect()) {
            peer.send(head("GET /big") + UPGRADE + "early");
            assertThat(readAnswer(peer)).contains("Content-Length: 60000");
            next.awaitBytes(5);
            assertThat(next.calls()).doesNotContain("pause");
        }
    }

    /** Connection lost, then upgrade(). */
    @Test
    void theNewProtocolHearsOfAnEndLongBefore(EventLoop loop) throws IOException {
        Recorder next = new Recorder();
        CompletableFuture<HttpResponse> kept = new CompletableFuture<>();
        HttpHandler handler = (request, response) -> kept.complete(response);
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(UPGRADE);
            HttpResponse response = Await.result(kept);
            CompletableFuture<Void> done = scene.thread().call(response::done);
            peer.reset();
            CompletableFuture<Boolean> lost = new CompletableFuture<>();
            done.whenComplete((nothing, failure) -> lost.complete(failure != null));
            assertThat(Await.result(lost)).isTrue();
            scene.thread().call(() -> {
                response.upgrade("echo", next);
                return null;
            });
            scene.thread().call(() -> null);
            scene.thread().call(() -> null);
            assertThat(next.calls()).containsExactly("made", "lost");
        }
    }

    /** Who waits with drain() when the connection is handed over. */
    @Test
    void aWriterThatWaitsAtAnUpgradeIsTold(EventLoop loop) throws IOException {
        Recorder next = new Recorder();
        CompletableFuture<HttpResponse> kept = new CompletableFuture<>();
        HttpHandler handler = (request, response) -> {
            if (request.path().equals("/")) {
                kept.complete(response);
            } else {
                narrow(request.transport());
                request.transport().setWriteBufferLimits(new WriteBufferLimits(0, 0));
                response.end(new byte[60_000]);
            }
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.socket().setReceiveBufferSize(4_096);
            peer.send(head("GET /big") + UPGRADE);
            HttpResponse response = Await.result(kept);
            CompletableFuture<Void> drained = scene.thread().call(() -> {
                CompletableFuture<Void> future = response.drain();
                response.upgrade("echo", next);
                return future;
            });
            readAnswer(peer);
            readHead(peer);
            CompletableFuture<Boolean> told = new CompletableFuture<>();
            drained.whenComplete((nothing, failure) -> told.complete(true));
            assertThat(told.completeOnTimeout(false, 3, TimeUnit.SECONDS).join()).isTrue();
        }
    }

    /** Strictly paired, a protocol is not resumed that was not paused. */
    @Test
    void whoRaisesTheMarksIsNotResumed(EventLoop loop) throws IOException {
        Recorder next = new Recorder()
                .onMade(transport -> transport.setWriteBufferLimits(new WriteBufferLimits(100_000, 200_000)));
        try (HttpScene scene = HttpScene.of(loop, bigThenUpgrade(next, new WriteBufferLimits(0, 0)));
                Peer peer = scene.connect()) {
            peer.send(head("GET /big") + UPGRADE + "early");
            readAnswer(peer);
            next.awaitBytes(5);
            assertThat(next.calls()).doesNotContain("resume");
        }
    }

    /** An upgrade after the server itself has answered: the connection is alive, and HTTP's. */
    @Test
    void anUpgradeThatComesTooLateWritesNothingIntoHttp(EventLoop loop) throws Exception {
        CompletableFuture<HttpResponse> kept = new CompletableFuture<>();
        Protocol next = new Protocol() {
            @Override
            public void connectionMade(Transport transport) {
                transport.write(ByteBuffer.wrap("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
                        .getBytes(StandardCharsets.US_ASCII)));
            }
        };
        HttpHandler handler = (request, response) -> {
            if (request.path().equals("/")) {
                response.end("honest");
            } else {
                response.await(CompletableFuture.failedFuture(new HttpParseException(503,
                        "the backend is not there")), nothing -> {});
                kept.complete(response);
            }
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(head("GET /up", "Connection: Upgrade", "Upgrade: echo"));
            assertThat(HttpScene.readAnswer(peer)).startsWith("HTTP/1.1 503 ");
            HttpResponse response = Await.result(kept);
            scene.thread().call(() -> {
                response.upgrade("echo", next);
                return null;
            });
            scene.thread().call(() -> null);
            scene.thread().call(() -> null);
            peer.send(head("GET /"));
            assertThat(HttpScene.readAnswer(peer)).endsWith("honest");
        }
    }
}
