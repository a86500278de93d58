package io.jvloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Transport;
import io.jvloop.transport.WriteBufferLimits;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What passes through the proxy, and what it needs for that. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class ProxyTest {
    private static final int READ_BYTES = 256 * 1024; // the loop's, at most
    private static final int MUCH = 64 * 1024 * 1024;

    @TempDir
    private Path folder;

    private EventLoop loop;
    private ProxyScene scene;

    @BeforeEach
    void keep(EventLoop own) {
        loop = own;
    }

    @AfterEach
    void close() throws Exception {
        scene.close();
    }

    private void open(String from, String to) throws Exception {
        ServerSocketChannel backend = Wire.listen(Wire.anyAddress(to, folder, "backend"));
        scene = new ProxyScene(loop, Wire.anyAddress(from, folder, "proxy"), backend);
    }

    @ParameterizedTest
    @CsvSource({"tcp, tcp", "tcp, unix", "unix, tcp", "unix, unix"})
    void clientMayEndFirst(String from, String to) throws Exception {
        open(from, to);
        Wire client = scene.client().send("question".getBytes()).end();
        Wire backend = scene.backend();

        assertThat(backend.readAll()).asString().isEqualTo("question");
        backend.send("answer".getBytes()).end();
        assertThat(client.readAll()).asString().isEqualTo("answer");
        scene.awaitNobody();
    }

    @ParameterizedTest
    @CsvSource({"tcp, tcp", "tcp, unix", "unix, tcp", "unix, unix"})
    void backendMayEndFirst(String from, String to) throws Exception {
        open(from, to);
        Wire client = scene.client();
        Wire backend = scene.backend().send("greeting".getBytes()).end();

        assertThat(client.readAll()).asString().isEqualTo("greeting");
        client.send("late ".getBytes()).send("answer".getBytes()).end();
        assertThat(backend.readAll()).asString().isEqualTo("late answer");
        scene.awaitNobody();
    }

    @ParameterizedTest
    @CsvSource({"tcp, tcp", "unix, unix"})
    void manyMegabytesPassBothWaysAtOnceToASlowReader(String from, String to) throws Exception {
        open(from, to);
        byte[] up = Wire.noise(MUCH, 1);
        byte[] down = Wire.noise(MUCH, 2);
        Wire client = scene.client();
        Wire backend = scene.backend();
        CompletableFuture<?> answered = Wire.background(() -> backend.send(down).end());
        CompletableFuture<byte[]> asked = Wire.background(() -> backend.readAll());

        client.send(up).end(); // and not one byte is read meanwhile
        assertThat(Await.result(asked)).isEqualTo(up);
        assertThat(answered).isNotDone();
        assertThat(client.readAll(5_000)).isEqualTo(down);
        Await.result(answered);
        scene.awaitNobody();
    }

    @Test
    void backendThatNeverReadsStopsTheClient() throws Exception {
        open("tcp", "tcp");
        byte[] much = Wire.noise(MUCH, 3);
        Wire client = scene.client();
        Wire backend = scene.backend();
        CompletableFuture<?> sent = Wire.background(() -> client.send(much).end());
        ProxyScene.Watched accepted = scene.accepted();
        accepted.awaitCall("resumeReading"); // connected
        Await.until("back-pressure", () -> !isReading(accepted.transport()));

        assertThat(scene.buffers()).isBetween(1, 8);
        assertThat(sent).isNotDone();
        assertThat(backend.readAll()).isEqualTo(much);
        Await.result(sent);
        client.close();
        backend.close();
        scene.awaitNobody();
    }

    @Test
    void clientThatNeverReadsStopsTheBackend() throws Exception {
        open("tcp", "tcp");
        byte[] much = Wire.noise(MUCH, 4);
        Wire client = scene.narrowClient();
        Wire backend = scene.backend();
        CompletableFuture<?> sent = Wire.background(() -> backend.send(much).end());
        Transport accepted = scene.accepted().transport();
        int high = WriteBufferLimits.DEFAULT.highBytes();
        Await.until("a full queue", () -> queued(accepted) > high);

        for (int turn = 0; turn < 1000; turn++) {
            assertThat(queued(accepted)).isLessThanOrEqualTo(high + READ_BYTES);
        }
        assertThat(sent).isNotDone();
        client.end(); // the other direction has an end of its own
        assertThat(backend.readAll()).isEmpty();
        assertThat(client.readAll()).isEqualTo(much);
        Await.result(sent);
        scene.awaitNobody();
    }

    @Test
    void twoHundredClientsAreServedAtOnce() throws Exception {
        open("tcp", "tcp");
        List<Wire> clients = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            clients.add(scene.client().send(Wire.noise(10_000, i)));
        }
        for (int i = 0; i < clients.size(); i++) {
            Wire backend = scene.backend();
            byte[] seen = backend.read(10_000);
            backend.send(seen).end();
        }
        for (int i = 0; i < clients.size(); i++) {
            assertThat(clients.get(i).end().readAll()).isEqualTo(Wire.noise(10_000, i));
        }
        scene.awaitNobody();
    }

    private boolean isReading(Transport transport) {
        return scene.thread().call(transport::isReading);
    }

    private long queued(Transport transport) {
        return scene.thread().call(transport::writeBufferSize);
    }
}
