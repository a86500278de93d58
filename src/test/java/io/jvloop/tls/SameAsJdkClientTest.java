package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Net;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Recorder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Our client beside the JDK's {@code SSLSocket}, with a server that cuts what it says into pieces and tampers
 * with it; as {@link SameAsJdkTest}. The client sends something, reads as much, and closes.
 */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class SameAsJdkClientTest {
    private static final SelfSigned CERTIFICATE = SelfSigned.of("localhost");
    private static final int BYTES = 1_000;
    private static final int MOST_RECORDS = 9;

    /** How a client got on: how many bytes came, and {@code clean} or {@code failed}. */
    private interface Client extends Function<InetSocketAddress, CompletableFuture<String>> {
    }

    private static Map<String, Tamper> tampers() {
        Map<String, Tamper> all = new LinkedHashMap<>();
        all.put("nothing", Tamper.NONE);
        all.put("HTTP", Tamper.instead("HTTP/1.1 400 Bad\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
        all.put("zeros", Tamper.instead(new byte[50]));
        for (int record = 0; record < MOST_RECORDS; record++) {
            all.put("cut after " + record, Tamper.cut(record, 1));
            all.put("cut inside " + record, Tamper.cut(record, 0.5));
            all.put("length of " + record, Tamper.flip(record, 3));
            all.put("last byte of " + record, Tamper.flip(record, -1));
            all.put("fatal alert before " + record,
                    Tamper.insert(record, new byte[] {21, 3, 3, 0, 2, 2, 40}));
            all.put("data before " + record, Tamper.insert(record, new byte[] {23, 3, 3, 0, 3, 1, 2, 3}));
            all.put("unknown before " + record, Tamper.insert(record, new byte[] {99, 3, 3, 0, 1, 1}));
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS, value = "A server cannot tell a client from the JDK's own by what it answers, "
            + "however its bytes come in pieces")
    void clientsAreTheSame(String version, EventLoop loop) throws IOException {
        TlsConfig config = TlsConfig.DEFAULT.withProtocols(version).withSessionResumption(false);
        List<String> differences = new ArrayList<>();
        try (LoopThread thread = LoopThread.start(loop)) {
            for (Map.Entry<String, Tamper> tamper : tampers().entrySet()) {
                for (Chunking chunking : chunkings(tamper.getValue())) {
                    String jdk = serve(chunking, tamper.getValue(), address -> jdk(address, config));
                    String our = serve(chunking, tamper.getValue(),
                            address -> ours(thread, loop, address, config));
                    if (!jdk.equals(our) && !differsOnPurpose(jdk, our)) {
                        differences.add(
                                tamper.getKey() + ", " + chunking + "\n  JDK: " + jdk + "\n  our: " + our);
                    }
                }
            }
        }
        assertThat(differences).isEmpty();
    }

    /** All for the sound server; the broken ones take turns, for the sake of time. */
    private static List<Chunking> chunkings(Tamper tamper) {
        if (tamper.equals(Tamper.NONE)) {
            return List.of(Chunking.values());
        }
        return List.of(tamper.last() % 2 == 0 ? Chunking.BYTES : Chunking.WHOLE);
    }

    /** Serves one client; what the server has seen, and the client. */
    private static String serve(Chunking chunking, Tamper tamper, Client client) throws IOException {
        try (ServerSocketChannel listener = ServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            CompletableFuture<String> end = client.apply((InetSocketAddress) listener.getLocalAddress());
            SSLEngine engine = CERTIFICATE.context().createSSLEngine();
            engine.setUseClientMode(false);
            try (EnginePeer server = new EnginePeer(listener.accept(), engine, chunking, tamper)) {
                if (server.handshake()) {
                    server.receive(BYTES);
                    server.send(server.plaintext());
                    server.receive(Integer.MAX_VALUE);
                    server.closeNotify();
                }
                server.toEnd();
                return Conversation.outcome(server) + " / " + Await.result(end);
            }
        }
    }

    private static CompletableFuture<String> jdk(InetSocketAddress address, TlsConfig config) {
        return Peer.background(() -> {
            int read = 0;
            try (SSLSocket socket = (SSLSocket) CERTIFICATE.clientContext().getSocketFactory()
                    .createSocket(address.getAddress(), address.getPort())) {
                socket.setSSLParameters(TlsSetup.client(CERTIFICATE.clientContext(), "localhost", config)
                        .newEngine(null, null).getSSLParameters());
                socket.getOutputStream().write(Bytes.noise(BYTES));
                int count;
                do {
                    count = socket.getInputStream().read(new byte[BYTES]);
                    read += Math.max(0, count);
                } while (count >= 0 && read < BYTES);
            } catch (IOException e) {
                return read + " failed";
            }
            return read + " clean";
        });
    }

    private static CompletableFuture<String> ours(LoopThread thread, EventLoop loop,
            InetSocketAddress address,
            TlsConfig config) {
        CompletableFuture<String> end = new CompletableFuture<>();
        Recorder recorder = new Recorder();
        recorder.onMade(transport -> transport.write(Bytes.noise(BYTES))).onData((transport, data) -> {
            if (recorder.byteCount() >= BYTES) {
                transport.close();
            }
        }).onLost(cause -> end.complete(recorder.byteCount() + (cause == null ? " clean" : " failed")));
        TlsFactory factory =
                Tls.client(CERTIFICATE.clientContext(), "localhost", () -> recorder, config);
        thread.run(() -> Tls.handshake(Net.connect(loop, address, factory)).exceptionally(failure -> {
            end.complete("0 failed");
            return null;
        }));
        return end;
    }

    private static boolean differsOnPurpose(String jdk, String our) {
        // The JDK's does not look at what comes after its own end.
        boolean after =
                our.equals(jdk.replace(", close_notify / 1000 clean", ", close_notify / 1000 failed"));
        // The alert to a peer that is gone, as in SameAsJdkTest, which is in clear.
        boolean unheard = our.equals(jdk.replaceAll(", (Insuff|Tag mis|Unexp).* / 0 failed", " / 0 failed"));
        // Both as in SameAsJdkTest.
        return after || unheard || our.equals(jdk.replace(", close_notify / 0 clean", " / 0 failed"))
                || our.equals(
                        jdk.replace(", Received fatal alert: handshake_failure / 0 failed", " / 0 failed"))
                || our.equals(jdk.replaceAll("unexpected_message|handshake_failure", "internal_error"));
    }
}
