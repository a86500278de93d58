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
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The JDK's own blocking TLS sockets as the other end. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class JdkSocketsTest {
    private static final String CONTRACT = "Other people's TLS programs get along with our connections";
    private static final byte[] DATA = Bytes.noise(2_000_000);
    private static final int PATIENCE_MILLIS = (int) TimeUnit.SECONDS.toMillis(Await.PATIENCE_SECONDS);

    @TempDir
    private Path folder;

    private static SSLSocket connect(int port, SSLContext context, String version) throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("localhost", port);
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setEnabledProtocols(new String[] {version});
        return socket;
    }

    private static SSLServerSocket listen(String version) throws IOException {
        SSLServerSocket listening = (SSLServerSocket) PeerScene.OURS.context().getServerSocketFactory()
                .createServerSocket(0, 10, InetAddress.getLoopbackAddress());
        listening.setSoTimeout(PATIENCE_MILLIS);
        listening.setEnabledProtocols(new String[] {version});
        return listening;
    }

    /** Reads to the end of a connection, answers with the same, and ends it. */
    private static byte[] answer(SSLServerSocket listening) throws IOException {
        try (SSLSocket socket = (SSLSocket) listening.accept()) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            byte[] received = socket.getInputStream().readAllBytes();
            socket.getOutputStream().write(received);
            return received;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS, value = CONTRACT)
    void socketEchoesMegabytesAndResumes(String version, EventLoop loop) throws IOException {
        SSLContext context = PeerScene.freshClientContext();
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(Recorder::echo);
            for (int i = 0; i < 2; i++) {
                try (SSLSocket socket = connect(port, context, version)) {
                    CompletableFuture<Void> writing = Peer.background(() -> {
                        socket.getOutputStream().write(DATA);
                        return null;
                    });
                    assertThat(socket.getInputStream().readNBytes(DATA.length)).isEqualTo(DATA);
                    Await.result(writing);
                    assertThat(socket.getSession().getValue("earlier")).isEqualTo(i == 0 ? null : "yes");
                    socket.getSession().putValue("earlier", "yes"); // resumed sessions share their values
                }
                Recorder server = scene.accepted();
                assertThat(server.awaitLost()).isNull();
                assertThat(server.calls()).startsWith("made", "data").endsWith("eof", "lost");
            }
        }
    }

    @Test
    @Contract(section = TLS, value = "With TLS 1.3 each direction ends by itself")
    void socketEndsItsOwnDirectionOnly(EventLoop loop) throws IOException {
        try (PeerScene scene = new PeerScene(loop, folder)) {
            int port = scene.serve(() -> {
                Recorder recorder = new Recorder();
                return recorder.onEof(transport -> {
                    transport.write(recorder.bytes());
                    transport.writeEof();
                    return true;
                });
            });
            try (SSLSocket socket = connect(port, PeerScene.OURS.clientContext(), "TLSv1.3")) {
                socket.getOutputStream().write(DATA);
                socket.shutdownOutput();
                assertThat(socket.getInputStream().readAllBytes()).isEqualTo(DATA);
            }
            Recorder server = scene.accepted();
            assertThat(server.awaitLost()).isNull();
            assertThat(server.calls()).containsExactly("made", "data", "eof", "lost");
        }
    }

    @Test
    @Contract(section = TLS, value = "With TLS 1.3 each direction ends by itself")
    void weEndOurOwnDirectionOnly(EventLoop loop) throws IOException {
        try (PeerScene scene = new PeerScene(loop, folder);
                SSLServerSocket listening = listen("TLSv1.3")) {
            CompletableFuture<byte[]> peer = Peer.background(() -> answer(listening));
            Recorder client = new Recorder().onMade(transport -> {
                transport.write(DATA);
                transport.writeEof();
            });
            scene.connect(listening.getLocalPort(), client);
            assertThat(client.awaitLost()).isNull();
            assertThat(client.bytes()).isEqualTo(DATA);
            assertThat(Await.result(peer)).isEqualTo(DATA);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS, value = "Clients resume their sessions")
    void serverSocketResumesUnlessToldNotTo(String version, EventLoop loop) throws IOException {
        SSLContext context = PeerScene.freshClientContext();
        try (PeerScene scene = new PeerScene(loop, folder); SSLServerSocket listening = listen(version)) {
            assertThat(earlier(scene, listening, context, TlsConfig.DEFAULT)).isNull();
            assertThat(earlier(scene, listening, context, TlsConfig.DEFAULT)).isEqualTo("yes");
            assertThat(earlier(scene, listening, context, TlsConfig.DEFAULT.withSessionResumption(false)))
                    .isNull();
        }
    }

    /** What an earlier connection has noted in the session, if it is the same. */
    private static Object earlier(PeerScene scene, SSLServerSocket listening, SSLContext context,
            TlsConfig config) {
        CompletableFuture<byte[]> peer = Peer.background(() -> {
            try (SSLSocket socket = (SSLSocket) listening.accept()) {
                socket.getOutputStream().write(DATA);
                return new byte[0];
            }
        });
        Recorder client = new Recorder();
        scene.connecting(listening.getLocalPort(), context, client, config).join();
        assertThat(client.awaitLost()).isNull();
        assertThat(client.bytes()).isEqualTo(DATA);
        Await.result(peer);
        TlsSession session = scene.session(client);
        Object value = session.session().getValue("earlier");
        session.session().putValue("earlier", "yes");
        return value;
    }
}
