package io.jvloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.ChildJvm;
import io.jvloop.tls.SelfSigned;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples that speak TLS, started as processes of their own. */
@Timeout(120)
class TlsExamplesTest {
    private static final int PATIENCE_MILLIS = 30_000;
    private static final SelfSigned CERTIFICATE = SelfSigned.of("localhost");

    @TempDir
    private static Path folder;
    private static String pem;

    @BeforeAll
    static void writePemFiles() throws IOException {
        Path chain = Files.writeString(folder.resolve("chain.pem"), CERTIFICATE.certificatePem());
        Path key = Files.writeString(folder.resolve("key.pem"), CERTIFICATE.keyPem());
        pem = "--tls " + chain + " " + key;
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--loops 2 "})
    void theEchoServesPeopleWhoTrustItsCertificate(String loops) throws Exception {
        try (Example echo = Example.start("echo " + loops + pem + " tcp:0");
                SSLSocket client = connect(echo)) {
            client.getOutputStream().write("hello".getBytes());
            assertThat(client.getInputStream().readNBytes(5)).isEqualTo("hello".getBytes());
            client.shutdownOutput();
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void withoutFilesTheEchoMakesACertificateAndSaysSo() throws Exception {
        try (Example echo = Example.start("echo --tls tcp:0")) {
            assertThat(echo.firstLine()).contains("nobody trusts").contains("localhost");
            assertThat(echo.nextLine()).startsWith("listening on ");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void theProxyTakesTlsOffAndPutsItOnAgain(String version) throws Exception {
        byte[] request = new byte[1_000_000];
        new Random(7).nextBytes(request);
        try (ServerSocket backend = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                Example proxy = Example.start("proxy " + pem + " tcp:0 tcp:" + backend.getLocalPort());
                SSLSocket client = connect(proxy)) {
            client.setEnabledProtocols(new String[] {version});
            CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> write(client, request));
            try (Socket server = backend.accept()) {
                server.setSoTimeout(PATIENCE_MILLIS);
                byte[] received = server.getInputStream().readNBytes(request.length);
                assertThat(received).isEqualTo(request);
                sent.join();
                CompletableFuture<byte[]> answer =
                        CompletableFuture.supplyAsync(() -> readAll(client));
                server.getOutputStream().write(received);
                server.shutdownOutput();
                assertThat(answer.get()).isEqualTo(request);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"echo --tls", "echo --tls udp:0", "echo --tls one two", "echo --tls a b tcp:0",
        "proxy --tls tcp:0", "proxy --tls a b tcp:0 tcp:1"})
    void badArgumentsGiveOneLineAndExitStatusTwo(String arguments) throws Exception {
        ChildJvm.Result result = ChildJvm.run(ExamplesTest.command(arguments.split(" ")));

        assertThat(result.exitValue()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err().strip().lines().filter(line -> !line.contains("nobody trusts"))).hasSize(1);
        assertThat(result.err()).doesNotContain("Exception");
    }

    private static SSLSocket connect(Example example) throws IOException {
        SSLSocket socket = (SSLSocket) CERTIFICATE.clientContext().getSocketFactory()
                .createSocket("localhost", example.port());
        socket.setSoTimeout(PATIENCE_MILLIS);
        return socket;
    }

    private static void write(SSLSocket socket, byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] readAll(SSLSocket socket) {
        try {
            return socket.getInputStream().readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
