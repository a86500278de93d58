package io.jvloop.tls;

import java.io.IOException;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.util.Arrays;
import java.util.List;

/** Reads the private key of a PEM file, in any of the forms that OpenSSL writes. */
final class PrivateKeys {
    private PrivateKeys() {
    }

    /** The one key of the file, which may stand there more than once. */
    static PrivateKey read(Path path, char[] password) throws IOException {
        try (Pem pem = Pem.read(path)) {
            List<Pem.Block> blocks = pem.blocks(label -> label.endsWith("PRIVATE KEY"));
            if (blocks.isEmpty()) {
                throw pem.problem("no private key in this file, only: " + pem.labels()
                        + "; pass the file with -----BEGIN PRIVATE KEY-----");
            }
            PrivateKey key = null;
            for (Pem.Block block : blocks) {
                PrivateKey next = decode(block, password);
                if (key != null && !isSame(key, next)) {
                    throw block.problem(
                            "a second, different private key; leave only the one of the certificate");
                }
                key = next;
            }
            return key;
        }
    }

    /** An EC key keeps the form it was read in, which may repeat the curve: so the numbers are compared. */
    private static boolean isSame(PrivateKey one, PrivateKey other) {
        return one.equals(other) || one instanceof ECPrivateKey first && other instanceof ECPrivateKey second
                && first.getS().equals(second.getS());
    }

    private static PrivateKey decode(Pem.Block block, char[] password) throws IOException {
        if (block.isEncrypted()) {
            throw block.problem("the key is encrypted in OpenSSL's old form (Proc-Type: 4,ENCRYPTED), whose"
                    + " password is hashed once, with MD5; convert it with: "
                    + block.openssl("pkcs8 -topk8"));
        }
        byte[] der = block.der();
        byte[] pkcs8 = null;
        try {
            DerReader whole = new DerReader(der);
            whole.enter(Der.SEQUENCE);
            whole.requireEnd();
            pkcs8 = unwrap(block, der, password);
            return Pkcs8.decode(block, pkcs8);
        } catch (DerReader.Damaged e) {
            throw block.problem("the key is damaged, copy the file again: " + e.getMessage(), e);
        } finally {
            Arrays.fill(der, (byte) 0);
            if (pkcs8 != null) {
                Arrays.fill(pkcs8, (byte) 0);
            }
        }
    }

    private static byte[] unwrap(Pem.Block block, byte[] der, char[] password) throws IOException {
        return switch (block.label()) {
            case "PRIVATE KEY" -> der;
            case "RSA PRIVATE KEY" -> Pkcs8.ofRsa(der);
            case "EC PRIVATE KEY" -> Pkcs8.ofEc(block, der);
            case "ENCRYPTED PRIVATE KEY" -> Pbes2.decrypt(block, der, password);
            case "OPENSSH PRIVATE KEY" -> throw block.problem("this is a key of ssh; convert a copy of it"
                    + " with: ssh-keygen -p -m PKCS8 -f copy");
            default -> throw block.problem("this form of key is not read here; convert it with: "
                    + block.openssl("pkcs8 -topk8 -nocrypt"));
        };
    }
}
