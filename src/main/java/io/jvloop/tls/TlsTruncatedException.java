package io.jvloop.tls;

import javax.net.ssl.SSLException;

/**
 * The peer ended the connection below TLS without a {@code close_notify}: what has arrived may be cut short,
 * by an attacker too (RFC 8446, 6.1). A protocol that knows by itself where its messages end may ignore it.
 */
public final class TlsTruncatedException extends SSLException {
    private static final long serialVersionUID = 1;

    TlsTruncatedException(String message) {
        super(message);
    }
}
