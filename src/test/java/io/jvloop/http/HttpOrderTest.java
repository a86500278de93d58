package io.jvloop.http;

import static io.jvloop.http.HttpScene.head;
import static io.jvloop.http.HttpScene.last;
import static io.jvloop.http.HttpScene.readAnswer;
import static io.jvloop.http.HttpScene.readHead;
import static io.jvloop.support.Section.HTTP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Recorder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What comes first and what comes later: calls of several threads, ends, and what is refused in between. */
@Timeout(60)
@ExtendWith(LoopExtension.class)
class HttpOrderTest {
    @Test
    @Contract(section = HTTP,
            value = "calls of the loop's thread do not overtake those that another thread has handed over")
    void callsAreInOrderOnWhateverThread(EventLoop loop) throws IOException {
        HttpHandler handler = (request, response) -> {
            response.header("Content-Length", "3");
            CompletableFuture.runAsync(() -> response.write("1"), task -> new Thread(task).start()).join();
            response.write("2");
            response.end(ByteBuffer.wrap(new byte[] {'3'}));
        };
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            assertThat(scene.exchange(last("GET /"))).endsWith("Content-Length: 3\r\n\r\n123");
        }
    }

    @Test
    void whoeverHearsThatAnAnswerIsDoneMayClose(EventLoop loop) throws IOException {
        HttpHandler handler = (request, response) -> {
            response.done().thenRun(() -> request.transport().close());
            response.end("hello");
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            assertThat(readAnswer(peer.send(head("GET /")))).endsWith("hello");
            assertThat(peer.readAllText()).isEmpty();
        }
    }

    @Test
    @Contract(section = HTTP,
            value = "whoever takes a body piece by piece in its own time hears of its end, however it is cut")
    void theEndOfABodyComesAfterALateLastPiece(EventLoop loop) throws IOException {
        HttpHandler handler = (request, response) -> response.await(
                request.body().forEachPiece(piece -> {
                    response.write(piece);
                    return response.drain();
                }), trailers -> response.end());
        String post = head("POST /", "Content-Length: 5") + "hello";
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(post + post + post + last("GET /"));
            assertThat(peer.readAllText().split("hello", -1)).hasSize(4);
        }
    }

    @Test
    void anEndThatIsRefusedHasNotCounted(EventLoop loop) throws IOException {
        HttpHandler handler = (request, response) -> {
            response.header("Content-Length", "5");
            assertThatIllegalStateException().isThrownBy(() -> response.end("abc"))
                    .withMessage("Content-Length is 5, the content has 3");
            assertThatIllegalStateException().isThrownBy(() -> response.end("abcdef"));
            response.end("hello");
        };
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            assertThat(scene.exchange(last("GET /"))).endsWith("hello");
        }
    }

    @Test
    void aFailureDoesNotForgetToClose(EventLoop loop, ReportedFailures failures) throws IOException {
        HttpHandler handler = (request, response) -> {
            response.header("Connection", "close");
            throw new IllegalStateException("as planned");
        };
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            assertThat(scene.exchange(head("GET /") + head("GET /never"))).startsWith("HTTP/1.1 500 ")
                    .contains("Connection: close\r\n").containsOnlyOnce("HTTP/1.1");
        }
        failures.takeOne();
    }

    @Test
    void aTunnelBeginsWithAGoodStatusOnly(EventLoop loop) throws IOException {
        HttpHandler handler = (request, response) -> {
            response.status(404);
            assertThatIllegalStateException().isThrownBy(() -> response.upgrade("", Recorder.echo()))
                    .withMessage("a tunnel begins with a status of 2xx, not 404");
            response.end();
        };
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            assertThat(scene.exchange("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nConnection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 404 Not Found\r\n");
        }
    }

    @Test
    void theNewProtocolHearsOfAnEndThatCameBeforeIt(EventLoop loop) throws IOException {
        CompletableFuture<String> heard = new CompletableFuture<>();
        Protocol next = new Protocol() {
            private final StringBuilder text = new StringBuilder();

            @Override
            public void dataReceived(ByteBuffer data) {
                while (data.hasRemaining()) {
                    text.append((char) data.get());
                }
            }

            @Override
            public boolean eofReceived() {
                heard.complete(text.toString());
                return false;
            }
        };
        HttpHandler handler = (request, response) -> upgradeAfterTheEnd(request, response, next);
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(head("GET /", "Connection: Upgrade", "Upgrade: echo") + "early").end();
            assertThat(readHead(peer)).startsWith("HTTP/1.1 101 ");
            assertThat(Await.result(heard)).isEqualTo("early");
            assertThat(peer.readAllText()).isEmpty();
        }
    }

    private static void upgradeAfterTheEnd(HttpRequest request, HttpResponse response, Protocol next) {
        if (request.connection().hasPeerEnded()) {
            response.upgrade("echo", next);
        } else {
            request.loop().callSoon(() -> upgradeAfterTheEnd(request, response, next));
        }
    }

    /** An IOException too: no client brings about what a handler throws. */
    @Test
    void whatAHandlerThrowsAfterItsAnswerIsReported(EventLoop loop, ReportedFailures failures)
            throws IOException {
        HttpHandler handler = (request, response) -> {
            response.end("x");
            throw new IOException("the journal cannot be written");
        };
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            assertThat(scene.exchange(last("GET /"))).endsWith("x");
        }
        assertThat(failures.takeAll()).hasSize(1);
    }

    /** What is pipelined behind an abort is not carried out. */
    @Test
    void nothingIsHandledAfterAnAbort(EventLoop loop) throws IOException {
        AtomicInteger handled = new AtomicInteger();
        CompletableFuture<Void> over = new CompletableFuture<>();
        HttpHandler handler = (request, response) -> {
            handled.incrementAndGet();
            request.transport().abort();
            response.done().whenComplete((nothing, failure) -> over.complete(null));
            response.end("x");
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(head("GET /") + head("DELETE /everything") + head("DELETE /everything"));
            Await.result(over);
            assertThat(handled.get()).isEqualTo(1);
        }
    }
}
