package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Transport;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Python's {@code ssl} talks to our server. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class PythonTlsClientTest {
    private static final String CONTRACT = "Other people's TLS programs get along with our connections";

    /** Connects, and has helpers for both kinds of Python's TLS. */
    private static final String BEGINNING = """
            import socket, ssl, sys
            context = ssl.create_default_context(cafile="$CA")
            context.set_alpn_protocols(["http/1.1", "h2"])
            data = bytes(i * i % 251 for i in range(1 << 16)) * 32
            raw = socket.create_connection(("127.0.0.1", $PORT), 25)
            def read(s, count):
                parts = []
                while count > 0:
                    part = s.recv(min(count, 100000))
                    assert part, "the end came early"
                    parts.append(part)
                    count -= len(part)
                return b"".join(parts)
            class Memory:
                def __init__(self, below):
                    self.below, self.bio_in, self.bio_out = below, ssl.MemoryBIO(), ssl.MemoryBIO()
                    self.tls = context.wrap_bio(self.bio_in, self.bio_out, server_hostname="localhost")
                def flush(self):
                    self.below.sendall(self.bio_out.read())
                def pump(self, step, *args):
                    while True:
                        try:
                            return step(*args)
                        except ssl.SSLWantReadError:
                            self.flush()
                            self.bio_in.write(self.below.recv(65536))
                        finally:
                            self.flush()
                def recv(self, count):
                    return self.pump(self.tls.read, count)
                def sendall(self, data):
                    self.pump(self.tls.write, data)
            """;

    private static final byte[] DATA = data();

    @TempDir
    private Path folder;

    @BeforeAll
    static void needsPython() {
        PeerProgram.requirePython();
    }

    private static byte[] data() {
        byte[] data = new byte[2 << 20];
        for (int i = 0; i < data.length; i++) {
            long low = i % (1 << 16);
            data[i] = (byte) (low * low % 251);
        }
        return data;
    }

    /** Runs a script against our server to its good end; what it has printed. */
    private static String run(PeerScene scene, int port, String script) {
        try (PeerProgram python = PeerProgram.python(BEGINNING + script, scene, port)) {
            assertThat(python.awaitEnd()).as(python::text).isZero();
            return python.text().strip();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1_2", "TLSv1_3"})
    @Contract(section = TLS, value = CONTRACT)
    void clientEchoesMegabytesAndUnwraps(String version, EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(Recorder::echo, TlsConfig.DEFAULT.withApplicationProtocols("h2"));
            assertThat(run(scene, port, """
                    context.maximum_version = ssl.TLSVersion.VERSION
                    s = context.wrap_socket(raw, server_hostname="localhost")
                    s.sendall(data)
                    assert read(s, len(data)) == data
                    print(s.selected_alpn_protocol())
                    assert s.unwrap().recv(1) == b"", "nothing comes in clear"
                    """.replace("VERSION", version))).isEqualTo("h2");
            Recorder server = scene.accepted();
            assertThat(server.awaitLost()).isNull();
            assertThat(server.bytes()).isEqualTo(DATA);
            assertThat(server.calls()).startsWith("made", "data").endsWith("eof", "lost");
            assertThat(scene.session(server).applicationProtocol()).isEqualTo("h2");
            assertThat(scene.session(server).serverName()).isEqualTo("localhost");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1_2", "TLSv1_3"})
    @Contract(section = TLS, value = "close sends what is queued, then close_notify")
    void ourCloseIsAnEndThatPythonUnwraps(String version, EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(() -> new Recorder().onMade(transport -> {
                transport.write(DATA);
                transport.close();
            }));
            assertThat(run(scene, port, """
                    context.maximum_version = ssl.TLSVersion.VERSION
                    s = context.wrap_socket(raw, server_hostname="localhost", suppress_ragged_eofs=False)
                    assert read(s, len(data)) == data
                    assert s.recv(1) == b""
                    assert s.unwrap().recv(1) == b""
                    """.replace("VERSION", version))).isEmpty();
            assertThat(scene.accepted().awaitLost()).isNull();
        }
    }

    @Test
    @Contract(section = TLS, value = "With TLS 1.3 each direction ends by itself")
    void pythonStillSendsAfterOurEnd(EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(() -> new Recorder().onMade(transport -> {
                transport.write(Bytes.heap("that is all"));
                transport.writeEof();
            }));
            assertThat(run(scene, port, """
                    s = context.wrap_socket(raw, server_hostname="localhost", suppress_ragged_eofs=False)
                    assert read(s, 11) == b"that is all"
                    assert s.recv(1) == b""
                    s.sendall(data)
                    assert s.unwrap().recv(1) == b""
                    """)).isEmpty();
            Recorder server = scene.accepted();
            assertThat(server.awaitLost()).isNull();
            assertThat(server.bytes()).isEqualTo(DATA);
            assertThat(server.calls()).containsExactly("made", "data", "eof", "lost");
        }
    }

    @Test
    @Contract(section = TLS, value = "With TLS 1.3 each direction ends by itself")
    void weStillSendAfterPythonsEnd(EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(() -> new Recorder().onEof(transport -> {
                transport.write(DATA);
                transport.close();
                return true;
            }));
            assertThat(run(scene, port, """
                    s = Memory(raw)
                    s.sendall(b"question")
                    try:
                        s.tls.unwrap() # says that we have ended, and cannot wait for the answer
                    except ssl.SSLError:
                        pass
                    s.flush()
                    received = b""
                    while len(received) < len(data):
                        received += s.recv(1 << 20)
                    assert received == data
                    """)).isEmpty();
            Recorder server = scene.accepted();
            assertThat(server.awaitLost()).isNull();
            assertThat(server.text()).isEqualTo("question");
        }
    }

    @Test
    @Contract(section = TLS, value = "STARTTLS: what has come with the request belongs to TLS")
    void bytesThatCameEarlyBelongToTls(EventLoop loop) {
        Recorder secured = new Recorder();
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.listen(() -> new StartTls(secured));
            assertThat(run(scene, port, """
                    s = Memory(raw)
                    try:
                        s.tls.do_handshake()
                    except ssl.SSLWantReadError:
                        pass
                    raw.sendall(b"STARTTLS" + s.bio_out.read())
                    assert read(raw, 2) == b"OK"
                    s.pump(s.tls.do_handshake)
                    s.sendall(b"secret")
                    print(read(s, 6).decode())
                    s.pump(s.tls.unwrap)
                    """)).isEqualTo("secret");
            assertThat(secured.awaitLost()).isNull();
            assertThat(secured.calls()).containsExactly("data", "eof", "lost");
        }
    }

    /** Waits for STARTTLS, which another program sends in one piece with its hello. */
    private static final class StartTls implements Protocol {
        private final Recorder secured;
        private Transport transport;

        StartTls(Recorder secured) {
            this.secured = secured;
        }

        @Override
        public void connectionMade(Transport opened) {
            transport = opened;
        }

        @Override
        public void dataReceived(ByteBuffer data) {
            data.position("STARTTLS".length());
            transport.write(Bytes.heap("OK"));
            Tls.upgrade(transport, Tls.server(PeerScene.OURS.context(), () -> secured), data)
                    .thenAccept(upper -> secured.onData((old, text) -> upper.write(text)));
        }
    }

    @Test
    @Contract(section = TLS, value = "TLS works inside TLS")
    void tlsInTls(EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            TlsFactory inner = scene.server(PeerScene.OURS.context(), Recorder::echo, TlsConfig.DEFAULT);
            int port = scene.listen(Tls.server(PeerScene.OURS.context(), inner));
            assertThat(run(scene, port, """
                    outer = context.wrap_socket(raw, server_hostname="localhost")
                    s = Memory(outer)
                    s.sendall(data)
                    assert read(s, len(data)) == data
                    s.pump(s.tls.unwrap)
                    assert outer.recv(1) == b""
                    """)).isEmpty();
            Recorder server = scene.accepted();
            assertThat(server.awaitLost()).isNull();
            assertThat(server.bytes()).isEqualTo(DATA);
        }
    }
}
