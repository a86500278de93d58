package io.jvloop.tls;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.Signature;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.List;

/** Fills in and signs an X.509 v3 certificate (RFC 5280) whose subject is its issuer; EC keys only. */
final class CertificateForm {
    private static final String ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
    private static final String COMMON_NAME = "2.5.4.3";

    /** The upper bound of a common name (RFC 5280, appendix A.1, ub-common-name). */
    private static final int MAX_COMMON_NAME = 64;

    /** Up to 20 octets are allowed; 127 bits do not repeat. */
    private static final int SERIAL_BITS = 127;

    /** UTCTime has two digits for the year and ends there (RFC 5280, 4.1.2.5). */
    private static final int FIRST_GENERALIZED_YEAR = 2050;
    private static final DateTimeFormatter UTC = DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'");
    private static final DateTimeFormatter GENERALIZED = DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'");

    private CertificateForm() {
    }

    /** A signed certificate in DER. */
    static byte[] selfSigned(KeyPair keys, List<String> names, Instant from, Instant until)
            throws GeneralSecurityException {
        byte[] algorithm = Der.sequence(Der.oid(ECDSA_WITH_SHA256)); // no parameters (RFC 5758, 3.2)
        byte[] name = commonName(names.get(0));
        byte[] toSign = Der.sequence(
                Der.value(Der.TAGGED, Der.integer(2)), // v3
                Der.integer(serial()),
                algorithm,
                name,
                Der.sequence(time(from), time(until)),
                name,
                keys.getPublic().getEncoded(),
                Der.value(Der.TAGGED | 3, extensions(keys.getPublic().getEncoded(), names)));
        Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(keys.getPrivate());
        signature.update(toSign);
        return Der.sequence(toSign, algorithm, Der.bits(0, signature.sign()));
    }

    private static BigInteger serial() {
        return new BigInteger(SERIAL_BITS, new SecureRandom()).setBit(SERIAL_BITS - 1); // never zero
    }

    private static byte[] commonName(String name) {
        String text = name.substring(0, Math.min(name.length(), MAX_COMMON_NAME));
        byte[] value = Der.value(Der.UTF8_STRING, text.getBytes(StandardCharsets.UTF_8));
        return Der.sequence(Der.value(Der.SET, Der.sequence(Der.oid(COMMON_NAME), value)));
    }

    static byte[] time(Instant instant) {
        ZonedDateTime time = instant.atZone(ZoneOffset.UTC);
        boolean isShort = time.getYear() < FIRST_GENERALIZED_YEAR;
        return Der.value(isShort ? Der.UTC_TIME : Der.GENERALIZED_TIME,
                (isShort ? UTC : GENERALIZED).format(time).getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] extensions(byte[] publicKey, List<String> names) throws GeneralSecurityException {
        byte[][] alternatives = names.stream().map(SubjectName::encode).toArray(byte[][]::new);
        byte[] yes = Der.yes();
        return Der.sequence(
                // An authority, so that it can be a trust anchor; of no other authorities.
                extension("2.5.29.19", yes, Der.sequence(yes, Der.integer(0))),
                // digitalSignature, which is bit 0, and keyCertSign, bit 5: its own signature is one.
                extension("2.5.29.15", yes, Der.bits(2, (byte) 0b1000_0100)),
                extension("2.5.29.37", new byte[0],
                        Der.sequence(Der.oid("1.3.6.1.5.5.7.3.1"), Der.oid("1.3.6.1.5.5.7.3.2"))),
                extension("2.5.29.14", new byte[0], Der.value(Der.OCTET_STRING, keyId(publicKey))),
                extension("2.5.29.17", new byte[0], Der.sequence(alternatives)));
    }

    private static byte[] extension(String oid, byte[] critical, byte[] value) {
        return Der.sequence(Der.oid(oid), critical, Der.value(Der.OCTET_STRING, value));
    }

    /**
     * An authority must have one (RFC 5280, 4.2.1.2), any unique value. The customary one is the SHA-1 of the
     * key; here it is the start of SHA-256 of the whole key information (RFC 7093, 2), as SHA-1 may be
     * switched off.
     */
    private static byte[] keyId(byte[] publicKey) throws GeneralSecurityException {
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(publicKey);
        return Arrays.copyOf(hash, 20);
    }
}
