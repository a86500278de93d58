package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Contract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.util.Arrays;
import java.util.Base64;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong with files, and what is said about it. */
@Timeout(120)
class TlsContextsFailuresTest {
    private static final String CONTRACT =
            "A PEM file that cannot work is refused at once, and the message names it and says what to do";

    @TempDir
    private Path folder;
    private SelfSigned own;
    private Path chain;
    private Path key;

    @BeforeEach
    void writeGoodFiles() throws IOException {
        own = SelfSigned.of("own.example");
        chain = write("chain.pem", own.certificatePem());
        key = write("key.pem", own.keyPem());
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private Path writeKey(String label, byte[] der) throws IOException {
        return write("other.pem", "-----BEGIN " + label + "-----\n" + Base64.getEncoder().encodeToString(der)
                + "\n-----END " + label + "-----\n");
    }

    private void assertRefused(Path badChain, Path badKey, String password, String message) {
        assertThatThrownBy(() -> TlsContexts.server(badChain, badKey,
                password == null ? null : password.toCharArray()))
                .isExactlyInstanceOf(IOException.class).hasMessage(message);
    }

    private void assertKeyRefused(Path badKey, String message) {
        assertRefused(chain, badKey, null, message);
    }

    private void assertChainRefused(Path badChain, String message) {
        assertRefused(badChain, key, null, message);
        assertThatThrownBy(() -> TlsContexts.client(badChain)).isExactlyInstanceOf(IOException.class)
                .hasMessage(message);
    }

    @Test
    @Contract(section = TLS, value = CONTRACT)
    void fileWithoutCertificateIsRefused() {
        assertChainRefused(key, key + ": no certificate in this file, only: PRIVATE KEY; pass the file with"
                + " -----BEGIN CERTIFICATE-----");
    }

    @Test
    @Contract(section = TLS, value = CONTRACT)
    void fileWithoutKeyIsRefused() {
        assertKeyRefused(chain, chain + ": no private key in this file, only: CERTIFICATE; pass the file with"
                + " -----BEGIN PRIVATE KEY-----");
    }

    @Test
    @Contract(section = TLS, value = CONTRACT)
    void twoDifferentKeysAreRefusedButOneMayStandTwice() throws IOException {
        Path twice = write("twice.pem", own.keyPem() + own.keyPem());
        assertThat(PrivateKeys.read(twice, null)).isEqualTo(own.key());
        Path two = write("two.pem", own.keyPem() + SelfSigned.of().keyPem());
        long line = own.keyPem().lines().count() + 1;
        assertKeyRefused(two, two + ", line " + line
                + " (PRIVATE KEY): a second, different private key; leave only the one of the certificate");
    }

    @Test
    @Contract(section = TLS, value = CONTRACT)
    void keyOfAnotherCertificateIsRefused() throws IOException, NoSuchAlgorithmException {
        String message = ": the private key does not belong to the certificate in " + chain
                + " (CN=own.example); pass the key that this certificate was made for";
        Path other = write("other.key", SelfSigned.of("own.example").keyPem());
        assertKeyRefused(other, other + message);
        for (String algorithm : new String[] {"RSA", "Ed25519", "RSASSA-PSS"}) {
            byte[] der = KeyPairGenerator.getInstance(algorithm).generateKeyPair().getPrivate().getEncoded();
            Path another = writeKey("PRIVATE KEY", der);
            assertKeyRefused(another, another + message);
        }
    }

    @Test
    void keyOfAnotherCurveDoesNotBelongEither() throws IOException, NoSuchAlgorithmException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(521);
        Path other = writeKey("PRIVATE KEY", generator.generateKeyPair().getPrivate().getEncoded());
        assertKeyRefused(other, other + ": the private key does not belong to the certificate in " + chain
                + " (CN=own.example); pass the key that this certificate was made for");
    }

