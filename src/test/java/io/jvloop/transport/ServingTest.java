package io.jvloop.transport;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.CHOICES;
import static io.jvloop.support.Section.SERVERS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.WeakReference;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The life of a server and of the connections it has accepted. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class ServingTest {
    private final Recorders recorders = new Recorders(Recorder::echo);

    private static Server listen(EventLoop loop, Recorders factory, ListenConfig config) throws IOException {
        return Net.listen(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), factory, config);
    }

    /**
     * The JDK gives a listening descriptor back at the loop's next poll, so a first attempt may still get in.
     */
    private static void assertRefuses(SocketAddress address) {
        Await.until("the refusal of a connection", () -> {
            try (Socket socket = new Socket()) {
                socket.connect(address, 10_000);
                return false;
            } catch (ConnectException refused) {
                return true;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @Test
    @Contract(section = SERVERS, value = "With startServing false connections wait until startServing, which "
            + "is idempotent")
    void connectionsWaitUntilServingStarts(EventLoop loop) throws IOException {
        Server server = listen(loop, recorders, ListenConfig.DEFAULT.withStartServing(false));
        assertThat(server.isServing()).isFalse();
        try (LoopThread thread = LoopThread.start(loop);
                Peer early = Peer.connect(server.addresses().get(0))) {
            early.send("early");
            CompletableFuture<Void> later = new CompletableFuture<>();
            thread.run(() -> loop.callLater(20_000_000, () -> later.complete(null)));
            Await.result(later);
            assertThat(recorders.count()).isZero();
            thread.run(() -> {
                server.startServing();
                server.startServing();
                assertThat(server.isServing()).isTrue();
            });
            assertThat(early.readText(5)).isEqualTo("early");
            thread.run(server::close);
            assertThat(thread.<Boolean>call(server::isServing)).isFalse();
            Assertions.assertThatThrownBy(() -> thread.run(server::startServing))
                    .hasCauseInstanceOf(IllegalStateException.class);
        }
        assertThat(recorders.all()).hasSize(1);
    }

    @Test
    @Contract(section = BETTER, value = "serveForever ends when the server is closed (uvloop's never does)")
    void serveForeverEndsWhenTheServerIsClosed(EventLoop loop) throws IOException {
        Server server = listen(loop, recorders, ListenConfig.DEFAULT.withStartServing(false));
        CompletableFuture<Void> serving = server.serveForever();
        assertThat(server.isServing()).isTrue();
        loop.callSoon(server::close);
        loop.runUntilComplete(serving);
        assertThat(server.isServing()).isFalse();
        assertThatIllegalStateException().isThrownBy(server::serveForever);
    }

    @Test
    @Contract(section = SERVERS, value = "serveForever is refused the second time and after close")
    void serveForeverIsRefusedTheSecondTime(EventLoop loop) throws IOException {
        Server server = listen(loop, recorders, ListenConfig.DEFAULT);
        CompletableFuture<Void> serving = server.serveForever();
        assertThatIllegalStateException().isThrownBy(server::serveForever)
                .withMessageContaining("serveForever");
        assertThat(server.isServing()).isTrue();
        assertThat(serving).isNotDone();
        server.close();
        assertThat(serving).isCompleted();
    }

    @Test
    @Contract(section = SERVERS, value = "Cancelling serveForever closes the server, from any thread")
    void cancellingServeForeverClosesTheServer(EventLoop loop) throws IOException {
        Server server = listen(loop, recorders, ListenConfig.DEFAULT);
        SocketAddress address = server.addresses().get(0);
        CompletableFuture<Void> serving = server.serveForever();
        try (LoopThread thread = LoopThread.start(loop)) {
            assertThat(serving.cancel(false)).isTrue();
            Await.result(server.closed());
            assertThat(thread.<Boolean>call(server::isServing)).isFalse();
        }
        assertRefuses(address);
    }

    @Test
    @Contract(section = SERVERS,
            value = "close ends the listening only: accepted connections go on; it is idempotent")
    void closeKeepsTheClients(EventLoop loop) throws IOException {
        Server server = listen(loop, recorders, ListenConfig.DEFAULT);
        SocketAddress address = server.addresses().get(0);
        try (LoopThread thread = LoopThread.start(loop);
                Peer client = Peer.connect(address)) {
            recorders.await(0);
            thread.run(() -> {
                server.close();
                server.close();
                assertThat(server.addresses()).isEmpty();
                assertThat(server.activeConnections()).isEqualTo(1);
            });
            assertRefuses(address);
            client.send("still served");
            assertThat(client.readText(12)).isEqualTo("still served");
            assertThat(server.closed()).isNotDone();
            client.end();
            Await.result(server.closed());
            assertThat(recorders.await(0).calls()).endsWith("lost");
        }
    }

    @Test
    @Contract(section = CHOICES,
            value = "Server.closed completes when the last accepted connection has heard "
                    + "connectionLost, for any number of waiters")
    void closedWaitsForTheLastConnection(EventLoop loop) throws IOException {
        List<Integer> countsInConnectionLost = new CopyOnWriteArrayList<>();
        Server[] self = new Server[1];
        Recorders counting = new Recorders(() -> new Recorder()
                .onLost(cause -> countsInConnectionLost.add(self[0].activeConnections())));
        Server server = self[0] = listen(loop, counting, ListenConfig.DEFAULT);
        SocketAddress address = server.addresses().get(0);
        try (LoopThread thread = LoopThread.start(loop);
                Peer first = Peer.connect(address);
                Peer second = Peer.connect(address)) {
            counting.await(1);
            List<CompletableFuture<Void>> waiters = new ArrayList<>();
            waiters.add(server.closed());
            thread.run(server::close);
            waiters.add(server.closed());
            waiters.add(server.closed());
            assertThat(server.closed().cancel(false)).isTrue(); // is that caller's own affair
            first.end();
            Await.until("one connection", () -> thread.call(server::activeConnections) == 1);
            assertThat(waiters).noneMatch(CompletableFuture::isDone);
            second.end();
            waiters.forEach(Await::result);
            assertThat(countsInConnectionLost).containsExactly(2, 1);
            assertThat(server.closed()).isCompleted();
        }
    }

    @Test
    void closedCompletesAtOnceWithoutConnections(EventLoop loop) throws IOException {
        Server server = listen(loop, recorders, ListenConfig.DEFAULT);
        assertThat(server.closed()).isNotDone();
        server.close();
        assertThat(server.closed()).isCompleted();
    }

    @Test
    @Contract(section = BETTER,
            value = "closeClients closes every accepted connection in order: what is queued is still sent")
    void closeClientsSendsWhatIsQueued(EventLoop loop) throws IOException {
        byte[] data = Bytes.noise(3_000_000);
        Recorders writing = new Recorders(() -> new Recorder().onMade(transport -> transport.write(data)));
        Server server = listen(loop, writing,
                ListenConfig.DEFAULT.withSocket(SocketConfig.DEFAULT.withKernelBuffers(0, 10_000)));
        try (LoopThread thread = LoopThread.start(loop);
                Peer first = Peer.connect(server.addresses().get(0));
                Peer second = Peer.connect(server.addresses().get(0))) {
            writing.await(1);
            thread.run(() -> {
                server.closeClients();
                assertThat(server.isServing()).isTrue();
                server.close();
            });
            CompletableFuture<byte[]> reading = Peer.background(first::readAll);
            assertThat(second.readAll()).isEqualTo(data);
            assertThat(Await.result(reading)).isEqualTo(data);
            Await.result(server.closed());
        }
    }

    @Test
    @Contract(section = BETTER,
            value = "abortClients ends every accepted connection now, also those whose peers do not read")
    void abortClientsDoesNotWaitForFullBuffers(EventLoop loop) throws IOException {
        Recorders writing =
                new Recorders(
                        () -> new Recorder().onMade(transport -> transport.write(new byte[20_000_000])));
        Server server = listen(loop, writing, ListenConfig.DEFAULT);
        try (LoopThread thread = LoopThread.start(loop);
                Peer first = Peer.connect(server.addresses().get(0));
                Peer second = Peer.connect(server.addresses().get(0))) {
            writing.await(1);
            thread.run(() -> {
                server.close();
                server.closeClients();
                assertThat(server.activeConnections()).isEqualTo(2);
                server.abortClients();
            });
            Await.result(server.closed());
            assertThat(thread.call(() -> loop.stats().buffers()).intValue()).isZero();
            assertThat(writing.await(0).awaitLost()).isNull();
            assertThat(writing.await(1).awaitLost()).isNull();
            assertThat(first.readAll().length).isLessThan(20_000_000);
            assertThat(second.readAll().length).isLessThan(20_000_000);
        }
    }

    @Test
    @Contract(section = SERVERS,
            value = "A server lives until it is closed, also if the program lets go of it")
    void serverWithoutReferenceSurvivesTheCollector(EventLoop loop) throws IOException {
        SocketAddress address = listenAndForget(loop);
        try (LoopThread thread = LoopThread.start(loop)) {
            WeakReference<Object> marker = new WeakReference<>(new Object());
            Await.collected(List.of(marker)); // so the collector has run
            try (Peer peer = Peer.connect(address)) {
                peer.send("alive");
                assertThat(peer.readText(5)).isEqualTo("alive");
                thread.run(() -> forgotten.get().close());
            }
            recorders.await(0).awaitLost();
        }
    }

    private WeakReference<Server> forgotten;

    private SocketAddress listenAndForget(EventLoop loop) throws IOException {
        Server server = listen(loop, recorders, ListenConfig.DEFAULT);
        forgotten = new WeakReference<>(server);
        return server.addresses().get(0);
    }

    @Test
    void toStringTellsTheState(EventLoop loop) throws IOException {
        Server server = listen(loop, recorders, ListenConfig.DEFAULT);
        int port = ((InetSocketAddress) server.addresses().get(0)).getPort();
        assertThat(server.toString()).contains(String.valueOf(port), "SERVING");
        server.close();
        assertThat(server.toString()).contains("CLOSED");
    }
}
