package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Contract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Root, middle, lower, leaf: an authority of the real openssl with two steps in between. */
@Timeout(120)
class TlsContextsChainTest {
    @TempDir
    private Path folder;
    private OpenSsl openssl;

    @BeforeEach
    void makeTheChain() throws IOException {
        openssl = new OpenSsl(folder);
        openssl.authority("root", "root");
        openssl.authority("middle", "root");
        openssl.authority("lower", "middle");
        openssl.end("leaf", "lower");
    }

    /** One file of several. */
    private Path together(String... names) throws IOException {
        StringBuilder all = new StringBuilder();
        for (String name : names) {
            all.append(Files.readString(openssl.file(name)));
        }
        return Files.writeString(folder.resolve("together.pem"), all);
    }

    /** What a server with this chain shows to a client that knows the root only; by common name. */
    private List<String> shown(Path chain) throws IOException {
        Handshake handshake = Handshake.of(TlsContexts.server(chain, openssl.file("leaf.key")),
                TlsContexts.client(openssl.file("root.pem")), "localhost");
        List<String> names = new ArrayList<>();
        for (var certificate : handshake.clientSession().getPeerCertificates()) {
            names.add(((X509Certificate) certificate).getSubjectX500Principal().getName());
        }
        return names;
    }

    @Test
    void chainInOrderIsShownAsItIs() throws IOException {
        assertThat(shown(together("leaf.pem", "lower.pem", "middle.pem"))).containsExactly("CN=leaf",
                "CN=lower",
                "CN=middle");
    }

    @Test
    @Contract(section = TLS, value = "The certificates of a chain may stand in any order, and among others")
    void chainIsPutInOrderAndOthersAreLeftOut() throws IOException {
        openssl.authority("stranger", "stranger");
        assertThat(shown(
                together("middle.pem", "stranger.pem", "root.pem", "leaf.pem", "leaf.pem", "lower.pem")))
                .containsExactly("CN=leaf", "CN=lower", "CN=middle", "CN=root");
    }

    /** As after a renewal of the authority's key: the name says nothing about which one has signed. */
    @Test
    void issuerIsFoundByItsKeyWhereTwoHaveTheName() throws IOException {
        Path lower = Files.copy(openssl.file("lower.pem"), folder.resolve("real.pem"));
        openssl.authority("lower", "middle");
        assertThat(lower).content().isNotEqualTo(Files.readString(openssl.file("lower.pem")));
        assertThat(shown(together("leaf.pem", "lower.pem", "real.pem", "middle.pem"))).containsExactly(
                "CN=leaf",
                "CN=lower", "CN=middle");
    }

    /** As after a renewal with the same key: by name and signature, each root is the issuer of the other. */
    @Test
    void chainEndsAtTheFirstRoot() throws IOException {
        Path old = Files.copy(openssl.file("root.pem"), folder.resolve("old.pem"));
        Path renewed =
                openssl.make("root.pem", "req -x509 -new -config test.cnf -days 3 -extensions authority"
                        + " -subj /CN=root -key root.key");
        assertThat(renewed).content().isNotEqualTo(Files.readString(old));
        assertThat(shown(together("leaf.pem", "lower.pem", "middle.pem", "old.pem", "root.pem")))
                .containsExactly("CN=leaf", "CN=lower", "CN=middle", "CN=root");
    }

    @Test
    @Contract(section = TLS, value = "Key and chain may be in one PEM file, with other text around them")
    void keyAndChainMayBeInOneFileWithTextAround() throws IOException {
        for (String name : List.of("leaf", "lower", "middle")) {
            openssl.make(name + ".txt", "x509 -text -in " + name + ".pem");
        }
        Path file = together("middle.txt", "lower.txt", "leaf.key", "leaf.txt");
        String text = Files.readString(file);
        assertThat(text).startsWith("Certificate:").contains("Signature Algorithm: ecdsa-with-SHA256");
        Files.writeString(file, ("Bag Attributes\n    friendlyName: Käse\n" + text).replace("\n", "\r\n"));
        assertThat(PrivateKeys.read(file, null)).isEqualTo(PrivateKeys.read(openssl.file("leaf.key"), null));
        assertThat(shown(file)).containsExactly("CN=leaf", "CN=lower", "CN=middle");
    }

    @Test
    void gapInTheChainIsForThePeerToRefuse() throws IOException {
        Path chain = together("leaf.pem", "middle.pem");
        assertThat(Identity.read(chain, openssl.file("leaf.key"), null).chain())
                .containsExactly(Certificates.own(openssl.file("leaf.pem")).get(0));
        assertThatThrownBy(() -> shown(chain)).isInstanceOf(SSLException.class)
                .hasMessageContaining("unable to find valid certification path");
    }

    @Test
    void oldLabelsOfCertificatesAreRead() throws IOException {
        openssl.make("trust.pem", "x509 -in leaf.pem -addtrust serverAuth -setalias mine -trustout");
        Path chain = together("trust.pem", "lower.pem", "middle.pem");
        assertThat(chain).content().startsWith("-----BEGIN TRUSTED CERTIFICATE-----");
        assertThat(shown(chain)).containsExactly("CN=leaf", "CN=lower", "CN=middle");
        String old = Files.readString(together("leaf.pem", "lower.pem", "middle.pem"));
        Files.writeString(chain, old.replace(" CERTIFICATE-", " X509 CERTIFICATE-"));
        assertThat(shown(chain)).containsExactly("CN=leaf", "CN=lower", "CN=middle");
    }

    /** The settings may forbid what we would use the certificate for. */
    @Test
    void trustSettingsAreRefusedWhereItIsAboutTrust() throws IOException {
        Path trusted = openssl.make("trust.pem", "x509 -in root.pem -addreject serverAuth -trustout");
        assertThatThrownBy(() -> TlsContexts.client(trusted)).isInstanceOf(IOException.class)
                .hasMessage(trusted + ", line 1 (TRUSTED CERTIFICATE): the certificate has OpenSSL's trust"
                        + " settings, which Java does not know; if it is to be trusted for TLS,"
                        + " convert it with:"
                        + " openssl x509 -in " + trusted + " -out new.pem");
        Path without = openssl.make("plain.pem", "x509 -in root.pem -trustout");
        assertThat(without).content().startsWith("-----BEGIN TRUSTED CERTIFICATE-----");
        Handshake.of(TlsContexts.server(together("leaf.pem", "lower.pem", "middle.pem"),
                openssl.file("leaf.key")), TlsContexts.client(without), "localhost");
    }
}
