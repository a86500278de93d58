package io.jvloop.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Reads the certificates of a PEM file, under the current label and OpenSSL's two old ones. */
final class Certificates {
    /** OpenSSL's own: a certificate, and behind it what it is trusted for. */
    private static final String TRUSTED = "TRUSTED CERTIFICATE";
    private static final Set<String> LABELS = Set.of("CERTIFICATE", "X509 CERTIFICATE", TRUSTED);

    private Certificates() {
    }

    /** Certificates to show: at least one, each once, in the order of the file. */
    static List<X509Certificate> own(Path path) throws IOException {
        return read(path, false);
    }

    /** Certificates to trust: at least one, each once. */
    static List<X509Certificate> authorities(Path path) throws IOException {
        return read(path, true);
    }

    private static List<X509Certificate> read(Path path, boolean toTrust) throws IOException {
        try (Pem pem = Pem.read(path)) {
            List<Pem.Block> blocks = pem.blocks(LABELS::contains);
            if (blocks.isEmpty()) {
                throw pem.problem("no certificate in this file, only: " + pem.labels()
                        + "; pass the file with -----BEGIN CERTIFICATE-----");
            }
            Set<X509Certificate> certificates = new LinkedHashSet<>();
            for (Pem.Block block : blocks) {
                certificates.add(decode(block, toTrust));
            }
            return new ArrayList<>(certificates);
        }
    }

    private static X509Certificate decode(Pem.Block block, boolean toTrust) throws IOException {
        try {
            DerReader reader = new DerReader(block.der());
            byte[] der = reader.whole();
            if (reader.hasNext()) {
                requireSettings(block, reader, toTrust);
            }
            return (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(der));
        } catch (DerReader.Damaged | GeneralSecurityException e) {
            throw block.problem("the certificate is damaged, copy the file again: " + e.getMessage(), e);
        }
    }

    /**
     * Trust settings are refused where they matter: they may say that the certificate is <em>not</em> to be
     * trusted, as some of those in Linux distributions' bundles do.
     */
    private static void requireSettings(Pem.Block block, DerReader rest, boolean toTrust)
            throws IOException {
        if (!block.label().equals(TRUSTED)) {
            rest.requireEnd();
        }
        if (toTrust) {
            throw block.problem("the certificate has OpenSSL's trust settings, which Java does not know;"
                    + " if it is to be trusted for TLS, convert it with: " + block.openssl("x509"));
        }
    }
}
