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
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** {@code openssl s_client} and our server, where TLS is not the first thing on TCP. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class OpensslUpgradeTest {
    @TempDir
    private Path folder;

    @BeforeAll
    static void needsOpenSsl() {
        PeerProgram.requireOpenSsl();
    }

    /** As much of a mail server as s_client wants to see before TLS. */
    private static final class MailServer implements Protocol {
        private final Recorder secured;
        private final StringBuilder received = new StringBuilder();
        private Transport transport;

        MailServer(Recorder secured) {
            this.secured = secured;
        }

        @Override
        public void connectionMade(Transport opened) {
            transport = opened;
            say("220 mail ready");
        }

        @Override
        public void dataReceived(ByteBuffer data) {
            received.append(StandardCharsets.ISO_8859_1.decode(data));
            int end = received.indexOf("\r\n");
            while (end >= 0) {
                obey(received.substring(0, end));
                received.delete(0, end + 2);
                end = received.indexOf("\r\n");
            }
        }

        private void obey(String line) {
            if (line.startsWith("EHLO")) {
                say("250-mail");
                say("250 STARTTLS");
            } else if (line.equals("STARTTLS")) {
                say("220 go ahead");
                Tls.upgrade(transport, Tls.server(PeerScene.OURS.context(), () -> secured))
                        .thenAccept(upper -> upper.write(Bytes.heap("now we are alone\n")));
            } else {
                say("500 what is " + line);
            }
        }

        private void say(String line) {
            transport.write(Bytes.heap(line + "\r\n"));
        }
    }

    @Test
    @Contract(section = TLS, value = "STARTTLS: a connection in use becomes a TLS connection")
    void mailServerStartsTls(EventLoop loop) {
        Recorder secured = new Recorder();
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.listen(() -> new MailServer(secured));
            try (PeerProgram client = PeerProgram.openssl("s_client", List.of("-connect",
                    "127.0.0.1:" + port, "-starttls", "smtp", "-CAfile", scene.authority(PeerScene.OURS),
                    "-verify_return_error"))) {
                client.awaitText("now we are alone").type("indeed\n");
                secured.awaitBytes(7);
                client.type("Q\n");
                assertThat(client.awaitEnd()).isZero();
            }
            assertThat(secured.awaitLost()).isNull();
            assertThat(secured.text()).isEqualTo("indeed\n");
            assertThat(secured.calls()).containsExactly("data", "eof", "lost");
        }
    }

    @Test
    @Contract(section = TLS, value = "TLS works on UNIX sockets")
    void unixSocketsCarryTls(EventLoop loop) {
        byte[] data = Bytes.noise(1_000_000);
        Path path = folder.resolve("socket");
        try (PeerScene scene = new PeerScene(loop, folder)) {
            scene.listen(UnixDomainSocketAddress.of(path),
                    scene.server(PeerScene.OURS.context(), () -> new Recorder().onMade(transport -> {
                        transport.write(data);
                        transport.close();
                    }), TlsConfig.DEFAULT));
            try (PeerProgram client = PeerProgram.openssl("s_client", List.of("-unix", path.toString(),
                    "-quiet", "-CAfile", scene.authority(PeerScene.OURS), "-verify_return_error"))) {
                assertThat(client.awaitEnd()).as(client::errors).isZero();
                assertThat(client.output()).isEqualTo(data);
            }
            assertThat(scene.accepted().awaitLost()).isNull();
        }
    }
}
