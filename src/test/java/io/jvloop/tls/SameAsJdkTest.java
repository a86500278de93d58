package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.tls.TlsConfig.ClientAuthentication;
import io.jvloop.transport.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Our server beside the JDK's {@code SSLServerSocket}: the same conversations, in single bytes, random pieces
 * and one piece; the client must see the same bytes, the same alert and the same kind of end from both. Where
 * we differ on purpose, {@link #differsOnPurpose} says why.
 */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class SameAsJdkTest {
    private static final SelfSigned CERTIFICATE = SelfSigned.of("localhost");
    private static final SSLContext TRUSTING = CERTIFICATE.clientContext();
    private static final int[] SIZES = {0, 1, 16_384, 16_385, 50_000};
    private static final int NO_RESUMPTION = -1;
    private static final int MOST_RECORDS = 7;

    private static final String ALERT = ", Received fatal alert: ";
    private static final String FAILED = " / failed";

    /** A client that shakes hands, sends, waits for the echo, and says goodbye. */
    private static Consumer<EnginePeer> echo(int size) {
        return client -> {
            if (client.handshake()) {
                client.send(Bytes.noise(size));
                client.receive(size);
                client.closeNotify();
            }
        };
    }

    private static Supplier<SSLEngine> client(SSLContext context, String version) {
        return client(context, NO_RESUMPTION, parameters -> parameters.setProtocols(new String[] {version}));
    }

    private static Supplier<SSLEngine> client(SSLContext context, int port, Consumer<SSLParameters> change) {
        return () -> {
            SSLEngine engine = context.createSSLEngine("localhost", port);
            engine.setUseClientMode(true);
            SSLParameters parameters = engine.getSSLParameters();
            change.accept(parameters);
            engine.setSSLParameters(parameters);
            return engine;
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS, value = "A client cannot tell a server from the JDK's own by what it answers, "
            + "however its bytes come in pieces")
    void soundConversationsAreTheSame(String version, EventLoop loop) throws IOException {
        Supplier<SSLEngine> engine = client(TRUSTING, version);
        List<Conversation> all = new ArrayList<>();
        for (int size : SIZES) {
            all.add(new Conversation("echo of " + size, engine, echo(size)));
            all.add(new Conversation("close_notify at once after " + size, engine, client -> {
                client.handshake();
                client.send(Bytes.noise(size));
                client.closeNotify();
            }));
        }
        all.add(new Conversation("the server ends", engine, client -> {
            client.handshake();
            client.send(new byte[] {1, EchoServers.BYE});
            client.receive(Integer.MAX_VALUE);
            client.closeNotify();
        }));
        all.add(new Conversation("empty records between", engine, client -> {
            client.handshake();
            for (int i = 0; i < 10; i++) {
                client.send(new byte[0]);
                client.send(new byte[] {1});
            }
            client.receive(10);
            client.closeNotify();
        }));
        all.add(new Conversation("hello in small records", engine, Tamper.spread(40), echo(5)));
        if (version.equals("TLSv1.3")) {
            all.add(new Conversation("new keys", engine, SameAsJdkTest::renewKeys));
        }
        assertSame(loop, TlsConfig.DEFAULT, all);
    }

    private static void renewKeys(EnginePeer client) {
        client.handshake();
        for (int i = 1; i <= 3; i++) {
            client.handshake(); // in TLS 1.3 this means new keys
            client.send(Bytes.noise(1_000));
            client.receive(i * 1_000);
        }
        client.closeNotify();
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void resumedSessionsAreTheSame(String version, EventLoop loop) throws IOException {
        SSLContext fresh = SelfSigned.of("localhost").context();
        Supplier<SSLEngine> engine =
                client(fresh, 1, parameters -> parameters.setProtocols(new String[] {version}));
        List<Conversation> all = new ArrayList<>();
        for (int size : new int[] {1, 20_000}) {
            all.add(new Conversation("resumed, echo of " + size, engine, echo(size)));
        }
        try (LoopThread thread = LoopThread.start(loop);
                EchoServers servers = new EchoServers(loop, thread, fresh, TlsConfig.DEFAULT)) {
            all.get(0).hold(servers.jdkAddress(), Chunking.WHOLE);
            servers.jdkEnd();
            assertThat(all.get(0).hold(servers.ourAddress(), Chunking.WHOLE)).contains(" resumed");
            servers.ourEnd();
            assertThat(differences(servers, all)).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void clientCertificatesAreJudgedTheSame(String version, EventLoop loop) throws IOException {
        SSLContext stranger = SelfSigned.of("localhost").context();
        List<Conversation> all = List.of(
                new Conversation("with a certificate", client(CERTIFICATE.context(), version), echo(5)),
                new Conversation("without", client(TRUSTING, version), echo(5)),
                new Conversation("does not trust the server", client(stranger, version), echo(5)));
        for (ClientAuthentication wanted : ClientAuthentication.values()) {
            assertSame(loop, TlsConfig.DEFAULT.withClientAuthentication(wanted), all);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
                "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"})
    void cipherSuitesAreTheSame(String suite, EventLoop loop) throws IOException {
        Supplier<SSLEngine> engine = client(TRUSTING, NO_RESUMPTION,
                parameters -> parameters.setCipherSuites(new String[] {suite}));
        assertSame(loop, TlsConfig.DEFAULT, List.of(new Conversation(suite, engine, echo(20_000))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void versionsAndApplicationProtocolsAreTheSame(String version, EventLoop loop) throws IOException {
        TlsConfig config =
                TlsConfig.DEFAULT.withProtocols("TLSv1.3").withApplicationProtocols("h2", "http/1.1")
                        .withContexts(name -> null);
        List<Conversation> all = new ArrayList<>();
        for (String protocol : List.of("h2", "http/1.1", "gopher", "")) {
            all.add(new Conversation("speaks " + protocol, client(TRUSTING, NO_RESUMPTION, parameters -> {
                parameters.setProtocols(new String[] {version});
                if (!protocol.isEmpty()) {
                    parameters.setApplicationProtocols(new String[] {protocol});
                }
            }), echo(5)));
        }
        assertSame(loop, config, all);
        assertSame(loop, config.withProtocols(), all);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void conversationsCutShortEndTheSame(String version, EventLoop loop) throws IOException {
        Supplier<SSLEngine> engine = client(TRUSTING, version);
        List<Conversation> all = new ArrayList<>();
        for (int record = 0; record < MOST_RECORDS; record++) {
            for (double part : new double[] {0, 0.5, 1}) {
                all.add(new Conversation("record " + record + " cut at " + part, engine,
                        Tamper.cut(record, part), echo(20_000)));
            }
        }
        assertSame(loop, TlsConfig.DEFAULT, all);
        assertSame(loop, TlsConfig.DEFAULT.withContexts(name -> null).withInlineTasks(), all, Chunking.BYTES);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void corruptedRecordsAreAnsweredTheSame(String version, EventLoop loop) throws IOException {
        Supplier<SSLEngine> engine = client(TRUSTING, version);
        List<Conversation> all = new ArrayList<>();
        for (int record = 0; record < MOST_RECORDS; record++) {
            for (int at : new int[] {0, 1, 3, 5, -1}) {
                all.add(new Conversation("bit in record " + record + " at " + at, engine,
                        Tamper.flip(record, at), echo(5)));
            }
        }
        assertSame(loop, TlsConfig.DEFAULT, all, Chunking.BYTES, Chunking.WHOLE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void recordsThatDoNotBelongAreAnsweredTheSame(String version, EventLoop loop) throws IOException {
        Supplier<SSLEngine> engine = client(TRUSTING, version);
        List<Conversation> all = new ArrayList<>();
        for (int at = 0; at < MOST_RECORDS; at++) {
            String where = " before record " + at;
            all.add(new Conversation("warning" + where, engine,
                    Tamper.insert(at, new byte[] {21, 3, 3, 0, 2, 1, 90}), echo(5)));
            all.add(new Conversation("fatal alert" + where, engine,
                    Tamper.insert(at, new byte[] {21, 3, 3, 0, 2, 2, 40}), echo(5)));
            all.add(new Conversation("close_notify" + where, engine,
                    Tamper.insert(at, new byte[] {21, 3, 3, 0, 2, 1, 0}), echo(5)));
            all.add(new Conversation("change of cipher" + where, engine,
                    Tamper.insert(at, new byte[] {20, 3, 3, 0, 1, 1}), echo(5)));
            all.add(new Conversation("data" + where, engine,
                    Tamper.insert(at, new byte[] {23, 3, 3, 0, 3, 1, 2, 3}), echo(5)));
            all.add(new Conversation("empty handshake" + where, engine,
                    Tamper.insert(at, new byte[] {22, 3, 3, 0, 0}), echo(5)));
            all.add(new Conversation("unknown type" + where, engine,
                    Tamper.insert(at, new byte[] {99, 3, 3, 0, 1, 1}), echo(5)));
            all.add(new Conversation("twice record " + at, engine, Tamper.twice(at), echo(5)));
        }
        assertSame(loop, TlsConfig.DEFAULT, all, Chunking.RANDOM, Chunking.WHOLE);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsNotTlsIsAnsweredTheSame(boolean choosesByName, EventLoop loop) throws IOException {
        Supplier<SSLEngine> engine = client(TRUSTING, "TLSv1.3");
        List<Conversation> all = new ArrayList<>();
        for (byte[] bytes : List.of(new byte[0], new byte[] {22}, new byte[] {22, 3, 1, 1},
                "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII),
                "SSH-2.0-OpenSSH_9.6\r\n".getBytes(StandardCharsets.US_ASCII), new byte[100],
                new byte[] {(byte) 0x80, 0x2E, 1, 3, 3, 0, 0x15, 0, 0, 0, 0x10, 0, 0, 5}, // SSLv2
                new byte[] {22, 3, 1, -1, -1, 1, 2, 3}, new byte[] {23, 3, 3, 0, 1, 7},
                new byte[] {22, 2, 0, 0, 1, 1}, new byte[] {22, 3, 3, 0, 4, 1, -1, -1, -1, 0},
                new byte[] {22, 3, 3, 0, 4, 1, 0, 0, 0}, new byte[] {22, 3, 3, 0, 5, 20, 0, 0, 1, 0})) {
            all.add(new Conversation("sends " + HexFormat.of().formatHex(bytes), engine,
                    Tamper.instead(bytes), echo(5)));
        }
        UnaryOperator<TlsConfig> change =
                choosesByName ? config -> config.withContexts(name -> null) : UnaryOperator.identity();
        assertSame(loop, change.apply(TlsConfig.DEFAULT), all);
    }

    // ------------------------------------------------------------------------------------ comparing

    private static void assertSame(EventLoop loop, TlsConfig config, List<Conversation> all,
            Chunking... chunkings) throws IOException {
        try (LoopThread thread = LoopThread.start(loop);
                EchoServers servers = new EchoServers(loop, thread, CERTIFICATE.context(), config)) {
            assertThat(differences(servers, all, chunkings)).isEmpty();
        }
    }

    /** Every way to cut, unless some are named. */
    private static List<String> differences(EchoServers servers, List<Conversation> all,
            Chunking... chunkings) throws IOException {
        List<String> differences = new ArrayList<>();
        for (Conversation conversation : all) {
            for (Chunking chunking : chunkings.length > 0 ? chunkings : Chunking.values()) {
                String jdk = conversation.hold(servers.jdkAddress(), chunking) + " / " + servers.jdkEnd();
                String our = conversation.hold(servers.ourAddress(), chunking) + " / " + servers.ourEnd();
                if (!jdk.equals(our) && !differsOnPurpose(jdk, our)) {
                    differences.add(conversation + ", " + chunking + "\n  JDK: " + jdk + "\n  our: " + our);
                }
            }
        }
        return differences;
    }

    private static boolean differsOnPurpose(String jdk, String our) {
        // An end without close_notify the JDK takes for one with, unless com.sun.net.ssl.requireCloseNotify;
        // during the handshake it sends an alert to a peer that is gone.
        boolean truncated = our.equals(jdk.replace(", close_notify / clean", FAILED))
                || our.equals(jdk.replace(ALERT + "handshake_failure" + FAILED, FAILED));
        // A HelloRequest makes the JDK's server trip over itself; of that its engine makes no alert.
        boolean tripped = our.equals(jdk.replace(ALERT + "internal_error", ", close_notify"));
        // The JDK's socket has more names for what is wrong with a first record than its engine has.
        boolean engine = our.startsWith("0 bytes 1 by SSL_NULL_WITH_NULL_NULL")
                && our.equals(jdk.replaceAll("unexpected_message|handshake_failure", "internal_error"));
        // TLS 1.2: a record of a second handshake is refused for its type, without a look inside.
        boolean refused = our.equals(jdk.replace(ALERT + "bad_record_mac", ", close_notify"));
        // What has come together with a broken record is delivered, but no answer can be encrypted.
        boolean unanswered = our.equals(jdk.replaceFirst("^5 bytes \\w+", "0 bytes 1"))
                && our.endsWith(ALERT + "bad_record_mac" + FAILED);
        return truncated || tripped || engine || refused || unanswered;
    }
}
