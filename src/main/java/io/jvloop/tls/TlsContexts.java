package io.jvloop.tls;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/**
 * Makes an {@code SSLContext} of PEM files, the form in which OpenSSL, Let's Encrypt and most authorities
 * hand out keys and certificates; so nobody needs {@code keytool}.
 *
 * <p><b>Files.</b> Key and chain may be in one file (pass it twice), in any order, with other text around.
 * Keys: PKCS#8 ({@code PRIVATE KEY}; RSA, RSASSA-PSS, EC, Ed25519, Ed448, DSA), encrypted PKCS#8 ({@code
 * ENCRYPTED PRIVATE KEY}; PBES2), {@code RSA PRIVATE KEY} and {@code EC PRIVATE KEY}; whether a handshake can
 * use the key is for the JDK's TLS to say. Of the certificates the one of the key is sent first, then its
 * issuers, in whatever order the file has them; others of the file are left out.
 *
 * <p><b>Errors.</b> What is wrong fails here, not in the first handshake: an {@code IOException} whose
 * message names the file and says what to do. Validity dates are not looked at, since a server has to start
 * although its certificate ran out overnight; the peer will complain.
 *
 * <p><b>Secrets.</b> A password is not kept and not wiped; that is for the caller. Arrays with key bytes are
 * wiped; the key itself stays in the context.
 *
 * <p>Any thread. Reads files and computes, so call it before the loop runs or in an executor.
 */
public final class TlsContexts {
    private TlsContexts() {
    }

    /**
     * A server's context. It trusts nobody: a client certificate, if asked for, is refused. (By the JDK's
     * default one of any public authority would do.)
     *
     * @param chain PEM file with the server's certificate and those of its issuers, the root not needed
     * @param key PEM file with the private key, not encrypted
     * @return a new context
     * @throws IOException if a file cannot be read or used
     */
    public static SSLContext server(Path chain, Path key) throws IOException {
        return server(chain, key, null);
    }

    /**
     * A server's context, from a key that may be encrypted. It trusts nobody.
     *
     * @param chain PEM file with the server's certificate and those of its issuers
     * @param key PEM file with the private key
     * @param passwordOrNull of the key; not looked at if the key is not encrypted
     * @return a new context
     * @throws IOException if a file cannot be read or used, or the password is wrong
     */
    public static SSLContext server(Path chain, Path key, char[] passwordOrNull) throws IOException {
        return of(identity(chain, key, passwordOrNull), List.of(), key);
    }

    /**
     * A server's context that trusts the clients of some authorities. Whether a client is asked for its
     * certificate is set with {@link TlsConfig#withClientAuthentication}.
     *
     * @param chain PEM file with the server's certificate and those of its issuers
     * @param key PEM file with the private key
     * @param passwordOrNull of the key; not looked at if the key is not encrypted
     * @param clientAuthorities PEM file; all certificates in it are trusted, and no others
     * @return a new context
     * @throws IOException if a file cannot be read or used, or the password is wrong
     */
    public static SSLContext server(Path chain, Path key, char[] passwordOrNull, Path clientAuthorities)
            throws IOException {
        Objects.requireNonNull(clientAuthorities, "clientAuthorities");
        return of(identity(chain, key, passwordOrNull), Certificates.authorities(clientAuthorities), key);
    }

    /**
     * A client's context that trusts the servers of some authorities, and not those that the JDK trusts. It
     * has no certificate. Whether the server's certificate is for the name that was dialled {@link
     * Tls#client} checks.
     *
     * @param authorities PEM file; all certificates in it are trusted, and no others
     * @return a new context
     * @throws IOException if the file cannot be read or used
     */
    public static SSLContext client(Path authorities) throws IOException {
        Objects.requireNonNull(authorities, "authorities");
        return of(null, Certificates.authorities(authorities), authorities);
    }

    /**
     * The same for a client that has a certificate to show.
     *
     * @param authorities PEM file; all certificates in it are trusted, and no others
     * @param chain PEM file with the client's certificate and those of its issuers
     * @param key PEM file with the private key
     * @param passwordOrNull of the key; not looked at if the key is not encrypted
     * @return a new context
     * @throws IOException if a file cannot be read or used, or the password is wrong
     */
    public static SSLContext client(Path authorities, Path chain, Path key, char[] passwordOrNull)
            throws IOException {
        Objects.requireNonNull(authorities, "authorities");
        return of(identity(chain, key, passwordOrNull), Certificates.authorities(authorities), key);
    }

    private static Identity identity(Path chain, Path key, char[] password) throws IOException {
        return Identity.read(Objects.requireNonNull(chain, "chain"), Objects.requireNonNull(key, "key"),
                password);
    }

    private static SSLContext of(Identity own, List<X509Certificate> trusted, Path path) throws IOException {
        try {
            return of(own, trusted);
        } catch (GeneralSecurityException e) {
            throw new IOException(path + ": this Java cannot use what is in the file: " + e.getMessage(), e);
        }
    }

    /** A context with this key, or null for none, that trusts these certificates only, which may be none. */
    static SSLContext of(Identity own, List<X509Certificate> trusted)
            throws IOException, GeneralSecurityException {
        // Empty, not null: null stands for the managers that the JDK would choose.
        KeyManager[] keys = own == null ? new KeyManager[0] : keys(own);
        TrustManager[] trust = trusted.isEmpty() ? new TrustManager[0] : trust(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys, trust, null);
        return context;
    }

    private static KeyManager[] keys(Identity own) throws IOException, GeneralSecurityException {
        char[] password = randomPassword();
        try {
            KeyStore store = emptyStore();
            store.setKeyEntry("own", own.key(), password, own.chain().toArray(new X509Certificate[0]));
            KeyManagerFactory factory =
                    KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(store, password);
            return factory.getKeyManagers();
        } finally {
            Arrays.fill(password, '\0');
        }
    }

    private static TrustManager[] trust(List<X509Certificate> trusted)
            throws IOException, GeneralSecurityException {
        KeyStore store = emptyStore();
        for (int i = 0; i < trusted.size(); i++) {
            store.setCertificateEntry("authority" + i, trusted.get(i));
        }
        TrustManagerFactory factory =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers();
    }

    private static KeyStore emptyStore() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    /** Letters, since the JDK's PKCS#12 takes ASCII only; 32 of them are 150 bits. */
    private static char[] randomPassword() {
        SecureRandom random = new SecureRandom();
        char[] password = new char[32];
        for (int i = 0; i < password.length; i++) {
            password[i] = (char) ('a' + random.nextInt(26));
        }
        return password;
    }
}
