package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Recorder;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The JDK's engines at both ends; the client's last data and its close_notify come in one read. */
@Timeout(60)
@ExtendWith(LoopExtension.class)
class CloseWithDataTest {
    private static final SelfSigned IDENTITY = SelfSigned.of("localhost");

    private SSLEngine client;
    private MemoryTransport below;
    private int read;

    private void shakeHands(EventLoop loop, String protocol, Recorder app) throws SSLException {
        client = IDENTITY.clientContext().createSSLEngine();
        client.setUseClientMode(true);
        client.setEnabledProtocols(new String[] {protocol});
        TlsFactory factory =
                Tls.server(IDENTITY.context(), () -> app, TlsConfig.DEFAULT.withInlineTasks());
        below = new MemoryTransport(loop).connect(factory.get());
        client.beginHandshake();
        while (client.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
            if (client.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
                client.getDelegatedTask().run();
            } else if (client.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                below.receive(wrap(new byte[0]));
            } else {
                unwrap();
            }
        }
        below.turns();
        unwrapAll();
        assertThat(app.calls()).containsExactly("made");
    }

    private byte[] wrap(byte[] plain) throws SSLException {
        ByteBuffer record = ByteBuffer.allocate(40_000);
        client.wrap(ByteBuffer.wrap(plain), record);
        return Arrays.copyOf(record.array(), record.position());
    }

    private byte[] unwrap() throws SSLException {
        byte[] written = below.written();
        ByteBuffer plain = ByteBuffer.allocate(40_000);
        read += client.unwrap(ByteBuffer.wrap(written, read, written.length - read), plain).bytesConsumed();
        return Arrays.copyOf(plain.array(), plain.position());
    }

    private byte[] unwrapAll() throws SSLException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        int before;
        do {
            before = read;
            all.writeBytes(unwrap());
        } while (read > before);
        return all.toByteArray();
    }

    private byte[] dataAndClose(byte[] data) throws SSLException {
        ByteArrayOutputStream both = new ByteArrayOutputStream();
        both.writeBytes(wrap(data));
        client.closeOutbound();
        both.writeBytes(wrap(new byte[0]));
        return both.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    @Contract(section = TLS,
            value = "What is answered to data that came together with the peer's close is sent")
    void answerToTheLastDataIsSent(String protocol, EventLoop loop) throws Exception {
        Recorder app = Recorder.echo();
        shakeHands(loop, protocol, app);
        byte[] question = Bytes.noise(10_000);
        below.receive(dataAndClose(question));
        below.turns();
        assertThat(app.awaitLost()).isNull();
        assertThat(app.calls()).containsExactly("made", "data", "eof", "lost");
        assertThat(unwrapAll()).isEqualTo(question);
    }

    /** In TLS 1.2 what is still queued then cannot be sent any more; that is a failure, and not for ever. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void moreThanCanBeHandedDownBeforeTheCloseIsSentOrFails(String protocol, EventLoop loop)
            throws Exception {
        Recorder app = new Recorder();
        shakeHands(loop, protocol, app);
        below.stopTaking();
        app.transport().write(new byte[3_000_000]);
        below.receive(dataAndClose(new byte[1]));
        below.turns();
        below.takeAll();
        below.turns();
        below.takeAll();
        below.turns();
        boolean isNew = protocol.equals("TLSv1.3");
        assertThat(app.awaitLost() == null).isEqualTo(isNew);
        int sent = unwrapAll().length;
        assertThat(sent == 3_000_000).as("all was sent: " + sent).isEqualTo(isNew);
        assertThat(sent).isGreaterThanOrEqualTo(1_000_000);
    }
}
