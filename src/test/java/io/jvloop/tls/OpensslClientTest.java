package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Recorder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
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

/** {@code openssl s_client} talks to our server. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class OpensslClientTest {
    private static final String CONTRACT = "Other people's TLS programs get along with our connections";
    private static final byte[] MEGABYTES = Bytes.noise(3_000_000);

    @TempDir
    private Path folder;

    @BeforeAll
    static void needsOpenSsl() {
        PeerProgram.requireOpenSsl();
    }

    /** Starts s_client towards our server, checking its certificate. */
    private static PeerProgram client(PeerScene scene, int port, String... options) {
        return PeerProgram.openssl("s_client", List.of("-connect", "127.0.0.1:" + port, "-servername",
                "localhost", "-CAfile", scene.authority(PeerScene.OURS), "-verify_return_error",
                "-verify_hostname", "localhost"), options);
    }

    /** Greets, so that s_client has something to wait for. */
    private static Recorder greeter() {
        return new Recorder().onMade(transport -> transport.write(Bytes.heap("hello\n")));
    }

    /** Echoes so many bytes, then closes. */
    private static Recorder echo(int count) {
        Recorder recorder = new Recorder();
        return recorder.onData((transport, data) -> {
            transport.write(data);
            if (recorder.byteCount() == count) {
                transport.close();
            }
        });
    }

    @ParameterizedTest
    @CsvSource({"-tls1_2, -nocommands", "-tls1_3, -nocommands", "-tls1_2, -max_send_frag 512",
        "-tls1_3, -max_send_frag 512", "-tls1_3, -record_padding 4000", "-tls1_2, -maxfraglen 512",
        "-tls1_3, -maxfraglen 4096"})
    @Contract(section = TLS, value = CONTRACT)
    void megabytesPassBothWaysIntact(String version, String cut, EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(() -> echo(MEGABYTES.length));
            List<String> options = new ArrayList<>(List.of("-quiet", version));
            Collections.addAll(options, cut.split(" "));
            try (PeerProgram client = client(scene, port, options.toArray(String[]::new))) {
                client.feed(MEGABYTES);
                assertThat(client.awaitEnd()).as(client::errors).isZero();
                assertThat(client.output()).isEqualTo(MEGABYTES);
            }
            Recorder server = scene.accepted();
            assertThat(server.awaitLost()).isNull();
            assertThat(server.calls()).startsWith("made", "data").endsWith("lost");
        }
    }

    @Test
    @Contract(section = TLS, value = "Clients resume their sessions")
    void reconnectsResumeTheSession(EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(Recorder::new);
            try (PeerProgram client = client(scene, port, "-tls1_2", "-reconnect")) {
                client.awaitMatch("Reused, TLSv1.2", 5).type("Q\n");
                assertThat(client.awaitEnd()).isZero();
                assertThat(client.count("New, TLSv1.2")).isEqualTo(1);
            }
            for (int i = 0; i < 6; i++) {
                assertThat(scene.accepted().awaitLost()).isNull();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-tls1_2", "-tls1_3"})
    @Contract(section = TLS, value = "Clients resume their sessions")
    void laterClientResumesAnEarlierOnesSession(String version, EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(OpensslClientTest::greeter);
            String file = folder.resolve("session.pem").toString();
            try (PeerProgram client = client(scene, port, version, "-sess_out", file)) {
                client.awaitText("hello").type("Q\n");
                assertThat(client.awaitEnd()).isZero();
                assertThat(client.text()).contains("New, TLSv1").doesNotContain("Reused,");
            }
            try (PeerProgram client = client(scene, port, version, "-sess_in", file)) {
                client.awaitText("hello").type("Q\n");
                assertThat(client.awaitEnd()).isZero();
                assertThat(client.text()).contains("Reused, TLSv1").doesNotContain("New,");
            }
        }
    }

    @Test
    @Contract(section = TLS,
            value = "ALPN chooses the first of the server's protocols that the client offers")
    void protocolInCommonIsChosen(EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(OpensslClientTest::greeter,
                    TlsConfig.DEFAULT.withApplicationProtocols("h2", "http/1.1"));
            try (PeerProgram client = client(scene, port, "-alpn", "spdy/3,http/1.1,h2")) {
                client.awaitText("hello").awaitText("ALPN protocol: h2").type("Q\n");
                assertThat(client.awaitEnd()).isZero();
            }
            assertThat(scene.session(scene.accepted()).applicationProtocol()).isEqualTo("h2");
            try (PeerProgram client = client(scene, port)) {
                client.awaitText("hello").awaitText("No ALPN negotiated").type("Q\n");
                assertThat(client.awaitEnd()).isZero();
            }
            assertThat(scene.session(scene.accepted()).applicationProtocol()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-tls1_2", "-tls1_3"})
    @Contract(section = TLS, value = "Without an application protocol in common the handshake fails")
    void noProtocolInCommonFailsAtBothEnds(String version, EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(Recorder::new, TlsConfig.DEFAULT.withApplicationProtocols("h2"));
            try (PeerProgram client = client(scene, port, version, "-alpn", "smtp")) {
                assertThat(client.awaitEnd()).isNotZero();
                assertThat(client.text()).contains("alert no application protocol");
            }
            assertThat(scene.failure()).isInstanceOf(SSLException.class)
                    .hasMessageContaining("application layer protocol");
        }
    }

    @Test
    @Contract(section = TLS, value = "A server chooses the certificate by the name that the client sends")
    void certificateIsChosenByName(EventLoop loop) {
        SelfSigned other = SelfSigned.of("other.example");
        List<String> asked = Collections.synchronizedList(new ArrayList<>());
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(OpensslClientTest::greeter, TlsConfig.DEFAULT.withContexts(name -> {
                asked.add(String.valueOf(name));
                return "other.example".equals(name) ? other.context() : null;
            }));
            String address = "127.0.0.1:" + port;
            for (String[] options : new String[][] {{"-servername", "Other.Example"},
                {"-servername", "localhost"}, {"-noservername"}}) {
                try (PeerProgram client =
                        PeerProgram.openssl("s_client", List.of("-connect", address), options)) {
                    client.awaitText("hello").type("Q\n");
                    assertThat(client.awaitEnd()).isZero();
                    assertThat(client.text()).contains(
                            options[options.length - 1].equals("Other.Example")
                                    ? "subject=CN = other.example"
                                    : "subject=CN = localhost");
                }
            }
            assertThat(asked).containsExactly("other.example", "localhost", "null");
            assertThat(scene.session(scene.accepted()).serverName()).isEqualTo("other.example");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-tls1_2", "-tls1_3"})
    @Contract(section = TLS, value = "Why the peer has refused our certificate is in the exception's message")
    void clientThatDoesNotTrustUsSaysSo(String version, EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(PeerScene.STRANGER.context(), Recorder::new, TlsConfig.DEFAULT);
            try (PeerProgram client = client(scene, port, version)) {
                assertThat(client.awaitEnd()).isNotZero();
            }
            assertThat(scene.failure()).isInstanceOf(SSLHandshakeException.class)
                    .hasMessageContaining("unknown_ca");
        }
    }

    @Test
    @Contract(section = TLS, value = "TLS 1.1 and older is refused")
    void oldVersionIsRefusedWithAnAlert(EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(Recorder::new);
            try (PeerProgram client = client(scene, port, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")) {
                assertThat(client.awaitEnd()).isNotZero();
                assertThat(client.text()).contains("alert protocol version");
            }
            assertThat(scene.failure()).isInstanceOf(SSLHandshakeException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rsa:2048", "ed25519", "ec"})
    @Contract(section = TLS, value = "Certificates may have RSA, EC and Ed25519 keys")
    void certificatesOfAllKindsAreGood(String kind, EventLoop loop) throws Exception {
        Path file = folder.resolve("pair.pem");
        List<String> request = new ArrayList<>(List.of("-x509", "-newkey", kind, "-nodes", "-keyout",
                file.toString(), "-out", file + ".crt", "-subj", "/CN=localhost", "-addext",
                "subjectAltName=DNS:localhost"));
        if (kind.equals("ec")) {
            Collections.addAll(request, "-pkeyopt", "ec_paramgen_curve:P-384");
        }
        try (PeerProgram maker = PeerProgram.openssl("req", request)) {
            assertThat(maker.awaitEnd()).as(maker::errors).isZero();
        }
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(TlsContexts.server(Path.of(file + ".crt"), file),
                    OpensslClientTest::greeter, TlsConfig.DEFAULT);
            try (PeerProgram client = PeerProgram.openssl("s_client", List.of("-connect",
                    "127.0.0.1:" + port, "-CAfile", file + ".crt", "-verify_return_error"))) {
                client.awaitText("hello").type("Q\n");
                assertThat(client.awaitEnd()).isZero();
            }
            Recorder ours = new Recorder();
            scene.connecting(port, TlsContexts.client(Path.of(file + ".crt")), ours, TlsConfig.DEFAULT)
                    .join();
            assertThat(ours.awaitBytes(6)).asString().isEqualTo("hello\n");
        }
    }
}
