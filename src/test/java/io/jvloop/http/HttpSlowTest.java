package io.jvloop.http;

import static io.jvloop.http.HttpScene.head;
import static io.jvloop.http.HttpScene.readHead;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Clients that take their time, and may, and such that may not; on a clock that the test sets. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class HttpSlowTest {
    private static final String TIMEOUT = "HTTP/1.1 408 Request Timeout\r\n";
    private static final int BIG = 30_000_000;

    /** Of the defaults, in seconds. */
    private static final int HEADER_TIMEOUT = 20;
    private static final int BODY_TIMEOUT = 20;
    private static final int WRITE_TIMEOUT = 60;

    @TempDir
    private Path folder;

    // ----------------------------------------------------------------------------------------------- files

    /** A server of one file that does not fit into the kernel, and how its sending goes on. */
    private static final class FileScene implements AutoCloseable {
        private static final int KERNEL_BYTES = 128 * 1024;
        private static final int FILE_BYTES = 8_000_000;

        private final byte[] content = new byte[FILE_BYTES];
        private final FileChannel file;
        private final ClockedScene scene;
        private final Peer peer;
        private Transport transport;
        private CompletableFuture<Long> sent;

        FileScene(Path path) throws IOException {
            new SplittableRandom(1).nextBytes(content);
            file = FileChannel.open(Files.write(path, content));
            scene = new ClockedScene((request, response) -> {
                transport = request.transport();
                transport.setOption(StandardSocketOptions.SO_SNDBUF, KERNEL_BYTES);
                sent = response.sendFile(file, 0, FILE_BYTES);
            });
            Socket socket = new Socket();
            socket.setReceiveBufferSize(KERNEL_BYTES);
            peer = scene.connect(socket);
            scene.sendAndServe(peer, head("GET /"));
            scene.turnsUntil(() -> sent != null);
        }

        @Override
        public void close() throws IOException {
            peer.close();
            scene.close();
            file.close();
        }
    }

    @Test
    void aFileIsSentToAClientThatReadsItSlowly() throws IOException {
        int seconds = WRITE_TIMEOUT - 10; // in each such time it takes more than it has to
        int bytes = HttpConfig.DEFAULT.minBytesPerSecond() * WRITE_TIMEOUT * 2;
        byte[] received = new byte[FileScene.FILE_BYTES];
        try (FileScene files = new FileScene(folder.resolve("f"))) {
            assertThat(readHead(files.peer)).startsWith("HTTP/1.1 200 OK\r\n");
            int[] count = {0};
            int times = 0;
            while (!files.sent.isDone()) {
                long enough = files.transport.sentBytes() + bytes;
                files.scene.turnsUntil(() -> {
                    count[0] += ClockedScene.hears(files.peer) ? readSome(files.peer, received, count[0]) : 0;
                    return files.transport.sentBytes() >= enough || files.sent.isDone();
                });
                files.scene.pass(seconds);
                assertThat(files.scene.connections()).as("after " + ++times + " pauses").isEqualTo(1);
            }
            assertThat(files.sent).isCompletedWithValue((long) FileScene.FILE_BYTES);
            assertThat(times).isGreaterThan(10);
            byte[] rest = files.scene.result(() -> files.peer.read(received.length - count[0]));
            System.arraycopy(rest, 0, received, count[0], rest.length);
            assertThat(received).isEqualTo(files.content);
        }
    }

    private static int readSome(Peer peer, byte[] target, int at) {
        byte[] some = new byte[4096];
        int count = peer.readSome(some, Math.min(some.length, target.length - at));
        System.arraycopy(some, 0, target, at, count);
        return count;
    }

    @Test
    void aFileForAClientThatReadsNothingIsBrokenOff() throws IOException {
        try (FileScene files = new FileScene(folder.resolve("f"))) {
            files.scene.pass(WRITE_TIMEOUT - 1);
            assertThat(files.scene.connections()).isEqualTo(1);
            assertThat(files.sent).isNotDone();
            files.scene.pass(2 * WRITE_TIMEOUT); // the kernel may have taken the last of it late
            assertThat(files.scene.connections()).isZero();
            assertThat(files.sent).isCompletedExceptionally();
        }
    }

    // --------------------------------------------------------------------------------------------- answers

    @Test
    void aDrainingServerClosesWhenItsLastAnswerIsTaken() throws IOException {
        HttpHandler handler = (request, response) -> response.end(new byte[BIG]);
        try (ClockedScene scene = new ClockedScene(handler); Peer peer = scene.connect()) {
            scene.sendAndServe(peer, head("GET /"));
            scene.turnsUntil(() -> ClockedScene.hears(peer));
            CompletableFuture<Boolean> drained = scene.loop().drain(Duration.ofHours(1));
            scene.pass(WRITE_TIMEOUT / 2);
            assertThat(drained).isNotDone();
            byte[] all = scene.result(peer::readAll); // no time passes meanwhile
            assertThat(all.length).isGreaterThan(BIG);
            scene.turnsUntil(drained::isDone);
            assertThat(drained).isCompletedWithValue(true);
        }
    }

    @Test
    void nothingIsSaidBehindAnUpgradeThatCameLate() throws IOException {
        AtomicReference<ClockedScene> time = new AtomicReference<>();
        HttpHandler handler = (request, response) -> {
            time.get().advance(); // the deadlines are looked at before the new protocol has begun
            response.upgrade("echo", Recorder.echo());
        };
        try (ClockedScene scene = new ClockedScene(handler);
                Peer slow = scene.connect();
                Peer other = scene.connect()) {
            time.set(scene);
            scene.sendAndServe(slow, "GET / HTTP/1.1\r\n");
            scene.sendAndServe(other, "GET / HTTP/1.1\r\n");
            scene.pass(HEADER_TIMEOUT);
            scene.sendAndServe(slow, "Host: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
            assertThat(scene.result(() -> readHead(slow))).startsWith("HTTP/1.1 101 ");
            assertThat(scene.result(() -> readHead(other))).as("it was time").startsWith(TIMEOUT);
            scene.pass(10 * HEADER_TIMEOUT);
            assertThat(scene.<String>result(() -> slow.send("echo").readText(4))).isEqualTo("echo");
            assertThat(scene.result(slow.end()::readAllText)).isEmpty();
        }
    }

    // ---------------------------------------------------------------------------------------------- bodies

    /** Begins its answer, which is large, at the first piece of the body. */
    private static HttpHandler answersEarly() {
        return (request, response) -> {
            List<Integer> pieces = new ArrayList<>();
            response.await(request.body().forEachPiece(piece -> {
                if (pieces.isEmpty()) {
                    response.write(new byte[BIG]);
                }
                pieces.add(piece.remaining());
                return null;
            }), trailers -> response.end(pieces.stream().mapToInt(Integer::intValue).sum() + " bytes"));
        };
    }

    @Test
    void aBodyThatTheServerDoesNotReadIsNotTooSlow() throws IOException {
        try (ClockedScene scene = new ClockedScene(answersEarly()); Peer peer = scene.connect()) {
            scene.sendAndServe(peer, head("POST /", "Content-Length: 1000") + "x".repeat(10));
            scene.turnsUntil(() -> ClockedScene.hears(peer));
            scene.pass(2 * BODY_TIMEOUT + 10);
            peer.send("x".repeat(990));
            String answer = scene.result(() -> readHead(peer) + lastOf(peer));
            assertThat(answer).startsWith("HTTP/1.1 200 OK\r\n").endsWith("1000 bytes\r\n0\r\n\r\n");
        }
    }

    /** What follows the large part of an answer, which is zeros. */
    private static String lastOf(Peer peer) {
        byte[] block = new byte[BIG];
        StringBuilder last = new StringBuilder();
        while (last.indexOf("\r\n0\r\n\r\n") < 0) {
            int count = peer.readSome(block, block.length);
            for (int i = 0; i < count; i++) {
                if (block[i] != 0) {
                    last.append((char) block[i]);
                }
            }
            assertThat(count).as("more than " + last).isPositive();
        }
        return last.toString();
    }

    @Test
    void aBodyThatTheServerReadsAgainMayBeTooSlow() throws IOException {
        try (ClockedScene scene = new ClockedScene(answersEarly()); Peer peer = scene.connect()) {
            scene.sendAndServe(peer, head("POST /", "Content-Length: 1000") + "x".repeat(10));
            scene.turnsUntil(() -> ClockedScene.hears(peer));
            String size = Integer.toHexString(BIG) + "\r\n";
            scene.result(() -> readHead(peer) + peer.read(size.length() + BIG + "\r\n".length()).length);
            scene.pass(BODY_TIMEOUT - 1);
            assertThat(scene.connections()).isEqualTo(1);
            scene.pass(2 * BODY_TIMEOUT);
            assertThat(scene.connections()).isZero();
            assertThat(scene.result(peer::readAll)).as("an end that looks like one").isEmpty();
        }
    }

    @Test
    void aHandlerThatTakesPiecesLaterDoesNotSetTheClockBack() throws IOException {
        HttpHandler handler = (request, response) -> response.await(request.body().forEachPiece(piece -> {
            CompletableFuture<Void> taken = new CompletableFuture<>();
            request.loop().callLater(ClockedScene.TICK, () -> taken.complete(null));
            return taken;
        }), trailers -> response.end("all"));
        try (ClockedScene scene = new ClockedScene(handler); Peer peer = scene.connect()) {
            scene.sendAndServe(peer, head("POST /", "Content-Length: 100000"));
            int seconds = 0;
            while (!ClockedScene.hears(peer) && seconds < 10 * BODY_TIMEOUT) {
                seconds++;
                scene.sendAndServe(peer, "x");
                scene.pass(1);
            }
            assertThat(ClockedScene.hears(peer)).isTrue();
            assertThat(seconds).isGreaterThan(BODY_TIMEOUT);
            assertThat(scene.result(peer.end()::readAllText)).startsWith(TIMEOUT);
        }
    }
}
