package io.jvloop.http;

import static io.jvloop.http.HttpScene.head;
import static io.jvloop.http.HttpScene.last;
import static io.jvloop.http.HttpScene.readAnswer;
import static io.jvloop.http.HttpScene.readHead;
import static io.jvloop.support.Section.HTTP;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.jvloop.loop.EventLoop;
import io.jvloop.loop.LoopGroup;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.ReportedFailures;
import io.jvloop.tls.SelfSigned;
import io.jvloop.tls.Tls;
import io.jvloop.transport.GroupServer;
import io.jvloop.transport.Net;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Server;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Servers and connections from their beginning to their end, on all kinds of transports. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class HttpLifeTest {
    private static final HttpHandler HELLO = (request, response) -> response.end("hello");
    private static final String UPGRADE = head("GET /", "Connection: Upgrade", "Upgrade: echo");

    /** Of ours: a request and an answer. What the JDK's selector allocates comes on top. */
    private static final long MOST_BYTES_OF_A_GET = 96 + 64;

    @TempDir
    private Path folder;

    private static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    @Test
    @Contract(section = HTTP,
            value = "draining closes idle connections at once, and the others after their answer")
    void drainingWaitsForWhatIsInFlight(EventLoop loop) throws IOException {
        List<HttpResponse> waiting = new ArrayList<>();
        HttpHandler handler = (request, response) -> {
            if (request.path().equals("/wait")) {
                waiting.add(response);
            } else {
                response.end("hello");
            }
        };
        Server server = HttpServer.listen(loop, anyPort(), handler);
        InetSocketAddress address = (InetSocketAddress) server.addresses().get(0);
        try (LoopThread thread = LoopThread.start(loop);
                Peer idle = Peer.connect(address);
                Peer busy = Peer.connect(address);
                Peer late = Peer.connect(address)) {
            readAnswer(idle.send(head("GET /")));
            readAnswer(late.send(head("GET /")));
            busy.send(head("GET /wait") + head("GET /never"));
            late.send("GET / HTTP/1.1\r\n");
            Await.until(() -> thread.call(() -> !waiting.isEmpty()
                    && server.toString().contains("3 connections")));
            CompletableFuture<Boolean> drained = thread.call(() -> loop.drain(Duration.ofSeconds(20)));
            assertThat(idle.readAll()).isEmpty();
            String answer = late.send("Host: h\r\n\r\n").readAllText();
            boolean isServed = answer.contains("Connection: close") && answer.endsWith("hello");
            assertThat(isServed || answer.isEmpty()).isTrue(); // if its first half came after the drain
            waiting.get(0).end("at last");
            assertThat(busy.readAllText()).contains("Connection: close").endsWith("at last");
            assertThat(Await.result(drained)).isTrue();
        }
    }

    @Test
    @Contract(section = HTTP, value = "connections beyond the limit are answered with 503 and closed")
    void connectionsBeyondTheLimitAreRefused(EventLoop loop) throws IOException {
        try (HttpScene scene = HttpScene.of(loop, HELLO, HttpConfig.DEFAULT.withMaxConnections(1))) {
            try (Peer first = scene.connect()) {
                readAnswer(first.send(head("GET /")));
                assertThat(scene.exchange("")).startsWith("HTTP/1.1 503 Service Unavailable\r\n");
                readAnswer(first.send(head("GET /")));
            }
            Await.until(() -> scene.thread().call(() -> loop.stats().channels() <= 2));
            Await.until(() -> scene.exchange(last("GET /")).endsWith("hello"));
        }
    }

    @Test
    @Contract(section = HTTP,
            value = "a connection can be upgraded to another protocol, which "
                    + "gets what came behind the request")
    void aConnectionIsUpgraded(EventLoop loop) throws IOException {
        HttpHandler handler =
                (request, response) -> response.header("X", "y").upgrade("echo", Recorder.echo());
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send(UPGRADE + "early");
            assertThat(readHead(peer)).isEqualTo("HTTP/1.1 101 Switching Protocols\r\nX: y\r\n"
                    + "Upgrade: echo\r\nConnection: Upgrade\r\n\r\n");
            assertThat(peer.readText(5)).isEqualTo("early");
            assertThat(peer.send("late").readText(4)).isEqualTo("late");
        }
    }

    @Test
    void anAnswerToConnectThatIsNoTunnelEndsTheConnection(EventLoop loop) throws IOException {
        try (HttpScene scene = HttpScene.of(loop, HELLO)) {
            assertThat(scene.exchange("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n" + head("GET /")))
                    .isEqualTo("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
                            + "Connection: close\r\n\r\n");
        }
    }

    @Test
    void anUpgradeNobodyAskedForIsRefused(EventLoop loop, ReportedFailures failures) throws IOException {
        HttpHandler handler = (request, response) -> response.upgrade("other", Recorder.echo());
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            assertThat(scene.exchange(UPGRADE.replace("Host: h", "Host: h\r\nConnection: close")))
                    .startsWith("HTTP/1.1 500 ");
            assertThat(scene.exchange(UPGRADE.replace("HTTP/1.1", "HTTP/1.0"))).startsWith("HTTP/1.1 500 ");
        }
        assertThat(failures.takeAll()).hasSize(2);
    }

    @Test
    @Contract(section = HTTP,
            value = "CONNECT turns the connection into a tunnel, without content or length of its own")
    void connectBecomesATunnel(EventLoop loop) throws IOException {
        HttpHandler handler = (request, response) -> response.upgrade("tunnel", Recorder.echo());
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            peer.send("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\nraw");
            assertThat(readHead(peer)).isEqualTo("HTTP/1.1 200 OK\r\n\r\n");
            assertThat(peer.readText(3)).isEqualTo("raw");
        }
    }

    @Test
    @Contract(section = HTTP,
            value = "HTTP is served through TLS, on UNIX sockets, and on all loops of a group")
    void httpIsServedThroughTls(EventLoop loop) throws IOException {
        SelfSigned certificate = SelfSigned.of("localhost");
        Server server = Net.listen(loop, anyPort(),
                Tls.server(certificate.context(), HttpServer.protocols((request, response) -> response.await(
                        request.body().bytes(),
                        body -> response.end(Tls.session(request.transport()).isPresent()
                                + " " + body.length)))));
        int port = ((InetSocketAddress) server.addresses().get(0)).getPort();
        try (LoopThread thread = LoopThread.start(loop)) {
            try (Socket socket =
                    certificate.clientContext().getSocketFactory().createSocket("localhost", port);
                    Peer peer = new Peer(socket)) {
                for (int i = 0; i < 2; i++) {
                    peer.send(head("POST /", "Content-Length: 300000")).send(new byte[300_000]);
                    assertThat(readAnswer(peer)).endsWith("\r\n\r\ntrue 300000");
                }
            }
            thread.call(() -> {
                server.close();
                server.abortClients();
                return null;
            });
            Await.result(server.closed());
        }
    }

    @Test
    @Contract(section = HTTP,
            value = "HTTP is served through TLS, on UNIX sockets, and on all loops of a group")
    void httpIsServedOnUnixSockets(EventLoop loop) throws IOException {
        var address = UnixDomainSocketAddress.of(folder.resolve("http.sock"));
        Server server = HttpServer.listen(loop, address, HELLO);
        try (LoopThread thread = LoopThread.start(loop);
                SocketChannel peer = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            peer.connect(address);
            peer.write(ByteBuffer.wrap(last("GET /").getBytes()));
            ByteBuffer answer = ByteBuffer.allocate(1024);
            while (peer.read(answer) >= 0) {
                // to the end
            }
            assertThat(new String(answer.array(), 0, answer.position())).startsWith("HTTP/1.1 200 OK\r\n")
                    .endsWith("hello");
            thread.call(() -> {
                server.close();
                return null;
            });
        }
    }

    @Test
    @Contract(section = HTTP,
            value = "HTTP is served through TLS, on UNIX sockets, and on all loops of a group")
    void httpIsServedOnAllLoopsOfAGroup() throws IOException {
        try (LoopGroup group = LoopGroup.start(2)) {
            GroupServer server = HttpServer.listen(group, anyPort(),
                    (request, response) -> response.end(Thread.currentThread().getName()));
            Await.until(() -> {
                List<String> answers = new ArrayList<>();
                for (int i = 0; i < 20; i++) {
                    try (Peer peer = Peer.connect(server.addresses().get(0))) {
                        answers.add(peer.send(last("GET /")).readAllText().replaceAll("(?s).*\r\n\r\n", ""));
                    }
                }
                return answers.stream().distinct().count() == 2;
            });
            assertThat(Await.result(group.shutdown(Duration.ofSeconds(20)))).isTrue();
        }
    }

    @Test
    @Contract(section = HTTP,
            value = "a file is sent with its length, or a part of it, and pipelined answers keep their order")
    void filesAreSentInOrder(EventLoop loop) throws IOException {
        Path path = Files.write(folder.resolve("f"), new byte[1_000_000]);
        try (FileChannel file = FileChannel.open(path)) {
            HttpHandler handler = (request, response) -> {
                switch (request.path()) {
                    case "/file" -> response.sendFile(file, 10, 999_990);
                    case "/short" -> response.sendFile(file, 10, 1_000_000);
                    default -> response.end("hello");
                }
            };
            try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
                peer.send(head("GET /file") + head("HEAD /file") + head("GET /"));
                assertThat(readHead(peer)).isEqualTo("HTTP/1.1 200 OK\r\nContent-Length: 999990\r\n\r\n");
                peer.read(999_990);
                assertThat(readHead(peer)).isEqualTo("HTTP/1.1 200 OK\r\nContent-Length: 999990\r\n\r\n");
                assertThat(readAnswer(peer)).endsWith("hello");
            }
        }
    }

    @Test
    void aFileThatIsTooShortEndsTheConnection(EventLoop loop, ReportedFailures failures) throws IOException {
        Path path = Files.write(folder.resolve("f"), new byte[10]);
        try (FileChannel file = FileChannel.open(path)) {
            CompletableFuture<Throwable> sent = new CompletableFuture<>();
            HttpHandler handler = (request, response) -> response.sendFile(file, 0, 20)
                    .whenComplete((count, cause) -> sent.complete(cause));
            try (HttpScene scene = HttpScene.of(loop, handler)) {
                assertThat(scene.exchange(head("GET /")))
                        .endsWith("Content-Length: 20\r\n\r\n" + "\0".repeat(10));
                assertThat(Await.result(sent)).isInstanceOf(IOException.class);
            }
        }
        assertThat(failures.takeOne().exception()).isInstanceOf(IOException.class);
    }

    @Test
    @Contract(section = HTTP,
            value = "a GET like the one before allocates 96 bytes at most on a connection kept alive")
    void aGetAllocatesLittle(EventLoop loop) throws IOException {
        ByteBuffer body = ByteBuffer.allocateDirect(1024);
        HttpHandler handler =
                (request, response) -> response.header("Content-Type", "text/plain").end(body.rewind());
        int warmUp = 20_000;
        int measured = 2_000;
        try (HttpScene scene = HttpScene.of(loop, handler); Peer peer = scene.connect()) {
            String get = head("GET /1024");
            int answerBytes = peer.send(get).readText(1).length() + readHead(peer).length();
            peer.read(1024);
            int dateBytes = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n".length();
            long[] before = new long[1];
            for (int i = 0; i < warmUp + measured; i++) {
                if (i == warmUp) {
                    before[0] = allocated(scene);
                }
                peer.send(get).read(answerBytes + dateBytes + 1024);
            }
            assertThat((allocated(scene) - before[0]) / measured).isLessThan(MOST_BYTES_OF_A_GET);
        }
    }

    private static long allocated(HttpScene scene) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return threads.getThreadAllocatedBytes(scene.thread().thread().getId());
    }

    @Test
    void whatAHandlerKeepsSaysWhatItIs(EventLoop loop) throws IOException {
        CompletableFuture<String> text = new CompletableFuture<>();
        CompletableFuture<Transport> transport = new CompletableFuture<>();
        HttpHandler handler = (request, response) -> {
            text.complete(request + ", " + response + ", " + request.transport() + ", " + request.body());
            transport.complete(request.transport());
            response.end("hello");
        };
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            scene.exchange(last("POST /a?b=c", "Content-Length: 2") + "xy");
            assertThat(Await.result(text)).contains("POST /a?b=c from /127.0.0.1:", "BUILDING",
                    "OPEN", "0 of 2 bytes");
        }
    }
}
