package io.jvloop.tls;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Map;

/**
 * Private keys as PKCS#8 (RFC 5208, RFC 5958), the only form that {@code KeyFactory} reads; the two older
 * ones are wrapped into it.
 */
final class Pkcs8 {
    private static final String RSA = "1.2.840.113549.1.1.1";
    private static final String EC = "1.2.840.10045.2.1";

    /** What can be the key of a certificate, under the names of {@code KeyFactory}. */
    private static final Map<String, String> ALGORITHMS = Map.of(
            RSA, "RSA",
            "1.2.840.113549.1.1.10", "RSASSA-PSS",
            EC, "EC",
            "1.3.101.112", "Ed25519",
            "1.3.101.113", "Ed448",
            "1.2.840.10040.4.1", "DSA");

    private static final int NULL = 0x05;

    private Pkcs8() {
    }

    /** Wraps an RSAPrivateKey of PKCS#1 (RFC 8017, A.1.2); the algorithm has NULL parameters (A.1). */
    static byte[] ofRsa(byte[] pkcs1) {
        return wrap(Der.sequence(Der.oid(RSA), Der.value(NULL)), pkcs1);
    }

    /** Wraps an ECPrivateKey of SEC 1 (RFC 5915), whose curve moves to the algorithm. */
    static byte[] ofEc(Pem.Block block, byte[] sec1) throws IOException {
        DerReader key = new DerReader(sec1).enter(Der.SEQUENCE);
        key.enter(Der.INTEGER);
        key.enter(Der.OCTET_STRING);
        if (key.tag() != Der.TAGGED) {
            throw block.problem("the key does not name its curve; get it as PKCS#8 (PRIVATE KEY), which does,"
                    + " or make a new one with: openssl genpkey -algorithm EC -pkeyopt"
                    + " ec_paramgen_curve:P-256 -out new.pem");
        }
        DerReader curve = key.enter(Der.TAGGED);
        requireNamed(block, curve.tag());
        return wrap(Der.sequence(Der.oid(EC), curve.whole()), sec1);
    }

    /** RFC 5480, 2.1.1, forbids to spell the curve out; the JDK does not read it. */
    private static void requireNamed(Pem.Block block, int tag) throws IOException {
        if (tag == Der.SEQUENCE) {
            throw block.problem("the key spells out its curve, where Java needs its name; convert it with: "
                    + block.openssl("ec -param_enc named_curve"));
        }
    }

    private static byte[] wrap(byte[] algorithm, byte[] key) {
        byte[] octets = Der.value(Der.OCTET_STRING, key);
        try {
            return Der.sequence(Der.integer(0), algorithm, octets);
        } finally {
            Arrays.fill(octets, (byte) 0);
        }
    }

    /** Whether this looks like PKCS#8, which what a wrong password leaves does not. */
    static boolean isPlausible(byte[] bytes) {
        try {
            DerReader all = new DerReader(bytes);
            DerReader info = all.enter(Der.SEQUENCE);
            all.requireEnd();
            return info.integer() <= 1 && info.tag() == Der.SEQUENCE;
        } catch (DerReader.Damaged e) {
            return false;
        }
    }

    /** The key. */
    static PrivateKey decode(Pem.Block block, byte[] pkcs8) throws IOException {
        DerReader info = new DerReader(pkcs8).enter(Der.SEQUENCE);
        info.integer();
        String name = algorithm(block, info.enter(Der.SEQUENCE));
        try {
            return KeyFactory.getInstance(name).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
        } catch (GeneralSecurityException e) {
            throw block.problem("the " + name + " key is damaged, or of a kind that this Java does not have: "
                    + reason(e), e);
        }
    }

    /** The innermost message: what is around it says less, and differs between JDKs. */
    private static String reason(Throwable e) {
        return e.getCause() == null ? e.getMessage() : reason(e.getCause());
    }

    private static String algorithm(Pem.Block block, DerReader parts) throws IOException {
        String oid = parts.oid();
        String name = ALGORITHMS.get(oid);
        if (name == null) {
            throw block.problem("a key of algorithm " + oid
                    + " is not for TLS certificates; make one with: openssl genpkey -algorithm EC -pkeyopt"
                    + " ec_paramgen_curve:P-256 -out new.pem");
        }
        if (oid.equals(EC)) {
            requireNamed(block, parts.tag());
        }
        return name;
    }
}
