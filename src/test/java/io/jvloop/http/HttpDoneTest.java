package io.jvloop.http;

import static io.jvloop.http.HttpScene.head;
import static io.jvloop.http.HttpScene.last;
import static io.jvloop.http.HttpScene.readAnswer;
import static io.jvloop.http.HttpScene.readHead;
import static io.jvloop.support.Section.HTTP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import io.jvloop.transport.Peer;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the futures of an answer say, whenever they are asked for: done, drain, sendFile. */
@Timeout(60)
@ExtendWith(LoopExtension.class)
class HttpDoneTest {
    @Test
    @Contract(section = HTTP,
            value = "done() is complete when the answer is with the transport, also if asked after end()")
    void whoeverAsksAfterTheEndMayCloseToo(EventLoop loop) throws IOException {
        HttpHandler handler = (request, response) -> {
            response.end("hello");
            response.done().thenRun(() -> request.transport().close());
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            assertThat(readAnswer(peer.send(head("GET /")))).endsWith("hello");
            assertThat(peer.readAllText()).isEmpty();
        }
    }

    @Test
    void severalAnswersOfOneWriteAreDoneAfterIt(EventLoop loop) throws IOException {
        List<HttpResponse> answers = new ArrayList<>();
        CompletableFuture<String> told = new CompletableFuture<>();
        HttpHandler handler = (request, response) -> {
            response.end("hello");
            answers.add(response);
            if (answers.size() == 3) {
                List<CompletableFuture<Void>> done = answers.stream().map(HttpResponse::done).toList();
                String before = done.stream().map(CompletableFuture::isDone).toList().toString();
                done.get(0).thenRun(() -> told.complete(before));
            }
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(head("GET /") + head("GET /") + head("GET /"));
            assertThat(Await.result(told)).isEqualTo("[false, false, false]");
            answers.forEach(answer -> Await.result(answer.done()));
        }
    }

    @Test
    @Contract(section = HTTP, value = "done() of an answer that was dropped fails, whenever it is asked for")
    void anAnswerThatWasDroppedIsNotDone(EventLoop loop) throws IOException {
        List<CompletableFuture<Void>> done = new ArrayList<>();
        CompletableFuture<HttpResponse> kept = new CompletableFuture<>();
        HttpHandler handler = (request, response) -> {
            done.add(response.done());
            response.end("hello");
            done.add(response.done());
            request.transport().abort();
            kept.complete(response);
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(head("GET /"));
            done.add(Await.result(kept).done());
            assertThat(done).hasSize(3).allSatisfy(future -> assertFails(future, "onnection"));
        }
    }

    private static void assertFails(CompletableFuture<?> future, String message) {
        assertThatThrownBy(() -> future.get(20, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class)
                .cause().isInstanceOf(IOException.class).hasMessageContainingAll(message);
    }

    @Test
    void writersThatWaitHearOfTheEndOfAConnectionThatIsClosing(EventLoop loop) throws IOException {
        CompletableFuture<CompletableFuture<Void>> drained = new CompletableFuture<>();
        HttpHandler handler = (request, response) -> {
            request.transport().close();
            drained.complete(response.drain());
            response.end("never");
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            assertThat(peer.send(head("GET /")).readAllText()).isEmpty();
            assertFails(Await.result(drained), "Connection lost");
        }
    }

    @Test
    @Contract(section = HTTP,
            value = "a loop of write and drain, with a client that keeps up, takes neither stack nor loop")
    void aLoopOfWriteAndDrainIsNoRecursion(EventLoop loop) throws IOException {
        int parts = 50_000;
        HttpHandler handler = (request, response) -> {
            response.header("Content-Length", String.valueOf(parts));
            writeParts(response, parts);
        };
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            String answer = scene.exchange(last("GET /"));
            assertThat(answer.substring(answer.indexOf("\r\n\r\n") + 4)).isEqualTo("x".repeat(parts));
        }
    }

