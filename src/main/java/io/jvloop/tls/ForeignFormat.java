package io.jvloop.tls;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Says what a file without any PEM block is instead, and how to make PEM of it. */
final class ForeignFormat {
    private static final int SEQUENCE = 0x30;
    private static final String PKCS12_VERSION = "\2\1\3";

    private ForeignFormat() {
    }

    static String explain(byte[] bytes, Path path) {
        if (bytes.length == 0) {
            return "the file is empty";
        }
        String start = new String(bytes, 0, Math.min(bytes.length, 8), StandardCharsets.ISO_8859_1);
        if (start.startsWith("\u00ff\u00fe") || start.startsWith("\u00fe\u00ff")) {
            return "the file is UTF-16 text; save it as ASCII or UTF-8";
        }
        if (start.startsWith("\u00fe\u00ed\u00fe\u00ed")) {
            return "the file is a Java key store (JKS), not PEM; convert it with: keytool -importkeystore"
                    + " -srckeystore " + path + " -destkeystore new.p12, then: openssl pkcs12 -in new.p12"
                    + " -out new.pem";
        }
        if (bytes[0] == SEQUENCE && bytes.length > 1) {
            return binary(bytes[1] & 0xff, start, path);
        }
        return "the file holds no PEM block (-----BEGIN CERTIFICATE----- or the like)";
    }

    /** PKCS#12 begins with its version 3 (RFC 7292, 4); nothing else that comes as DER does. */
    private static String binary(int length, String start, Path path) {
        int inside = length > 0x80 ? 2 + (length & 0x7f) : 2;
        if (start.startsWith(PKCS12_VERSION, inside)) {
            return "the file is PKCS#12, not PEM; convert it with: openssl pkcs12 -in " + path
                    + " -out new.pem";
        }
        return "the file is DER, not PEM; convert a certificate with: openssl x509 -inform DER -in " + path
                + " -out new.pem, or a key with: openssl pkey -inform DER -in " + path + " -out new.pem";
    }
}
