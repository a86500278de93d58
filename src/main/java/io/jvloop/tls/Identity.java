package io.jvloop.tls;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * A private key and the chain of its certificate: the certificate of the key first, then the issuer of each.
 */
record Identity(PrivateKey key, List<X509Certificate> chain) {
    /** Any text will do. */
    private static final byte[] PROBE = "jvloop".getBytes();

    /**
     * Reads both and puts the chain in order. Certificates that are not part of it are left out: the peer
     * could not use them, and the JDK's key store takes a chain without gaps only.
     */
    static Identity read(Path chain, Path key, char[] password) throws IOException {
        List<X509Certificate> certificates = Certificates.own(chain);
        PrivateKey own = PrivateKeys.read(key, password);
        try {
            X509Certificate leaf = ownerOf(own, certificates);
            if (leaf == null) {
                throw new IOException(key + ": the private key does not belong to the certificate in " + chain
                        + " (" + certificates.get(0).getSubjectX500Principal()
                        + "); pass the key that this certificate was made for");
            }
            return new Identity(own, inOrder(leaf, certificates));
        } catch (GeneralSecurityException e) {
            throw new IOException(key + ": the private key cannot sign; make a new one: " + e.getMessage(),
                    e);
        }
    }

    private static X509Certificate ownerOf(PrivateKey key, List<X509Certificate> certificates)
            throws GeneralSecurityException {
        for (X509Certificate certificate : certificates) {
            if (belong(key, certificate.getPublicKey())) {
                return certificate;
            }
        }
        return null;
    }

    /** By signing: EC and Ed25519 keys cannot be compared otherwise without computing the public one. */
    private static boolean belong(PrivateKey key, PublicKey publicKey) throws GeneralSecurityException {
        if (!key.getAlgorithm().equals(publicKey.getAlgorithm())) {
            return false;
        }
        Signature signing = signature(key);
        signing.initSign(key);
        signing.update(PROBE);
        byte[] signature = signing.sign();
        try {
            Signature verifying = signature(key);
            verifying.initVerify(publicKey);
            verifying.update(PROBE);
            return verifying.verify(signature);
        } catch (InvalidKeyException | SignatureException e) { // another size or curve
            return false;
        }
    }

    private static Signature signature(PrivateKey key) throws GeneralSecurityException {
        String algorithm = key.getAlgorithm();
        Signature signature = Signature.getInstance(switch (algorithm) {
            case "RSA", "DSA" -> "SHA256with" + algorithm;
            case "EC" -> "SHA256withECDSA";
            default -> algorithm;
        });
        if (algorithm.equals("RSASSA-PSS")) {
            var bound = ((RSAKey) key).getParams(); // a key may be bound to a hash (RFC 4055, 3.1)
            signature.setParameter(bound != null ? bound
                    : new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
        }
        return signature;
    }

    private static List<X509Certificate> inOrder(X509Certificate leaf, List<X509Certificate> certificates) {
        List<X509Certificate> others = new ArrayList<>(certificates);
        others.remove(leaf);
        List<X509Certificate> chain = new ArrayList<>();
        X509Certificate last = leaf;
        while (last != null) {
            chain.add(last);
            last = takeIssuer(last, others);
        }
        return List.copyOf(chain);
    }

    /** The name alone would not do: an authority keeps it when it changes its key. */
    private static X509Certificate takeIssuer(X509Certificate certificate, List<X509Certificate> others) {
        if (isSignedBy(certificate, certificate)) {
            return null;
        }
        for (Iterator<X509Certificate> each = others.iterator(); each.hasNext();) {
            X509Certificate other = each.next();
            if (isSignedBy(certificate, other)) {
                each.remove();
                return other;
            }
        }
        return null;
    }

    private static boolean isSignedBy(X509Certificate certificate, X509Certificate issuer) {
        if (!certificate.getIssuerX500Principal().equals(issuer.getSubjectX500Principal())) {
            return false;
        }
        try {
            certificate.verify(issuer.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
