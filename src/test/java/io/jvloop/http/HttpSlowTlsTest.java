package io.jvloop.http;

import static io.jvloop.http.HttpScene.head;
import static io.jvloop.http.HttpScene.last;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.tls.SelfSigned;
import io.jvloop.tls.Tls;
import io.jvloop.transport.Net;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Server;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Slow clients behind TLS, which gives the end of a connection a time of its own. */
@Timeout(60)
@ExtendWith(LoopExtension.class)
class HttpSlowTlsTest {
    private static void narrow(Transport transport) {
        try {
            transport.setOption(StandardSocketOptions.SO_SNDBUF, 4_096);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Socket narrowSocket() throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4_096);
        return socket;
    }

    private static void big(HttpRequest request, HttpResponse response) {
        narrow(request.transport());
        if (request.path().equals("/close")) {
            response.header("Connection", "close");
        }
        response.end(new byte[300_000]);
    }

    /** The client asked for Connection: close, by TLS; it takes far more than the least rate. */
    @Test
    void aSlowClientOfTlsThatWantedItsLastAnswerGetsAllOfIt() throws IOException {
        slowClientOfTls(last("GET /"));
    }

    @Test
    void aSlowOldClientOfTlsGetsAllOfItsAnswer() throws IOException {
        slowClientOfTls("GET / HTTP/1.0\r\n\r\n");
    }

    /** The one whose connection is kept, for comparison. */
    @Test
    void aSlowClientOfTlsThatKeepsAliveGetsAllOfIt() throws IOException {
        slowClientOfTls(head("GET /"));
    }

    /** Our own Connection: close, with TLS 1.2, where lingering is not possible. */
    @Test
    void aSlowClientOfOldTlsGetsAllOfALastAnswer() throws IOException {
        slowClientOfTls(head("GET /close"), "TLSv1.2", false);
    }

    /** The server's Connection: close to a client that ends its own side before it has read. */
    @Test
    void aSlowClientThatHasEndedItsSideGetsAllOfALastAnswer() throws IOException {
        slowClientOfTls(head("GET /close"), "TLSv1.3", true);
    }

    private static void slowClientOfTls(String request) throws IOException {
        slowClientOfTls(request, "TLSv1.3", false);
    }

    private static void slowClientOfTls(String request, String version, boolean ends) throws IOException {
        SelfSigned certificate = SelfSigned.of("localhost");
        Supplier<Protocol> protocols = HttpServer.protocols(HttpSlowTlsTest::big);
        try (ClockedScene scene = new ClockedScene(Tls.server(certificate.context(), protocols));
                Peer peer = scene.connect(narrowSocket());
                Socket secure = certificate.clientContext().getSocketFactory()
                        .createSocket(peer.socket(), "localhost", peer.socket().getPort(), false)) {
            ((javax.net.ssl.SSLSocket) secure).setEnabledProtocols(new String[] {version});
            int read = scene.result(() -> {
                secure.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
                if (ends) {
                    secure.shutdownOutput();
                }
                return secure.getInputStream().readNBytes(16_000).length;
            });
            for (int i = 0; i < 8; i++) { // 2,000 bytes a second, where 500 are enough
                scene.pass(10);
                read += scene.result(() -> secure.getInputStream().readNBytes(20_000).length);
                assertThat(scene.connections()).as("after " + 10 * (i + 1) + " s, and " + read + " bytes")
                        .isEqualTo(1);
            }
            read += scene.result(() -> secure.getInputStream().readNBytes(124_000).length);
            assertThat(read).isEqualTo(300_000);
        }
    }

    /** The answer is with the transport below TLS: nothing waits above that would say when it is sent. */
    @Test
    void anOldClientOfTlsHearsTheEnd(EventLoop loop) throws Exception {
        SelfSigned certificate = SelfSigned.of("localhost");
        Supplier<Protocol> protocols = HttpServer.protocols((request, response) -> {
            request.transport().setOption(StandardSocketOptions.SO_SNDBUF, 4_096);
            response.end(new byte[50_000]);
        });
        Server server = Net.listen(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                Tls.server(certificate.context(), protocols));
        try (LoopThread thread = LoopThread.start(loop)) {
            Socket socket = new Socket();
            socket.setReceiveBufferSize(4_096);
            socket.connect(thread.call(() -> server.addresses().get(0)));
            socket.setSoTimeout(10_000);
            try (Socket secure = certificate.clientContext().getSocketFactory().createSocket(socket,
                    "localhost", socket.getPort(), true)) {
                secure.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                assertThat(secure.getInputStream().readAllBytes()).hasSizeGreaterThan(50_000);
            }
            thread.call(() -> {
                server.close();
                server.abortClients();
                return null;
            });
            Await.result(server.closed());
        }
    }
}
