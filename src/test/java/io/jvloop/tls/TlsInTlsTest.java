package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Net;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Server;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** TLS over TLS, as through an HTTPS proxy. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class TlsInTlsTest {
    private static final InetSocketAddress ANY_PORT =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final int MEBIBYTE = 1024 * 1024;

    private static TlsFactory nestedServer(Supplier<Recorder> factory) {
        return Tls.server(TlsLink.SELF.context(), Tls.server(TlsLink.SELF.context(), factory));
    }

    private static TlsFactory nestedClient(Recorder recorder) {
        return Tls.client(TlsLink.SELF.context(), "localhost",
                Tls.client(TlsLink.SELF.context(), "localhost", () -> recorder));
    }

    @Test
    @Contract(section = TLS, value = "TLS works inside TLS, whose handshakes are awaited as one: 25 clients "
            + "exchange a mebibyte each way")
    void clientsSpeakThroughTwoLayers(EventLoop loop) throws IOException {
        byte[] data = Bytes.noise(MEBIBYTE);
        Server server = Net.listen(loop, ANY_PORT, nestedServer(Recorder::echo));
        try (LoopThread thread = LoopThread.start(loop)) {
            List<Recorder> clients = new ArrayList<>();
            for (int i = 0; i < 25; i++) {
                Recorder client = new Recorder();
                clients.add(client);
                CompletableFuture<Transport> shaking = thread.call(() -> Tls.handshake(
                        Net.connect(loop, server.addresses().get(0), nestedClient(client))));
                shaking.thenAccept(transport -> transport.write(data));
            }
            for (Recorder client : clients) {
                assertThat(client.awaitBytes(MEBIBYTE)).isEqualTo(data);
                thread.run(client.transport()::close);
                assertThat(client.awaitLost()).isNull();
                assertThat(client.calls()).containsSubsequence("made", "data", "lost");
            }
            thread.run(server::close);
            Await.result(server.closed());
        }
    }

    @Test
    void serverClosesThroughBothLayers(EventLoop loop) throws IOException {
        byte[] data = Bytes.noise(3 * MEBIBYTE);
        Recorder accepted = new Recorder();
        Recorder client = new Recorder();
        Server server = Net.listen(loop, ANY_PORT, nestedServer(() -> accepted));
        try (LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<Transport> shaking = thread.call(() -> Tls.handshake(
                    Net.connect(loop, server.addresses().get(0), nestedClient(client))));
            Await.result(shaking);
            accepted.awaitCall("made");
            thread.run(() -> {
                accepted.transport().write(data);
                server.closeClients();
                server.close();
            });
            assertThat(client.awaitLost()).isNull();
            assertThat(client.bytes()).isEqualTo(data);
            assertThat(client.calls()).containsExactly("made", "data", "eof", "lost");
            assertThat(accepted.awaitLost()).isNull();
            Await.result(server.closed());
        }
    }

    @Test
    void drainingEndsBothLayersInOrder(EventLoop loop) throws IOException {
        Recorder accepted = new Recorder();
        Recorder client = new Recorder();
        Server server = Net.listen(loop, ANY_PORT, nestedServer(() -> accepted));
        try (LoopThread thread = LoopThread.start(loop)) {
            Await.result(thread.call(() -> Tls.handshake(
                    Net.connect(loop, server.addresses().get(0), nestedClient(client)))));
            accepted.awaitCall("made");
            assertThat(Await.result(thread.call(() -> loop.drain(Duration.ofSeconds(20))))).isTrue();
            assertThat(client.awaitLost()).isNull();
            assertThat(accepted.awaitLost()).isNull();
        }
    }

    @Test
    void handshakeThatFailsInsideFailsTheWhole(EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        TlsFactory distrustful = Tls.client(TlsLink.SELF.context(), "localhost",
                Tls.client(SelfSigned.of("localhost").clientContext(), "localhost", () -> recorder));
        Server server = Net.listen(loop, ANY_PORT, nestedServer(Recorder::new));
        try (LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<Transport> shaking = thread.call(
                    () -> Tls.handshake(Net.connect(loop, server.addresses().get(0), distrustful)));
            assertThat(TlsLink.failure(shaking)).isInstanceOf(SSLHandshakeException.class);
            thread.run(server::close);
            Await.result(server.closed());
            assertThat(recorder.calls()).isEmpty();
        }
    }

    @Test
    void cancelDuringTheInnerHandshakeClosesTheSocket(EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        try (ServerSocket listener = Peer.listen(); LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<Transport> shaking = thread.call(() -> Tls
                    .handshake(Net.connect(loop, listener.getLocalSocketAddress(), nestedClient(recorder))));
            try (Peer raw = Peer.accept(listener)) {
                Peer outer = Await.result(
                        Peer.background(() -> new Peer(TlsLink.layer(raw.socket(), false))));
                assertThat(outer.read(1)[0]).isEqualTo((byte) 22); // takes the inner hello for data
                shaking.cancel(false);
                raw.drain();
            }
            Await.until("no channel", () -> thread.call(() -> loop.stats().channels()) == 0);
            assertThat(recorder.calls()).isEmpty();
        }
    }

    @Test
    @Contract(section = TLS, value = "upgrade works on a TLS connection as on any other")
    void upgradesATlsConnection(EventLoop loop) {
        byte[] data = Bytes.noise(MEBIBYTE);
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            CompletableFuture<Transport> upgrading = link.ask(transport -> {
                transport.write(Bytes.heap("begin"));
                return Tls.upgrade(transport,
                        Tls.client(TlsLink.SELF.context(), "localhost", () -> recorder));
            });
            assertThat(link.peer().readText(5)).isEqualTo("begin");
            Peer inner = Await.result(
                    Peer.background(() -> new Peer(TlsLink.layer(link.peer().socket(), false))));
            Transport top = Await.result(upgrading);
            link.thread().run(() -> {
                top.write(data);
                top.close();
            });
            assertThat(inner.readAll()).isEqualTo(data);
            inner.end();
            link.peer().drain();
            link.peer().end();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).filteredOn("made"::equals).hasSize(1);
        }
    }
}
