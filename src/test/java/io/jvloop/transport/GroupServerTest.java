package io.jvloop.transport;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.SERVERS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.LoopGroup;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** One service on several loops. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class GroupServerTest {
    private static final InetSocketAddress ANY_PORT =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final Duration LONG = Duration.ofSeconds(Await.PATIENCE_SECONDS);

    /** The name of every thread that calls protocols of this test. */
    private final Set<String> callers = ConcurrentHashMap.newKeySet();
    private final AtomicInteger moved = new AtomicInteger();

    @TempDir
    Path folder;

    /** Answers each line with the name of the loop's thread, and notices if that ever changes. */
    private final class WhoServes implements Protocol {
        private final Thread home = Thread.currentThread();
        private Transport transport;

        private void note() {
            callers.add(Thread.currentThread().getName());
            if (Thread.currentThread() != home || EventLoop.current() != transport.loop()) {
                moved.incrementAndGet();
            }
        }

        @Override
        public void connectionMade(Transport made) {
            transport = made;
            note();
        }

        @Override
        public void dataReceived(ByteBuffer data) {
            note();
            transport.write((home.getName() + "\n").getBytes());
        }

        @Override
        public void connectionLost(Throwable cause) {
            note();
        }
    }

    private static String ask(Peer peer) {
        peer.send("?");
        StringBuilder answer = new StringBuilder();
        for (char next; (next = peer.readText(1).charAt(0)) != '\n';) {
            answer.append(next);
        }
        return answer.toString();
    }

    private static void end(LoopGroup group) {
        assertThat(Await.result(group.shutdown(LONG))).isTrue();
    }

    @Test
    @Contract(section = BETTER, value = "A server on a group of loops is served by all of them, and a "
            + "connection never changes its loop")
    void everyLoopServes() throws IOException {
        try (LoopGroup group = LoopGroup.start(3)) {
            GroupServer server = Net.listen(group, ANY_PORT, WhoServes::new);
            assertThat(server.addresses()).hasSize(1);
            assertThat(server.servers()).hasSize(3).allMatch(Server::isServing);
            for (int i = 0; i < 1000 && callers.size() < 3; i++) {
                try (Peer peer = Peer.connect(server.addresses().get(0))) {
                    assertThat(ask(peer)).isEqualTo(ask(peer));
                }
            }
            assertThat(callers).hasSize(3);
            server.close();
            Await.result(server.closed());
            assertThat(server.addresses()).isEmpty();
            assertThat(moved).hasValue(0);
            end(group);
        }
    }

    @Test
    @Contract(section = BETTER,
            value = "Where loops cannot share an address, as with UNIX sockets, one accepts "
                    + "and hands over to each in turn")
    void connectionsOfAUnixServerAreHandedToEachLoopInTurn() throws IOException {
        Path path = folder.resolve("s.sock");
        try (LoopGroup group = LoopGroup.start(2)) {
            GroupServer server =
                    Net.listen(group, UnixDomainSocketAddress.of(path), WhoServes::new);
            List<UnixPeer> peers = new ArrayList<>();
            Map<String, Integer> counts = new HashMap<>();
            for (int i = 0; i < 100; i++) {
                UnixPeer peer = UnixPeer.connect(path).send("?");
                counts.merge(peer.readLine(), 1, Integer::sum);
                peers.add(peer);
            }
            assertThat(counts).hasSize(2).allSatisfy((name, count) -> assertThat(count).isEqualTo(50));
            peers.forEach(UnixPeer::close);
            server.close();
            Await.result(server.closed());
            assertThat(Files.exists(path)).isFalse();
            assertThat(moved).hasValue(0);
            end(group);
        }
    }

    @Test
    void anAddressInUseIsRefusedAndNothingIsLeft() throws IOException {
        try (LoopGroup group = LoopGroup.start(2);
                ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            SocketAddress address = taken.getLocalSocketAddress();
            assertThatExceptionOfType(BindException.class)
                    .isThrownBy(() -> Net.listen(group, address, WhoServes::new))
                    .withMessageContaining(String.valueOf(taken.getLocalPort()));
            Path file = Files.createFile(folder.resolve("file"));
            assertThatExceptionOfType(BindException.class).isThrownBy(() -> Net.listen(group,
                    UnixDomainSocketAddress.of(file), WhoServes::new));
            assertThatIllegalArgumentException().isThrownBy(() -> Net.listen(group,
                    InetSocketAddress.createUnresolved("localhost", 0), WhoServes::new));
            end(group);
        }
    }

    @Test
    void listeningWithAGroupFromOneOfItsLoopsIsRefused() {
        try (LoopGroup group = LoopGroup.start(1)) {
            CompletableFuture<Throwable> failure = new CompletableFuture<>();
            group.next().execute(() -> {
                try {
                    failure.complete(new AssertionError(Net.listen(group, ANY_PORT, WhoServes::new)));
                } catch (Exception e) {
                    failure.complete(e);
                }
            });
            assertThat(Await.result(failure)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("must not be called on one of them");
            end(group);
        }
    }

    @Test
    void aGroupThatHasEndedServesNoMore() {
        LoopGroup group = LoopGroup.start(2);
        group.close();
        assertThatIllegalStateException().isThrownBy(() -> Net.listen(group, ANY_PORT, WhoServes::new));
    }

    @Test
    @Contract(section = SERVERS,
            value = "Closing the server of a group stops accepting; its connections go on")
    void acceptedConnectionsGoOnAfterClose() throws IOException {
        try (LoopGroup group = LoopGroup.start(2)) {
            GroupServer server = Net.listen(group, ANY_PORT, WhoServes::new);
            SocketAddress address = server.addresses().get(0);
            try (Peer peer = Peer.connect(address)) {
                ask(peer);
                server.close();
                server.close();
                CompletableFuture<Void> over = server.closed();
                ask(peer);
                assertThat(over).isNotDone();
                server.closeClients();
                assertThat(peer.readAll()).isEmpty();
                Await.result(over);
            }
            end(group);
        }
    }

    @Test
    void abortedClientsAreGone() throws IOException {
        try (LoopGroup group = LoopGroup.start(2)) {
            GroupServer server = Net.listen(group, ANY_PORT, WhoServes::new);
            try (Peer peer = Peer.connect(server.addresses().get(0))) {
                ask(peer);
                server.abortClients();
                peer.drain();
            }
            server.close();
            Await.result(server.closed());
            end(group);
        }
    }

    /** Sends this many bytes to whoever asks. */
    private static Protocol sender(byte[] answer, AtomicInteger asked) {
        return new Protocol() {
            private Transport transport;

            @Override
            public void connectionMade(Transport made) {
                transport = made;
            }

            @Override
            public void dataReceived(ByteBuffer data) {
                transport.write(answer);
                asked.incrementAndGet();
            }
        };
    }

    @Test
    @Contract(section = BETTER, value = "Shutting a group down in order accepts nothing new and sends every "
            + "connection what is queued for it")
    void whatIsQueuedIsSentBeforeTheGroupEnds() throws IOException {
        byte[] answer = Bytes.noise(3_000_000);
        AtomicInteger asked = new AtomicInteger();
        try (LoopGroup group = LoopGroup.start(2)) {
            GroupServer server = Net.listen(group, ANY_PORT, () -> sender(answer, asked));
            List<Peer> peers = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                peers.add(Peer.connect(server.addresses().get(0)).send("?"));
            }
            Await.until("all answers queued", () -> asked.get() == 20);
            CompletableFuture<Boolean> ended = group.shutdown(LONG);
            for (Peer peer : peers) {
                assertThat(peer.readAll()).isEqualTo(answer);
                peer.close();
            }
            assertThat(Await.result(ended)).isTrue();
            Await.result(server.closed());
            assertThat(server.addresses()).isEmpty();
        }
    }

    @Test
    void whoDoesNotReadIsCutOffAtTheDeadline(ExpectedLogs logs) throws IOException {
        AtomicInteger asked = new AtomicInteger();
        try (LoopGroup group = LoopGroup.start(2)) {
            GroupServer server = Net.listen(group, ANY_PORT, () -> sender(new byte[64_000_000], asked));
            try (Peer peer = Peer.connect(server.addresses().get(0)).send("?")) {
                Await.until("the answer queued", () -> asked.get() == 1);
                assertThat(Await.result(group.shutdown(Duration.ofMillis(50)))).isFalse();
                Await.result(server.closed());
                peer.drain();
            }
            assertThat(logs.takeAll()).hasSize(1); // the loop was closed with a channel open
        }
    }

    @Test
    void whatIsHandedOverAfterTheEndIsClosed() throws IOException {
        Path path = folder.resolve("s.sock");
        try (LoopGroup group = LoopGroup.start(2)) {
            GroupServer server = Net.listen(group, UnixDomainSocketAddress.of(path), WhoServes::new);
            Server other = server.servers().get(1);
            List<UnixPeer> peers = new CopyOnWriteArrayList<>();
            group.loops().get(0).execute(() -> { // accepts in this turn, ends in the next
                peers.add(UnixPeer.connect(path));
                peers.add(UnixPeer.connect(path));
                server.close();
                Await.until("the other loop hears of it", () -> other.closed().isDone());
            });
            Await.until("both connected", () -> peers.size() == 2);
            Await.result(CompletableFuture.runAsync(server::closeClients, group.loops().get(0)));
            Await.result(server.closed());
            assertThat(other.activeConnections()).isZero();
            peers.forEach(UnixPeer::close);
            assertThat(callers).as("served by the accepting loop only").hasSizeLessThanOrEqualTo(1);
            end(group);
        }
    }
}
