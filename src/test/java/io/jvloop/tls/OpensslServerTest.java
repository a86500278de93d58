package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Transport;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Our client talks to {@code openssl s_server}. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class OpensslServerTest {
    private static final byte[] MEGABYTES = Bytes.noise(3_000_000);
    private static final byte[] BLOCK = Bytes.noise(300_000);
    private static final String PORT = "ACCEPT 127.0.0.1:(\\d+)";

    @TempDir
    private Path folder;

    @BeforeAll
    static void needsOpenSsl() {
        PeerProgram.requireOpenSsl();
    }

    private static PeerProgram server(PeerScene scene, String... options) {
        return PeerProgram.openssl("s_server",
                List.of("-accept", PeerScene.ANY_PORT, "-cert", scene.pem(PeerScene.OURS)), options);
    }

    private static int port(PeerProgram server) {
        return Integer.parseInt(server.await(PORT));
    }

    @ParameterizedTest
    @CsvSource({"-tls1_2, -max_send_frag, 16384", "-tls1_3, -max_send_frag, 512",
        "-tls1_3, -record_padding, 3000", "-tls1_3, -groups, P-521"})
    @Contract(section = TLS, value = "Other people's TLS programs get along with our connections")
    void megabytesPassBothWaysIntact(String version, String option, String value, EventLoop loop) {
        InetSocketAddress address = Peer.refusing(); // a quiet server does not tell its port
        try (PeerScene scene = new PeerScene(loop, folder);
                PeerProgram server = PeerProgram.openssl("s_server",
                        List.of("-accept", "127.0.0.1:" + address.getPort(), "-cert",
                                scene.pem(PeerScene.OURS), "-quiet",
                                "-naccept", "1"),
                        version, option, value)) {
            server.feed(MEGABYTES);
            Recorder client = new Recorder().onMade(transport -> transport.write(MEGABYTES));
            TlsFactory factory = Tls.client(PeerScene.OURS.clientContext(), "localhost", () -> client);
            Await.until("a server", () -> isConnected(scene, address, factory, client));
            client.awaitBytes(MEGABYTES.length);
            assertThat(client.bytes()).isEqualTo(MEGABYTES);
            scene.close(client);
            assertThat(client.awaitLost()).isNull();
            assertThat(server.awaitEnd()).as(server::errors).isZero();
            assertThat(server.output()).isEqualTo(MEGABYTES);
        }
    }

    /** False if nobody listens yet. */
    private static boolean isConnected(PeerScene scene, InetSocketAddress address, TlsFactory factory,
            Recorder client) {
        CompletableFuture<Transport> connecting =
                scene.connecting(address, factory, client);
        return connecting.handle((transport, failure) -> {
            assertThat(failure == null || failure instanceof ConnectException).as("" + failure).isTrue();
            return failure == null;
        }).join();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-tls1_2", "-tls1_3"})
    @Contract(section = TLS, value = "Clients resume their sessions")
    void sameContextResumesUnlessToldNotTo(String version, EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder); PeerProgram server = server(scene, version)) {
            int port = port(server);
            converse(scene, server, port, TlsConfig.DEFAULT, 1);
            assertThat(server.count("Reused session-id")).isZero();
            converse(scene, server, port, TlsConfig.DEFAULT, 2);
            assertThat(server.count("Reused session-id")).isEqualTo(1);
            converse(scene, server, port, TlsConfig.DEFAULT.withSessionResumption(false), 3);
            assertThat(server.count("Reused session-id")).isEqualTo(1);
        }
    }

    /** Connects, exchanges a word, closes; in TLS 1.3 the ticket comes with the server's first words. */
    private static void converse(PeerScene scene, PeerProgram server, int port, TlsConfig config, int turn) {
        Recorder client = scene.connect(port, new Recorder(), config);
        scene.write(client, ("client " + turn + "\n").getBytes());
        server.awaitText("client " + turn).type("server " + turn + "\n");
        client.awaitBytes(("server " + turn + "\n").length());
        scene.close(client);
        assertThat(client.awaitLost()).isNull();
        server.awaitMatch("DONE", turn);
    }

    @Test
    @Contract(section = TLS,
            value = "ALPN chooses the first of the server's protocols that the client offers")
    void protocolInCommonIsChosenAndWithoutOneTheHandshakeFails(EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder);
                PeerProgram server = server(scene, "-alpn", "h2,http/1.1")) {
            int port = port(server);
            Recorder client = scene.connect(port, new Recorder(),
                    TlsConfig.DEFAULT.withApplicationProtocols("http/1.1", "h2"));
            assertThat(scene.session(client).applicationProtocol()).isEqualTo("h2");
            scene.close(client);
            assertThat(client.awaitLost()).isNull();
            Recorder stranger = new Recorder();
            Throwable failure = PeerScene.failureOf(scene.connecting(port, PeerScene.OURS.clientContext(),
                    stranger, TlsConfig.DEFAULT.withApplicationProtocols("smtp")));
            assertThat(failure).isInstanceOf(SSLHandshakeException.class)
                    .hasMessageContaining("no_application_protocol");
            assertThat(stranger.calls()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-tls1_2", "-tls1_3"})
    @Contract(section = TLS, value = "A client shows its certificate if it is asked for one")
    void certificateOfOursIsShown(String version, EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder);
                PeerProgram server = server(scene, version, "-Verify", "1", "-verify_return_error", "-CAfile",
                        scene.authority(PeerScene.OURS))) {
            int port = port(server);
            Recorder client = new Recorder();
            Transport transport = scene
                    .connecting(port, PeerScene.OURS.context(), client, TlsConfig.DEFAULT).join();
            assertThat(Tls.session(transport).orElseThrow().localCertificates())
                    .containsExactly(PeerScene.OURS.certificate());
            server.awaitText("Client certificate");
            scene.close(client);
            assertThat(client.awaitLost()).isNull();
            Recorder unknown = new Recorder();
            CompletableFuture<Transport> bare = scene.connecting(port, PeerScene.OURS.clientContext(),
                    unknown, TlsConfig.DEFAULT);
            Throwable failure = version.equals("-tls1_2") ? PeerScene.failureOf(bare)
                    : unknown.awaitLost(); // 1.3 tells a client too late
            assertThat(failure).isInstanceOf(SSLHandshakeException.class)
                    .hasMessageMatching("(?s).*(handshake_failure|certificate_required).*");
        }
    }

    @Test
    @Contract(section = TLS, value = "A server that is not trusted is told why")
    void strangersCertificateIsRefusedAtBothEnds(EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder); PeerProgram server = server(scene)) {
            Recorder client = new Recorder();
            Throwable failure = PeerScene.failureOf(scene.connecting(port(server),
                    PeerScene.STRANGER.clientContext(), client, TlsConfig.DEFAULT));
            assertThat(failure).isInstanceOf(SSLHandshakeException.class)
                    .hasMessageContaining("PKIX path");
            assertThat(client.calls()).isEmpty();
            server.awaitMatch("alert (certificate unknown|unknown ca|bad certificate)", 1); // by JDK
        }
    }

    @Test
    @Contract(section = TLS, value = "Keys may be changed at any time, as TLS 1.3 allows")
    void keysChangeInTheMiddleOfTraffic(EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder);
                PeerProgram server = server(scene, "-tls1_3", "-msg")) {
            Recorder client = scene.connect(port(server), new Recorder());
            StringBuilder sent = new StringBuilder();
            for (int i = 1; i <= 4; i++) {
                scene.write(client, BLOCK);
                server.type(i % 2 == 0 ? "k\n" : "K\n").awaitMatch(">>> .*, KeyUpdate\n", i);
                sent.append("line ").append(i).append('\n');
                server.type("line " + i + "\n");
                client.awaitBytes(sent.length());
                scene.write(client, ("answer " + i + "\n").getBytes());
                server.awaitText("answer " + i);
            }
            assertThat(client.text()).isEqualTo(sent.toString());
            assertThat(server.count("<<< .*, KeyUpdate\n")).as("answers to K").isEqualTo(2);
            scene.close(client);
            assertThat(client.awaitLost()).isNull();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"r\n", "R\n"})
    @Contract(section = TLS, value = "A renegotiation that the peer asks for ends the connection")
    void renegotiationIsRefused(String command, EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder);
                PeerProgram server = server(scene, "-tls1_2", "-msg", "-naccept", "1")) {
            Recorder client = scene.connect(port(server), new Recorder());
            scene.write(client, "hello\n".getBytes());
            server.awaitText("hello").type(command);
            assertThat(client.awaitLost()).isInstanceOf(SSLHandshakeException.class)
                    .hasMessageContaining("renegotiation");
            assertThat(client.calls()).containsExactly("made", "lost");
            server.awaitEnd();
            assertThat(server.count("<<< .*, ClientHello\n")).as("handshakes begun").isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-tls1_2", "-tls1_3"})
    @Contract(section = TLS, value = "An end without close_notify is a failure, since data may be missing")
    void killedServerIsNoEnd(String version, EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder); PeerProgram server = server(scene, version)) {
            Recorder client = scene.connect(port(server), new Recorder());
            server.type("first words\n");
            client.awaitBytes(12);
            server.kill();
            assertThat(client.awaitLost()).isInstanceOf(TlsTruncatedException.class)
                    .isInstanceOf(SSLException.class);
            assertThat(client.calls()).containsExactly("made", "data", "lost");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-tls1_2", "-tls1_3"})
    @Contract(section = TLS, value = "close sends what is queued, then close_notify")
    void ourCloseIsCleanForTheServer(String version, EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder);
                PeerProgram server = server(scene, version, "-msg", "-naccept", "1")) {
            Recorder client = new Recorder().onMade(transport -> {
                transport.write(Bytes.heap("the very last\n"));
                transport.close();
            });
            scene.connect(port(server), client);
            assertThat(client.awaitLost()).isNull();
            assertThat(server.awaitEnd()).isZero();
            assertThat(server.text()).containsSubsequence("the very last", "warning close_notify", "DONE")
                    .doesNotContain("unexpected eof");
        }
    }
}
