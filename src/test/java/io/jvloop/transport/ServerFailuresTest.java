package io.jvloop.transport;

import static io.jvloop.support.Section.SERVERS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.ReportedFailures;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A server whose factory, protocols or clients misbehave. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class ServerFailuresTest {
    private static Server listen(EventLoop loop, Supplier<? extends Protocol> factory) throws IOException {
        return Net.listen(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), factory);
    }

    private static void assertEchoes(SocketAddress address) {
        try (Peer peer = Peer.connect(address)) {
            peer.send("hello");
            assertThat(peer.readText(5)).isEqualTo("hello");
        }
    }

    @Test
    @Contract(section = SERVERS, value = "A protocol factory that throws or returns null costs that one "
            + "connection: it is reported and the server goes on")
    void failingFactoryCostsOneConnection(EventLoop loop, ReportedFailures failures) throws IOException {
        Error thrown = new LinkageError("broken on purpose");
        AtomicInteger calls = new AtomicInteger();
        Server server = listen(loop, () -> switch (calls.incrementAndGet()) {
            case 1 -> throw new IllegalArgumentException("broken on purpose");
            case 2 -> throw thrown;
            case 3 -> null;
            default -> Recorder.echo();
        });
        SocketAddress address = server.addresses().get(0);
        try (LoopThread thread = LoopThread.start(loop)) {
            for (int i = 0; i < 3; i++) {
                try (Peer dropped = Peer.connect(address)) {
                    dropped.drain();
                }
            }
            assertEchoes(address);
            thread.run(() -> assertThat(server.isServing()).isTrue());
            List<ExceptionContext> contexts = failures.takeAll();
            assertThat(contexts).hasSize(3)
                    .allSatisfy(context -> assertThat(context.details()).containsEntry("server", server));
            assertThat(contexts.get(0).exception()).isInstanceOf(IllegalArgumentException.class);
            assertThat(contexts.get(1).exception()).isSameAs(thrown);
            assertThat(contexts.get(2).exception()).isInstanceOf(NullPointerException.class)
                    .hasMessageContaining("factory");
            thread.run(server::close);
            Await.result(server.closed());
        }
    }

    @Test
    @Contract(section = SERVERS, value = "A server may be closed inside its protocol factory; the connection "
            + "just accepted is served, and closed() waits for it")
    void serverMayBeClosedInsideItsFactory(EventLoop loop) throws IOException {
        Server[] self = new Server[1];
        AtomicBoolean overTooEarly = new AtomicBoolean();
        Recorder recorder = Recorder.echo().onMade(transport -> overTooEarly.set(self[0].closed().isDone()));
        self[0] = listen(loop, () -> {
            self[0].close();
            return recorder;
        });
        SocketAddress address = self[0].addresses().get(0);
        try (LoopThread thread = LoopThread.start(loop);
                Peer peer = Peer.connect(address)) {
            peer.send("hello");
            assertThat(peer.readText(5)).isEqualTo("hello");
            thread.run(() -> assertThat(self[0].activeConnections()).isEqualTo(1));
            peer.end();
            recorder.awaitLost();
            Await.result(self[0].closed());
            assertThat(overTooEarly).isFalse();
        }
    }

    @Test
    void serverMayBeClosedInsideConnectionMade(EventLoop loop) throws IOException {
        Server[] self = new Server[1];
        Recorders recorders = new Recorders(() -> Recorder.echo().onMade(transport -> self[0].close()));
        Server server = self[0] = listen(loop, recorders);
        SocketAddress address = server.addresses().get(0);
        try (LoopThread thread = LoopThread.start(loop);
                Peer peer = Peer.connect(address)) {
            peer.send("hello");
            assertThat(peer.readText(5)).isEqualTo("hello");
            assertThat(thread.<Boolean>call(server::isServing)).isFalse();
            peer.end();
            Await.result(server.closed());
        }
    }

    @Test
    void clientsClosedBeforeTheyBeganAreNotHeardOf(EventLoop loop) throws IOException {
        Server[] self = new Server[1];
        Recorders recorders = new Recorders(Recorder::echo);
        self[0] = listen(loop, () -> {
            self[0].closeClients();
            return recorders.get();
        });
        SocketAddress address = self[0].addresses().get(0);
        try (Peer first = Peer.connect(address);
                Peer second = Peer.connect(address);
                LoopThread thread = LoopThread.start(loop)) { // accepts both in one go
            assertThat(first.readAll()).isEmpty();
            second.send("hello");
            assertThat(second.readText(5)).isEqualTo("hello");
            assertThat(recorders.all().get(0).calls()).isEmpty();
            second.end();
            thread.run(self[0]::close);
            Await.result(self[0].closed());
        }
    }

    @Test
    @Contract(section = SERVERS,
            value = "The protocol factory is called once for each accepted connection, on "
                    + "the loop's thread")
    void factoryIsCalledOncePerConnectionOnTheLoop(EventLoop loop) throws IOException {
        AtomicInteger elsewhere = new AtomicInteger();
        Recorders recorders = new Recorders(() -> {
            if (!loop.inLoop()) {
                elsewhere.incrementAndGet();
            }
            return Recorder.echo();
        });
        Server server = listen(loop, recorders);
        SocketAddress address = server.addresses().get(0);
        try (LoopThread thread = LoopThread.start(loop)) {
            for (int i = 1; i <= 10; i++) {
                assertEchoes(address);
                assertThat(recorders.count()).isEqualTo(i);
            }
            thread.run(server::close);
            Await.result(server.closed());
            assertThat(elsewhere).hasValue(0);
        }
    }

    @Test
    @Contract(section = SERVERS,
            value = "Clients that go away before or just after they are accepted do no harm")
    void clientsThatLeaveAtOnceDoNoHarm(EventLoop loop) throws IOException {
        Recorders recorders = new Recorders(Recorder::echo);
        Server server = listen(loop, recorders);
        SocketAddress address = server.addresses().get(0);
        for (int i = 0; i < 100; i++) {
            if (i % 2 == 0) {
                Peer.connect(address).reset();
            } else {
                Peer.connect(address).close();
            }
        }
        try (LoopThread thread = LoopThread.start(loop)) {
            for (int i = 0; i < 100; i++) {
                if (i % 2 == 0) {
                    Peer.connect(address).reset();
                } else {
                    Peer.connect(address).close();
                }
            }
            assertEchoes(address);
            Await.until("the end of all", () -> thread.call(server::activeConnections) == 0);
            thread.run(server::close);
            Await.result(server.closed());
        }
    }

    @Test
    @Contract(section = SERVERS, value = "A hundred clients are served at the same time")
    void hundredClientsAreServedAtTheSameTime(EventLoop loop) throws IOException {
        Recorders recorders = new Recorders(Recorder::echo);
        Server server = listen(loop, recorders);
        SocketAddress address = server.addresses().get(0);
        try (LoopThread thread = LoopThread.start(loop)) {
            List<Peer> peers = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                peers.add(Peer.connect(address));
            }
            recorders.await(99);
            assertThat(thread.<Integer>call(server::activeConnections)).isEqualTo(100);
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 100; i++) {
                    peers.get(i).send(String.format("client %02d", i));
                }
                for (int i = 0; i < 100; i++) {
                    assertThat(peers.get(i).readText(9)).isEqualTo(String.format("client %02d", i));
                }
            }
            peers.forEach(Peer::close);
            thread.run(server::close);
            Await.result(server.closed());
        }
    }

    @Test
    void twentyFiveClientsExchangeMebibytes(EventLoop loop) throws IOException {
        int size = 1 << 20;
        byte[] data = Bytes.noise(size);
        Server server = listen(loop, () -> new Recorder().onData(new AnswerEachMebibyte(size)::received));
        SocketAddress address = server.addresses().get(0);
        try (LoopThread thread = LoopThread.start(loop)) {
            List<CompletableFuture<Void>> clients = new ArrayList<>();
            for (int i = 0; i < 25; i++) {
                clients.add(Peer.background(() -> {
                    try (Peer peer = Peer.connect(address)) {
                        for (int round = 0; round < 2; round++) {
                            peer.send(data);
                            assertThat(peer.readText(15)).isEqualTo("1048576 of them");
                        }
                        return null;
                    }
                }));
            }
            clients.forEach(Await::result);
            thread.run(server::close);
            Await.result(server.closed());
        }
    }

    /** Counts, and answers in one call of parts of different kinds. */
    private static final class AnswerEachMebibyte {
        private final int size;
        private int count;

        AnswerEachMebibyte(int size) {
            this.size = size;
        }

        void received(Transport transport, ByteBuffer data) {
            count += data.remaining();
            if (count >= size) {
                transport.writeAll(Bytes.heap(String.valueOf(size)), Bytes.direct(" of ".getBytes()),
                        Bytes.heap("them").asReadOnlyBuffer());
                count -= size;
            }
        }
    }
}