    private static void writeParts(HttpResponse response, int left) {
        if (left == 0) {
            response.end();
            return;
        }
        response.write("x");
        response.drain().thenRun(() -> writeParts(response, left - 1));
    }

    @Test
    void futuresFailWhenTheLoopIsClosed(EventLoop loop) throws IOException {
        CompletableFuture<HttpResponse> kept = new CompletableFuture<>();
        try (HttpScene scene = HttpScene.of(loop, (request, response) -> kept.complete(response));
                Peer peer = scene.connect()) {
            peer.send(head("GET /"));
            Await.result(kept);
        }
        loop.close();
        HttpResponse response = Await.result(kept);
        assertFails(response.done(), "the loop is closed");
        assertFails(response.drain(), "the loop is closed");
        try (FileChannel file = FileChannel.open(Path.of("pom.xml"))) {
            assertFails(response.sendFile(file, 0, 10), "the loop is closed");
        }
    }

    @Test
    void whatWasDeliveredIsDoneAlsoWhenTheLoopIsClosed(EventLoop loop) throws IOException {
        CompletableFuture<HttpResponse> kept = new CompletableFuture<>();
        HttpHandler handler = (request, response) -> {
            response.end("hello");
            kept.complete(response);
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            readAnswer(peer.send(head("GET /")));
        }
        loop.close();
        assertThat(Await.result(kept).done()).isCompleted();
    }

    @Test
    void aFailureDoesNotOvertakeWhatAnotherThreadHasWritten(EventLoop loop, ReportedFailures failures)
            throws IOException {
        HttpHandler handler = (request, response) -> {
            CompletableFuture.runAsync(() -> response.write("1"), task -> new Thread(task).start()).join();
            response.await(CompletableFuture.failedFuture(new IllegalStateException("as planned")),
                    never -> {});
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            String answer = peer.send(head("GET /")).readAllText();
            assertThat(answer).startsWith("HTTP/1.1 200 ").endsWith("\r\n\r\n1\r\n1\r\n");
        }
        failures.takeOne();
    }

    /** Ends its answer when drain() says that the client has taken enough. */
    @Test
    void anAnswerMayEndWhenTheClientHasTakenEnough(EventLoop loop, ReportedFailures failures)
            throws IOException {
        HttpHandler handler = (request, response) -> {
            response.write(new byte[8_000_000]);
            response.drain().thenRun(response::end);
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(last("GET /"));
            assertThat(peer.readAll()).hasSizeGreaterThan(8_000_000);
        }
        assertThat(failures.takeAll()).isEmpty();
    }

    /** The same on a connection that is kept alive. */
    @Test
    void anAnswerMayEndWhenTheClientHasTakenEnoughAndGoOn(EventLoop loop, ReportedFailures failures)
            throws IOException {
        HttpHandler handler = (request, response) -> {
            response.write(new byte[8_000_000]);
            response.drain().thenRun(response::end);
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(head("GET /"));
            readHead(peer);
            peer.read("7a1200\r\n".length() + 8_000_000 + "\r\n0\r\n\r\n".length());
        }
        assertThat(failures.takeAll()).isEmpty();
    }

    /** Each answer when the one before is done. */
    @Test
    void aChainOfDoneIsNoRecursion(EventLoop loop) throws IOException {
        int requests = 1_500;
        AtomicReference<HttpResponse> current = new AtomicReference<>();
        AtomicInteger count = new AtomicInteger();
        HttpHandler handler = (request, response) -> {
            boolean first = count.getAndIncrement() == 0;
            current.set(response);
            response.done().thenRun(() -> {
                if (current.get() != response) {
                    current.get().end("x");
                }
            });
            if (first) {
                request.loop().callLater(Duration.ofMillis(300), () -> current.get().end("x"));
            }
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(head("GET /").repeat(requests));
            for (int i = 0; i < requests; i++) {
                readAnswer(peer);
            }
        }
    }
}
