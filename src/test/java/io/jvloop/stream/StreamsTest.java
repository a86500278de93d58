package io.jvloop.stream;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.STREAMS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.Async;
import io.jvloop.loop.EventLoop;
import io.jvloop.loop.LoopGroup;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.ReportedFailures;
import io.jvloop.tls.SelfSigned;
import io.jvloop.tls.Tls;
import io.jvloop.transport.GroupServer;
import io.jvloop.transport.Net;
import io.jvloop.transport.Pipes;
import io.jvloop.transport.Server;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Streams over real connections. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
@SuppressWarnings("try") // servers that nobody calls by name
class StreamsTest {
    private static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);

    private EventLoop loop;

    @BeforeEach
    void take(EventLoop own) {
        loop = own;
    }

    /** Everything that was opened ends in order; nothing keeps a stream open that has seen its end. */
    @AfterEach
    void drain() {
        if (!loop.isClosed()) {
            assertThat(loop.runUntilComplete(loop.drain(Duration.ofSeconds(30)))).isTrue();
        }
    }

    /** Sends lines back, and closes at the end. */
    private static CompletableFuture<?> echo(StreamReader reader, StreamWriter writer) {
        return reader.forEachLine(line -> {
            writer.write(line);
            return writer.drain();
        }).whenComplete((end, failure) -> writer.close());
    }

    private static SocketAddress address(Server server) {
        return server.addresses().get(0);
    }

    private static int port(Server server) {
        return ((InetSocketAddress) address(server)).getPort();
    }

    private StreamPair open(SocketAddress address) {
        return loop.runUntilComplete(Streams.open(loop, address));
    }

    private String line(StreamPair stream) {
        return loop.runUntilComplete(stream.reader().readLine(StandardCharsets.UTF_8));
    }

    private void talk(StreamPair stream) {
        stream.writer().write("hello\n");
        assertThat(line(stream)).isEqualTo("hello");
        stream.writer().writeEof();
        assertThat(loop.runUntilComplete(stream.reader().read())).isEmpty();
        stream.writer().close();
        loop.runUntilComplete(stream.writer().closed());
    }

    @Test
    @Contract(section = STREAMS, value = "Streams are opened and served over TCP, UNIX sockets and TLS")
    void streamsAreOpenedAndServedOnEveryTransport(@TempDir Path folder) throws Exception {
        SelfSigned certificate = SelfSigned.of("localhost");
        try (Server tcp = Streams.serve(loop, ANY, StreamsTest::echo);
                Server unix = Streams.serve(loop, folder.resolve("echo.sock"), StreamsTest::echo);
                Server tls = Streams.serve(loop, ANY, certificate.context(), StreamsTest::echo)) {
            talk(open(address(tcp)));
            talk(loop.runUntilComplete(Streams.open(loop, "localhost", port(tcp))));
            talk(loop.runUntilComplete(Streams.open(loop, folder.resolve("echo.sock"))));
            talk(loop.runUntilComplete(
                    Streams.open(loop, "localhost", port(tls), certificate.clientContext())));
            // what Net.connect returns is the connection below TLS; the stream is the one above
            StreamPair above = loop.runUntilComplete(Streams.open(loop, 1024, factory -> Net.connect(loop,
                    "localhost", port(tls), Tls.client(certificate.clientContext(), "localhost", factory))));
            assertThat(Tls.session(above.writer().transport())).isPresent();
            talk(above);
        }
    }

    @Test
    void groupServesStreams() throws Exception {
        try (LoopGroup group = LoopGroup.start(2);
                GroupServer server = Streams.serve(group, ANY, StreamsTest::echo)) {
            talk(open(server.addresses().get(0)));
        }
    }

    @Test
    void anyVerbMakesAStream() throws Exception {
        Pipe pipe = Pipe.open();
        StreamPair in = loop.runUntilComplete(
                Streams.open(loop, 100, factory -> Pipes.read(loop, pipe.source(), factory)));
        StreamPair out = loop.runUntilComplete(
                Streams.open(loop, 100, factory -> Pipes.write(loop, pipe.sink(), factory)));
        out.writer().writeAll(ByteBuffer.wrap(new byte[] {'a'}), ByteBuffer.wrap(new byte[] {'b', '\n'}));
        assertThat(line(in)).isEqualTo("ab");
        out.writer().close();
        assertThat(line(in)).isNull();
        in.writer().close();
        assertThatThrownBy(() -> loop.runUntilComplete(Streams.open(loop, 100, factory -> {
            throw new IOException("the verb's");
        }))).cause().hasMessage("the verb's");
    }

    @Test
    void refusedAndCancelledOpensLeaveNothing() throws Exception {
        SocketAddress nobody;
        try (Server server = Streams.serve(loop, ANY, StreamsTest::echo)) {
            nobody = address(server);
            for (int turns = 0; turns < 20; turns++) {
                CompletableFuture<StreamPair> opening = Streams.open(loop, nobody);
                for (int turn = 0; turn < turns; turn++) {
                    loop.stop();
                    loop.runForever();
                }
                if (!opening.cancel(false)) {
                    opening.join().writer().close();
                }
            }
        }
        loop.runUntilComplete(loop.runInExecutor(() -> null));
        assertThatThrownBy(() -> open(nobody)).cause().isInstanceOf(ConnectException.class);
    }

    @Test
    @Contract(section = STREAMS,
            value = "A handler that throws, or whose future fails, is reported and its connection closed")
    void handlersThatFailAreReported(ReportedFailures failures) throws Exception {
        List<StreamHandler> bad = List.of((reader, writer) -> {
            throw new IOException("at once");
        }, (reader, writer) -> CompletableFuture.failedFuture(new IOException("later")),
                (reader, writer) -> reader.readLine().thenAccept(line -> {
                    throw new IllegalStateException("in a stage");
                }));
        for (StreamHandler handler : bad) {
            try (Server server = Streams.serve(loop, ANY, handler)) {
                StreamPair stream = open(address(server));
                stream.writer().write("x\n");
                assertThat(loop.runUntilComplete(stream.reader().read())).isEmpty();
                assertThat(failures.takeOne().message()).isEqualTo("Unhandled exception in a stream handler");
                stream.writer().close();
            }
        }
        try (Server server = Streams.serve(loop, ANY,
                (reader, writer) -> CompletableFuture.failedFuture(new CancellationException()))) {
            StreamPair stream = open(address(server));
            assertThat(loop.runUntilComplete(stream.reader().read())).isEmpty();
            stream.writer().close();
        }
    }

    @Test
    @Contract(section = STREAMS,
            value = "Any number may wait for drain; all are released when the peer reads, or with an error")
    void drainReleasesAllWhoWait() throws Exception {
        List<StreamPair> accepted = new ArrayList<>();
        try (Server server = Streams.serve(loop, ANY, (reader, writer) -> {
            accepted.add(new StreamPair(reader, writer));
            return null;
        })) {
            StreamPair client = open(address(server));
            Await.until(() -> {
                loop.runUntilComplete(loop.runInExecutor(() -> null));
                return !accepted.isEmpty();
            });
            StreamPair peer = accepted.get(0);
            loop.runUntilComplete(client.writer().drain()); // nothing is in the way
            loop.callSoon(() -> peer.writer().transport().pauseReading());
            client.writer().write(new byte[32 * 1024 * 1024]);
            List<CompletableFuture<Void>> waiters = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                waiters.add(client.writer().drain());
            }
            waiters.get(2).cancel(false);
            loop.runUntilComplete(loop.runInExecutor(() -> null));
            assertThat(waiters.get(0)).isNotDone();
            loop.callSoon(() -> peer.writer().transport().resumeReading());
            CompletableFuture<byte[]> all = peer.reader().readExactly(32 * 1024 * 1024);
            assertThat(loop.runUntilComplete(all)).hasSize(32 * 1024 * 1024);
            waiters.remove(2);
            loop.runUntilComplete(Async.gather(loop, waiters));
            loop.callSoon(() -> peer.writer().transport().pauseReading());
            client.writer().write(new byte[32 * 1024 * 1024]);
            CompletableFuture<Void> lost = client.writer().drain();
            loop.callSoon(() -> client.writer().transport().abort());
            assertThatThrownBy(() -> loop.runUntilComplete(lost)).cause().isInstanceOf(IOException.class)
                    .hasMessageStartingWith("Connection lost");
            assertThatThrownBy(() -> loop.runUntilComplete(client.writer().drain())).cause()
                    .hasMessageStartingWith("Connection lost");
            peer.writer().close();
        }
    }

    @Test
    @Contract(section = STREAMS, value = "A program that writes and drains ends when its peer has gone")
    void writingAndDrainingEndsWithThePeer() throws Exception {
        try (Server server = Streams.serve(loop, ANY, (reader, writer) -> {
            writer.transport().abort();
            return null;
        })) {
            StreamPair client = open(address(server));
            assertThatThrownBy(() -> loop.runUntilComplete(writeForEver(client.writer())))
                    .cause().isInstanceOf(IOException.class);
        }
    }

    private CompletableFuture<Void> writeForEver(StreamWriter writer) {
        CompletableFuture<Void> turn = loop.createFuture();
        loop.callSoon(() -> {
            writer.write(new byte[1000]);
            turn.complete(null);
        });
        return turn.thenCompose(done -> writer.drain()).thenCompose(done -> writeForEver(writer));
    }

    @Test
    @Contract(section = STREAMS,
            value = "startTls secures a stream in use; what came before belongs to TLS, never to the reader")
    void startTlsSecuresAStreamInUse() throws Exception {
        SelfSigned certificate = SelfSigned.of("localhost");
        try (Server server = Streams.serve(loop, ANY, (reader, writer) -> reader.readLine()
                .thenCompose(line -> {
                    writer.write("go ahead\n");
                    return writer.startTls(certificate.context());
                }).thenCompose(secure -> echo(reader, writer)).handle((end, failure) -> {
                    writer.close();
                    return null;
                }))) {
            StreamPair client = open(address(server));
            client.writer().write("STARTTLS\n");
            assertThat(line(client)).isEqualTo("go ahead");
            CompletableFuture<Void> secure =
                    client.writer().startTls(certificate.clientContext(), "localhost");
            loop.runUntilComplete(secure);
            assertThat(Tls.session(client.writer().transport())).isPresent();
            talk(client);

            StreamPair attacker = open(address(server));
            attacker.writer().write("STARTTLS\ninjected in clear\n");
            assertThat(line(attacker)).isEqualTo("go ahead");
            String rest = loop.runUntilComplete(attacker.reader().read()
                    .handle((all, failure) -> failure == null ? FedReader.text(all) : "failed"));
            assertThat(rest).doesNotContain("injected");
            attacker.writer().close();
        }
    }

    @Test
    void writingWhileTlsIsBeingStartedIsRefused() throws Exception {
        SelfSigned certificate = SelfSigned.of("localhost");
        try (Server server = Streams.serve(loop, ANY, StreamsTest::echo)) {
            StreamPair client = open(address(server));
            CompletableFuture<Void> secure = loop.createFuture();
            loop.callSoon(() -> {
                CompletableFuture<Void> starting =
                        client.writer().startTls(certificate.clientContext(), "localhost");
                assertThatThrownBy(() -> client.writer().write("too early"))
                        .isInstanceOf(IllegalStateException.class).hasMessageContaining("startTls");
                assertThat(starting.cancel(false)).isTrue();
                secure.complete(null);
            });
            loop.runUntilComplete(secure);
            assertThatThrownBy(() -> loop.runUntilComplete(client.writer().drain())).cause()
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    @Contract(section = BETTER,
            value = "Reader and writer serve other threads, virtual ones too, with straight-line code")
    void straightLineCodeOnOtherThreads() throws Exception {
        ExecutorService threads = threads();
        try (LoopThread thread = LoopThread.start(loop)) {
            Server server = thread.call(() -> Streams.serve(loop, ANY,
                    (reader, writer) -> CompletableFuture.runAsync(() -> serve(reader, writer), threads)));
            List<CompletableFuture<Void>> clients = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                int client = i;
                clients.add(CompletableFuture.runAsync(() -> ask(address(server), client), threads));
            }
            clients.forEach(Await::result);
            thread.run(server::close);
        } finally {
            threads.shutdown();
        }
    }

    private static void serve(StreamReader reader, StreamWriter writer) {
        byte[] line = reader.readLine().join();
        while (line.length > 0) {
            writer.write(line);
            writer.drain().join();
            line = reader.readLine().join();
        }
        writer.close();
    }

    private void ask(SocketAddress address, int client) {
        StreamPair stream = Streams.open(loop, address).join();
        byte[] reused = new byte[4];
        for (int i = 0; i < 100; i++) {
            String text = String.format("%03d\n", (client + i) % 1000);
            System.arraycopy(text.getBytes(StandardCharsets.UTF_8), 0, reused, 0, 4);
            stream.writer().write(reused);
            reused[0] = 'x'; // it was copied
            assertThat(FedReader.text(stream.reader().readLine().join())).isEqualTo(text);
        }
        stream.writer().writeEof();
        assertThat(stream.reader().read().join()).isEmpty();
        stream.writer().close();
        stream.writer().closed().join();
    }

    /** Virtual threads where there are some. */
    private static ExecutorService threads() throws ReflectiveOperationException {
        if (Runtime.version().feature() < 21) {
            return Executors.newCachedThreadPool();
        }
        return (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    }

    @Test
    @Contract(section = BETTER,
            value = "When the loop is drained readers see the end, after what has come, and servers finish")
    void drainedReadersSeeTheEnd() throws Exception {
        Streams.serve(loop, ANY, (reader, writer) -> reader.forEachLine(line -> {
            writer.write(line);
            return Async.sleep(loop, Duration.ofMillis(20));
        }).thenRun(() -> writer.write("bye\n")).whenComplete((end, failure) -> writer.close()))
                .addresses().forEach(address -> {
                    StreamPair client = open(address);
                    client.writer().write("one\ntwo\n");
                    assertThat(line(client)).isEqualTo("one");
                    CompletableFuture<Boolean> drained = loop.drain(Duration.ofSeconds(30));
                    CompletableFuture<byte[]> rest = client.reader().read();
                    loop.runUntilComplete(rest); // the client is drained, too
                    client.writer().close();
                    assertThat(loop.runUntilComplete(drained)).isTrue();
                });
    }

    @Test
    void closingTheLoopEndsItsStreams() throws Exception {
        EventLoop other = EventLoop.create();
        other.setExceptionHandler((where, context) -> {});
        Pipe pipe = Pipe.open();
        StreamPair stream = other.runUntilComplete(
                Streams.open(other, 10, factory -> Pipes.read(other, pipe.source(), factory)));
        CompletableFuture<byte[]> read = stream.reader().read(1);
        other.runUntilComplete(other.runInExecutor(() -> null));
        CompletableFuture<Void> closed = stream.writer().closed();
        stream.writer().close();
        other.runUntilComplete(closed);
        assertThat(read.join()).isEmpty();
        other.close();
        pipe.sink().close();
        assertThatThrownBy(() -> stream.writer().drain().join()).cause()
                .isInstanceOf(IllegalStateException.class);
        stream.writer().close(); // is over anyway
    }
}
