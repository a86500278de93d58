package io.jvloop.http;

import static io.jvloop.http.HttpScene.head;
import static io.jvloop.http.HttpScene.last;
import static io.jvloop.http.HttpScene.readAnswer;
import static io.jvloop.http.HttpScene.readHead;
import static io.jvloop.support.Section.HTTP;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Protocol;
import java.io.IOException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Slow clients, on a clock that the test sets. The defaults: 20 s, 20 s, 60 s, 60 s. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class HttpDeadlinesTest {
    private static final String TIMEOUT = "HTTP/1.1 408 Request Timeout\r\n";

    private final List<HttpResponse> waiting = new ArrayList<>();
    private ClockedScene scene;
    private Peer peer;

    @BeforeEach
    void serve() throws IOException {
        HttpHandler handler = (request, response) -> {
            switch (request.path()) {
                case "/wait" -> waiting.add(response);
                case "/read" -> response.await(request.body().bytes(), response::end);
                case "/pieces" -> response.await(request.body().forEachPiece(piece -> soon()),
                        trailers -> response.end());
                case "/big" -> response.end(new byte[30_000_000]);
                default -> response.end("hello");
            }
        };
        scene = new ClockedScene(handler);
        peer = scene.connect();
    }

    private CompletableFuture<Void> soon() {
        CompletableFuture<Void> taken = new CompletableFuture<>();
        scene.loop().callSoon(() -> taken.complete(null));
        return taken;
    }

    @AfterEach
    void close() {
        peer.close();
        scene.close();
    }

    /** Lets time pass, as long as the connection lasts; {@code each} is what the client does every second. */
    private void pass(int seconds, Runnable each) {
        for (int i = 0; i < seconds && isOpen(); i++) {
            each.run();
            scene.turns(2);
            scene.pass(1);
        }
    }

    private void pass(int seconds) {
        pass(seconds, () -> {});
    }

    private boolean isOpen() {
        return scene.connections() > 0;
    }

    /** What the client gets to the end. */
    private String rest() {
        return HttpScene.withoutDate(scene.result(peer.end()::readAllText));
    }

    private void sendAndServe(String text) {
        scene.sendAndServe(peer, text);
    }

    @Test
    @Contract(section = HTTP,
            value = "a header section that is not complete in time is answered with 408, however it dribbles")
    void aHeaderThatDribblesIsEndedInTime() {
        sendAndServe("GET / HTTP/1.1\r\nHost: h\r\n");
        pass(19, () -> peer.send("A: b\r\n"));
        assertThat(ClockedScene.hears(peer)).isFalse();
        pass(3, () -> peer.send("A: b\r\n"));
        assertThat(rest()).startsWith(TIMEOUT);
    }

    @Test
    @Contract(section = HTTP, value = "a client that connects and says nothing is closed in time")
    void aClientThatSaysNothingIsClosedInTime() {
        pass(19);
        assertThat(isOpen()).isTrue();
        pass(3);
        assertThat(isOpen()).isFalse();
        assertThat(peer.readAll()).isEmpty();
    }

    @Test
    void emptyLinesDoNotKeepAConnectionOpen() {
        sendAndServe("\r\n");
        pass(19);
        sendAndServe("\r");
        sendAndServe("\n");
        assertThat(isOpen()).isTrue();
        pass(3);
        assertThat(isOpen()).isFalse();
        assertThat(peer.readAll()).isEmpty();
    }

    @Test
    @Contract(section = HTTP, value = "a connection without a next request is closed in time, and not before")
    void aConnectionWithoutANextRequestIsClosed() {
        sendAndServe(head("GET /"));
        pass(58);
        sendAndServe(head("GET /")); // begins anew
        pass(58);
        assertThat(isOpen()).isTrue();
        pass(5);
        assertThat(isOpen()).isFalse();
        assertThat(peer.readAllText().split("hello", -1)).hasSize(3);
    }

    @Test
    @Contract(section = HTTP,
            value = "a body below the least rate is answered with 408; one above it is not cut off")
    void aBodyThatDribblesIsEndedInTime() {
        sendAndServe(head("POST /read", "Content-Length: 100000"));
        pass(30, () -> peer.send(new byte[600]));
        assertThat(ClockedScene.hears(peer)).isFalse();
        pass(45, () -> peer.send("x"));
        assertThat(rest()).startsWith(TIMEOUT);
    }

    @Test
    void aHandlerThatTakesPieceByPieceDoesNotSetTheClockBack() {
        sendAndServe(head("POST /pieces", "Content-Length: 100000"));
        pass(75, () -> peer.send("x"));
        assertThat(rest()).startsWith(TIMEOUT);
    }

    @Test
    void aBodyThatIsDroppedHasToComeInTimeToo() {
        sendAndServe(head("POST /", "Content-Length: 1000"));
        pass(45, () -> peer.send("x"));
        assertThat(rest()).contains("hello").doesNotContain("408");
    }

    @Test
    @Contract(section = HTTP,
            value = "a client that does not read its answer in time is cut off, also if it reads "
                    + "a byte now and then")
    void aClientThatDoesNotReadIsCutOff() {
        sendAndServe(head("GET /big"));
        pass(58, () -> peer.read(1));
        assertThat(isOpen()).isTrue();
        pass(5, () -> peer.read(1));
        assertThat(isOpen()).isFalse();
    }

    @Test
    void aClientThatReadsItsAnswerIsNotCutOff() {
        sendAndServe(head("GET /big"));
        byte[] block = new byte[1_000_000];
        int[] left = {29_000_000};
        pass(140, () -> left[0] -= left[0] > 0 ? peer.readSome(block, Math.min(block.length, left[0])) : 0);
        assertThat(isOpen()).isTrue();
    }

    @Test
    @Contract(section = HTTP,
            value = "a handler may take its time: no timeout of the client's runs meanwhile")
    void aHandlerMayTakeItsTime() {
        sendAndServe(head("GET /wait"));
        pass(600);
        assertThat(isOpen()).isTrue();
        waiting.get(0).end("at last");
        scene.turns(2);
        assertThat(rest()).endsWith("at last");
    }

    @Test
    @Contract(section = HTTP,
            value = "a client that goes on sending after its last answer is dropped, in time")
    void aClientThatDoesNotEndIsDropped() {
        sendAndServe("no request\r\n");
        pass(4, () -> peer.send("more"));
        assertThat(isOpen()).isTrue();
        pass(3);
        assertThat(isOpen()).isFalse();
    }

    /** The JDK's own longest duration. */
    @Test
    void aTimeoutMayBeForEver(EventLoop loop) throws IOException {
        HttpConfig config = HttpConfig.DEFAULT.withWriteTimeout(ChronoUnit.FOREVER.getDuration());
        try (HttpScene scene = HttpScene.of(loop, (request, response) -> response.end("x"), config);
                Peer peer = scene.connect()) {
            peer.send(last("GET /"));
            assertThat(peer.readAllText()).endsWith("x");
        }
    }

    /** The longest one in nanoseconds. */
    @Test
    void aTimeoutMayBeCenturies() throws IOException {
        Supplier<Protocol> protocols = HttpServer.protocols((request, response) -> response.end("x"),
                HttpConfig.DEFAULT.withHeaderTimeout(Duration.ofNanos(Long.MAX_VALUE)));
        try (ClockedScene scene = new ClockedScene(protocols); Peer peer = scene.connect()) {
            scene.sendAndServe(peer, "GET / HTTP/1.1\r\n");
            scene.pass(100);
            scene.sendAndServe(peer, "Host: h\r\nConnection: close\r\n\r\n");
            assertThat(scene.result(peer::readAllText)).startsWith("HTTP/1.1 200 ").endsWith("x");
        }
    }

    /** One who was refused lingers, and keeps nobody out. */
    @Test
    void whoIsRefusedTakesNoPlace() throws IOException {
        Supplier<Protocol> protocols = HttpServer.protocols((request, response) -> response.end("hello"),
                HttpConfig.DEFAULT.withMaxConnections(1));
        try (ClockedScene scene = new ClockedScene(protocols);
                Peer first = scene.connect();
                Peer refused = scene.connect()) {
            assertThat(scene.result(() -> readHead(refused))).startsWith("HTTP/1.1 503 ");
            first.reset();
            scene.turnsUntil(() -> scene.connections() == 1); // only the refused one, which is not served
            try (Peer third = scene.connect()) {
                scene.sendAndServe(third, head("GET /"));
                assertThat(scene.result(() -> readHead(third))).startsWith("HTTP/1.1 200 ");
            }
        }
    }

    /** Old clients send an empty line behind a body; that is no beginning of a request. */
    @Test
    void anEmptyLineIsNoRequest() throws IOException {
        try (ClockedScene scene = new ClockedScene((request, response) -> response.end("hello"));
                Peer peer = scene.connect()) {
            scene.sendAndServe(peer, head("POST /", "Content-Length: 2") + "12\r\n");
            assertThat(scene.result(() -> readAnswer(peer))).endsWith("hello");
            scene.pass(30); // more than headerTimeout, less than keepAliveTimeout
            scene.sendAndServe(peer, head("GET /"));
            assertThat(scene.result(() -> readAnswer(peer))).startsWith("HTTP/1.1 200 ");
        }
    }

    /** Nor is such a connection busy. */
    @Test
    void aConnectionWithAnEmptyLineIsIdle() throws IOException {
        try (ClockedScene scene = new ClockedScene((request, response) -> response.end("hello"));
                Peer peer = scene.connect()) {
            scene.sendAndServe(peer, head("POST /", "Content-Length: 2") + "12\r\n");
            assertThat(scene.result(() -> readAnswer(peer))).endsWith("hello");
            CompletableFuture<Boolean> drained = scene.loop().drain(Duration.ofHours(1));
            scene.pass(5);
            assertThat(drained).isDone();
        }
    }
}
