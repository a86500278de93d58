package io.jvloop.examples;

import io.jvloop.loop.EventLoop;
import io.jvloop.transport.Net;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Sends back what it receives, and stops reading from whoever does not read. */
final class Echo implements Protocol {
    static final String USAGE =
            "echo ADDRESS     send back what comes; ADDRESS is tcp:[HOST:]PORT or unix:PATH";

    private Transport transport;

    @Override
    public void connectionMade(Transport made) { transport = made; }

    @Override
    public void dataReceived(ByteBuffer data) { transport.write(data); }

    @Override
    public void pauseWriting() { transport.pauseReading(); }

    @Override
    public void resumeWriting() { transport.resumeReading(); }

    static void main(String... arguments) throws IOException {
        try (EventLoop loop = EventLoop.create()) {
            var address = Arguments.stream(Arguments.only(arguments, USAGE), USAGE);
            var server = Net.listen(loop, address, Echo::new);
            System.out.println("listening on " + server.addresses());
            loop.runForever();
        }
    }
}
