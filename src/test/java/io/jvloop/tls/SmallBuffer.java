package io.jvloop.tls;

import io.jvloop.transport.BufferedProtocol;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Transport;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Receives through a buffer of so many bytes, and writes everything down. */
final class SmallBuffer implements BufferedProtocol {
    private final ByteBuffer buffer;
    private final Recorder recorder = new Recorder();
    private Consumer<Transport> onFirst = transport -> {};
    private Consumer<Transport> onUpdate = transport -> {};

    SmallBuffer(int bytes) {
        buffer = ByteBuffer.allocate(bytes);
    }

    /** What to do inside the first bufferUpdated. */
    SmallBuffer onFirst(Consumer<Transport> action) {
        onFirst = action;
        return this;
    }

    /** What to do inside every bufferUpdated. */
    SmallBuffer onUpdate(Consumer<Transport> action) {
        onUpdate = action;
        return this;
    }

    Recorder recorder() {
        return recorder;
    }

    @Override
    public void connectionMade(Transport transport) {
        recorder.connectionMade(transport);
    }

    @Override
    public ByteBuffer getBuffer(int sizeHint) {
        return buffer.clear();
    }

    @Override
    public void bufferUpdated(int count) {
        recorder.dataReceived(buffer.flip());
        Consumer<Transport> first = onFirst;
        onFirst = transport -> {};
        first.accept(recorder.transport());
        onUpdate.accept(recorder.transport());
    }

    @Override
    public boolean eofReceived() {
        return recorder.eofReceived();
    }

    @Override
    public void pauseWriting() {
        recorder.pauseWriting();
    }

    @Override
    public void resumeWriting() {
        recorder.resumeWriting();
    }

    @Override
    public void connectionLost(Throwable cause) {
        recorder.connectionLost(cause);
    }
}
