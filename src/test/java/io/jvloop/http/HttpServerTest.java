package io.jvloop.http;

import static io.jvloop.http.HttpScene.head;
import static io.jvloop.http.HttpScene.last;
import static io.jvloop.http.HttpScene.readAnswer;
import static io.jvloop.http.HttpScene.readHead;
import static io.jvloop.support.Section.HTTP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.jvloop.http.codec.HttpDate;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import io.jvloop.transport.Peer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers, as a client sees them that looks at the bytes. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class HttpServerTest {
    private static final HttpHandler HELLO = (request, response) -> response.end("hello");
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n";
    private static final String HELLO_ANSWER = OK + "Content-Length: 5\r\n\r\nhello";
    private static final String LAST_HELLO = OK + "Connection: close\r\nContent-Length: 5\r\n\r\nhello";

    @Test
    @Contract(section = HTTP, value = "a small answer is one call in a handler, and has a length and a date")
    void aHandlerAnswersInOneLine(EventLoop loop) throws IOException {
        try (HttpScene scene = HttpScene.of(loop, HELLO); Peer peer = scene.connect()) {
            assertThat(readAnswer(peer.send(head("GET /")))).isEqualTo(HELLO_ANSWER);
            assertThat(readAnswer(peer.send(head("GET /")))).isEqualTo(HELLO_ANSWER);
        }
    }

    @Test
    @Contract(section = HTTP,
            value = "each answer has the date, in the form of RFC 9110, unless it has set one")
    void eachAnswerHasADate(EventLoop loop) throws IOException {
        try (HttpScene scene = HttpScene.of(loop, HELLO); Peer peer = scene.connect()) {
            String answer = peer.send(last("GET /")).readAllText();
            String date = answer.substring(answer.indexOf("Date: ") + 6, answer.indexOf("GMT") + 3);
            assertThat(Duration.between(HttpDate.parse(date).orElseThrow(), Instant.now()))
                    .isLessThan(Duration.ofMinutes(1));
        }
        try (HttpScene scene =
                HttpScene.of(loop, (request, response) -> response.header("date", "never").end());
                Peer peer = scene.connect()) {
            assertThat(peer.send(last("GET /")).readAllText()).containsOnlyOnce("ate:");
        }
    }

    @Test
    @Contract(section = HTTP,
            value = "pipelined requests are answered in order, and all answers to one read are one write")
    void pipelinedRequestsAreAnsweredInOrder(EventLoop loop) throws IOException {
        try (HttpScene scene =
                HttpScene.of(loop, (request, response) -> response.end(request.target()));
                Peer peer = scene.connect()) {
            StringBuilder requests = new StringBuilder();
            for (int i = 0; i < 100; i++) {
                requests.append(head("GET /" + i));
            }
            peer.send(requests.toString());
            for (int i = 0; i < 100; i++) {
                assertThat(readAnswer(peer)).endsWith("\r\n\r\n/" + i);
            }
        }
    }

    @Test
    @Contract(section = HTTP, value = "a later request of a pipeline waits for an answer that takes its time")
    void anAnswerThatTakesItsTimeKeepsTheOrder(EventLoop loop) throws IOException {
        List<HttpResponse> waiting = new ArrayList<>();
        HttpHandler handler = (request, response) -> {
            if (request.path().equals("/slow")) {
                waiting.add(response);
            } else {
                response.end("quick");
            }
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(head("GET /slow") + head("GET /quick"));
            Await.until(() -> scene.thread().call(() -> !waiting.isEmpty()));
            waiting.get(0).end("slow"); // from this thread
            assertThat(readAnswer(peer)).endsWith("slow");
            assertThat(readAnswer(peer)).endsWith("quick");
        }
    }

    @Test
    @Contract(section = HTTP, value = "an answer may come from any thread, and in parts")
    void anAnswerMayComeFromAnyThread(EventLoop loop) throws IOException {
        HttpHandler handler = (request, response) -> CompletableFuture.runAsync(() -> {
            byte[] part = {'a', 'b'};
            response.header("X-Thread", "other");
            response.write(part);
            part[0] = 'x'; // it has been copied
            response.write("cd");
            response.end();
        });
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            assertThat(scene.exchange(last("GET /"))).isEqualTo("HTTP/1.1 200 OK\r\nX-Thread: other\r\n"
                    + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n");
        }
    }

    @Test
    @Contract(section = HTTP, value = "a handler awaits a future; its failure is status 500, and reported")
    void aHandlerAwaitsAFuture(EventLoop loop, ReportedFailures failures) throws IOException {
        HttpHandler handler = (request, response) -> response.await(request.loop().runInExecutor(() -> {
            if (request.path().equals("/bad")) {
                throw new IllegalStateException("as planned");
            }
            return "found";
        }), response::end);
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            assertThat(scene.exchange(last("GET /good"))).endsWith("found");
            assertThat(scene.exchange(last("GET /bad"))).startsWith("HTTP/1.1 500 Internal Server Error\r\n");
        }
        assertThat(failures.takeOne().exception()).hasMessage("as planned");
    }

    @Test
    @Contract(section = HTTP, value = "a handler that throws gives one status 500, is reported, and costs no "
            + "other request of the connection")
    void aHandlerThatThrowsCostsItsOwnRequestOnly(EventLoop loop, ReportedFailures failures)
            throws IOException {
        HttpHandler handler = (request, response) -> {
            if (request.path().equals("/bad")) {
                throw new IOException("as planned");
            }
            response.end("hello");
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(head("GET /") + head("GET /bad") + head("GET /"));
            assertThat(readAnswer(peer)).isEqualTo(HELLO_ANSWER);
            assertThat(readAnswer(peer)).isEqualTo("HTTP/1.1 500 Internal Server Error\r\n"
                    + "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 26\r\n\r\n"
                    + "500 Internal Server Error\n");
            assertThat(readAnswer(peer)).isEqualTo(HELLO_ANSWER);
        }
        assertThat(failures.takeOne().exception()).hasMessage("as planned");
    }

    @Test
    @Contract(section = HTTP,
            value = "if a handler throws after its answer has begun, the connection is closed "
                    + "so that the client notices; earlier answers are not lost")
    void aBrokenAnswerEndsTheConnection(EventLoop loop, ReportedFailures failures) throws IOException {
        HttpHandler handler = (request, response) -> {
            if (request.path().equals("/bad")) {
                response.write("half");
                throw new IllegalStateException("as planned");
            }
            response.end("hello");
        };
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            assertThat(scene.exchange(head("GET /") + head("GET /bad") + head("GET /never")))
                    .isEqualTo(HELLO_ANSWER
                            + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
        }
        assertThat(failures.takeOne().exception()).hasMessage("as planned");
    }

    @Test
    void whatAHandlerThrowsAfterItsAnswerIsReportedOnly(EventLoop loop, ReportedFailures failures)
            throws IOException {
        HttpHandler handler = (request, response) -> {
            response.end("hello");
            throw new IllegalStateException("as planned");
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            assertThat(readAnswer(peer.send(head("GET /")))).isEqualTo(HELLO_ANSWER);
            assertThat(readAnswer(peer.send(head("GET /")))).isEqualTo(HELLO_ANSWER);
        }
        assertThat(failures.takeAll()).hasSize(2);
    }

    @Test
    @Contract(section = HTTP, value = "HEAD gets the head of the answer to GET, and no content")
    void headGetsNoContent(EventLoop loop) throws IOException {
        HttpHandler handler = (request, response) -> {
            if (request.path().equals("/parts")) {
                response.write("hello");
                response.end();
            } else {
                response.end("hello");
            }
        };
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            assertThat(scene.exchange(head("HEAD /") + head("HEAD /parts") + last("HEAD /")))
                    .isEqualTo(OK + "Content-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\n"
                            + "Transfer-Encoding: chunked\r\n\r\n" + OK
                            + "Connection: close\r\nContent-Length: 5\r\n\r\n");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {204, 304})
    void someStatusesHaveNeitherContentNorLength(int status, EventLoop loop) throws IOException {
        try (HttpScene scene = HttpScene.of(loop, (request, response) -> response.status(status).end())) {
            assertThat(scene.exchange(last("GET /"))).matches("HTTP/1.1 " + status
                    + " [A-Za-z ]*\r\nConnection: close\r\n\r\n");
        }
    }

    @Test
    void statusesWithoutContentAreNeverInChunks(EventLoop loop) throws IOException {
        try (HttpScene scene = HttpScene.of(loop, (request, response) -> {
            response.status(204).write(new byte[0]);
            response.end();
        })) {
            assertThat(scene.exchange(last("GET /")))
                    .isEqualTo("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        }
    }

    @Test
    void aStatusWithoutANameStillHasItsSpace(EventLoop loop) throws IOException {
        try (HttpScene scene = HttpScene.of(loop, (request, response) -> response.status(299).end())) {
            assertThat(scene.exchange(last("GET /"))).startsWith("HTTP/1.1 299 \r\n");
        }
    }

    @Test
    @Contract(section = HTTP, value = "an answer in parts goes out in chunks, with trailers behind it")
    void anAnswerInPartsHasChunksAndTrailers(EventLoop loop) throws IOException {
        HttpHandler handler = (request, response) -> {
            response.header("Trailer", "X-Sum").write("hello ");
            response.write(ByteBuffer.wrap("world".getBytes()));
            response.trailer("X-Sum", "42");
            response.end("!");
        };
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            assertThat(scene.exchange(last("GET /"))).endsWith("Transfer-Encoding: chunked\r\n\r\n"
                    + "6\r\nhello \r\n5\r\nworld\r\n1\r\n!\r\n0\r\nX-Sum: 42\r\n\r\n");
        }
    }

    @Test
    void partsWithALengthAreNotInChunks(EventLoop loop) throws IOException {
        HttpHandler handler = (request, response) -> {
            response.header("content-length", "10").write("hello");
            response.end("world");
        };
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            assertThat(scene.exchange(last("GET /"))).endsWith("Content-Length: 10\r\n\r\nhelloworld");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"short", "long"})
    @Contract(section = HTTP,
            value = "content that does not fit the Content-Length set is refused where it is written")
    void contentHasToFitItsLength(String kind, EventLoop loop, ReportedFailures failures) throws IOException {
        HttpHandler handler = (request, response) -> response.header("Content-Length", "3")
                .end(kind.equals("short") ? "12" : "1234");
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            assertThat(scene.exchange(last("GET /"))).startsWith("HTTP/1.1 500 ");
        }
        assertThat(failures.takeOne().exception()).hasMessageContaining("Content-Length is 3");
    }

    @Test
    void oldClientsGetTheEndOfTheConnectionInsteadOfChunks(EventLoop loop) throws IOException {
        HttpHandler handler = (request, response) -> {
            response.write("hello ");
            response.end("world");
        };
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            assertThat(scene.exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"))
                    .isEqualTo("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello world");
        }
    }

    @Test
    void oldClientsMayAskForKeepAlive(EventLoop loop) throws IOException {
        try (HttpScene scene = HttpScene.of(loop, HELLO); Peer peer = scene.connect()) {
            String request = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
            String answer = OK + "Connection: keep-alive\r\nContent-Length: 5\r\n\r\nhello";
            assertThat(readAnswer(peer.send(request))).isEqualTo(answer);
            assertThat(readAnswer(peer.send(request))).isEqualTo(answer);
            assertThat(HttpScene.withoutDate(peer.send("GET / HTTP/1.0\r\n\r\n").readAllText()))
                    .isEqualTo(LAST_HELLO);
        }
    }

    @Test
    @Contract(section = HTTP, value = "after Connection: close, of either side, nothing more is served")
    void afterCloseNothingMoreIsServed(EventLoop loop) throws IOException {
        try (HttpScene scene = HttpScene.of(loop, HELLO)) {
            assertThat(scene.exchange(last("GET /") + head("GET /never"))).isEqualTo(LAST_HELLO);
        }
        try (HttpScene scene = HttpScene.of(loop,
                (request, response) -> response.header("Connection", "close").end("hello"))) {
            assertThat(scene.exchange(head("GET /") + head("GET /never"))).isEqualTo(LAST_HELLO);
        }
    }

    @Test
    @Contract(section = HTTP, value = "a client that has ended its side still gets its answers")
    void aClientThatHasEndedStillGetsItsAnswers(EventLoop loop) throws IOException {
        HttpHandler handler = (request, response) -> response
                .await(request.loop().runInExecutor(() -> "later"), response::end);
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            String answers = peer.send(head("GET /") + head("GET /")).end().readAllText();
            assertThat(answers.split("later", -1)).hasSize(3);
        }
    }

    @Test
    void aBadRequestIsAnsweredAfterTheGoodOnesBeforeIt(EventLoop loop) throws IOException {
        try (HttpScene scene = HttpScene.of(loop, HELLO)) {
            assertThat(scene.exchange(head("GET /") + "GET / HTTP/1.1\r\nA : b\r\n\r\n" + head("GET /")))
                    .isEqualTo(HELLO_ANSWER + "HTTP/1.1 400 Bad Request\r\n"
                            + "Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n"
                            + "Content-Length: 16\r\n\r\n400 Bad Request\n");
        }
    }

    @Test
    @Contract(section = HTTP,
            value = "a header with a line break is refused, so that nobody can write headers of their own")
    void headersCannotBeInjected(EventLoop loop) throws IOException {
        HttpHandler handler = (request, response) -> {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> response.header("A", "b\r\nSet-Cookie: c"));
            assertThatIllegalArgumentException().isThrownBy(() -> response.header("A\r\nB", "c"));
            assertThatIllegalArgumentException().isThrownBy(() -> response.header("A", "\u20ac"));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> response.header("Transfer-Encoding", "chunked"));
            assertThatIllegalArgumentException().isThrownBy(() -> response.header("Content-Length", "-1"));
            assertThatIllegalArgumentException().isThrownBy(() -> response.status(101));
            assertThatIllegalArgumentException().isThrownBy(() -> response.trailer("Content-Length", "1"));
            response.addHeader("Set-Cookie", "a").addHeader("Set-Cookie", "b").header("X", "1")
                    .header("x", "2")
                    .end("hello");
        };
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            assertThat(scene.exchange(last("GET /"))).contains("Set-Cookie: a\r\nSet-Cookie: b\r\nX: 2\r\n");
        }
    }

    @Test
    void aBigAnswerReachesAClientThatReadsLate(EventLoop loop) throws IOException {
        ByteBuffer direct = ByteBuffer.allocateDirect(3_000_000);
        try (HttpScene scene = HttpScene.of(loop, (request, response) -> {
            response.end(request.path().equals("/heap") ? ByteBuffer.allocate(3_000_000) : direct.rewind());
        }); Peer peer = scene.connect()) {
            peer.send(head("GET /heap") + head("GET /direct") + last("GET /heap"));
            for (int i = 0; i < 3; i++) {
                assertThat(readHead(peer)).contains("Content-Length: 3000000\r\n");
                assertThat(peer.read(3_000_000)).containsOnly(0);
            }
            assertThat(peer.readAll()).isEmpty();
        }
    }
}
