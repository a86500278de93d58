package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Contract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who trusts whom; each file has its key and its certificate. */
@Timeout(60)
class TlsContextsTrustTest {
    private final SelfSigned serverCertificate = SelfSigned.of("localhost");
    private final SelfSigned clientCertificate = SelfSigned.of("client.example");
    private final SelfSigned strangerCertificate = SelfSigned.of("stranger.example");

    private Path server;
    private Path client;
    private Path stranger;

    @BeforeEach
    void writeTheFiles(@TempDir Path folder) throws IOException {
        server = write(folder.resolve("server.pem"), serverCertificate);
        client = write(folder.resolve("client.pem"), clientCertificate);
        stranger = write(folder.resolve("stranger.pem"), strangerCertificate);
    }

    private static Path write(Path file, SelfSigned own) throws IOException {
        return Files.writeString(file, own.keyPem() + own.certificatePem());
    }

    @Test
    void bothEndsKnowEachOther() throws IOException {
        Handshake handshake = Handshake.mutual(TlsContexts.server(server, server, null, client),
                TlsContexts.client(server, client, client, null));
        assertThat(handshake.serverSession().getPeerCertificates())
                .containsExactly(clientCertificate.certificate());
        assertThat(handshake.clientSession().getPeerCertificates())
                .containsExactly(serverCertificate.certificate());
    }

    @Test
    @Contract(section = TLS,
            value = "A server context trusts the clients of the given authorities, and nobody else")
    void clientOfAnotherAuthorityIsRefused() throws IOException {
        var context = TlsContexts.server(server, server, null, client);
        // Of the same name, since a client does not even show what is of another authority.
        Path impostor = write(client.resolveSibling("impostor.pem"), SelfSigned.of("client.example"));
        assertThatThrownBy(
                () -> Handshake.mutual(context, TlsContexts.client(server, impostor, impostor, null)))
                .isInstanceOf(SSLException.class).hasMessageContaining("signature check failed");
        assertThatThrownBy(
                () -> Handshake.mutual(context, TlsContexts.client(server, stranger, stranger, null)))
                .isInstanceOf(SSLException.class).hasMessageContaining("Empty client certificate chain");
        assertThatThrownBy(() -> Handshake.mutual(context, TlsContexts.client(server)))
                .isInstanceOf(SSLException.class)
                .hasMessageContaining("Empty client certificate chain");
    }

    @Test
    @Contract(section = TLS,
            value = "A server context trusts the clients of the given authorities, and nobody else")
    void serverWithoutAuthoritiesTrustsNoClient() throws IOException {
        var context = TlsContexts.server(server, server);
        assertThatThrownBy(() -> Handshake.mutual(context, TlsContexts.client(server, client, client, null)))
                .isInstanceOf(SSLException.class)
                .hasMessageContaining("No X509TrustManager"); // not even the JDK's own authorities
        assertThat(Handshake.of(context, TlsContexts.client(server), "localhost").serverSession().isValid())
                .isTrue();
    }

    @Test
    @Contract(section = TLS,
            value = "A client context trusts the given authorities only, not those of the JDK")
    void clientTrustsNobodyElse() throws IOException {
        assertThatThrownBy(
                () -> Handshake.of(TlsContexts.server(server, server), TlsContexts.client(stranger),
                        "localhost"))
                .isInstanceOf(SSLException.class)
                .hasMessageContaining("unable to find valid certification path");
    }

    @Test
    void allCertificatesOfTheAuthoritiesFileAreTrusted() throws IOException {
        Path both = Files.writeString(server.resolveSibling("both.pem"),
                strangerCertificate.certificatePem() + "\n" + serverCertificate.certificatePem());
        Handshake handshake =
                Handshake.of(TlsContexts.server(server, server), TlsContexts.client(both), "localhost");
        X509Certificate seen = (X509Certificate) handshake.clientSession().getPeerCertificates()[0];
        assertThat(seen).isEqualTo(serverCertificate.certificate());
    }

    @Test
    void missingArgumentIsNamed() {
        assertThatNullPointerException().isThrownBy(() -> TlsContexts.server(null, server))
                .withMessage("chain");
        assertThatNullPointerException().isThrownBy(() -> TlsContexts.server(server, null))
                .withMessage("key");
        assertThatNullPointerException().isThrownBy(() -> TlsContexts.server(server, server, null, null))
                .withMessage("clientAuthorities");
        assertThatNullPointerException().isThrownBy(() -> TlsContexts.client(null))
                .withMessage("authorities");
        assertThatNullPointerException().isThrownBy(() -> TlsContexts.client(null, client, client, null))
                .withMessage("authorities");
    }
}
