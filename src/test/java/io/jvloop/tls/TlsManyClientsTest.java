package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.LoopGroup;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.GroupServer;
import io.jvloop.transport.Net;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Server;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Twenty-five connections at once, a mebibyte up and down on each. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class TlsManyClientsTest {
    private static final int CLIENTS = 25;
    private static final InetSocketAddress ANY_PORT =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final byte[] DATA = Bytes.noise(1024 * 1024);

    @TempDir
    private Path folder;

    private static Void exchange(Peer peer) {
        CompletableFuture<Peer> sending = Peer.background(() -> peer.send(DATA));
        assertThat(peer.read(DATA.length)).isEqualTo(DATA);
        Await.result(sending).end().drain();
        peer.close();
        return null;
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS,
            value = "A TLS server serves 25 of the JDK's clients at once, with TLS 1.2 and 1.3")
    void serverServesForeignClients(String version, EventLoop loop) throws IOException {
        List<Recorder> accepted = new ArrayList<>();
        Server server = Net.listen(loop, ANY_PORT, Tls.server(TlsLink.SELF.context(), () -> {
            Recorder recorder = Recorder.echo();
            accepted.add(recorder);
            return recorder;
        }));
        SocketAddress address = server.addresses().get(0);
        try (LoopThread thread = LoopThread.start(loop)) {
            List<CompletableFuture<?>> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(Peer.background(() -> exchange(TlsLink.connect(address, version))));
            }
            clients.forEach(Await::result);
            thread.run(server::close);
            Await.result(server.closed());
            assertThat(accepted).hasSize(CLIENTS).allSatisfy(recorder -> {
                assertThat(recorder.awaitLost()).isNull();
                assertThat(recorder.bytes()).isEqualTo(DATA);
                assertThat(recorder.calls()).startsWith("made").endsWith("eof", "lost");
            });
        }
    }

    @ParameterizedTest
    @CsvSource({"TLSv1.2,false", "TLSv1.3,false", "TLSv1.3,true"})
    @Contract(section = TLS, value = "TLS clients work on sockets that the loop has connected, and on such "
            + "that it was given")
    void clientsOfAForeignServer(String version, boolean adopted, EventLoop loop) throws IOException {
        try (ServerSocket listener = Peer.listen(); LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<?> serving = Peer.background(() -> {
                List<CompletableFuture<?>> peers = new ArrayList<>();
                for (int i = 0; i < CLIENTS; i++) {
                    Peer raw = Peer.accept(listener);
                    peers.add(Peer.background(
                            () -> exchange(new Peer(TlsLink.layer(raw.socket(), false, version)))));
                }
                peers.forEach(Await::result);
                return null;
            });
            List<Recorder> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                Recorder client = Recorder.echo();
                clients.add(client);
                TlsFactory factory = Tls.client(TlsLink.SELF.context(), "localhost", () -> client);
                SocketAddress address = listener.getLocalSocketAddress();
                thread.call(() -> Tls.handshake(adopted
                        ? Net.adopt(loop, SocketChannel.open(address), factory)
                        : Net.connect(loop, address, factory)));
            }
            Await.result(serving);
            clients.forEach(client -> {
                assertThat(client.awaitLost()).isNull();
                assertThat(client.bytes()).isEqualTo(DATA);
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS, value = "TLS works over UNIX sockets, for servers and clients")
    void clientsAndServerOverAUnixSocket(String version, EventLoop loop) throws IOException {
        Path path = folder.resolve("s.sock");
        TlsConfig config = TlsConfig.DEFAULT.withProtocols(version);
        Server server =
                Net.listen(loop, path, Tls.server(TlsLink.SELF.context(), Recorder::echo, config));
        try (LoopThread thread = LoopThread.start(loop)) {
            List<Recorder> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                Recorder client = new Recorder().onMade(transport -> transport.write(DATA));
                clients.add(client);
                TlsFactory factory = Tls.client(TlsLink.SELF.context(), "localhost", () -> client, config);
                thread.call(() -> Tls.handshake(Net.connect(loop, path, factory)));
            }
            for (Recorder client : clients) {
                assertThat(client.awaitBytes(DATA.length)).isEqualTo(DATA);
                assertThat(client.transport().remoteAddress()).isEqualTo(UnixDomainSocketAddress.of(path));
                thread.run(client.transport()::close);
                assertThat(client.awaitLost()).isNull();
            }
            thread.run(server::close);
            Await.result(server.closed());
        }
    }

    @Test
    @Contract(section = TLS,
            value = "A TLS server on a group of loops keeps each connection on one loop, and "
                    + "shutdown ends the connections in order")
    void serverOnAGroupOfLoops() throws Exception {
        List<Recorder> accepted = new CopyOnWriteArrayList<>();
        try (LoopGroup group = LoopGroup.start(2)) {
            GroupServer server = Net.listen(group, ANY_PORT, Tls.server(TlsLink.SELF.context(), () -> {
                Recorder recorder = Recorder.echo();
                accepted.add(recorder);
                return recorder;
            }, TlsConfig.DEFAULT.withInlineTasks()));
            List<Peer> peers = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                Peer peer = TlsLink.connect(server.addresses().get(0));
                peer.send("hello");
                assertThat(peer.readText(5)).isEqualTo("hello");
                peers.add(peer);
            }
            CompletableFuture<Boolean> ending = group.shutdown(Duration.ofSeconds(20));
            for (Peer peer : peers) {
                assertThat(peer.readAll()).isEmpty();
                peer.end();
                peer.close();
            }
            assertThat(Await.result(ending)).isTrue();
            assertThat(accepted).hasSize(CLIENTS)
                    .allSatisfy(recorder -> assertThat(recorder.awaitLost()).isNull());
        }
    }
}
