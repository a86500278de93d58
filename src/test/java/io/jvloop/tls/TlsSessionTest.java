package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Connection;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Transport;
import java.net.StandardSocketOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an application can ask about its TLS. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class TlsSessionTest {
    private static TlsSession session(Transport transport) {
        return Tls.session(transport).orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS, value = "Tls.session says version, cipher, certificates, server name and "
            + "application protocol, also inside connectionMade and after the end of the connection")
    void sessionSaysWhatWasAgreedOn(String version, EventLoop loop) {
        TlsSession[] early = new TlsSession[1];
        Recorder client = new Recorder().onMade(transport -> early[0] = session(transport));
        Recorder server = new Recorder();
        TlsSession ofClient;
        TlsSession ofServer;
        try (TlsPair pair = TlsPair.open(loop, client, server, config -> config.withProtocols(version)
                .withApplicationProtocols("h2", "http/1.1")
                .withClientAuthentication(TlsConfig.ClientAuthentication.REQUIRED))) {
            ofClient = session(pair.client());
            ofServer = session(server.transport());
            assertThat(early[0]).isSameAs(ofClient);
            pair.thread().run(pair.client()::close);
            client.awaitLost();
            server.awaitLost();
            assertThat(session(pair.client())).isSameAs(ofClient);
            assertThat(pair.client().remoteAddress()).isNotNull();
            assertThat(pair.client().localAddress()).isEqualTo(server.transport().remoteAddress());
        }
        for (TlsSession session : new TlsSession[] {ofClient, ofServer}) {
            assertThat(session.protocol()).isEqualTo(version);
            assertThat(session.cipherSuite()).isEqualTo(ofClient.cipherSuite()).startsWith("TLS_");
            assertThat(session.peerCertificates()).containsExactly(TlsLink.SELF.certificate());
            assertThat(session.localCertificates()).containsExactly(TlsLink.SELF.certificate());
            assertThat(session.applicationProtocol()).isEqualTo("h2");
            assertThat(session.serverName()).isEqualTo("localhost");
            assertThat(session.session()).isNotNull();
        }
    }

    @Test
    void whatIsNotThereIsEmpty(EventLoop loop) {
        Recorder server = new Recorder();
        try (TlsPair pair = TlsPair.open(loop, new Recorder(), server)) {
            TlsSession session = session(server.transport());
            assertThat(session.peerCertificates()).isEmpty();
            assertThat(session.applicationProtocol()).isEmpty();
            assertThat(session(pair.client()).localCertificates()).isEmpty();
        }
    }

    @Test
    @Contract(section = TLS, value = "The transport below knows the session too, a transport without TLS has "
            + "none")
    void transportBelowKnowsTheSession(EventLoop loop) {
        try (TlsLink link = TlsLink.plan(loop).open(new Recorder())) {
            assertThat(link.<TlsSession>ask(transport -> session(link.below())))
                    .isSameAs(session(link.transport()));
        }
    }

    @Test
    void plainTransportHasNoSession(EventLoop loop) {
        try (Connection connection = Connection.open(loop, new Recorder())) {
            assertThat(Tls.session(connection.transport())).isEmpty();
        }
    }

    @Test
    @Contract(section = TLS, value = "Addresses and socket options are those of the transport below")
    void optionsAndAddressesAreThoseBelow(EventLoop loop) throws Exception {
        try (TlsLink link = TlsLink.plan(loop).open(new Recorder())) {
            Transport transport = link.transport();
            assertThat(transport.localAddress()).isEqualTo(link.raw().socket().getRemoteSocketAddress());
            assertThat(transport.remoteAddress()).isEqualTo(link.below().remoteAddress());
            assertThat(transport.loop()).isSameAs(loop);
            link.thread().call(() -> {
                transport.setOption(StandardSocketOptions.TCP_NODELAY, false);
                assertThat(transport.option(StandardSocketOptions.TCP_NODELAY)).isFalse();
                return null;
            });
            assertThat(link.<String>ask(Object::toString)).contains("WRAPPED", "TLSv1.3", "bytes queued");
        }
    }
}
