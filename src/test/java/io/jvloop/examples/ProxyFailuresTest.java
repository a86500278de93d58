package io.jvloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.ClockedLoop;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Net;
import io.jvloop.transport.Server;
import io.jvloop.transport.SocketConfig;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Peers of the proxy that are gone all of a sudden, at every moment. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class ProxyFailuresTest {
    private static final byte[] MUCH = Wire.noise(32 * 1024 * 1024, 5);

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final PrintStream console = System.err;
    private EventLoop loop;
    private ProxyScene scene;

    @BeforeEach
    void open(EventLoop own) throws Exception {
        System.setErr(new PrintStream(printed, true));
        loop = own;
        scene = new ProxyScene(loop, Wire.anyAddress("tcp", null, null),
                Wire.listen(Wire.anyAddress("tcp", null, null)));
    }

    @AfterEach
    void close() throws Exception {
        System.setErr(console);
        scene.close();
    }

    @Test
    void resetByTheClientIsPassedOn() {
        Wire client = scene.client().send("half a mess".getBytes());
        Wire backend = scene.backend();
        backend.read(11);

        client.reset();
        assertThat(backend.endsWithReset()).isTrue();
        scene.awaitNobody();
    }

    @Test
    void resetByTheBackendIsPassedOn() {
        Wire client = scene.client();
        Wire backend = scene.backend().send("half an ans".getBytes());
        client.read(11);

        backend.reset();
        assertThat(client.endsWithReset()).isTrue();
        scene.awaitNobody();
    }

    @Test
    void clientThatIsResetWhileItsDataIsQueuedDoesNotLookComplete() {
        Wire client = scene.client();
        Wire backend = scene.backend();
        CompletableFuture<?> sending = Wire.background(() -> client.send(MUCH));
        scene.accepted().awaitCall("pauseReading");
        Await.until("back-pressure", () -> !scene.thread().call(scene.accepted().transport()::isReading));

        client.reset();
        assertThat(backend.endsWithReset()).isTrue();
        Await.until("the sender's failure", sending::isCompletedExceptionally);
        scene.awaitNobody();
    }

    @Test
    void backendThatIsResetWhileItsDataIsQueuedDoesNotLookComplete() {
        Wire client = scene.narrowClient();
        Wire backend = scene.backend();
        CompletableFuture<?> sending = Wire.background(() -> backend.send(MUCH));
        Await.until("a queue",
                () -> scene.thread().call(scene.accepted().transport()::writeBufferSize) > 0);

        backend.reset();
        assertThat(client.endsWithReset()).isTrue();
        Await.until("the sender's failure", sending::isCompletedExceptionally);
        scene.awaitNobody();
    }

    @Test
    void backendMayBeResetAfterTheClientsEnd() {
        Wire client = scene.client().send("question".getBytes()).end();
        Wire backend = scene.backend();
        assertThat(backend.readAll()).asString().isEqualTo("question");

        backend.reset();
        assertThat(client.endsWithReset()).isTrue();
        scene.awaitNobody();
    }

    @Test
    void clientMayBeResetAfterTheBackendsEnd() {
        Wire client = scene.client();
        Wire backend = scene.backend().end();
        assertThat(client.readAll()).isEmpty();

        client.reset();
        assertThat(backend.endsWithReset()).isTrue();
        scene.awaitNobody();
    }

    @Test
    void clientMayBeResetAfterItsOwnEnd() {
        Wire client = scene.client().send("all".getBytes()).end();
        Wire backend = scene.backend();
        assertThat(backend.readAll()).asString().isEqualTo("all");

        client.reset();
        Wire.background(() -> { // the reset shows only when something is sent
            while (true) {
                backend.send(new byte[1000]);
            }
        });
        scene.awaitNobody();
    }

    /** It answers before it has read everything, as servers do that refuse a request. */
    @Test
    void completeAnswerArrivesThoughItsSenderIsGone() throws Exception {
        scene.close();
        scene = new ProxyScene(loop, Wire.anyAddress("tcp", null, null),
                Wire.listen(Wire.anyAddress("tcp", null, null)),
                SocketConfig.DEFAULT.withKernelBuffers(0, Wire.NARROW_BYTES));
        byte[] answer = Wire.noise(60_000, 6); // less than the high mark: all of it comes, but it is queued
        Wire client = scene.narrowClient().send("begin".getBytes());
        Wire backend = scene.backend();
        backend.read(5);
        backend.send(answer).end();
        ProxyScene.Watched accepted = scene.accepted();
        accepted.awaitCall("writeEof"); // the answer has come to its end
        assertThat(scene.thread().call(accepted.transport()::writeBufferSize)).isPositive();

        backend.reset();
        client.send("and what nobody wants".getBytes());
        accepted.awaitCall("close");
        assertThat(client.readAll(1000)).isEqualTo(answer);
        scene.awaitNobody();
    }

    @Test
    void clientWithoutBackendIsEnded(@TempDir Path folder) throws Exception {
        scene.close();
        ServerSocketChannel gone = Wire.listen(Wire.anyAddress("unix", folder, "gone"));
        scene = new ProxyScene(loop, Wire.anyAddress("tcp", null, null), gone);
        gone.close(); // the path stays, and refuses
        Wire client = scene.client();

        assertThat(client.readAll()).isEmpty();
        scene.awaitNobody();
        assertThat(printed.toString().lines()).singleElement().asString().contains("gone");
    }

    @Test
    void clientWhoseBackendDoesNotAnswerIsEndedAfterTenSeconds(@TempDir Path folder) throws Exception {
        ClockedLoop clocked = new ClockedLoop();
        try (Busy busy = Busy.at(folder.resolve("busy"));
                EventLoop other = clocked.loop();
                Server server = Net.listen(other, Wire.anyAddress("tcp", null, null),
                        () -> Proxy.to(busy.address));
                Wire client = Wire.connect(server.addresses().get(0))) {
            turnUntil(other, () -> other.stats().timers() > 0); // it is connecting
            clocked.advance(Duration.ofMillis(9_999));
            for (int turn = 0; turn < 10; turn++) {
                turn(other);
            }
            assertThat(server.activeConnections()).isEqualTo(1);
            clocked.advance(Duration.ofMillis(1));
            turnUntil(other, () -> server.activeConnections() == 0);
            assertThat(client.readAll()).isEmpty();
            assertThat(printed.toString().lines()).singleElement().asString().contains("PT10S");
        }
    }

    private static void turnUntil(EventLoop loop, BooleanSupplier condition) {
        Await.until(() -> {
            turn(loop);
            return condition.getAsBoolean();
        });
    }

    private static void turn(EventLoop loop) {
        loop.stop();
        loop.runForever();
    }

    @Test
    void clientMayBeResetWhileTheProxyStillConnects(@TempDir Path folder) throws Exception {
        try (Busy busy = Busy.at(folder.resolve("busy"))) {
            scene.close();
            scene = new ProxyScene(loop, Wire.anyAddress("tcp", null, null), busy.server);
            Wire client = scene.client().send("early".getBytes());
            scene.accepted().awaitCall("pauseReading");

            client.reset();
            busy.waiting.forEach(waiting -> scene.backend());
            assertThat(scene.backend().readAll()).asString().isIn("", "early");
            scene.awaitNobody();
        }
    }

    @Test
    void loopMayBeClosedWhileTheProxyConnectsAndWhileItIsConnected(@TempDir Path folder, ExpectedLogs logs)
            throws Exception {
        Wire client = scene.client();
        Wire backend = scene.backend().send("hello".getBytes());
        client.read(5);
        try (Busy busy = Busy.at(folder.resolve("busy"));
                ProxyScene connecting = new ProxyScene(EventLoop.create(),
                        Wire.anyAddress("tcp", null, null), busy.server)) {
            Wire waiting = connecting.client();
            connecting.accepted().awaitCall("pauseReading");

            connecting.closeLoop();
            scene.closeLoop();
            waiting.endsWithReset();
            client.endsWithReset();
            backend.endsWithReset();
        }
        assertThat(ExpectedLogs.texts(logs.takeAll())).hasSize(2)
                .allMatch(text -> text.startsWith("Closing an event loop with"));
    }

    /** A UNIX server that accepts nobody by itself, and the two clients that fill its queue. */
    private record Busy(SocketAddress address, ServerSocketChannel server, List<Wire> waiting)
            implements AutoCloseable {
        static Busy at(Path path) throws Exception {
            UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
            ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            server.bind(address, 1);
            return new Busy(address, server, List.of(Wire.connect(address), Wire.connect(address)));
        }

        @Override
        public void close() throws IOException {
            waiting.forEach(Wire::close);
            server.close();
        }
    }
}
