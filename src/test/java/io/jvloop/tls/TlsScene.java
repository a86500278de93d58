package io.jvloop.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Transport;
import java.util.ArrayList;
import java.util.List;

/**
 * A whole TLS connection between a scripted engine, a transport in memory and an application that writes down
 * what it hears.
 */
final class TlsScene {
    /** A record of five bytes of content; nobody but the script looks at it. */
    static final byte[] RECORD = record(23, 5);

    final ScriptedEngine engine;
    final MemoryTransport below;
    final Recorder app;
    final List<Throwable> handshakeFailures = new ArrayList<>();

    private TlsScene(EventLoop loop, ScriptedEngine engine, Recorder app) {
        this.engine = engine;
        this.app = app;
        TlsConfig config = TlsConfig.DEFAULT.withInlineTasks()
                .withHandshakeFailed((transport, cause) -> handshakeFailures.add(cause));
        TlsFactory factory = Tls.server(ScriptedContext.of(engine), () -> app, config);
        below = new MemoryTransport(loop).connect(factory.get());
    }

    /** In the middle of a handshake, as far as the script goes without a record from the peer. */
    static TlsScene begin(EventLoop loop, ScriptedEngine engine) {
        return new TlsScene(loop, engine, new Recorder());
    }

    /** After the handshake; {@code engine} is to be one that is over with it after one record. */
    static TlsScene established(EventLoop loop, ScriptedEngine engine, Recorder app) {
        TlsScene scene = new TlsScene(loop, engine.established(), app);
        scene.below.receive(record(22, 1));
        scene.below.turns();
        assertThat(app.calls()).containsExactly("made");
        scene.engine.clear();
        return scene;
    }

    static TlsScene established(EventLoop loop, ScriptedEngine engine) {
        return established(loop, engine, new Recorder());
    }

    Transport upper() {
        return app.transport();
    }

    /** The one cause of a handshake's failure, after it. */
    Throwable handshakeFailure() {
        below.turns();
        assertThat(below.isLost()).as("lost").isTrue();
        assertThat(app.calls()).isEmpty();
        assertThat(handshakeFailures).hasSize(1);
        return handshakeFailures.get(0);
    }

    /** What the application was told at the end. */
    Throwable lost() {
        below.turns();
        assertThat(below.isLost()).as("lost").isTrue();
        return app.awaitLost();
    }

    /** Ends what is still open. */
    void end() {
        below.abort();
        below.turns();
    }

    static byte[] record(int type, int length) {
        byte[] record = new byte[RecordReader.HEADER_BYTES + length];
        record[0] = (byte) type;
        record[1] = 3;
        record[2] = 3;
        record[3] = (byte) (length >> 8);
        record[4] = (byte) length;
        return record;
    }
}
