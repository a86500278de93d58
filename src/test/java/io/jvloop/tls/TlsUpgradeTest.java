package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Connection;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS that begins in the middle of a connection. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class TlsUpgradeTest {
    private static final int CLEAR = 100 * 1024;

    private static TlsFactory tls(boolean server, Protocol protocol, TlsConfig config) {
        return server ? Tls.server(TlsLink.SELF.context(), () -> protocol, config)
                : Tls.client(TlsLink.SELF.context(), "localhost", () -> protocol, config);
    }

    private static TlsFactory tls(boolean server, Protocol protocol) {
        return tls(server, protocol, TlsConfig.DEFAULT);
    }

    private static CompletableFuture<Transport> upgrade(Connection connection, TlsFactory factory) {
        return connection.ask(transport -> Tls.upgrade(transport, factory));
    }

    private static CompletableFuture<Peer> shake(Connection connection, boolean asClient,
            String... versions) {
        return Peer.background(
                () -> new Peer(TlsLink.layer(connection.peer().socket(), asClient, versions)));
    }

    @ParameterizedTest
    @CsvSource({"true,TLSv1.3", "true,TLSv1.2", "false,TLSv1.3", "false,TLSv1.2"})
    @Contract(section = TLS,
            value = "upgrade begins TLS on a connection in use, as server or client, after what was "
                    + "written before; connectionMade is not repeated, connectionLost comes once")
    void upgradesAConnectionInUse(boolean server, String version, EventLoop loop) {
        byte[] hello = Bytes.noise(CLEAR);
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.narrow(loop, recorder)) {
            connection.peer().send(hello);
            recorder.awaitBytes(CLEAR);
            CompletableFuture<Transport> upgrading = connection.ask(transport -> {
                transport.write(hello);
                return Tls.upgrade(transport, tls(server, recorder));
            });
            assertThat(connection.peer().read(CLEAR)).isEqualTo(hello);
            Peer peer = Await.result(shake(connection, server, version));
            Transport secure = Await.result(upgrading);
            assertThat(secure).isNotSameAs(connection.transport());
            assertThat(secure.protocol()).isSameAs(recorder);
            peer.send(hello);
            recorder.awaitBytes(2 * CLEAR);
            connection.thread().run(() -> secure.write(hello));
            assertThat(peer.read(CLEAR)).isEqualTo(hello);
            peer.end();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).filteredOn("made"::equals).hasSize(1);
            assertThat(recorder.calls()).endsWith("eof", "lost");
        }
    }

    @Test
    void upgradesABufferedProtocol(EventLoop loop) {
        byte[] data = Bytes.noise(CLEAR);
        SmallBuffer small = new SmallBuffer(1000);
        try (Connection connection = Connection.open(loop, small)) {
            connection.peer().send(data);
            small.recorder().awaitBytes(CLEAR);
            CompletableFuture<Transport> upgrading = upgrade(connection, tls(true, small));
            Peer peer = Await.result(shake(connection, true));
            Await.result(upgrading);
            peer.send(data).end();
            assertThat(small.recorder().awaitLost()).isNull();
            assertThat(small.recorder().byteCount()).isEqualTo(2 * CLEAR);
            assertThat(small.recorder().calls()).containsExactly("made", "data", "eof", "lost");
        }
    }

    @Test
    @Contract(section = TLS, value = "Bytes that were received together with the request to begin TLS can be "
            + "given to upgrade")
    void earlyBytesBelongToTls(EventLoop loop) {
        Recorder secure = new Recorder();
        CompletableFuture<Transport> upgraded = new CompletableFuture<>();
        Recorder clear = new Recorder().onData((transport, data) -> {
            assertThat(data.get()).isEqualTo((byte) '!');
            Tls.upgrade(transport, tls(true, secure), data)
                    .whenComplete((result, failure) -> upgraded.complete(result));
        });
        try (Connection connection = Connection.open(loop, clear)) {
            CompletableFuture<Peer> shaking = Peer.background(() -> {
                connection.peer().send("!"); // the loop is kept from reading it alone
                return new Peer(TlsLink.layer(connection.peer().socket(), true));
            });
            connection.run(transport -> Await.until(() -> available(connection) >= 0));
            Peer peer = Await.result(shaking);
            Await.result(upgraded);
            peer.send("secret").end();
            assertThat(secure.awaitLost()).isNull();
            assertThat(secure.text()).isEqualTo("secret");
            assertThat(secure.calls()).containsExactly("data", "eof", "lost");
            assertThat(clear.calls()).containsExactly("made", "data");
        }
    }

    private static int available(Connection connection) {
        try {
            return connection.peer().socket().getInputStream().available();
        } catch (IOException e) {
            return -1;
        }
    }

    @Test
    void readingThatWasPausedBeforeGoesOn(EventLoop loop) {
        Recorder recorder = new Recorder().onData((transport, data) -> transport.pauseReading());
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.peer().send("STARTTLS");
            recorder.awaitBytes(8);
            CompletableFuture<Peer> shaking = shake(connection, true);
            CompletableFuture<Transport> upgrading = upgrade(connection, tls(true, recorder));
            Peer peer = Await.result(shaking);
            Await.result(upgrading);
            peer.send("secret");
            recorder.awaitBytes(14);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Contract(section = TLS, value = "A protocol that was told to pause writing before an upgrade is told to "
            + "resume after it")
    void writingThatWasPausedBeforeIsResumed(boolean drainsBefore, EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.narrow(loop, recorder)) {
            long[] written = new long[1];
            connection.run(transport -> {
                written[0] = Connection.fill(transport) + 2_000_000;
                transport.write(new byte[2_000_000]);
            });
            assertThat(recorder.calls()).containsExactly("made", "pause");
            if (drainsBefore) { // to somewhere between the marks
                long high = connection.transport().writeBufferLimits().highBytes();
                while (connection.ask(Transport::writeBufferSize) > high) {
                    connection.peer().read(8192);
                    written[0] -= 8192;
                }
            }
            CompletableFuture<Transport> upgrading = upgrade(connection, tls(false, recorder));
            connection.peer().read((int) written[0]);
            Peer peer = Await.result(shake(connection, false));
            Await.result(upgrading);
            recorder.awaitCall("resume");
            peer.end();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "pause", "resume", "eof", "lost");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Contract(section = TLS, value = "An upgrade that fails closes the connection, and the protocol, which "
            + "knows the connection, is told once")
    void failedUpgradeIsToldOnce(boolean listenerThrows, EventLoop loop, ReportedFailures failures) {
        TlsConfig config = TlsConfig.DEFAULT.withHandshakeFailed((transport, failure) -> {
            if (listenerThrows) {
                throw new IllegalStateException("by the listener");
            }
        });
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            CompletableFuture<Transport> upgrading = upgrade(connection, tls(true, recorder, config));
            connection.peer().send("this is not TLS, is it?");
            assertThat(TlsLink.failure(upgrading)).isInstanceOf(SSLException.class);
            assertThat(recorder.awaitLost()).isInstanceOf(SSLException.class);
            connection.peer().drain();
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
        assertThat(failures.takeAll()).hasSize(listenerThrows ? 1 : 0);
    }

    @Test
    void peersEndDuringAnUpgradeIsToldToo(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            CompletableFuture<Transport> upgrading = upgrade(connection, tls(true, recorder));
            connection.peer().end();
            assertThat(TlsLink.failure(upgrading)).isInstanceOf(SSLHandshakeException.class);
            assertThat(recorder.awaitLost()).isInstanceOf(SSLHandshakeException.class);
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Contract(section = TLS, value = "An upgrade may be cancelled or timed out, which closes the connection")
    void givenUpUpgradeClosesTheConnection(boolean cancel, EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            CompletableFuture<Transport> upgrading = upgrade(connection, tls(false, recorder));
            assertThat(connection.peer().read(1)[0]).isEqualTo((byte) 22);
            if (cancel) {
                upgrading.cancel(false);
                assertThat(TlsLink.failure(upgrading)).isInstanceOf(CancellationException.class);
            } else {
                upgrading.orTimeout(50, TimeUnit.MILLISECONDS);
                assertThat(TlsLink.failure(upgrading)).isInstanceOf(TimeoutException.class);
            }
            assertThat(recorder.awaitLost()).isNull();
            connection.peer().drain();
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @Test
    void silentPeerIsGivenUp(EventLoop loop) {
        TlsConfig config = TlsConfig.DEFAULT.withHandshakeTimeout(Duration.ofMillis(100));
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            CompletableFuture<Transport> upgrading = upgrade(connection, tls(false, recorder, config));
            assertThat(TlsLink.failure(upgrading)).hasMessageContaining("is taking longer than");
            assertThat(recorder.awaitLost()).hasMessageContaining("is taking longer than");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS, value = "Plaintext or garbage in the middle of TLS ends the connection: "
            + "connectionLost gets an SSLException after what was sound")
    void plaintextInTheMiddleOfTlsIsAFailure(String version, EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            CompletableFuture<Transport> upgrading = upgrade(connection, tls(true, recorder));
            Peer peer = Await.result(shake(connection, true, version));
            Await.result(upgrading);
            peer.send("sound");
            connection.peer().send("please give me the certificate");
            assertThat(recorder.awaitLost()).isInstanceOf(SSLException.class);
            assertThat(recorder.text()).isEqualTo("sound");
            assertThat(recorder.calls()).containsExactly("made", "data", "lost");
            connection.peer().drain();
        }
    }

    @Test
    @Contract(section = TLS,
            value = "A connection that is closing, a pipe, and another thread cannot upgrade")
    void whatCannotBeUpgradedIsRefused(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            Transport transport = connection.transport();
            assertThatIllegalStateException().isThrownBy(() -> Tls.upgrade(transport, tls(true, recorder)))
                    .withMessageContaining("upgrade");
            Transport pipe = (Transport) Proxy.newProxyInstance(getClass().getClassLoader(),
                    new Class<?>[] {Transport.class}, (self, method, arguments) -> switch (method.getName()) {
                        case "loop" -> loop;
                        case "toString" -> "a pipe";
                        default -> null;
                    });
            connection.run(ignored -> assertThatIllegalArgumentException()
                    .isThrownBy(() -> Tls.upgrade(pipe, tls(true, recorder))).withMessageContaining("pipe"));
            CompletableFuture<Transport> late = connection.ask(closing -> {
                closing.close();
                return Tls.upgrade(closing, tls(true, recorder));
            });
            assertThat(TlsLink.failure(late)).isInstanceOf(IOException.class)
                    .hasMessageContaining("too late");
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @Test
    void upgradeOfTheSameTransportIsRefusedTheSecondTime(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.run(given -> {
                Tls.upgrade(given, tls(true, recorder));
                assertThatIllegalStateException().isThrownBy(() -> Tls.upgrade(given, tls(true, recorder)))
                        .withMessageContaining("has begun already");
            });
        }
    }

    @Test
    void factoryThatThrowsLeavesTheConnectionAsItWas(EventLoop loop) {
        Recorder recorder = Recorder.echo();
        TlsFactory broken = Tls.server(TlsLink.SELF.context(), () -> {
            throw new IllegalStateException("by the factory");
        });
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.run(transport -> assertThatIllegalStateException()
                    .isThrownBy(() -> Tls.upgrade(transport, broken)).withMessage("by the factory"));
            connection.peer().send("clear");
            assertThat(connection.peer().readText(5)).isEqualTo("clear");
        }
    }

    @Test
    void whatIsWrittenToTheNewTransportInTheFutureGoesOut(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.open(loop, recorder)) {
            CompletableFuture<Transport> upgrading = connection
                    .ask(transport -> Tls.upgrade(transport, tls(false, recorder), ByteBuffer.allocate(0))
                            .whenComplete((secure, failure) -> secure.write(Bytes.noise(700_000))));
            Peer peer = Await.result(shake(connection, false));
            assertThat(peer.read(700_000)).isEqualTo(Bytes.noise(700_000));
            Await.result(upgrading);
        }
    }
}
