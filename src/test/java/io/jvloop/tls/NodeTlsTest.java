package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Programs;
import io.jvloop.transport.Recorder;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Node's {@code tls} as client and as server. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class NodeTlsTest {
    private static final String CONTRACT = "Other people's TLS programs get along with our connections";

    @TempDir
    private Path folder;

    @BeforeAll
    static void needsNode() {
        Programs.require("node");
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS, value = CONTRACT)
    void clientEchoesMegabytesAndResumes(String version, EventLoop loop) {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(Recorder::echo, TlsConfig.DEFAULT.withApplicationProtocols("h2"));
            try (PeerProgram node = PeerProgram.node("""
                    const tls = require("tls"), fs = require("fs"), crypto = require("crypto");
                    const data = crypto.randomBytes(2000000);
                    let session;
                    function talk(then) {
                        const received = [];
                        let total = 0;
                        const s = tls.connect({port: $PORT, host: "127.0.0.1", servername: "localhost",
                            ca: fs.readFileSync("$CA"), ALPNProtocols: ["http/1.1", "h2"],
                            minVersion: "VERSION", maxVersion: "VERSION", session}, () => {
                                console.log(s.authorized, s.alpnProtocol, s.isSessionReused());
                                s.write(data);
                            });
                        s.on("session", ticket => session = ticket);
                        s.on("data", part => {
                            received.push(part);
                            total += part.length;
                            if (total === data.length) {
                                console.log(Buffer.concat(received).equals(data));
                                s.end();
                            }
                        });
                        s.on("end", () => console.log("end"));
                        s.on("close", then);
                    }
                    talk(() => talk(() => {}));
                    """.replace("VERSION", version), scene, port)) {
                assertThat(node.awaitEnd()).as(node::text).isZero();
                assertThat(node.text().lines()).containsExactly("true h2 false", "true", "end",
                        "true h2 true", "true", "end");
            }
            for (int i = 0; i < 2; i++) {
                Recorder server = scene.accepted();
                assertThat(server.awaitLost()).isNull();
                assertThat(server.calls()).startsWith("made", "data").endsWith("eof", "lost");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS, value = CONTRACT)
    void serverEchoesMegabytesAndResumes(String version, EventLoop loop) {
        byte[] data = Bytes.noise(2_000_000);
        try (PeerScene scene = new PeerScene(loop, folder); PeerProgram node = PeerProgram.node("""
                const tls = require("tls"), fs = require("fs"), pem = fs.readFileSync("$PEM");
                const server = tls.createServer({key: pem, cert: pem, ALPNProtocols: ["h2"],
                    minVersion: "VERSION", maxVersion: "VERSION"}, s => {
                        console.log(s.servername, s.alpnProtocol, s.isSessionReused());
                        s.pipe(s);
                        s.on("error", e => console.log(e.message));
                    });
                server.on("tlsClientError", e => console.log(e.message));
                server.listen(0, "127.0.0.1", () => console.log("port " + server.address().port));
                """.replace("VERSION", version), scene, 0)) {
            int port = Integer.parseInt(node.await("port (\\d+)"));
            TlsConfig config = TlsConfig.DEFAULT.withApplicationProtocols("h2");
            for (int i = 1; i <= 2; i++) {
                Recorder client = new Recorder().onMade(transport -> transport.write(data));
                scene.connect(port, client, config);
                client.awaitBytes(data.length);
                assertThat(client.bytes()).isEqualTo(data);
                node.awaitText(" h2 " + (i == 2)); // the name is not told of a session resumed in 1.2
                scene.close(client);
                assertThat(client.awaitLost()).isNull();
            }
            assertThat(node.text().lines()).hasSize(3);
        }
    }
}