    @Test
    @Contract(section = TLS, value = CONTRACT)
    void brokenBase64IsRefused() throws IOException {
        Path broken = write("broken.pem", own.certificatePem().replaceFirst("\nMII", "\nM!I"));
        assertChainRefused(broken,
                broken + ", line 1 (CERTIFICATE): the Base64 is broken, copy the file again:"
                        + " Illegal base64 character 21");
        Path brokenKey = write("broken.key", "\n" + own.keyPem().replace("\nM", "\nM-"));
        assertKeyRefused(brokenKey, brokenKey + ", line 2 (PRIVATE KEY): the Base64 is broken, copy the file"
                + " again: Illegal base64 character 2d");
    }

    @Test
    @Contract(section = TLS, value = CONTRACT)
    void truncatedFileIsRefused() throws IOException {
        Path cut = write("cut.pem", own.certificatePem().lines().limit(4).collect(Collectors.joining("\n")));
        assertChainRefused(cut,
                cut + ", line 1 (CERTIFICATE): the block has no line -----END CERTIFICATE-----;"
                        + " the file seems cut short, copy it again");
    }

    @Test
    @Contract(section = TLS, value = CONTRACT)
    void truncatedDerIsRefused() throws IOException, CertificateEncodingException {
        byte[] certificate = own.certificate().getEncoded();
        Path cut = writeKey("CERTIFICATE", Arrays.copyOf(certificate, certificate.length - 7));
        assertChainRefused(cut,
                cut + ", line 1 (CERTIFICATE): the certificate is damaged, copy the file again:"
                        + " DER cut short: " + (certificate.length - 4) + " bytes announced, "
                        + (certificate.length - 11) + " there");
        byte[] whole = own.key().getEncoded();
        for (String label : new String[] {"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"}) {
            Path cutKey = writeKey(label, Arrays.copyOf(whole, whole.length - 7));
            int there = whole.length - 9;
            assertThatThrownBy(() -> TlsContexts.server(chain, cutKey)).isInstanceOf(IOException.class)
                    .hasMessageStartingWith(cutKey + ", line 1 (" + label
                            + "): the key is damaged, copy the file again: DER cut short: ")
                    .hasMessageEndingWith(
                            " announced, " + (whole.length > 129 ? there - 1 : there) + " there");
        }
    }

    @Test
    void bytesBehindTheDerAreRefused() throws IOException, CertificateEncodingException {
        byte[] certificate = own.certificate().getEncoded();
        Path longer = writeKey("CERTIFICATE", Arrays.copyOf(certificate, certificate.length + 3));
        assertChainRefused(longer,
                longer + ", line 1 (CERTIFICATE): the certificate is damaged, copy the file"
                        + " again: damaged DER: 3 bytes too many");
        byte[] whole = own.key().getEncoded();
        Path longerKey = writeKey("PRIVATE KEY", Arrays.copyOf(whole, whole.length + 2));
        assertKeyRefused(longerKey, longerKey + ", line 1 (PRIVATE KEY): the key is damaged, copy the file"
                + " again: damaged DER: 2 bytes too many");
    }

    @Test
    void wellFormedDerThatIsNoKeyOrCertificateIsRefused() throws IOException {
        Path nonsense = writeKey("CERTIFICATE", Der.sequence(Der.integer(7)));
        assertThatThrownBy(() -> TlsContexts.client(nonsense)).isInstanceOf(IOException.class)
                .hasMessageStartingWith(
                        nonsense + ", line 1 (CERTIFICATE): the certificate is damaged, copy the"
                                + " file again: ");
        Path rsa = writeKey("RSA PRIVATE KEY", Der.sequence(Der.integer(7)));
        assertThatThrownBy(() -> TlsContexts.server(chain, rsa)).isInstanceOf(IOException.class)
                .hasMessageStartingWith(
                        rsa + ", line 1 (RSA PRIVATE KEY): the RSA key is damaged, or of a kind"
                                + " that this Java does not have: ");
        Path pkcs8 = writeKey("PRIVATE KEY", Der.sequence(Der.integer(7)));
        assertKeyRefused(pkcs8, pkcs8 + ", line 1 (PRIVATE KEY): the key is damaged, copy the file again:"
                + " damaged DER: it ends where tag 30 is due");
    }

