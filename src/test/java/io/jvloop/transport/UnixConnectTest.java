package io.jvloop.transport;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.CLIENTS;
import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Clients of UNIX sockets. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class UnixConnectTest {
    @TempDir
    Path folder;
    private Path path;

    @BeforeEach
    void choosePath() {
        path = folder.resolve("s.sock");
    }

    private static Throwable failureOf(EventLoop loop, Path to) {
        CompletableFuture<Transport> connecting = Net.connect(loop, to, Recorder::new);
        return loop.runUntilComplete(connecting.handle((transport, failure) -> failure));
    }

    @Test
    @Contract(section = CLIENTS, value = "A client connects to a UNIX socket by its path")
    void aHundredClientsConnectAtOnce(EventLoop loop) throws IOException {
        Recorders clients = new Recorders(() -> new Recorder()
                .onMade(transport -> transport.write(new byte[1000])));
        Server server = Net.listen(loop, path, Recorder::echo);
        try (LoopThread thread = LoopThread.start(loop)) {
            List<CompletableFuture<Transport>> connecting = new ArrayList<>();
            thread.run(() -> {
                for (int i = 0; i < 100; i++) {
                    connecting.add(Net.connect(loop, path, clients));
                }
            });
            connecting.forEach(Await::result);
            clients.all().forEach(client -> client.awaitBytes(1000));
            Transport one = clients.all().get(0).transport();
            assertThat(one.remoteAddress()).isEqualTo(UnixDomainSocketAddress.of(path));
            thread.run(() -> {
                server.close();
                server.closeClients();
            });
            clients.awaitAllLost();
            Await.result(thread.call(server::closed));
        }
    }

    @Test
    @Contract(section = CLIENTS, value = "Connecting to a path where there is nothing fails with a "
            + "NoSuchFileException")
    void aMissingPathSaysSo(EventLoop loop) {
        assertThat(failureOf(loop, path)).isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("cannot connect").hasMessageContaining(path.toString());
    }

    @Test
    @Contract(section = CLIENTS, value = "Connecting to a path that nobody serves is refused")
    void aPathThatNobodyServesRefuses(EventLoop loop) throws IOException {
        UnixPeer.leaveStaleFile(path);
        assertThat(failureOf(loop, path)).isInstanceOf(ConnectException.class)
                .hasMessageContaining(path.toString());
        Path file = Files.createFile(folder.resolve("file"));
        assertThat(failureOf(loop, file)).isInstanceOf(ConnectException.class)
                .hasMessageContaining(file.toString());
    }

    @Test
    @Contract(section = CLIENTS,
            value = "A path that is too long for a UNIX socket fails with words that say "
                    + "so")
    void aPathThatIsTooLongSaysSo(EventLoop loop) {
        assertThat(failureOf(loop, folder.resolve("x".repeat(150)))).isInstanceOf(SocketException.class)
                .hasMessageContaining("at most 107 bytes");
    }

    @Test
    @Contract(section = BETTER,
            value = "A client that finds the queue of a UNIX server full waits for a place")
    void aClientWaitsForAPlaceInAFullQueue(EventLoop loop) throws IOException {
        try (BusyUnixServer server = BusyUnixServer.at(path); LoopThread thread = LoopThread.start(loop)) {
            Recorder waiting = new Recorder();
            CompletableFuture<Transport> connecting =
                    thread.call(() -> Net.connect(loop, path, () -> waiting));
            Await.until("a retry", () -> thread.call(() -> loop.stats().timers() == 1));
            assertThat(connecting).isNotDone();
            server.accept().close();
            Transport transport = Await.result(connecting);
            server.accept().close();
            try (UnixPeer ours = server.accept()) {
                thread.run(() -> transport.write(new byte[] {'x'}));
                assertThat(ours.read(1)).isEqualTo("x");
                thread.run(transport::close);
                waiting.awaitLost();
            }
        }
    }

    @Test
    void whoWaitsForAPlaceMayGiveUp(EventLoop loop) throws IOException {
        try (BusyUnixServer server = BusyUnixServer.at(path); LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<Transport> connecting =
                    thread.call(() -> Net.connect(loop, path, Recorder::new));
            connecting.cancel(false);
            assertThat(server.waiting()).hasSize(2);
            Await.until("an end of the retries", () -> thread.call(() -> loop.stats().timers() == 0));

            ConnectConfig hasty = ConnectConfig.DEFAULT.withTimeout(Duration.ofMillis(20));
            CompletableFuture<Throwable> failure = thread.call(
                    () -> Net.connect(loop, path, Recorder::new, hasty).handle((transport, cause) -> cause));
            assertThat(Await.result(failure)).isInstanceOf(SocketTimeoutException.class)
                    .hasMessageContaining("PT0.02S");
            Await.until("an end of the retries", () -> thread.call(() -> loop.stats().timers() == 0));
        }
    }

    @Test
    void aUnixSocketHasNoLocalAddressToBind(EventLoop loop) {
        ConnectConfig config = ConnectConfig.DEFAULT.withLocalAddress(new InetSocketAddress(0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Net.connect(loop, path, Recorder::new, config))
                .withMessageContaining("UNIX");
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "Writing to a UNIX peer that is gone ends the connection once, with "
                    + "the failure")
    void writingToAPeerThatIsGoneEndsTheConnectionOnce(EventLoop loop) throws IOException {
        try (ServerSocketChannel server = UnixPeer.listen(path, 5);
                LoopThread thread = LoopThread.start(loop)) {
            Recorder client = new Recorder().onEof(transport -> true);
            Transport transport = Await.result(thread.call(() -> Net.connect(loop, path, () -> client)));
            UnixPeer.accept(server).close();
            client.awaitCall("eof");
            thread.run(() -> {
                transport.write(new byte[1]);
                transport.write(new byte[1]);
            });
            assertThat(client.awaitLost()).isInstanceOf(IOException.class);
            assertThat(client.calls()).containsExactly("made", "eof", "lost");
        }
    }

    @Test
    void aConnectedUnixSocketIsAdopted(EventLoop loop) throws IOException {
        Recorder recorder = new Recorder();
        try (ServerSocketChannel server = UnixPeer.listen(path, 5);
                SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path));
                LoopThread thread = LoopThread.start(loop);
                UnixPeer peer = UnixPeer.accept(server)) {
            Await.result(thread.call(() -> Net.adopt(loop, channel, () -> recorder)));
            peer.send("hello").end();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.text()).isEqualTo("hello");
        }
    }
}
