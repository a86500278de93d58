package io.jvloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples as a person meets them: started as a process of their own. */
@Timeout(120)
class ExamplesTest {
    private static final int BAD_USAGE = 2;
    private static final int SIGTERM = 15;
    private static final int PATIENCE_MILLIS = 30_000;

    @Test
    void withoutArgumentsTheExamplesAreListed() throws Exception {
        ChildJvm.Result result = ChildJvm.run(command());

        assertThat(result.exitValue()).isZero();
        assertThat(result.out()).contains("usage: ").contains("echo ").contains("proxy ").contains("chat ");
        assertThat(result.err()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ecko", "echo", "echo tcp:notaport", "echo sctp:1", "echo tcp:1 tcp:2",
        "echo --loops 0 tcp:0", "echo --loops 2 udp:0", "echo unix:/no/such/folder/s", "proxy tcp:0",
        "chat udp:1", "echo tcp:no.such.host.invalid:1", "echo --loops 2 tcp:192.0.2.1:1",
        "http /no/such/folder tcp:0", "bench-http udp:1"})
    void badArgumentsGiveOneLineAndExitStatusTwo(String arguments) throws Exception {
        ChildJvm.Result result = ChildJvm.run(command(arguments.split(" ")));

        assertThat(result.exitValue()).isEqualTo(BAD_USAGE);
        assertThat(result.out()).isEmpty();
        assertThat(result.err().strip()).isNotEmpty().doesNotContain("\n", "Exception");
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp:0", "tcp:127.0.0.1:0", "tcp:localhost:0", "--loops 3 tcp:0"})
    void echoSaysWhereItListensAndEchoes(String arguments) throws Exception {
        try (Example echo = Example.start("echo " + arguments); Socket client = echo.connect()) {
            assertThat(exchange(client, "hello")).isEqualTo("hello");
        }
    }

    @Test
    void echoServesUnixSockets(@TempDir Path folder) throws Exception {
        Path path = folder.resolve("echo.sock");
        try (Example echo = Example.start("echo unix:" + path);
                SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            assertThat(echo.firstLine()).contains(path.toString());
            client.write(ByteBuffer.wrap("hello".getBytes()));
            client.shutdownOutput();
            assertThat(Channels.newInputStream(client).readAllBytes()).isEqualTo("hello".getBytes());
        }
    }

    @Test
    void echoAnswersDatagrams() throws Exception {
        try (Example echo = Example.start("echo udp:0"); DatagramSocket client = new DatagramSocket()) {
            client.setSoTimeout(PATIENCE_MILLIS);
            client.send(new DatagramPacket("hello".getBytes(), 5,
                    new InetSocketAddress("127.0.0.1", echo.port())));
            DatagramPacket answer = new DatagramPacket(new byte[100], 100);
            client.receive(answer);
            assertThat(new String(answer.getData(), 0, answer.getLength())).isEqualTo("hello");
        }
    }

    @Test
    void echoOnSeveralLoopsEndsInOrderWhenKilled() throws Exception {
        try (Example echo = Example.start("echo --loops 2 tcp:0"); Socket client = echo.connect()) {
            assertThat(exchange(client, "hello")).isEqualTo("hello");
            echo.process().destroy();
            assertThat(client.getInputStream().read()).isEqualTo(-1); // an orderly end, not a reset
            assertThat(echo.process().waitFor()).isEqualTo(128 + SIGTERM);
        }
    }

    @Test
    void httpServesAFolderUntilItIsToldToEnd() throws Exception {
        try (Example http = Example.start("http src/main tcp:0"); Socket client = http.connect()) {
            assertThat(http.firstLine()).endsWith("/src/main at http://127.0.0.1:" + http.port() + "/");
            client.getOutputStream().write("GET / HTTP/1.1\r\nHost: h\r\n\r\n".getBytes());
            assertThat(new BufferedReader(new InputStreamReader(client.getInputStream())).readLine())
                    .isEqualTo("HTTP/1.1 200 OK");
            http.process().destroy();
            assertThat(http.process().waitFor()).isEqualTo(128 + SIGTERM);
        }
    }

    @Test
    void benchHttpAnswersWithAsManyBytesAsAskedFor() throws Exception {
        try (Example bench = Example.start("bench-http tcp:0"); Socket client = bench.connect()) {
            client.getOutputStream()
                    .write("GET /0 HTTP/1.1\r\nHost: h\r\n\r\nGET /70000 HTTP/1.0\r\n\r\n".getBytes());
            String answers = new String(client.getInputStream().readAllBytes());
            assertThat(answers).contains("Content-Type: text/plain\r\nContent-Length: 0\r\n\r\n")
                    .endsWith("\r\n\r\n" + "x".repeat(70_000));
        }
    }

    @Test
    void theProxyPassesOnBothDirectionsAndTheirEnds() throws Exception {
        byte[] request = new byte[3_000_000];
        new Random(1).nextBytes(request);
        try (ServerSocket backend = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                Example proxy = Example.start("proxy tcp:0 tcp:" + backend.getLocalPort());
                Socket client = proxy.connect();
                Socket server = backend.accept()) {
            CompletableFuture<byte[]> received = background(() -> {
                byte[] all = server.getInputStream().readAllBytes();
                server.getOutputStream().write(all);
                server.getOutputStream().write('!'); // after the client's end
                server.shutdownOutput();
                return all;
            });
            CompletableFuture<byte[]> answer = background(() -> client.getInputStream().readAllBytes());
            client.getOutputStream().write(request);
            client.shutdownOutput();
            assertThat(received.get()).isEqualTo(request);
            assertThat(answer.get()).hasSize(request.length + 1).startsWith(request).endsWith('!');
        }
    }

    @Test
    void theProxyEndsAClientForWhomThereIsNoBackend(@TempDir Path folder) throws Exception {
        try (Example proxy = Example.start("proxy tcp:0 unix:" + folder.resolve("none.sock"));
                Socket client = proxy.connect()) {
            assertThat(client.getInputStream().read()).isEqualTo(-1);
            assertThat(proxy.nextLine()).contains("none.sock");
        }
    }

    @Test
    void theChatTellsEverybodyElse() throws Exception {
        try (Example chat = Example.start("chat tcp:0"); Socket ann = chat.connect()) {
            BufferedReader toAnn = reader(ann);
            say(ann, "ann\n");
            assertThat(toAnn.readLine()).isEqualTo("your name?");
            assertThat(toAnn.readLine()).isEqualTo("welcome, ann; 1 in the room");
            try (Socket bob = chat.connect()) {
                BufferedReader toBob = reader(bob);
                say(bob, "bob\nhel");
                assertThat(toAnn.readLine()).isEqualTo("bob has come");
                assertThat(toBob.readLine()).isEqualTo("your name?");
                assertThat(toBob.readLine()).isEqualTo("welcome, bob; 2 in the room");
                say(ann, "hi\n");
                assertThat(toBob.readLine()).isEqualTo("ann: hi");
                say(bob, "lo\n");
                assertThat(toAnn.readLine()).isEqualTo("bob: hello");
                say(bob, "x".repeat(5_000));
                assertThat(toBob.readLine()).contains("too long");
                assertThat(toBob.readLine()).isNull();
            }
            assertThat(toAnn.readLine()).isEqualTo("bob has left");
        }
    }

    @Test
    void theEchoExampleIsShort() throws Exception {
        assertThat(Files.readAllLines(Path.of("src/main/java/io/jvloop/examples/Echo.java")))
                .hasSizeLessThan(40);
    }

    private static BufferedReader reader(Socket socket) throws IOException {
        return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    }

    private static void say(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String exchange(Socket socket, String text) throws IOException {
        say(socket, text);
        return new String(socket.getInputStream().readNBytes(text.length()), StandardCharsets.UTF_8);
    }

    private static CompletableFuture<byte[]> background(Callable<byte[]> task) {
        CompletableFuture<byte[]> result = new CompletableFuture<>();
        new Thread(() -> {
            try {
                result.complete(task.call());
            } catch (Exception e) {
                result.completeExceptionally(e);
            }
        }, "peer").start();
        return result.orTimeout(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    }

    static List<String> command(String... arguments) {
        List<String> command = new ArrayList<>(
                List.of("-cp", System.getProperty("java.class.path"), "io.jvloop.examples.Main"));
        command.addAll(List.of(arguments));
        return command;
    }
}
