package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class SelfSignedTest {
    private static final String CONTRACT =
            "A self-signed certificate for tests is made in one call and holds for its names only";

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "127.0.0.1", "::1", "0:0:0:0:0:0:0:1"})
    @Contract(section = TLS, value = CONTRACT)
    void withoutNamesItIsForThisMachine(String host) throws SSLException {
        SelfSigned own = SelfSigned.of();
        Handshake handshake = Handshake.of(own.context(), own.clientContext(), host);
        assertThat(handshake.clientSession().getProtocol()).isEqualTo("TLSv1.3");
        assertThat(handshake.clientSession().getLocalCertificates()).isNull();
    }

    @ParameterizedTest
    @CsvSource({"a.example, a.example", "a.example, A.EXAMPLE", "*.example.com, www.example.com",
        "192.0.2.7, 192.0.2.7", "2001:db8::7, 2001:db8::7", "2001:db8::7, 2001:DB8:0::0:7",
        "::ffff:192.0.2.7, 192.0.2.7", "xn--bcher-kva.example, xn--bcher-kva.example",
        "bücher.example, xn--bcher-kva.example"})
    @Contract(section = TLS, value = CONTRACT)
    void eachNameIsAccepted(String name, String host) throws SSLException {
        SelfSigned own = SelfSigned.of("first.example", name);
        Handshake handshake = Handshake.of(own.context(), own.clientContext(), host);
        assertThat(handshake.serverSession().isValid()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"a.example, b.example", "a.example, www.a.example", "*.example.com, example.com",
        "192.0.2.7, 192.0.2.8", "2001:db8::7, 2001:db8::8", "127.0.0.1, localhost", "localhost, 127.0.0.1"})
    @Contract(section = TLS, value = CONTRACT)
    void otherNameIsRefused(String name, String host) {
        SelfSigned own = SelfSigned.of(name);
        assertThatThrownBy(() -> Handshake.of(own.context(), own.clientContext(), host))
                .isInstanceOf(SSLException.class).hasMessageContaining(host);
    }

    @Test
    void anotherCertificateForTheSameNameIsNotTrusted() {
        SelfSigned own = SelfSigned.of();
        SelfSigned other = SelfSigned.of();
        assertThatThrownBy(() -> Handshake.of(own.context(), other.clientContext(), "localhost"))
                .isInstanceOf(SSLException.class).hasMessageContaining("signature check failed");
    }

    @Test
    void oneContextFitsBothEndsOfMutualTls() throws SSLException {
        SelfSigned own = SelfSigned.of();
        Handshake handshake = Handshake.mutual(own.context(), own.context());
        assertThat(handshake.serverSession().getPeerCertificates()).containsExactly(own.certificate());
        assertThat(handshake.clientSession().getPeerCertificates()).containsExactly(own.certificate());
    }

    @Test
    void clientContextHasNoCertificateToShow() {
        SelfSigned own = SelfSigned.of();
        assertThatThrownBy(() -> Handshake.mutual(own.context(), own.clientContext()))
                .isInstanceOf(SSLException.class);
    }

    @Test
    void certificateSaysWhatItIsFor() throws GeneralSecurityException {
        Instant before = Instant.now().minusSeconds(1);
        X509Certificate certificate = SelfSigned.of("a.example", "192.0.2.7", "2001:db8::7").certificate();
        Instant after = Instant.now();
        certificate.verify(certificate.getPublicKey());
        assertThat(certificate.getVersion()).isEqualTo(3);
        assertThat(certificate.getSigAlgName()).isEqualTo("SHA256withECDSA");
        assertThat(certificate.getSubjectX500Principal().getName()).isEqualTo("CN=a.example");
        assertThat(certificate.getIssuerX500Principal()).isEqualTo(certificate.getSubjectX500Principal());
        assertThat(certificate.getNotBefore().toInstant()).isBetween(before.minus(Duration.ofHours(1)),
                after);
        assertThat(certificate.getNotAfter().toInstant())
                .isBetween(before.plus(Duration.ofDays(30)), after.plus(Duration.ofDays(30)));
        assertThat(certificate.getBasicConstraints()).isZero();
        assertThat(certificate.getKeyUsage())
                .containsExactly(true, false, false, false, false, true, false, false, false);
        assertThat(certificate.getExtendedKeyUsage())
                .containsExactly("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");
        Collection<List<?>> names = certificate.getSubjectAlternativeNames();
        assertThat(names).containsExactly(List.of(2, "a.example"), List.of(7, "192.0.2.7"),
                List.of(7, "2001:db8:0:0:0:0:0:7"));
        assertThat(certificate.getCriticalExtensionOIDs()).containsExactlyInAnyOrder("2.5.29.19",
                "2.5.29.15");
    }

    @Test
    void serialNumbersArePositiveAndDiffer() {
        Set<BigInteger> serials = new HashSet<>();
        for (int i = 0; i < 5; i++) {
            BigInteger serial = SelfSigned.of().certificate().getSerialNumber();
            assertThat(serial).isPositive();
            assertThat(serial.bitLength()).isEqualTo(127);
            serials.add(serial);
        }
        assertThat(serials).hasSize(5);
    }

    @Test
    void longNameIsCutInTheSubjectButNotInTheAlternatives() throws GeneralSecurityException {
        String name = "a23456789.".repeat(9) + "example";
        X509Certificate certificate = SelfSigned.of(name).certificate();
        assertThat(certificate.getSubjectX500Principal().getName()).isEqualTo("CN=" + name.substring(0, 64));
        Collection<List<?>> names = certificate.getSubjectAlternativeNames();
        assertThat(names).containsExactly(List.of(2, name));
    }

    @Test
    void yearsFrom2050OnTakeTheLongForm() {
        assertThat(CertificateForm.time(Instant.parse("2049-12-31T23:59:59Z")))
                .isEqualTo(Der.value(Der.UTC_TIME, "491231235959Z".getBytes(StandardCharsets.US_ASCII)));
        assertThat(CertificateForm.time(Instant.parse("2050-01-01T00:00:00Z"))).isEqualTo(
                Der.value(Der.GENERALIZED_TIME, "20500101000000Z".getBytes(StandardCharsets.US_ASCII)));
    }

    /** The last ones are addresses to the JDK, or would be looked up by it. */
    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a b", "a..b", ".a", "a.", "-a", "a/b", "a*.b", "*", "[::1]",
        "fe80::1%lo",
        "1::2::3", ":", "g::1", ".:1", "a:80", "::1.2.3", "12345::", "256.0.0.1", "1.2.3", "1.2.3.4.5",
        "010.0.0.1", "127.1", "1", "1.2.3.4 "})
    void whatIsNeitherNameNorAddressIsRefused(String name) {
        assertThatIllegalArgumentException().isThrownBy(() -> SelfSigned.of("localhost", name))
                .withMessageContaining("'" + name + "'");
    }

    @Test
    void pemIsReadBack(@TempDir Path folder) throws IOException, GeneralSecurityException {
        SelfSigned own = SelfSigned.of();
        Path chain = Files.writeString(folder.resolve("chain.pem"), own.certificatePem());
        Path key = Files.writeString(folder.resolve("key.pem"), own.keyPem());
        assertThat(own.certificatePem()).startsWith("-----BEGIN CERTIFICATE-----\n")
                .endsWith("\n-----END CERTIFICATE-----\n");
        assertThat(own.certificatePem().lines().mapToInt(String::length).max()).hasValue(64);
        Handshake handshake = Handshake.of(TlsContexts.server(chain, key), own.clientContext(), "localhost");
        assertThat(handshake.clientSession().getPeerCertificates()).containsExactly(own.certificate());
        assertThat(PrivateKeys.read(key, null)).isEqualTo(own.key());
    }

    @Test
    void textHasTheNamesAndTheExpiryButNotTheKey() {
        SelfSigned own = SelfSigned.of("a.example", "::1");
        assertThat(own).hasToString("SelfSigned[a.example, ::1; expires "
                + own.certificate().getNotAfter().toInstant() + "]");
    }

    @Test
    void opensslAcceptsTheCertificate(@TempDir Path folder) throws IOException {
        OpenSsl openssl = new OpenSsl(folder);
        SelfSigned own = SelfSigned.of("a.example", "192.0.2.7", "2001:db8::7");
        Files.writeString(folder.resolve("own.pem"), own.certificatePem());
        Files.writeString(folder.resolve("own.key"), own.keyPem());
        assertThat(openssl.run("x509 -text -noout -in own.pem")).contains("Subject: CN = a.example",
                "DNS:a.example, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7",
                "CA:TRUE, pathlen:0", "Digital Signature, Certificate Sign",
                "TLS Web Server Authentication, TLS Web Client Authentication");
        for (String check : List.of("-purpose sslserver -verify_hostname a.example", "-purpose sslclient",
                "-verify_ip 192.0.2.7", "-verify_ip 2001:db8::7")) {
            assertThat(openssl.run("verify -x509_strict -check_ss_sig " + check + " -CAfile own.pem own.pem"))
                    .contains("own.pem: OK");
        }
        assertThatThrownBy(() -> openssl.run("verify -verify_hostname b.example -CAfile own.pem own.pem"))
                .hasMessageContaining("hostname mismatch");
        assertThat(openssl.run("pkey -check -noout -in own.key")).contains("Key is valid");
    }

    @Test
    @Contract(section = TLS, value = CONTRACT)
    void opensslConnectsToAServerSocketOfTheContext(@TempDir Path folder) throws Exception {
        OpenSsl openssl = new OpenSsl(folder);
        SelfSigned own = SelfSigned.of();
        Files.writeString(folder.resolve("own.pem"), own.certificatePem());
        try (ServerSocket listening = own.context().getServerSocketFactory().createServerSocket(0, 1,
                InetAddress.getLoopbackAddress())) {
            CompletableFuture<Integer> serving = CompletableFuture.supplyAsync(() -> readOneByte(listening));
            String said = openssl.run("s_client -brief -verify_return_error -verify_hostname localhost"
                    + " -CAfile own.pem -connect 127.0.0.1:" + listening.getLocalPort());
            assertThat(said).contains("Verification: OK", "Verified peername: localhost");
            assertThat(Await.result(serving)).isEqualTo(-1);
        }
    }

    /** -1 at the end of the input, which only a good handshake comes to. */
    private static int readOneByte(ServerSocket listening) {
        try (Socket socket = listening.accept()) {
            return socket.getInputStream().read();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
