package io.jvloop.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import javax.crypto.BadPaddingException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;

/** Alerts in clear, as OpenSSL sends them in TLS 1.3; {@link OpensslClientTest} has real ones. */
class ClearAlertTest {
    private static final SSLException UNDECRYPTED =
            new SSLException("no tag", new BadPaddingException("no tag"));

    private static ByteBuffer record(int... bytes) {
        ByteBuffer record = ByteBuffer.allocate(bytes.length);
        for (int value : bytes) {
            record.put((byte) value);
        }
        return record.flip();
    }

    @Test
    void alertInClearIsNamed() {
        int alert = ClearAlert.in(record(21, 3, 3, 0, 2, 2, 48));
        assertThat(ClearAlert.explain(UNDECRYPTED, alert)).isInstanceOf(SSLHandshakeException.class)
                .hasMessage("Received fatal alert: unknown_ca").hasCause(UNDECRYPTED);
        assertThat(ClearAlert.explain(UNDECRYPTED, 200)).hasMessage("Received fatal alert: alert 200");
    }

    @Test
    void otherRecordsAreNoAlerts() {
        assertThat(ClearAlert.in(record(23, 3, 3, 0, 2, 2, 48))).isEqualTo(ClearAlert.NONE);
        assertThat(ClearAlert.in(record(21, 3, 3, 0, 3, 2, 48, 0))).isEqualTo(ClearAlert.NONE);
        assertThat(ClearAlert.in(record(21, 3, 3))).isEqualTo(ClearAlert.NONE);
        assertThat(ClearAlert.explain(UNDECRYPTED, ClearAlert.NONE)).isSameAs(UNDECRYPTED);
    }

    @Test
    void whatTheEngineUnderstandsIsLeftToIt() {
        SSLException understood = new SSLHandshakeException("Received fatal alert: handshake_failure");
        assertThat(ClearAlert.explain(understood, 40)).isSameAs(understood);
    }
}