    @Test
    @Contract(section = TLS, value = CONTRACT)
    void keyThatDoesNotNameItsCurveIsRefused() throws IOException {
        Path nameless = writeKey("EC PRIVATE KEY",
                Der.sequence(Der.integer(1), Der.value(Der.OCTET_STRING, new byte[32])));
        assertKeyRefused(nameless, nameless
                + ", line 1 (EC PRIVATE KEY): the key does not name its curve; get"
                + " it as PKCS#8 (PRIVATE KEY), which does, or make a new one with: openssl"
                + " genpkey -algorithm"
                + " EC -pkeyopt ec_paramgen_curve:P-256 -out new.pem");
    }

    @Test
    void otherFormsOfKeyAreRefusedWithTheWayOut() throws IOException {
        Path ssh = writeKey("OPENSSH PRIVATE KEY", Der.sequence());
        assertKeyRefused(ssh,
                ssh + ", line 1 (OPENSSH PRIVATE KEY): this is a key of ssh; convert a copy of it"
                        + " with: ssh-keygen -p -m PKCS8 -f copy");
        Path dsa = writeKey("DSA PRIVATE KEY", Der.sequence());
        assertKeyRefused(dsa,
                dsa + ", line 1 (DSA PRIVATE KEY): this form of key is not read here; convert it"
                        + " with: openssl pkcs8 -topk8 -nocrypt -in " + dsa + " -out new.pem");
        Path exchange = writeKey("PRIVATE KEY", Der.sequence(Der.integer(0),
                Der.sequence(Der.oid("1.3.101.110")), Der.value(Der.OCTET_STRING, new byte[34])));
        assertKeyRefused(exchange,
                exchange + ", line 1 (PRIVATE KEY): a key of algorithm 1.3.101.110 is not for"
                        + " TLS certificates; make one with: openssl genpkey -algorithm EC -pkeyopt"
                        + " ec_paramgen_curve:P-256 -out new.pem");
    }

    @Test
    void curveThatTheJdkDoesNotKnowIsNamed() throws IOException {
        byte[] sec1 = Der.sequence(Der.integer(1), Der.value(Der.OCTET_STRING, new byte[32]),
                Der.value(Der.TAGGED, Der.oid("1.2.3.4")));
        Path exotic = writeKey("EC PRIVATE KEY", sec1);
        assertThatThrownBy(() -> TlsContexts.server(chain, exotic)).isExactlyInstanceOf(IOException.class)
                .hasMessageStartingWith(
                        exotic + ", line 1 (EC PRIVATE KEY): the EC key is damaged, or of a kind"
                                + " that this Java does not have: ")
                .hasMessageContaining("1.2.3.4");
    }

    @Test
    void missingFileAndFolderAreNamed() {
        Path nothing = folder.resolve("nothing.pem");
        assertThatThrownBy(() -> TlsContexts.server(chain, nothing)).isInstanceOf(IOException.class)
                .hasMessage(nothing + ": there is no such file");
        assertThatThrownBy(() -> TlsContexts.client(folder)).isInstanceOf(IOException.class)
                .hasMessageStartingWith(folder.toString());
    }

    @Test
    void trustedFileIsCheckedToo() {
        assertThatThrownBy(() -> TlsContexts.server(chain, key, null, key)).isInstanceOf(IOException.class)
                .hasMessageStartingWith(key + ": no certificate");
        assertThatThrownBy(() -> TlsContexts.client(key, chain, key, null)).isInstanceOf(IOException.class)
                .hasMessageStartingWith(key + ": no certificate");
    }
}
