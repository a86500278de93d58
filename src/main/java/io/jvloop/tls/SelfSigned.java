package io.jvloop.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;

/**
 * A new key (EC, P-256) and a certificate that it has signed itself, made in memory.
 *
 * <p><b>For tests and demonstrations only.</b> Nobody but those who were given the certificate has reason to
 * trust it, and it cannot be revoked. It is its own authority, so who imports it as trusted lets the holder
 * of the key sign for any name: never import it into a browser or system. Some programs (Firefox, rustls)
 * refuse to see an authority as a server.
 *
 * <p>The certificate is good from an hour ago, since clocks differ, until 30 days from now: longer than any
 * test runs, and too short for a forgotten one to stay in service.
 *
 * <p>Immutable, any thread; making one takes some milliseconds of computing.
 */
public final class SelfSigned {
    private static final Duration SKEW = Duration.ofHours(1);
    private static final Duration LIFE = Duration.ofDays(30);
    private static final List<String> LOCAL = List.of("localhost", "127.0.0.1", "::1");

    private final List<String> names;
    private final PrivateKey key;
    private final X509Certificate certificate;
    private final SSLContext context;
    private final SSLContext clientContext;

    private SelfSigned(List<String> names, PrivateKey key, X509Certificate certificate)
            throws IOException, GeneralSecurityException {
        this.names = names;
        this.key = key;
        this.certificate = certificate;
        this.context = TlsContexts.of(new Identity(key, List.of(certificate)), List.of(certificate));
        this.clientContext = TlsContexts.of(null, List.of(certificate));
    }

    /**
     * Makes a key and a certificate.
     *
     * @param names whom the certificate is for: host names, which may begin with {@code *.}, and IPv4 or IPv6
     *             addresses, told apart by their form and never looked up; none stands for {@code localhost},
     *             {@code 127.0.0.1} and {@code ::1}
     * @return the key and certificate
     * @throws IllegalArgumentException if one is neither a host name nor an address
     */
    public static SelfSigned of(String... names) {
        List<String> subjects = names.length == 0 ? LOCAL : List.of(names);
        Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            KeyPair keys = generator.generateKeyPair();
            byte[] der = CertificateForm.selfSigned(keys, subjects, now.minus(SKEW), now.plus(LIFE));
            X509Certificate certificate = (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(der));
            return new SelfSigned(subjects, keys.getPrivate(), certificate);
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("this Java cannot make a P-256 certificate", e);
        }
    }

    /**
     * A context for both ends: it has the key, and trusts this certificate only. So both may ask for the
     * other's certificate.
     *
     * @return the same each time
     */
    public SSLContext context() {
        return context;
    }

    /**
     * A context for clients without a certificate: it trusts this certificate only and has no key.
     *
     * @return the same each time
     */
    public SSLContext clientContext() {
        return clientContext;
    }

    /** {@return the certificate} */
    public X509Certificate certificate() {
        return certificate;
    }

    /** {@return the private key} */
    public PrivateKey key() {
        return key;
    }

    /** {@return the certificate as PEM ({@code CERTIFICATE}), for a file that other programs trust} */
    public String certificatePem() {
        try {
            return pem("CERTIFICATE", certificate.getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e); // it was made of its encoding
        }
    }

    /** {@return the private key as PEM ({@code PRIVATE KEY}), not encrypted} */
    public String keyPem() {
        return pem("PRIVATE KEY", key.getEncoded());
    }

    /** Lines of 64 characters (RFC 7468, 2). */
    private static String pem(String label, byte[] der) {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
    }

    /** The names and the expiry, never the key. */
    @Override
    public String toString() {
        return "SelfSigned[" + String.join(", ", names) + "; expires " + certificate.getNotAfter().toInstant()
                + "]";
    }
}
