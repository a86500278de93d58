package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.Contract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every form of key that the real openssl writes. */
@Timeout(120)
class TlsContextsKeysTest {
    private static final String CONTRACT =
            "A TLS context is made of PEM files in one call, whatever form of key OpenSSL has written";
    private static final String P256 = "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256";

    @TempDir
    private Path folder;

    /** The key in a server, with the certificate that it has signed itself, and a client that trusts that. */
    private void converse(OpenSsl openssl, Path key, String password) throws IOException {
        Path chain = openssl.selfSigned(key, password == null ? "" : " -passin file:password");
        Handshake handshake = Handshake.of(
                TlsContexts.server(chain, key, password == null ? null : password.toCharArray()),
                TlsContexts.client(chain), "localhost");
        assertThat(handshake.clientSession().getPeerCertificates())
                .containsExactlyElementsOf(Certificates.own(chain));
    }

    @ParameterizedTest
    @CsvSource({"RSA PRIVATE KEY, genrsa -traditional",
        "PRIVATE KEY, genpkey -algorithm RSA",
        "PRIVATE KEY, genpkey -algorithm RSA-PSS",
        "PRIVATE KEY, genpkey -algorithm RSA-PSS -pkeyopt rsa_pss_keygen_md:sha384"
                + " -pkeyopt rsa_pss_keygen_mgf1_md:sha384 -pkeyopt rsa_pss_keygen_saltlen:48",
        "PRIVATE KEY, " + P256,
        "PRIVATE KEY, genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384",
        "PRIVATE KEY, genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521",
        "EC PARAMETERS, ecparam -name prime256v1 -genkey",
        "EC PRIVATE KEY, ecparam -name secp384r1 -genkey -noout",
        "PRIVATE KEY, genpkey -algorithm ED25519",
        "PRIVATE KEY, genpkey -algorithm ED448"})
    @Contract(section = TLS, value = CONTRACT)
    void serverSpeaksWithEachFormOfKey(String label, String command) throws IOException {
        OpenSsl openssl = new OpenSsl(folder);
        Path key = openssl.make("key.pem", command);
        assertThat(key).content().startsWith("-----BEGIN " + label + "-----");
        converse(openssl, key, null);
    }

    @ParameterizedTest
    @CsvSource({"aes128, hmacWithSHA1", "aes192, hmacWithSHA224", "aes256, hmacWithSHA256",
        "aes-256-cbc, hmacWithSHA384", "des3, hmacWithSHA512"})
    @Contract(section = TLS, value = CONTRACT)
    void serverSpeaksWithEncryptedKey(String cipher, String hash) throws IOException {
        OpenSsl openssl = new OpenSsl(folder);
        Path plain = openssl.make("plain.pem", P256);
        Files.writeString(folder.resolve("password"), "Süßes"); // as an argument it depends on the locale
        Path key =
                openssl.make("key.pem",
                        "pkcs8 -topk8 -passout file:password -v2 " + cipher + " -v2prf " + hash
                                + " -in " + plain);
        assertThat(key).content().startsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----");
        converse(openssl, key, "Süßes");
    }

    @Test
    void keyWithoutItsPublicHalfIsReadToo() throws IOException {
        OpenSsl openssl = new OpenSsl(folder);
        Path whole = openssl.make("whole.pem", P256);
        Path key = openssl.make("key.pem", "ec -no_public -in " + whole);
        assertThat(Files.size(key)).isLessThan(Files.size(whole));
        assertThat(PrivateKeys.read(key, null).getAlgorithm()).isEqualTo("EC");
        converse(openssl, key, null);
    }

    @Test
    void passwordOfAKeyThatHasNoneIsNotLookedAt() throws IOException {
        SelfSigned made = SelfSigned.of();
        Path file = Files.writeString(folder.resolve("both.pem"), made.keyPem() + made.certificatePem());
        Handshake.of(TlsContexts.server(file, file, "any".toCharArray()), TlsContexts.client(file), "::1");
    }

    @Test
    void passwordIsLeftAsItIs() throws IOException {
        OpenSsl openssl = new OpenSsl(folder);
        Path plain = openssl.make("plain.pem", P256);
        Path key = openssl.make("key.pem", "pkcs8 -topk8 -passout pass:secret -in " + plain);
        char[] password = "secret".toCharArray();
        assertThat(PrivateKeys.read(key, password)).isEqualTo(PrivateKeys.read(plain, null));
        assertThat(password).containsExactly("secret".toCharArray());
    }

    /** TLS 1.3 has no DSA any more, so it is only read. */
    @Test
    void keyOfDsaIsRead() throws IOException, NoSuchAlgorithmException {
        OpenSsl openssl = new OpenSsl(folder);
        KeyPairGenerator generator = KeyPairGenerator.getInstance("DSA");
        generator.initialize(2048);
        PrivateKey made = generator.generateKeyPair().getPrivate();
        Path key = Files.writeString(folder.resolve("dsa.pem"), pem("PRIVATE KEY", made.getEncoded()));
        Path chain = openssl.selfSigned(key, "");
        assertThat(PrivateKeys.read(key, null)).isEqualTo(made);
        assertThat(TlsContexts.server(chain, key).getProtocol()).isEqualTo("TLS");
    }

    /** RFC 5958 has version 2, which carries the public key as well; other programs than OpenSSL write it. */
    @Test
    void secondVersionOfPkcs8IsRead() throws IOException {
        OpenSsl openssl = new OpenSsl(folder);
        Path first = openssl.make("first.pem", "genpkey -algorithm ED25519");
        PrivateKey key = PrivateKeys.read(first, null);
        DerReader info = new DerReader(key.getEncoded()).enter(Der.SEQUENCE);
        info.enter(Der.INTEGER);
        byte[] second = Der.sequence(Der.integer(1), info.whole(), info.whole(),
                Der.value(Der.IMPLICIT | 1, new byte[33]));
        Path file = Files.writeString(folder.resolve("second.pem"), pem("PRIVATE KEY", second));
        assertThat(file).content().isNotEqualTo(Files.readString(first));
        Path chain = openssl.selfSigned(first, "");
        Handshake handshake =
                Handshake.of(TlsContexts.server(chain, file), TlsContexts.client(chain), "localhost");
        assertThat(handshake.clientSession().getPeerCertificates())
                .containsExactlyElementsOf(Certificates.own(chain));
    }

    private static String pem(String label, byte[] der) {
        return "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
                + "\n-----END " + label + "-----\n";
    }
}
