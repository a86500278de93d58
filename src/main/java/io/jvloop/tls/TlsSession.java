package io.jvloop.tls;

import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * What a handshake has agreed on. Immutable; stays valid after the end of the connection. Any thread.
 *
 * @param protocol for example {@code TLSv1.3}
 * @param cipherSuite for example {@code TLS_AES_256_GCM_SHA384}
 * @param peerCertificates the peer's chain, its own first; empty if it has shown none
 * @param localCertificates our chain; empty if we have shown none
 * @param applicationProtocol what ALPN has chosen, for example {@code h2}; empty if nothing
 * @param serverName the name that the client wanted to reach (SNI), in lower case; empty if it sent none
 * @param session the JDK's view, for the rest
 */
public record TlsSession(String protocol, String cipherSuite, List<X509Certificate> peerCertificates,
        List<X509Certificate> localCertificates, String applicationProtocol, String serverName,
        SSLSession session) {

    /**
     * Copies the lists.
     *
     * @param protocol as for the record
     * @param cipherSuite as for the record
     * @param peerCertificates as for the record
     * @param localCertificates as for the record
     * @param applicationProtocol as for the record
     * @param serverName as for the record
     * @param session as for the record
     */
    public TlsSession {
        peerCertificates = List.copyOf(peerCertificates);
        localCertificates = List.copyOf(localCertificates);
    }

    static TlsSession of(SSLEngine engine) {
        SSLSession session = engine.getSession();
        String chosen = engine.getApplicationProtocol();
        return new TlsSession(session.getProtocol(), session.getCipherSuite(), peerCertificates(session),
                x509(session.getLocalCertificates()), chosen == null ? "" : chosen, serverName(session),
                session);
    }

    private static List<X509Certificate> peerCertificates(SSLSession session) {
        try {
            return x509(session.getPeerCertificates());
        } catch (SSLPeerUnverifiedException none) {
            return List.of();
        }
    }

    private static List<X509Certificate> x509(Certificate[] chain) {
        List<X509Certificate> result = new ArrayList<>();
        if (chain != null) {
            for (Certificate certificate : chain) {
                if (certificate instanceof X509Certificate x509) {
                    result.add(x509);
                }
            }
        }
        return result;
    }

    private static String serverName(SSLSession session) {
        if (session instanceof ExtendedSSLSession extended) {
            for (SNIServerName name : extended.getRequestedServerNames()) {
                if (name instanceof SNIHostName host) {
                    return host.getAsciiName().toLowerCase(java.util.Locale.ROOT);
                }
            }
        }
        return "";
    }

    @Override
    public String toString() {
        return protocol + " " + cipherSuite + (applicationProtocol.isEmpty() ? "" : " " + applicationProtocol)
                + (serverName.isEmpty() ? "" : " " + serverName);
    }
}
