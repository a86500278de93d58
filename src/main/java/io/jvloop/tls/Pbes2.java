package io.jvloop.tls;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Map;
import javax.crypto.Cipher;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Decrypts PKCS#8 keys: PBES2 with PBKDF2 (RFC 8018, 6.2 and 5.2).
 *
 * <p>Not by {@code EncryptedPrivateKeyInfo}: one has to guess the name of the algorithm from a {@code
 * toString}, passwords are limited to ASCII, and AES-192 and 3DES, which OpenSSL writes, are missing.
 */
final class Pbes2 {
    private static final String PBES2 = "1.2.840.113549.1.5.13";
    private static final String PBKDF2 = "1.2.840.113549.1.5.12";

    private static final String WRONG = "the password is wrong (or the key damaged)";

    private static final Map<String, String> HASHES = Map.of(
            "1.2.840.113549.2.7", "HmacSHA1",
            "1.2.840.113549.2.8", "HmacSHA224",
            "1.2.840.113549.2.9", "HmacSHA256",
            "1.2.840.113549.2.10", "HmacSHA384",
            "1.2.840.113549.2.11", "HmacSHA512");

    private static final Map<String, Encryption> ENCRYPTIONS = Map.of(
            "2.16.840.1.101.3.4.1.2", new Encryption("AES", 128),
            "2.16.840.1.101.3.4.1.22", new Encryption("AES", 192),
            "2.16.840.1.101.3.4.1.42", new Encryption("AES", 256),
            "1.2.840.113549.3.7", new Encryption("DESede", 192));

    private final Pem.Block block;

    private Pbes2(Pem.Block block) {
        this.block = block;
    }

    /** The PKCS#8 inside; a new array, for the caller to wipe. */
    static byte[] decrypt(Pem.Block block, byte[] der, char[] password) throws IOException {
        if (password == null) {
            throw block.problem("the key is encrypted; pass its password, or decrypt it with: "
                    + block.openssl("pkey"));
        }
        return new Pbes2(block).decrypt(der, password);
    }

    private byte[] decrypt(byte[] der, char[] password) throws IOException {
        DerReader info = new DerReader(der).enter(Der.SEQUENCE);
        DerReader scheme = info.enter(Der.SEQUENCE);
        byte[] encrypted = info.value(Der.OCTET_STRING);
        requireKnown(scheme.oid(), PBES2);
        DerReader parameters = scheme.enter(Der.SEQUENCE);
        DerReader derivation = parameters.enter(Der.SEQUENCE);
        DerReader encryption = parameters.enter(Der.SEQUENCE);
        Encryption cipher = known(ENCRYPTIONS, encryption.oid());
        byte[] iv = encryption.value(Der.OCTET_STRING);
        requireKnown(derivation.oid(), PBKDF2);
        byte[] key = derive(derivation.enter(Der.SEQUENCE), password, cipher);
        try {
            byte[] plain = cipher.decrypt(key, iv, encrypted);
            if (Pkcs8.isPlausible(plain)) {
                return plain;
            }
            Arrays.fill(plain, (byte) 0); // by chance, once in 256 times, the padding was right
            throw block.problem(WRONG);
        } catch (GeneralSecurityException e) {
            throw block.problem(WRONG, e);
        } finally {
            Arrays.fill(key, (byte) 0);
        }
    }

    private byte[] derive(DerReader parameters, char[] password, Encryption cipher) throws IOException {
        byte[] salt = parameters.value(Der.OCTET_STRING);
        int iterations = parameters.integer();
        if (parameters.tag() == Der.INTEGER) {
            parameters.integer(); // the length of the key, which the cipher says too
        }
        String hash = parameters.hasNext() ? known(HASHES, parameters.enter(Der.SEQUENCE).oid()) : "HmacSHA1";
        try {
            PBEKeySpec spec = new PBEKeySpec(password, salt, iterations, cipher.keyBits);
            try {
                return SecretKeyFactory.getInstance("PBKDF2With" + hash).generateSecret(spec).getEncoded();
            } finally {
                spec.clearPassword();
            }
        } catch (GeneralSecurityException | IllegalArgumentException e) { // no salt, no iterations
            throw block.problem("the key is damaged: " + e.getMessage(), e);
        }
    }

    private void requireKnown(String oid, String expected) throws IOException {
        known(Map.of(expected, expected), oid);
    }

    private <T> T known(Map<String, T> table, String oid) throws IOException {
        T found = table.get(oid);
        if (found == null) {
            throw block.problem("the key is encrypted by an algorithm (" + oid
                    + ") that is not read here; convert it with: "
                    + block.openssl("pkcs8 -topk8 -v2 aes256"));
        }
        return found;
    }

    /** A block cipher in CBC mode. */
    private record Encryption(String algorithm, int keyBits) {
        byte[] decrypt(byte[] key, byte[] iv, byte[] encrypted) throws GeneralSecurityException {
            Cipher cipher = Cipher.getInstance(algorithm + "/CBC/PKCS5Padding");
            cipher.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, algorithm), new IvParameterSpec(iv));
            return cipher.doFinal(encrypted);
        }
    }
}
