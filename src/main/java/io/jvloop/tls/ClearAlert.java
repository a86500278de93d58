package io.jvloop.tls;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Map;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;

/**
 * An alert in clear where encrypted ones are due: OpenSSL's clients send it in TLS 1.3 when they do not trust
 * the server, since they have no key to write with yet. The JDK's engine tries to decrypt it, and complains
 * of that, not of what the peer has said. Sans-IO.
 */
final class ClearAlert {
    /** There is none. */
    static final int NONE = -1;

    private static final int ALERT_RECORD = 21;
    private static final int ALERT_BYTES = 2;

    /** Those that a handshake may end with (RFC 8446, 6). */
    private static final Map<Integer, String> NAMES = Map.ofEntries(
            Map.entry(0, "close_notify"),
            Map.entry(10, "unexpected_message"),
            Map.entry(20, "bad_record_mac"),
            Map.entry(40, "handshake_failure"),
            Map.entry(42, "bad_certificate"),
            Map.entry(43, "unsupported_certificate"),
            Map.entry(44, "certificate_revoked"),
            Map.entry(45, "certificate_expired"),
            Map.entry(46, "certificate_unknown"),
            Map.entry(47, "illegal_parameter"),
            Map.entry(48, "unknown_ca"),
            Map.entry(49, "access_denied"),
            Map.entry(50, "decode_error"),
            Map.entry(51, "decrypt_error"),
            Map.entry(70, "protocol_version"),
            Map.entry(71, "insufficient_security"),
            Map.entry(80, "internal_error"),
            Map.entry(90, "user_canceled"),
            Map.entry(109, "missing_extension"),
            Map.entry(110, "unsupported_extension"),
            Map.entry(113, "bad_certificate_status_response"));

    private ClearAlert() {
    }

    /** The alert's number, if that is what the record looks like. */
    static int in(ByteBuffer record) {
        int start = record.position();
        return record.remaining() == RecordReader.HEADER_BYTES + ALERT_BYTES
                && record.get(start) == ALERT_RECORD
                        ? record.get(start + RecordReader.HEADER_BYTES + 1) & 0xFF
                        : NONE;
    }

    /** What the engine has thrown at a record, or what the peer has said with it. */
    static SSLException explain(SSLException thrown, int alert) {
        if (alert == NONE || !(thrown.getCause() instanceof GeneralSecurityException)) {
            return thrown;
        }
        SSLException explained = new SSLHandshakeException("Received fatal alert: " + name(alert));
        explained.initCause(thrown);
        return explained;
    }

    private static String name(int alert) {
        return NAMES.getOrDefault(alert, "alert " + alert);
    }
}
