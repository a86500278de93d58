package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Net;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Transport;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Our client talks to Python's {@code ssl}. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class PythonTlsServerTest {
    private static final String BEGINNING = """
            import socket, ssl, sys
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain("$PEM")
            context.set_alpn_protocols(["h2"])
            context.sni_callback = lambda s, name, c: print("asked for", name)
            listening = socket.create_server(("127.0.0.1", 0))
            listening.settimeout(25)
            print("port", listening.getsockname()[1], flush=True)
            raw, _ = listening.accept()
            raw.settimeout(25)
            def wrap():
                return context.wrap_socket(raw, server_side=True, suppress_ragged_eofs=False)
            """;

    @TempDir
    private Path folder;

    @BeforeAll
    static void needsPython() {
        PeerProgram.requirePython();
    }

    private static int port(PeerProgram python) {
        return Integer.parseInt(python.await("port (\\d+)"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1_2", "TLSv1_3"})
    @Contract(section = TLS, value = "Other people's TLS programs get along with our connections")
    void serverEchoesMegabytesAndUnwraps(String version, EventLoop loop) {
        byte[] data = Bytes.noise(2_000_000);
        try (PeerScene scene = new PeerScene(loop, folder);
                PeerProgram python = PeerProgram.python(BEGINNING + """
                        context.maximum_version = ssl.TLSVersion.VERSION
                        s = wrap()
                        total = 0
                        while total < 2000000:
                            part = s.recv(100000)
                            s.sendall(part)
                            total += len(part)
                        assert s.unwrap().recv(1) == b""
                        """.replace("VERSION", version), scene, 0)) {
            Recorder client = new Recorder().onMade(transport -> transport.write(data));
            scene.connect(port(python), client, TlsConfig.DEFAULT.withApplicationProtocols("x", "h2"));
            assertThat(client.awaitLost()).isNull();
            assertThat(client.bytes()).isEqualTo(data);
            assertThat(client.calls()).startsWith("made", "data").endsWith("eof", "lost");
            assertThat(scene.session(client).applicationProtocol()).isEqualTo("h2");
            assertThat(python.awaitEnd()).as(python::text).isZero();
            assertThat(python.text()).contains("asked for localhost");
        }
    }

    @Test
    @Contract(section = TLS, value = "With TLS 1.3 each direction ends by itself")
    void answerComesAfterOurEnd(EventLoop loop) {
        byte[] data = Bytes.noise(1_000_000);
        try (PeerScene scene = new PeerScene(loop, folder);
                PeerProgram python = PeerProgram.python(BEGINNING + """
                        s = wrap()
                        received = []
                        while part := s.recv(100000):
                            received.append(part)
                        s.sendall(b"".join(received))
                        assert s.unwrap().recv(1) == b""
                        """, scene, 0)) {
            Recorder client = new Recorder().onMade(transport -> {
                transport.write(data);
                transport.writeEof();
            });
            scene.connect(port(python), client);
            assertThat(client.awaitLost()).isNull();
            assertThat(client.bytes()).isEqualTo(data);
            assertThat(client.calls()).startsWith("made", "data").endsWith("eof", "lost");
            assertThat(python.awaitEnd()).as(python::text).isZero();
        }
    }

    @Test
    @Contract(section = TLS, value = "STARTTLS: a connection in use becomes a TLS connection")
    void ourClientStartsTls(EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder);
                PeerProgram python = PeerProgram.python(BEGINNING + """
                        assert raw.recv(8) == b"STARTTLS"
                        raw.sendall(b"OK")
                        s = wrap()
                        assert s.recv(100) == b"secret"
                        s.sendall(b"answer")
                        assert s.recv(1) == b""
                        assert s.unwrap().recv(1) == b""
                        """, scene, 0)) {
            Recorder secured = new Recorder();
            secured.onData((below, data) -> secured.note("answered"));
            Recorder client = new Recorder().onMade(transport -> transport.write(Bytes.heap("STARTTLS")));
            CompletableFuture<Transport> upper = new CompletableFuture<>();
            client.onData((transport, data) -> Tls
                    .upgrade(transport,
                            Tls.client(PeerScene.OURS.clientContext(), "localhost", () -> secured),
                            rest(data))
                    .thenAccept(upper::complete));
            int port = port(python);
            scene.run(() -> Net.connect(loop, "127.0.0.1", port, () -> client));
            Transport tls = Await.result(upper);
            scene.run(() -> tls.write(Bytes.heap("secret")));
            secured.awaitCall("answered");
            scene.run(tls::close);
            assertThat(secured.awaitLost()).isNull();
            assertThat(secured.text()).isEqualTo("answer");
            assertThat(client.text()).isEqualTo("OK");
            assertThat(python.awaitEnd()).as(python::text).isZero();
        }
    }

    private static ByteBuffer rest(ByteBuffer data) {
        return data.position(data.limit());
    }
}
