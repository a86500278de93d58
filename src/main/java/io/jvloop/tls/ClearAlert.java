package io.jvloop.tls;

import static java.util.Map.entry;

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
    private static final Map<Integer, String> NAMES = Map.ofEntries(entry(0, "close_notify"),
            entry(10, "unexpected_message"), entry(20, "bad_record_mac"), entry(40, "handshake_failure"),
            entry(42, "bad_certificate"), entry(43, "unsupported_certificate"),
            entry(44, "certificate_revoked"), entry(45, "certificate_expired"),
            entry(46, "certificate_unknown"), entry(47, "illegal_parameter"), entry(48, "unknown_ca"),
            entry(49, "access_denied"), entry(50, "decode_error"), entry(51, "decrypt_error"),
            entry(70, "protocol_version"), entry(71, "insufficient_security"), entry(80, "internal_error"),
            entry(90, "user_canceled"), entry(109, "missing_extension"), entry(110, "unsupported_extension"),
            entry(113, "bad_certificate_status_response"));

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
        SSLException explained = new SSLHandshakeException(
                "Received fatal alert: " + NAMES.getOrDefault(alert, "alert " + alert));
        explained.initCause(thrown);
        return explained;
    }
}
