package io.jvloop.examples;

import io.jvloop.loop.EventLoop;
import io.jvloop.transport.Net;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.function.Supplier;

/** Sends back what it receives, and stops reading from whoever does not read. */
final class Echo implements Protocol {
    private Transport transport;

    @Override
    public void connectionMade(Transport made) { transport = made; }

    @Override
    public void dataReceived(ByteBuffer data) { transport.write(data); }

    @Override
    public void pauseWriting() { transport.pauseReading(); }

    @Override
    public void resumeWriting() { transport.resumeReading(); }

    static void serve(SocketAddress address, Supplier<Protocol> factory) throws IOException {
        try (EventLoop loop = EventLoop.create()) {
            var server = Net.listen(loop, address, factory);
            System.out.println("listening on " + server.addresses());
            loop.runForever();
        }
    }
}
