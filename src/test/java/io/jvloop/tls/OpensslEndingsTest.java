package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.tls.TlsConfig.ClientAuthentication;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Recorder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
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

/** {@code openssl s_client} and our server: client certificates, new keys, renegotiation, and the end. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class OpensslEndingsTest {
    private static final byte[] BLOCK = Bytes.noise(300_000);

    @TempDir
    private Path folder;

    @BeforeAll
    static void needsOpenSsl() {
        PeerProgram.requireOpenSsl();
    }

    private static PeerProgram client(PeerScene scene, int port, String... options) {
        return PeerProgram.openssl("s_client", List.of("-connect", "127.0.0.1:" + port, "-CAfile",
                scene.authority(PeerScene.OURS), "-verify_return_error"), options);
    }

    private static Recorder greeter() {
        return new Recorder().onMade(transport -> transport.write(Bytes.heap("hello\n")));
    }

    // ----------------------------------------------------------------------------- client certificates

    @ParameterizedTest
    @CsvSource({"-tls1_2, NONE", "-tls1_2, WANTED", "-tls1_2, REQUIRED", "-tls1_3, NONE",
        "-tls1_3, WANTED", "-tls1_3, REQUIRED"})
    @Contract(section = TLS, value = "A client's certificate is seen if it was asked for")
    void clientsCertificateIsSeenIfAskedFor(String version, ClientAuthentication wanted, EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(OpensslEndingsTest::greeter,
                    TlsConfig.DEFAULT.withClientAuthentication(wanted));
            try (PeerProgram client = client(scene, port, version, "-cert", scene.pem(PeerScene.OURS))) {
                client.awaitText("hello").type("Q\n");
                assertThat(client.awaitEnd()).isZero();
            }
            TlsSession session = scene.session(scene.accepted());
            if (wanted == ClientAuthentication.NONE) {
                assertThat(session.peerCertificates()).isEmpty();
            } else {
                assertThat(session.peerCertificates()).containsExactly(PeerScene.OURS.certificate());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-tls1_2", "-tls1_3"})
    @Contract(section = TLS, value = "A client without the required certificate fails the handshake")
    void missingCertificateFailsOnlyIfRequired(String version, EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int lenient = scene.serve(OpensslEndingsTest::greeter,
                    TlsConfig.DEFAULT.withClientAuthentication(ClientAuthentication.WANTED));
            try (PeerProgram client = client(scene, lenient, version)) {
                client.awaitText("hello").type("Q\n");
                assertThat(client.awaitEnd()).isZero();
            }
            assertThat(scene.session(scene.accepted()).peerCertificates()).isEmpty();
            int strict = scene.serve(OpensslEndingsTest::greeter,
                    TlsConfig.DEFAULT.withClientAuthentication(ClientAuthentication.REQUIRED));
            try (PeerProgram client = client(scene, strict, version)) {
                assertThat(client.awaitEnd()).isNotZero();
                assertThat(client.text())
                        .containsPattern("alert (bad certificate|certificate required|handshake failure)");
            }
            assertThat(scene.failure()).isInstanceOf(SSLHandshakeException.class)
                    .hasMessageContaining("Empty client certificate chain");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-tls1_2", "-tls1_3"})
    @Contract(section = TLS, value = "A client's certificate that is not trusted fails the handshake")
    void strangersCertificateFailsAlsoIfMerelyWanted(String version, EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(OpensslEndingsTest::greeter,
                    TlsConfig.DEFAULT.withClientAuthentication(ClientAuthentication.WANTED));
            try (PeerProgram client =
                    client(scene, port, version, "-cert", scene.pem(PeerScene.STRANGER))) {
                assertThat(client.awaitEnd()).isNotZero();
                assertThat(client.text())
                        .containsPattern("alert (certificate unknown|unknown ca|bad certificate)");
            }
            assertThat(scene.failure()).isInstanceOf(SSLHandshakeException.class)
                    .hasMessageContaining("PKIX path");
        }
    }

    // ------------------------------------------------------------------------- in the middle of traffic

    @Test
    @Contract(section = TLS, value = "Keys may be changed at any time, as TLS 1.3 allows")
    void keysChangeInTheMiddleOfTraffic(EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(OpensslEndingsTest::greeter);
            try (PeerProgram client = client(scene, port, "-tls1_3", "-msg")) {
                Recorder server = scene.accepted();
                client.awaitText("hello");
                StringBuilder sent = new StringBuilder();
                for (int i = 1; i <= 4; i++) {
                    scene.write(server, BLOCK); // may still be on its way when the client's new key is used
                    client.type(i % 2 == 0 ? "k\n" : "K\n").awaitMatch("KEYUPDATE", i);
                    sent.append("line ").append(i).append('\n');
                    client.type("line " + i + "\n");
                    server.awaitBytes(sent.length());
                    scene.write(server, Bytes.heap("answer " + i + "\n").array());
                    client.awaitText("answer " + i);
                }
                assertThat(server.text()).isEqualTo(sent.toString());
                assertThat(client.count("<<< .*, KeyUpdate\n")).as("answers to K").isEqualTo(2);
                client.type("Q\n");
                assertThat(client.awaitEnd()).isZero();
                assertThat(server.awaitLost()).isNull();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Contract(section = TLS, value = "A renegotiation that the peer asks for ends the connection")
    void renegotiationIsRefused(boolean duringTraffic, EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(OpensslEndingsTest::greeter);
            try (PeerProgram client = client(scene, port, "-tls1_2", "-msg")) {
                Recorder server = scene.accepted();
                client.awaitText("hello");
                if (duringTraffic) {
                    scene.write(server, BLOCK);
                }
                client.type("R\n");
                assertThat(server.awaitLost()).isInstanceOf(SSLHandshakeException.class)
                        .hasMessageContaining("renegotiation");
                assertThat(server.calls()).containsExactly("made", "lost");
                client.awaitEnd();
                assertThat(client.text()).contains("RENEGOTIATING");
                assertThat(client.count("<<< .*, ServerHello\n")).as("handshakes answered").isEqualTo(1);
            }
        }
    }

    // ------------------------------------------------------------------------------------------ the end

    @ParameterizedTest
    @ValueSource(strings = {"-tls1_2", "-tls1_3"})
    @Contract(section = TLS, value = "The peer's close_notify is the end of its data")
    void clientsGoodbyeIsAnEnd(String version, EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(OpensslEndingsTest::greeter);
            try (PeerProgram client = client(scene, port, version)) {
                client.awaitText("hello").type("last words\n");
                Recorder server = scene.accepted();
                server.awaitBytes(11);
                client.type("Q\n");
                assertThat(client.awaitEnd()).isZero();
                assertThat(server.awaitLost()).isNull();
                assertThat(server.calls()).containsExactly("made", "data", "eof", "lost");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-tls1_2", "-tls1_3"})
    @Contract(section = TLS, value = "An end without close_notify is a failure, since data may be missing")
    void killedClientIsNoEnd(String version, EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(OpensslEndingsTest::greeter);
            try (PeerProgram client = client(scene, port, version)) {
                client.awaitText("hello").type("first words\n");
                Recorder server = scene.accepted();
                server.awaitBytes(12);
                client.kill();
                assertThat(server.awaitLost()).isInstanceOf(TlsTruncatedException.class)
                        .isInstanceOf(SSLException.class).hasMessageContaining("close_notify");
                assertThat(server.calls()).containsExactly("made", "data", "lost");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-tls1_2", "-tls1_3"})
    @Contract(section = TLS, value = "close sends what is queued, then close_notify")
    void ourCloseIsCleanForTheClient(String version, EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(() -> new Recorder().onMade(transport -> {
                transport.write(BLOCK);
                transport.close();
            }));
            Path messages = folder.resolve("messages");
            try (PeerProgram client =
                    client(scene, port, version, "-quiet", "-msg", "-msgfile", messages.toString())) {
                assertThat(client.awaitEnd()).isZero();
                assertThat(client.output()).isEqualTo(BLOCK);
                assertThat(messages).content(StandardCharsets.ISO_8859_1)
                        .containsOnlyOnce("<<< TLS 1." + version.charAt(6)
                                + ", Alert [length 0002], warning close_notify");
            }
            assertThat(scene.accepted().awaitLost()).isNull();
        }
    }
}
