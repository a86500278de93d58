package io.jvloop.http;

import static io.jvloop.http.HttpScene.head;
import static io.jvloop.support.Section.HTTP;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.tls.SelfSigned;
import io.jvloop.tls.Tls;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Protocol;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Clients that take their time with a last answer, on a clock that the test sets. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class HttpLingerTest {
    private static final int ANSWER_BYTES = 200_000;

    /** Seconds: more than a client has for ending, and less than for taking what is written. */
    private static final int A_WHILE = 30;

    private static void lastAnswer(HttpRequest request, HttpResponse response) {
        try { // so that most of it has to wait in this process
            request.transport().setOption(StandardSocketOptions.SO_SNDBUF, 4_096);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        response.header("Connection", "close").end(new byte[ANSWER_BYTES]);
    }

    private static Socket narrowSocket() throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4_096);
        return socket;
    }

    @Test
    @Contract(section = HTTP,
            value = "a client that takes a last answer slowly gets all of it, and may be silent for a while")
    void aSlowClientGetsAllOfALastAnswer() throws IOException {
        try (ClockedScene scene = new ClockedScene(HttpLingerTest::lastAnswer);
                Peer peer = scene.connect(narrowSocket())) {
            scene.sendAndServe(peer, head("GET /"));
            scene.pass(A_WHILE);
            assertThat(scene.result(peer::readAll)).hasSizeGreaterThan(ANSWER_BYTES);
        }
    }

    @Test
    void aSlowClientOfTlsGetsAllOfALastAnswer() throws IOException {
        SelfSigned certificate = SelfSigned.of("localhost");
        Supplier<Protocol> protocols = HttpServer.protocols(HttpLingerTest::lastAnswer);
        try (ClockedScene scene = new ClockedScene(Tls.server(certificate.context(), protocols));
                Peer peer = scene.connect(narrowSocket());
                Socket secure = certificate.clientContext().getSocketFactory()
                        .createSocket(peer.socket(), "localhost", peer.socket().getPort(), false)) {
            scene.result(() -> {
                secure.getOutputStream().write(head("GET /").getBytes(StandardCharsets.US_ASCII));
                return secure.getInputStream().read(); // the handshake is over, and the answer has begun
            });
            scene.pass(A_WHILE);
            assertThat(scene.result(() -> secure.getInputStream().readAllBytes()))
                    .hasSizeGreaterThan(ANSWER_BYTES);
        }
    }
}
