package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.tls.TlsConfig.ClientAuthentication;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Programs;
import io.jvloop.transport.Recorder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code curl} and a very small web server of ours. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class CurlTlsTest {
    private static final String CONTRACT = "Other people's TLS programs get along with our connections";
    private static final int BAD_CERTIFICATE = 60;
    private static final byte[] BODY = Bytes.noise(3_000_000);

    @TempDir
    private Path folder;

    @BeforeAll
    static void needsCurl() {
        Programs.require("curl");
    }

    private static PeerProgram curl(int port, SelfSigned trusted, PeerScene scene, String... options) {
        List<String> words = new ArrayList<>(List.of("curl", "--silent", "--show-error", "--noproxy", "*",
                "--http1.0", "--max-time", "25", "--cacert", scene.authority(trusted), "--resolve",
                "localhost:" + port + ":127.0.0.1"));
        words.addAll(List.of(options));
        words.add("https://localhost:" + port + "/");
        return PeerProgram.start(words.toArray(String[]::new));
    }

    /** Answers a request of that many bytes, 0 for a head alone, and closes. */
    private static Recorder web(int bodyBytes, byte[] answer) {
        Recorder recorder = new Recorder();
        int[] whole = new int[1];
        return recorder.onData((transport, data) -> {
            int head = whole[0] > 0 ? 0 : recorder.text().indexOf("\r\n\r\n");
            if (head > 0) {
                whole[0] = head + "\r\n\r\n".length() + bodyBytes;
            }
            if (recorder.byteCount() == whole[0]) {
                transport.write(Bytes.heap("HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n"));
                transport.write(answer);
                transport.close();
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.2", "1.3"})
    @Contract(section = TLS, value = CONTRACT)
    void curlReadsALargeAnswerToItsEnd(String version, EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(() -> web(0, BODY));
            try (PeerProgram curl = curl(port, PeerScene.OURS, scene, "--tls-max", version)) {
                assertThat(curl.awaitEnd()).as(curl::errors).isZero();
                assertThat(curl.output()).isEqualTo(BODY);
            }
            Recorder server = scene.accepted();
            assertThat(server.awaitLost()).isNull();
            assertThat(scene.session(server).protocol()).isEqualTo("TLSv" + version);
        }
    }

    @Test
    @Contract(section = TLS, value = CONTRACT)
    void curlUploadsAFile(EventLoop loop) throws IOException {
        Path file = folder.resolve("upload");
        byte[] content = Bytes.noise(5_000_000);
        Files.write(file, content);
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(() -> web(content.length, "thanks".getBytes()));
            try (PeerProgram curl =
                    curl(port, PeerScene.OURS, scene, "--header", "Expect:", "--upload-file",
                            file.toString())) {
                assertThat(curl.awaitEnd()).as(curl::errors).isZero();
                assertThat(curl.text()).isEqualTo("thanks");
            }
            byte[] request = scene.accepted().bytes();
            assertThat(Arrays.copyOfRange(request, request.length - content.length, request.length))
                    .isEqualTo(content);
        }
    }

    @Test
    @Contract(section = TLS, value = "Why the peer has refused our certificate is in the exception's message")
    void curlDoesNotTrustAStranger(EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(() -> web(0, BODY));
            try (PeerProgram curl = curl(port, PeerScene.STRANGER, scene)) {
                assertThat(curl.awaitEnd()).isEqualTo(BAD_CERTIFICATE);
            }
            assertThat(scene.failure()).isInstanceOf(SSLHandshakeException.class)
                    .hasMessageMatching(".*(unknown_ca|bad_certificate|certificate_unknown|decrypt_error).*");
        }
    }

    @Test
    @Contract(section = TLS, value = "A client without the required certificate fails the handshake")
    void curlShowsItsCertificate(EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(() -> web(0, "welcome".getBytes()),
                    TlsConfig.DEFAULT.withClientAuthentication(ClientAuthentication.REQUIRED));
            String own = scene.pem(PeerScene.OURS);
            try (PeerProgram curl = curl(port, PeerScene.OURS, scene, "--cert", own, "--key", own)) {
                assertThat(curl.awaitEnd()).as(curl::errors).isZero();
                assertThat(curl.text()).isEqualTo("welcome");
            }
            assertThat(scene.session(scene.accepted()).peerCertificates())
                    .containsExactly(PeerScene.OURS.certificate());
            try (PeerProgram curl = curl(port, PeerScene.OURS, scene)) {
                assertThat(curl.awaitEnd()).isNotZero();
                assertThat(curl.errors()).contains("alert");
            }
            assertThat(scene.failure()).hasMessageContaining("Empty client certificate chain");
        }
    }
}
