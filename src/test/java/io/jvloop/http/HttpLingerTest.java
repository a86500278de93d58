package io.jvloop.http;

import static io.jvloop.http.HttpScene.head;
import static io.jvloop.support.Section.HTTP;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.ClockedLoop;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.tls.SelfSigned;
import io.jvloop.tls.Tls;
import io.jvloop.transport.Net;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Server;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Clients that take their time with a last answer, on a clock that the test sets. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class HttpLingerTest {
    private static final Duration TICK = Duration.ofMillis(500);
    private static final int ANSWER_BYTES = 200_000;

    private final ClockedLoop clocked = new ClockedLoop();
    private final EventLoop loop = clocked.loop();
    private final SelfSigned certificate = SelfSigned.of("localhost");
    private Server server;

    private static void lastAnswer(HttpRequest request, HttpResponse response) {
        try { // so that most of it has to wait in this process
            request.transport().setOption(StandardSocketOptions.SO_SNDBUF, 4_096);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        response.header("Connection", "close").end(new byte[ANSWER_BYTES]);
    }

    @AfterEach
    void close() {
        server.close();
        server.abortClients();
        turns(3);
        loop.close();
    }

    private void turns(int count) {
        for (int i = 0; i < count; i++) {
            loop.callSoon(loop::stop);
            loop.runForever();
        }
    }

    private void turnsUntil(BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - start).isLessThan(Duration.ofSeconds(30).toNanos());
            turns(1);
        }
    }

    private void pass(int seconds) {
        for (int i = 0; i < seconds * 2; i++) {
            clocked.advance(TICK);
            turns(2);
        }
    }

    private static Socket narrowSocket(Server server) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4_096);
        socket.connect(server.addresses().get(0));
        return socket;
    }

    @Test
    @Contract(section = HTTP,
            value = "a client that takes a last answer slowly gets all of it, and may be silent for a while")
    void aSlowClientGetsAllOfALastAnswer() throws IOException {
        server = HttpServer.listen(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                HttpLingerTest::lastAnswer);
        try (Peer peer = new Peer(narrowSocket(server))) {
            peer.send(head("GET /"));
            turnsUntil(() -> server.activeConnections() == 1);
            pass(30); // LINGER are 5 s, the write timeout is 60 s
            CompletableFuture<byte[]> reading = Peer.background(peer::readAll);
            turnsUntil(reading::isDone);
            assertThat(Await.result(reading)).hasSizeGreaterThan(ANSWER_BYTES);
        }
    }

    @Test
    void aSlowClientOfTlsGetsAllOfALastAnswer() throws IOException {
        server = Net.listen(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                Tls.server(certificate.context(),
                        HttpServer.protocols(HttpLingerTest::lastAnswer, HttpConfig.DEFAULT)));
        try (Socket socket = narrowSocket(server); Socket secure = secure(socket)) {
            CompletableFuture<Integer> asking = Peer.background(() -> {
                secure.getOutputStream().write(head("GET /").getBytes(StandardCharsets.US_ASCII));
                return secure.getInputStream().read(); // the handshake is over, and the answer has begun
            });
            turnsUntil(asking::isDone);
            pass(30);
            CompletableFuture<byte[]> reading =
                    Peer.background(() -> secure.getInputStream().readAllBytes());
            turnsUntil(reading::isDone);
            assertThat(Await.result(reading)).hasSizeGreaterThan(ANSWER_BYTES);
        }
    }

    private Socket secure(Socket socket) throws IOException {
        return certificate.clientContext().getSocketFactory().createSocket(socket, "localhost",
                socket.getPort(), false);
    }
}
