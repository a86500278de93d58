package io.jvloop.http;

import static io.jvloop.http.HttpScene.head;
import static io.jvloop.http.HttpScene.last;
import static io.jvloop.http.HttpScene.readAnswer;
import static io.jvloop.http.HttpScene.readHead;
import static io.jvloop.support.Section.HTTP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.jvloop.http.codec.HttpLimits;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import io.jvloop.transport.Peer;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Bodies of requests, and answers that are streamed: who waits for whom. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class HttpBodyTest {
    private static final String CHUNKS = "5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n";

    private static final HttpHandler ECHO =
            (request, response) -> response.await(request.body().bytes(), response::end);

    @Test
    @Contract(section = HTTP, value = "a body comes as a whole, however it is framed, or piece by piece")
    void aBodyComesAsAWhole(EventLoop loop) throws IOException {
        try (HttpScene scene = HttpScene.of(loop, ECHO); Peer peer = scene.connect()) {
            peer.send(head("POST /", "Content-Length: 3") + "abc"
                    + head("POST /", "Transfer-Encoding: chunked") + CHUNKS + head("POST /"));
            assertThat(readAnswer(peer)).endsWith("\r\n\r\nabc");
            assertThat(readAnswer(peer)).endsWith("\r\n\r\nhello world");
            assertThat(readAnswer(peer)).endsWith("\r\n\r\n");
        }
    }

    @Test
    @Contract(section = HTTP,
            value = "trailers of a request are there at the end of its body, apart from its headers")
    void trailersComeAtTheEndOfTheBody(EventLoop loop) throws IOException {
        HttpHandler handler =
                (request, response) -> response.await(request.body().forEachPiece(piece -> null),
                        trailers -> response.end(trailers.get("x-sum") + request.header("X-Sum")));
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            assertThat(scene.exchange(last("POST /", "Transfer-Encoding: chunked") + CHUNKS))
                    .endsWith("1null");
        }
    }

    @Test
    @Contract(section = HTTP,
            value = "a client that waits for 100 Continue is told to go on when the handler "
                    + "asks for the body, and not otherwise")
    void aClientThatWaitsIsToldToGoOn(EventLoop loop) throws IOException {
        try (HttpScene scene = HttpScene.of(loop, ECHO); Peer peer = scene.connect()) {
            peer.send(head("POST /", "Content-Length: 3", "Expect: 100-continue"));
            assertThat(readHead(peer)).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
            assertThat(readAnswer(peer.send("abc"))).endsWith("\r\n\r\nabc");
            assertThat(readAnswer(
                    peer.send(head("POST /", "Content-Length: 3", "Expect: 100-continue") + "abc")))
                    .startsWith("HTTP/1.1 "); // the body was there already or not: both are right
        }
        try (HttpScene scene = HttpScene.of(loop, (request, response) -> response.status(403).end())) {
            assertThat(scene.exchange(head("POST /", "Content-Length: 3", "Expect: 100-continue")))
                    .isEqualTo("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        }
    }

    @Test
    void anOldClientIsNotToldToGoOn(EventLoop loop) throws IOException {
        try (HttpScene scene = HttpScene.of(loop, ECHO)) {
            assertThat(
                    scene.exchange("POST / HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc"))
                    .startsWith("HTTP/1.1 200 OK\r\n").endsWith("abc");
        }
    }

    @Test
    @Contract(section = HTTP,
            value = "a short body that nobody reads is dropped, and the connection goes on; "
                    + "a long one ends it")
    void aBodyThatNobodyReadsIsDropped(EventLoop loop) throws IOException {
        try (HttpScene scene = HttpScene.of(loop, (request, response) -> response.end("hello"));
                Peer peer = scene.connect()) {
            peer.send(head("POST /", "Content-Length: 10") + "0123456789"
                    + head("POST /", "Transfer-Encoding: chunked") + CHUNKS + head("GET /"));
            for (int i = 0; i < 3; i++) {
                assertThat(readAnswer(peer)).doesNotContain("close").endsWith("hello");
            }
            peer.send(head("POST /", "Content-Length: 1000000"));
            assertThat(readAnswer(peer)).contains("Connection: close").endsWith("hello");
            peer.send(new byte[100_000]); // still on its way: must not destroy the answer
            assertThat(peer.end().readAll()).isEmpty();
        }
    }

    @Test
    void chunksWithoutEndThatNobodyReadsEndTheConnection(EventLoop loop) throws IOException {
        try (HttpScene scene = HttpScene.of(loop, (request, response) -> response.end("hello"));
                Peer peer = scene.connect()) {
            peer.send(head("POST /", "Transfer-Encoding: chunked"));
            assertThat(readAnswer(peer)).endsWith("hello");
            for (int i = 0; i < 10; i++) {
                peer.send("8000\r\n").send(new byte[0x8000]).send("\r\n");
            }
            assertThat(peer.readAll()).isEmpty();
        }
    }

    @Test
    @Contract(section = HTTP,
            value = "a body beyond the limits is answered with 413, and the connection is closed")
    void aBodyBeyondTheLimitsIsRefused(EventLoop loop) throws IOException {
        HttpConfig config = HttpConfig.DEFAULT.withMaxBufferedBytes(10)
                .withLimits(HttpLimits.DEFAULT.withBodyBytes(1_000_000));
        String refused = "HTTP/1.1 413 Content Too Large\r\n";
        try (HttpScene scene = HttpScene.of(loop, ECHO, config)) {
            assertThat(scene.exchange(last("POST /", "Content-Length: 10") + "0123456789"))
                    .endsWith("0123456789");
            assertThat(scene.exchange(last("POST /", "Content-Length: 11") + "0123456789a"))
                    .startsWith(refused);
            assertThat(scene.exchange(last("POST /", "Transfer-Encoding: chunked") + CHUNKS))
                    .startsWith(refused);
            assertThat(scene.exchange(head("POST /", "Content-Length: 1000001"))).startsWith(refused)
                    .contains("Connection: close");
        }
    }

    @Test
    @Contract(section = HTTP,
            value = "a body that breaks the rules fails the handler's future, and the client gets 400")
    void aBodyThatBreaksTheRulesIsAnsweredWith400(EventLoop loop) throws IOException {
        List<HttpResponse> forgotten = new ArrayList<>();
        HttpHandler handler = (request, response) -> {
            if (request.path().equals("/forgets")) {
                forgotten.add(response);
                request.body().bytes();
            } else {
                ECHO.handle(request, response);
            }
        };
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            for (String path : List.of("/", "/forgets")) {
                assertThat(scene.exchange(head("POST " + path, "Transfer-Encoding: chunked") + "x\r\n"))
                        .startsWith("HTTP/1.1 400 Bad Request\r\n").contains("Connection: close");
            }
            forgotten.get(0).end("too late"); // is dropped
        }
    }

    @Test
    void aClientThatGoesAwayWithinABodyFailsTheFuture(EventLoop loop) throws IOException {
        CompletableFuture<Throwable> failure = new CompletableFuture<>();
        HttpHandler handler = (request, response) -> request.body().bytes()
                .whenComplete((bytes, cause) -> failure.complete(cause));
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(head("POST /", "Content-Length: 5") + "abc").end().readAll();
            assertThat(io.jvloop.loop.Async.cause(Await.result(failure))).isInstanceOf(EOFException.class);
        }
    }

    @Test
    void aBodyIsReadOnceAndOnTheLoop(EventLoop loop) throws IOException {
        CompletableFuture<HttpRequest> seen = new CompletableFuture<>();
        HttpHandler handler = (request, response) -> {
            seen.complete(request);
            request.body().bytes();
            assertThatIllegalStateException().isThrownBy(() -> request.body().bytes());
            response.end("hello");
        };
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            assertThat(scene.exchange(last("POST /", "Content-Length: 3") + "abc")).endsWith("hello");
            assertThatIllegalStateException().isThrownBy(() -> Await.result(seen).body().text());
        }
    }

    @Test
    void whatAConsumerThrowsIsStatus500(EventLoop loop, ReportedFailures failures) throws IOException {
        HttpHandler handler = (request, response) -> response.await(request.body().forEachPiece(piece -> {
            throw new IllegalStateException("as planned");
        }), trailers -> response.end("never"));
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            assertThat(scene.exchange(last("POST /", "Content-Length: 3") + "abc"))
                    .startsWith("HTTP/1.1 500 ");
        }
        assertThat(failures.takeOne().exception()).hasMessage("as planned");
    }

    @Test
    @Contract(section = HTTP,
            value = "a handler that is slow to take a body makes its client wait, in bounded memory")
    void aSlowHandlerMakesItsClientWait(EventLoop loop) throws IOException {
        int size = 64 * 1024 * 1024;
        AtomicLong taken = new AtomicLong();
        CompletableFuture<Void> goOn = new CompletableFuture<>();
        HttpHandler handler = (request, response) -> response.await(request.body().forEachPiece(piece -> {
            taken.addAndGet(piece.remaining());
            return taken.get() > 1_000_000 && !goOn.isDone() ? goOn : null;
        }), trailers -> response.end(taken.toString()));
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            AtomicLong sent = new AtomicLong();
            CompletableFuture<String> answer = Peer.background(() -> {
                peer.send(head("POST /", "Content-Length: " + size));
                byte[] block = new byte[64 * 1024];
                for (int i = 0; i < size / block.length; i++) {
                    peer.send(block);
                    sent.addAndGet(block.length);
                }
                return readAnswer(peer);
            });
            Await.until(() -> taken.get() > 1_000_000);
            assertThat(scene.thread().call(() -> loop.stats().buffers())).isLessThan(64);
            assertThat(sent.get()).isLessThan(size);
            goOn.complete(null);
            assertThat(Await.result(answer)).endsWith("\r\n\r\n" + size);
        }
    }

    @Test
    @Contract(section = HTTP,
            value = "a handler that streams waits with drain for a client that is slow to read")
    void aStreamingHandlerWaitsForItsClient(EventLoop loop) throws IOException {
        int parts = 1_000;
        AtomicLong written = new AtomicLong();
        ByteBuffer part = ByteBuffer.allocateDirect(64 * 1024);
        HttpHandler handler = (request, response) -> {
            response.header("Content-Length", String.valueOf((long) parts * part.capacity()));
            new Runnable() {
                @Override
                public void run() {
                    if (written.getAndIncrement() == parts) {
                        response.end();
                        return;
                    }
                    response.write(part.rewind());
                    response.drain().thenRunAsync(this);
                }
            }.run();
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(head("GET /"));
            assertThat(readHead(peer)).contains("Content-Length: " + parts * part.capacity());
            assertThat(written.get()).isLessThan(parts);
            byte[] block = new byte[1024 * 1024];
            long left = (long) parts * part.capacity();
            while (left > 0) {
                left -= peer.readSome(block, block.length);
            }
            assertThat(left).isZero();
        }
    }

    @Test
    void whoWaitsForAClientThatGoesAwayIsTold(EventLoop loop) throws IOException {
        CompletableFuture<Throwable> drained = new CompletableFuture<>();
        CompletableFuture<Throwable> done = new CompletableFuture<>();
        HttpHandler handler = (request, response) -> {
            response.done().whenComplete((nothing, cause) -> done.complete(cause));
            response.write(new byte[8_000_000]);
            response.drain().whenComplete((nothing, cause) -> drained.complete(cause));
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            readHead(peer.send(head("GET /")));
            peer.reset();
            assertThat(Await.result(drained)).isInstanceOf(IOException.class);
            assertThat(Await.result(done)).isInstanceOf(IOException.class);
        }
    }

    /** The first body's stage ends while the second client waits to be told to go on. */
    @Test
    void aStageOfAnEarlierBodyAsksForNoOther(EventLoop loop) throws IOException {
        CompletableFuture<Void> later = new CompletableFuture<>();
        CompletableFuture<HttpResponse> second = new CompletableFuture<>();
        HttpHandler handler = (request, response) -> {
            if (request.path().equals("/a")) {
                request.body().forEachPiece(piece -> {
                    response.end("early");
                    return later;
                });
            } else {
                second.complete(response);
            }
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(head("POST /a", "Content-Length: 5") + "12345");
            assertThat(readAnswer(peer)).endsWith("early");
            peer.send(head("POST /b", "Content-Length: 5", "Expect: 100-continue"));
            HttpResponse response = Await.result(second);
            later.complete(null);
            scene.thread().call(() -> {
                response.status(403).end("no");
                return null;
            });
            assertThat(readHead(peer)).startsWith("HTTP/1.1 403 ");
        }
    }

    /** An answer of the handler's own to a body that is broken, in two parts. */
    @Test
    void aBrokenBodyMayBeAnsweredInItsOwnWay(EventLoop loop) throws IOException {
        HttpHandler handler = (request, response) -> request.body().bytes().whenComplete((bytes, failure) -> {
            response.status(400).write("your body ");
            request.loop().callSoon(() -> response.end("is broken"));
        });
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(head("POST /", "Transfer-Encoding: chunked") + "xyz\r\n");
            assertThat(peer.readAllText()).endsWith("0\r\n\r\n");
        }
    }

    @Test
    void aBodyOfWhichOnlyTheBeginningWasReadIsNotAwaited(EventLoop loop) throws IOException {
        HttpHandler handler = (request, response) -> request.body().forEachPiece(piece -> {
            response.end("enough");
            return null;
        });
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(head("POST /", "Content-Length: 1000000") + "12345");
            assertThat(readAnswer(peer)).contains("Connection: close").endsWith("enough");
        }
    }

    @Test
    void aFileThatMayNotBeSentLeavesTheAnswerAsItWas(EventLoop loop, @TempDir Path folder)
            throws IOException {
        Path path = Files.write(folder.resolve("file"), new byte[5]);
        try (FileChannel file = FileChannel.open(path);
                HttpScene scene = HttpScene.of(loop, (request, response) -> {
                    response.status(204);
                    assertThatThrownBy(() -> response.sendFile(file, 0, 5))
                            .isInstanceOf(IllegalStateException.class);
                    response.end();
                });
                Peer peer = scene.connect()) {
            peer.send(head("GET /"));
            assertThat(readHead(peer)).startsWith("HTTP/1.1 204 ").doesNotContain("Content-Length");
        }
    }
}
