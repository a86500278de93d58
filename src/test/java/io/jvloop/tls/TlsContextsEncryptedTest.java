package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Contract;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.interfaces.ECPrivateKey;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Keys of the real openssl that are not read as they are, and the command that each message gives. */
@Timeout(120)
class TlsContextsEncryptedTest {
    private static final String CONTRACT =
            "A PEM file that cannot work is refused at once, and the message names it and says what to do";

    @TempDir
    private Path folder;
    private OpenSsl openssl;
    private Path plain;

    @BeforeEach
    void makeAKey() throws IOException {
        openssl = new OpenSsl(folder);
        plain = openssl.make("plain.pem", "ecparam -name prime256v1 -genkey -noout");
    }

    private static void assertRefused(Path key, String password, String message) {
        assertThatThrownBy(() -> PrivateKeys.read(key, password == null ? null : password.toCharArray()))
                .isExactlyInstanceOf(IOException.class)
                .hasMessage(key + ", line 1 (" + message.replace("FILE", key.toString()));
    }

    /** Runs the command of the message, and reads what it makes. */
    private void assertConverted(String command, String password) throws IOException {
        openssl.run(command);
        assertThat(secret(openssl.file("new.pem"), password)).isEqualTo(secret(plain, ""));
    }

    private static BigInteger secret(Path key, String password) throws IOException {
        return ((ECPrivateKey) PrivateKeys.read(key, password.toCharArray())).getS();
    }

    @Test
    @Contract(section = TLS, value = CONTRACT)
    void encryptedKeyNeedsItsPassword() throws IOException {
        Path key = openssl.make("key.pem", "pkcs8 -topk8 -passout pass:secret -in plain.pem");
        assertRefused(key, null,
                "ENCRYPTED PRIVATE KEY): the key is encrypted; pass its password, or decrypt it"
                        + " with: openssl pkey -in FILE -out new.pem");
        assertConverted("pkey -passin pass:secret -in " + key + " -out new.pem", "");
    }

    /** Often enough that by chance the padding is right once or twice, which is once in 256 times. */
    @Test
    @Contract(section = TLS, value = CONTRACT)
    void wrongPasswordIsCalledSo() throws IOException {
        Path key = openssl.make("key.pem", "pkcs8 -topk8 -iter 1 -passout pass:secret -in plain.pem");
        for (int i = 0; i < 1_000; i++) {
            assertRefused(key, "wrong" + i,
                    "ENCRYPTED PRIVATE KEY): the password is wrong (or the key damaged)");
        }
    }

    @Test
    @Contract(section = TLS, value = CONTRACT)
    void oldEncryptionIsRefusedWithTheCommandToConvert() throws IOException {
        Path key = openssl.make("key.pem", "ec -aes128 -passout pass:secret -in plain.pem");
        assertThat(key).content().contains("Proc-Type: 4,ENCRYPTED");
        assertRefused(key, "secret", "EC PRIVATE KEY): the key is encrypted in OpenSSL's old form (Proc-Type:"
                + " 4,ENCRYPTED), whose password is hashed once, with MD5; convert it with:"
                + " openssl pkcs8 -topk8"
                + " -in FILE -out new.pem");
        assertConverted("pkcs8 -topk8 -passin pass:secret -passout pass:other -in " + key + " -out new.pem",
                "other");
    }

    @Test
    void otherEncryptionsAreRefusedWithTheCommandToConvert() throws IOException {
        String message = "ENCRYPTED PRIVATE KEY): the key is encrypted by an algorithm (%s) that is not read"
                + " here; convert it with: openssl pkcs8 -topk8 -v2 aes256 -in FILE -out new.pem";
        Path old =
                openssl.make("old.pem", "pkcs8 -topk8 -v1 PBE-SHA1-3DES -passout pass:secret -in plain.pem");
        assertRefused(old, "secret", message.formatted("1.2.840.113549.1.12.1.3"));
        Path scrypt = openssl.make("scrypt.pem", "pkcs8 -topk8 -scrypt -passout pass:secret -in plain.pem");
        assertRefused(scrypt, "secret", message.formatted("1.3.6.1.4.1.11591.4.11"));
        for (Path key : new Path[] {old, scrypt}) {
            assertConverted("pkcs8 -topk8 -v2 aes256 -passin pass:secret -passout pass:other -in " + key
                    + " -out new.pem", "other");
        }
    }

