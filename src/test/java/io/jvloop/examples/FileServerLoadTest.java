package io.jvloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.examples.FileSite.Answer;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Peer;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The file server with many clients, with files that change and with clients that go away. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class FileServerLoadTest {
    private static final int LARGE = 64 * 1024 * 1024; // more than the buffers of a connection take
    private static final int AT_ONCE = 60;
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    /** Made once: it keeps a selector until it is collected. */
    private static HttpClient client;

    @TempDir
    private Path folder;

    @BeforeAll
    static void makeClient() {
        client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    }

    @AfterAll
    static void forgetClient() {
        client = null;
    }

    private Path large() throws IOException {
        Path file = folder.resolve("large.bin");
        try (RandomAccessFile holes = new RandomAccessFile(file.toFile(), "rw")) {
            holes.setLength(LARGE);
        }
        return file;
    }

    private static Peer ask(FileSite site, String target) {
        Peer peer = site.connect();
        peer.send(FileSite.request("GET", target, "Connection: close"));
        return peer;
    }

    /** Descriptors of files below the folder; needs /proc, and finds nothing elsewhere. */
    private long openFiles() {
        try (Stream<Path> links = Files.list(DESCRIPTORS)) {
            return links.filter(link -> target(link).startsWith(folder.toString())).count();
        } catch (IOException notHere) {
            return 0;
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException closedMeanwhile) {
            return "";
        }
    }

    private void awaitClosedFiles() {
        Await.until("files to be closed", () -> openFiles() == 0);
    }

    @Test
    void fileThatIsDeletedMeanwhileIsSentToItsEnd(EventLoop loop) throws IOException {
        Path file = large();
        try (FileSite site = new FileSite(loop, folder); Peer peer = ask(site, "/large.bin")) {
            byte[] first = peer.read(1000);
            Files.delete(file);
            Answer answer = Answer.parse(Bytes.join(first, peer.readAll()));
            assertThat(answer.content()).hasSize(LARGE);
            assertThat(site.get("/large.bin").status()).isEqualTo(404);
            awaitClosedFiles();
        }
    }

    @Test
    void fileThatShrinksMeanwhileEndsTheConnection(EventLoop loop, ReportedFailures failures)
            throws IOException {
        Path file = large();
        try (FileSite site = new FileSite(loop, folder); Peer peer = ask(site, "/large.bin")) {
            byte[] first = peer.read(1000);
            try (RandomAccessFile shorter = new RandomAccessFile(file.toFile(), "rw")) {
                shorter.setLength(1000);
            }
            Answer answer = Answer.parse(Bytes.join(first, peer.readAll()));
            assertThat(answer.field("Content-Length")).isEqualTo(String.valueOf(LARGE));
            assertThat(answer.content().length).isLessThan(LARGE);
            assertThat(failures.takeOne().exception()).isInstanceOf(EOFException.class)
                    .hasMessageContaining("the file has become shorter");
            awaitClosedFiles();
        }
    }

    /** Browsers do it all day long: it is not worth a word. */
    @Test
    void clientThatGoesAwayLeavesNothingOpen(EventLoop loop) throws IOException {
        large();
        try (FileSite site = new FileSite(loop, folder)) {
            for (int i = 0; i < 5; i++) {
                try (Peer peer = ask(site, "/large.bin")) {
                    peer.read(1000);
                    peer.reset();
                }
                try (Peer peer = ask(site, "/large.bin")) {
                    peer.read(1000);
                }
                ask(site, "/large.bin").reset();
                ask(site, "/").reset();
            }
            Await.until("connections to end", () -> site.connections() == 0);
            awaitClosedFiles();
        }
    }

    @Test
    void manyRequestsAtOnceLeaveNothingOpen(EventLoop loop) throws IOException {
        byte[] noise = Bytes.noise(300_000);
        Files.write(folder.resolve("noise.bin"), noise);
        try (FileSite site = new FileSite(loop, folder)) {
            String tag = site.get("/noise.bin").field("ETag");
            List<Peer> peers = new ArrayList<>();
            for (int i = 0; i < AT_ONCE; i++) {
                Peer peer = site.connect();
                peers.add(peer);
                peer.send(FileSite.request("HEAD", "/noise.bin") + FileSite.request("GET", "/nothing")
                        + FileSite.request("GET", "/noise.bin", "If-None-Match: " + tag)
                        + FileSite.request("GET", "/noise.bin", "Range: bytes=999999-")
                        + FileSite.request("GET", "/") + FileSite.request("GET", "/noise.bin")
                        + FileSite.request("GET", "/noise.bin", "Range: bytes=" + i + "-" + (i + 9),
                                "Connection: close"));
            }
            for (int i = 0; i < AT_ONCE; i++) {
                try (Peer peer = peers.get(i)) {
                    byte[] all = peer.readAll();
                    assertThat(all).endsWith(Arrays.copyOfRange(noise, i, i + 10));
                    assertThat(Bytes.text(all).split("HTTP/1.1 ", -1)).hasSize(8);
                }
            }
            awaitClosedFiles();
        }
    }

    @Test
    void clientOfTheJdkGetsManyFilesAtOnce(EventLoop loop) throws IOException {
        byte[] noise = Bytes.noise(3_000_000);
        Files.write(folder.resolve("noise.bin"), noise);
        Files.createDirectories(folder.resolve("sub dir"));
        Files.writeString(folder.resolve("sub dir/index.html"), "found");
        try (FileSite site = new FileSite(loop, folder)) {
            List<CompletableFuture<HttpResponse<byte[]>>> answers = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                answers.add(client.sendAsync(to(site, "/noise.bin").build(), BodyHandlers.ofByteArray()));
            }
            for (CompletableFuture<HttpResponse<byte[]>> answer : answers) {
                assertThat(Await.result(answer).body()).isEqualTo(noise);
            }
            HttpResponse<byte[]> part = Await.result(client.sendAsync(
                    to(site, "/noise.bin").header("Range", "bytes=-5").build(), BodyHandlers.ofByteArray()));
            assertThat(part.statusCode()).isEqualTo(206);
            assertThat(part.body()).isEqualTo(Arrays.copyOfRange(noise, noise.length - 5, noise.length));
            HttpResponse<String> moved = Await.result(
                    client.sendAsync(to(site, "/sub%20dir").build(), BodyHandlers.ofString()));
            assertThat(moved.statusCode()).isEqualTo(301);
            URI location = moved.uri().resolve(moved.headers().firstValue("Location").orElseThrow());
            assertThat(Await.result(client.sendAsync(HttpRequest.newBuilder(location).build(),
                    BodyHandlers.ofString())).body()).isEqualTo("found");
            awaitClosedFiles();
        }
    }

    private static HttpRequest.Builder to(FileSite site, String path) {
        return HttpRequest.newBuilder(URI.create(site.url(path)));
    }
}
