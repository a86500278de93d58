package io.jvloop.http;

import static io.jvloop.http.HttpScene.head;
import static io.jvloop.http.HttpScene.last;
import static io.jvloop.http.HttpScene.readAnswer;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.jvloop.buffer.BufferPool;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.ChildJvm;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import io.jvloop.transport.Peer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a server does without memory, and what it does not take. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class HttpMemoryTest {
    private static final int MIB = 1024 * 1024;

    /** Some buffers for answers, and half of one on top, since clients need a little. */
    private static final String LITTLE_MEMORY = "-XX:MaxDirectMemorySize=2080k";

    private static void runWithLittleMemory(String scenario) throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of("-ea", "-Xmx256m", LITTLE_MEMORY, "-cp",
                System.getProperty("java.class.path"), Child.class.getName(), scenario)))
                .isEqualTo(new ChildJvm.Result(0, scenario + ": ok\n", ""));
    }

    @Test
    void anAnswerWithoutMemoryEndsItsConnectionOnly() throws IOException, InterruptedException {
        runWithLittleMemory("answers");
    }

    @Test
    void aConnectionCanBeClosedWithoutMemory() throws IOException, InterruptedException {
        runWithLittleMemory("close");
    }

    @Test
    void aDeadlineThatFailsDoesNotEndTheOthers() throws IOException, InterruptedException {
        runWithLittleMemory("deadlines");
    }

    @Test
    void aLengthThatIsOnlyAnnouncedTakesNoMemory(EventLoop loop) throws IOException {
        int clients = 100;
        AtomicInteger asked = new AtomicInteger();
        HttpHandler handler = (request, response) -> {
            response.await(request.body().bytes(), response::end);
            asked.incrementAndGet();
        };
        List<Peer> peers = new ArrayList<>();
        try (HttpScene scene = HttpScene.of(loop, handler)) {
            assertThat(scene.exchange(last("POST /", "Content-Length: 5") + "hello")).endsWith("hello");
            long before = allocated(scene);
            for (int i = 0; i < clients; i++) {
                Peer peer = scene.connect();
                peers.add(peer);
                peer.send(head("POST /", "Content-Length: " + MIB));
            }
            Await.until(() -> asked.get() == 1 + clients);
            assertThat(allocated(scene) - before).isLessThan(10 * MIB);
        } finally {
            peers.forEach(Peer::close);
        }
    }

    private static long allocated(HttpScene scene) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return threads.getThreadAllocatedBytes(scene.thread().thread().getId());
    }

    /** All the memory that a loop could write answers into. For the loop's thread. */
    private static final class Hoard {
        private static final int BYTES_OF_AN_ANSWER = 64 * 1024;

        private final BufferPool pool;
        private final List<ByteBuffer> hoarded = new ArrayList<>();

        Hoard(EventLoop loop) {
            pool = loop.buffers();
            try {
                while (true) {
                    hoarded.add(pool.acquire(BYTES_OF_AN_ANSWER));
                }
            } catch (IllegalStateException noneIsLeft) {
                assertThat(hoarded).isNotEmpty();
            }
        }

        void giveBack() {
            hoarded.forEach(pool::release);
        }
    }

    /** A program that has little memory. It says ok, or why not. */
    static final class Child {
        private static final String HELLO = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

        private final EventLoop loop = EventLoop.create();
        private final ReportedFailures failures = new ReportedFailures();
        private final Queue<CompletableFuture<Void>> done = new ConcurrentLinkedQueue<>();

        public static void main(String[] arguments) throws IOException {
            switch (arguments[0]) {
                case "answers" -> new Child().answers();
                case "close" -> new Child().close();
                case "deadlines" -> new Child().deadlines();
                default -> throw new IllegalArgumentException(arguments[0]);
            }
            System.out.println(arguments[0] + ": ok");
        }

        private void handle(HttpRequest request, HttpResponse response) {
            done.add(response.done());
            switch (request.path()) {
                case "/write" -> {
                    response.write("hel");
                    response.end("lo");
                }
                case "/later" -> request.loop().callSoon(() -> response.end("hello"));
                case "/read" -> response.await(request.body().bytes(), response::end);
                case "/fail" -> throw new IllegalArgumentException("as planned");
                case "/close" -> request.transport().close();
                case "/closeLater" -> request.loop().callSoon(request.transport()::close);
                case "/wait" -> {
                    // for ever
                }
                default -> response.end(ByteBuffer.wrap("hello".getBytes(StandardCharsets.US_ASCII)));
            }
        }

        private void answers() throws IOException {
            loop.setExceptionHandler(failures);
            List<String> requests = List.of(head("GET /"), head("GET /write"), head("GET /later"),
                    head("GET /fail"), head("GET /") + head("GET /later"), "no request\r\n",
                    head("POST /read", "Expect: 100-continue", "Content-Length: 5"),
                    head("POST /later", "Content-Length: 5") + "hell");
            try (HttpScene scene = HttpScene.of(loop, this::handle)) {
                try (Peer other = scene.connect()) {
                    assertThat(readAnswer(other.send(head("GET /")))).isEqualTo(HELLO);
                    for (String request : requests) {
                        assertThat(withoutMemory(scene, request)).as(request).isEmpty();
                        assertThat(readAnswer(other.send(head("GET /")))).as(request).isEqualTo(HELLO);
                        assertThat(scene.exchange(head("GET /") + last("GET /write"))).as(request)
                                .startsWith(HELLO + "HTTP/1.1 200 OK\r\n").endsWith("2\r\nlo\r\n0\r\n\r\n");
                    }
                }
            }
            assertThat(failures.takeAll()).isNotEmpty();
            end();
        }

        private void close() throws IOException {
            loop.setExceptionHandler(failures);
            try (HttpScene scene = HttpScene.of(loop, this::handle)) {
                assertThat(scene.exchange(last("GET /"))).endsWith("hello");
                assertThat(withoutMemory(scene, head("GET /close"))).isEmpty();
                assertThat(withoutMemory(scene, head("GET /closeLater"))).isEmpty();
                assertThat(scene.exchange(last("GET /"))).endsWith("hello");
            }
            assertThat(failures.takeAll()).isEmpty();
            end();
        }

        /** Nobody waits any more, and nothing is left. */
        private void end() {
            assertThat(done).isNotEmpty().allMatch(CompletableFuture::isDone);
            assertThat(loop.stats().buffers()).isZero();
            assertThat(loop.stats().channels()).isZero();
            loop.close();
        }

        /** What a client hears up to its end while there is no memory; afterwards there is. */
        private String withoutMemory(HttpScene scene, String request) {
            try (Peer poor = scene.connect()) {
                Hoard hoard = scene.thread().call(() -> new Hoard(loop));
                String heard = heard(poor.send(request));
                scene.thread().run(hoard::giveBack);
                return heard;
            }
        }

        /** Up to the end, which may be a reset. */
        private static String heard(Peer peer) {
            StringBuilder text = new StringBuilder();
            try {
                for (int next = 0; next >= 0; next = peer.socket().getInputStream().read()) {
                    text.append((char) next);
                }
            } catch (IOException reset) {
                assertThat(reset).isNotInstanceOf(SocketTimeoutException.class);
            }
            return text.substring(1);
        }

        private void deadlines() throws IOException {
            try (ClockedScene scene = new ClockedScene(this::handle)) {
                scene.loop().setExceptionHandler(failures);
                List<Peer> peers = new ArrayList<>();
                for (String text : List.of(head("GET /wait"), "", "GET /", "", "GET /", "GET /")) {
                    peers.add(scene.connect());
                    scene.sendAndServe(peers.get(peers.size() - 1), text);
                }
                Hoard hoard = new Hoard(scene.loop());
                scene.pass(20);
                assertThat(scene.connections()).isEqualTo(peers.size());
                scene.tick();
                assertThat(scene.connections()).as("all but who waits").isEqualTo(1);
                assertThat(failures.takeAll()).as("for want of memory").hasSize(3);
                hoard.giveBack();
                Peer late = scene.connect();
                scene.sendAndServe(late, "GET /");
                scene.pass(21);
                assertThat(scene.result(late.end()::readAllText)).startsWith("HTTP/1.1 408 ");
                late.close();
                peers.forEach(Peer::close);
            }
        }
    }
}