    @Test
    void curveThatIsSpeltOutIsRefusedWithTheCommandToConvert() throws IOException {
        String message =
                "%s): the key spells out its curve, where Java needs its name; convert it with: openssl"
                        + " ec -param_enc named_curve -in FILE -out new.pem";
        Path sec1 = openssl.make("sec1.pem", "ec -param_enc explicit -in plain.pem");
        assertRefused(sec1, null, message.formatted("EC PRIVATE KEY"));
        Path pkcs8 = openssl.make("pkcs8.pem", "pkcs8 -topk8 -nocrypt -in sec1.pem");
        assertRefused(pkcs8, null, message.formatted("PRIVATE KEY"));
        for (Path key : new Path[] {sec1, pkcs8}) {
            assertConverted("ec -param_enc named_curve -in " + key + " -out new.pem", "");
        }
    }

    /** The JDK reads such a key, but cannot use it. */
    @Test
    @Contract(section = TLS, value = CONTRACT)
    void curveThatTheJdkCannotSignWithIsNamed() throws IOException {
        Path key = openssl.make("key.pem", "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1");
        Path chain = openssl.selfSigned(key, "");
        assertThatThrownBy(() -> TlsContexts.server(chain, key)).isExactlyInstanceOf(IOException.class)
                .hasMessageStartingWith(key + ": the private key cannot sign; make a new one: ")
                .hasMessageContaining("secp256k1");
    }

    @Test
    void keyMayStandInBothFormsInOneFile() throws IOException {
        Path pkcs8 = openssl.make("pkcs8.pem", "pkcs8 -topk8 -nocrypt -in plain.pem");
        Path both = Files.writeString(openssl.file("both.pem"),
                Files.readString(plain) + Files.readString(pkcs8));
        assertThat(both).content().contains("BEGIN EC PRIVATE KEY", "BEGIN PRIVATE KEY");
        assertThat(secret(both, "")).isEqualTo(secret(plain, ""));
    }

    @Test
    @Contract(section = TLS, value = CONTRACT)
    void pkcs12AndDerAreRefusedWithTheCommandToConvert() throws IOException {
        Path chain = openssl.selfSigned(plain, "");
        Path p12 = openssl.make("key.p12",
                "pkcs12 -export -passout pass:secret -inkey plain.pem -in " + chain);
        assertThatThrownBy(() -> TlsContexts.server(p12, p12)).isExactlyInstanceOf(IOException.class)
                .hasMessage(p12 + ": the file is PKCS#12, not PEM; convert it with: openssl pkcs12 -in " + p12
                        + " -out new.pem");
        assertConverted("pkcs12 -passin pass:secret -passout pass:other -in " + p12 + " -out new.pem",
                "other");
        Path converted = openssl.file("new.pem");
        assertThat(Files.readString(converted)).contains("Bag Attributes");
        Handshake.of(TlsContexts.server(converted, converted, "other".toCharArray()),
                TlsContexts.client(chain),
                "localhost");
        for (Path der : new Path[] {openssl.make("chain.der", "x509 -outform DER -in " + chain),
            openssl.make("key.der", "pkey -outform DER -in plain.pem")}) {
            assertThatThrownBy(() -> TlsContexts.client(der)).isExactlyInstanceOf(IOException.class)
                    .hasMessage(der + ": the file is DER, not PEM; convert a certificate with: openssl x509"
                            + " -inform DER -in " + der
                            + " -out new.pem, or a key with: openssl pkey -inform DER"
                            + " -in " + der + " -out new.pem");
        }
        assertConverted("pkey -inform DER -in key.der -out new.pem", "");
    }
}
