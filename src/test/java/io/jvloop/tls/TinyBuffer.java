package io.jvloop.tls;

import io.jvloop.transport.BufferedProtocol;
import io.jvloop.transport.Transport;
import java.nio.ByteBuffer;

/** Takes four bytes, then pauses; writes down how many it got, {@code e} for the end and {@code l}. */
final class TinyBuffer implements BufferedProtocol {
    private final ByteBuffer buffer = ByteBuffer.allocate(4);
    private final StringBuilder calls = new StringBuilder();
    private Transport transport;

    TinyBuffer on(Transport used) {
        transport = used;
        return this;
    }

    StringBuilder calls() {
        return calls;
    }

    @Override
    public ByteBuffer getBuffer(int sizeHint) {
        return buffer.clear();
    }

    @Override
    public void bufferUpdated(int count) {
        calls.append(count);
        transport.pauseReading();
    }

    @Override
    public boolean eofReceived() {
        calls.append('e');
        return true;
    }

    @Override
    public void connectionLost(Throwable cause) {
        calls.append('l');
    }
}
