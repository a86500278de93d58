package io.jvloop.http;

import static io.jvloop.http.HttpScene.head;
import static io.jvloop.http.HttpScene.readAnswer;
import static io.jvloop.http.HttpScene.readHead;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardSocketOptions;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Answers that end otherwise than they should, or elsewhere. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class HttpEndsTest {
    @TempDir
    private Path folder;

    /** The answer has no length, so an end in order would say that it is complete. It is a reset. */
    @Test
    void anOldClientNoticesThatItsAnswerWasBrokenOff(EventLoop loop, ReportedFailures failures)
            throws IOException {
        HttpHandler handler = (request, response) -> {
            response.write("half");
            throw new IllegalStateException("as planned");
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send("GET / HTTP/1.0\r\n\r\n");
            assertThatThrownBy(() -> peer.readAllText()).isInstanceOf(UncheckedIOException.class);
        } finally {
            failures.takeAll();
        }
    }

    /** The same by the write timeout. */
    @Test
    void anOldClientThatWasTooSlowNoticesThat() throws IOException {
        HttpHandler handler = (request, response) -> {
            response.write(new byte[30_000_000]);
            response.end();
        };
        try (ClockedScene scene = new ClockedScene(handler); Peer peer = scene.connect()) {
            scene.sendAndServe(peer, "GET / HTTP/1.0\r\n\r\n");
            scene.turnsUntil(() -> ClockedScene.hears(peer));
            scene.pass(200);
            assertThat(scene.connections()).isZero();
            assertThatThrownBy(() -> scene.result(peer::readAll)).hasRootCauseInstanceOf(IOException.class);
        }
    }

    /** More than 256 dialogues to spare, and an answer that is ended because another one is done. */
    @Test
    void aDialogueThatNobodyTakesBackIsNotUsed(EventLoop loop) throws Exception {
        int clients = 300;
        List<HttpResponse> firsts = new CopyOnWriteArrayList<>();
        Map<Transport, HttpResponse> seconds = new ConcurrentHashMap<>();
        HttpHandler handler = (request, response) -> {
            if (request.path().equals("/2")) {
                seconds.put(request.transport(), response);
                return;
            }
            response.done().thenRun(() -> {
                HttpResponse second = seconds.get(request.transport());
                if (second != null) {
                    second.end("2");
                }
            });
            firsts.add(response);
        };
        List<Peer> peers = new ArrayList<>();
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            for (int i = 0; i < clients; i++) {
                peers.add(scene.connect().send(head("GET /1") + head("GET /2")));
            }
            Await.until("all have asked", () -> firsts.size() == clients);
            List<Throwable> thrown = new ArrayList<>();
            scene.thread().call(() -> {
                for (HttpResponse first : firsts) {
                    try {
                        first.end("1");
                    } catch (Throwable t) {
                        thrown.add(t);
                    }
                }
                return null;
            });
            for (Peer peer : peers) {
                assertThat(readAnswer(peer)).endsWith("1");
                assertThat(readAnswer(peer)).endsWith("2");
            }
            assertThat(thrown).isEmpty();
        } finally {
            peers.forEach(Peer::close);
        }
    }

    /** The client waits for 100 Continue, the answer is a refusal in parts, then the body is asked for. */
    @Test
    void aBodyThatCannotComeAnyMoreFailsAtOnce() throws IOException {
        HttpHandler handler = (request, response) -> {
            response.status(403).write("no");
            request.body().bytes().whenComplete((body, failure) -> response.end());
        };
        try (ClockedScene scene = new ClockedScene(handler); Peer peer = scene.connect()) {
            scene.sendAndServe(peer, head("POST /", "Content-Length: 5", "Expect: 100-continue"));
            assertThat(scene.result(() -> readHead(peer))).startsWith("HTTP/1.1 403 ");
            scene.pass(25);
            assertThat(scene.result(peer::readAllText)).isEqualTo("2\r\nno\r\n0\r\n\r\n");
        }
    }

    /** The file is broken off while it is queued, and no transport says when it is sent. */
    @Test
    void whoFailsAfterSendFileEndsTheConnection(EventLoop loop, ReportedFailures failures) throws Exception {
        FileChannel file = FileChannel.open(Files.write(folder.resolve("f"), new byte[5_000_000]));
        HttpHandler handler = (request, response) -> {
            request.transport().setOption(StandardSocketOptions.SO_SNDBUF, 4_096);
            response.sendFile(file, 0, 5_000_000);
            throw new IllegalStateException("on purpose");
        };
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.socket().setSoTimeout(10_000);
            peer.send(head("GET /"));
            peer.drain(); // to the end, whichever
        } finally {
            failures.takeAll();
            file.close();
        }
    }
}
