package io.jvloop.examples;

import io.jvloop.loop.EventLoop;
import io.jvloop.transport.Net;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/**
 * One of the two ends of a connection that is passed on: what arrives here leaves there. Back-pressure and
 * the end of each direction are passed on too, so memory stays within the marks however slow a peer is.
 */
final class Proxy implements Protocol {
    static final String USAGE =
            "proxy FROM TO    pass connections on; each is tcp:[HOST:]PORT or unix:PATH";

    private final SocketAddress to;
    private Proxy other;
    private Transport transport;
    private CompletableFuture<Transport> connecting;
    private boolean ended;

    /** The accepted end, which has to find its other one. */
    private Proxy(SocketAddress to) {
        this.to = to;
    }

    /** The connected end. */
    private Proxy(Proxy accepted) {
        to = null;
        other = accepted;
    }

    @Override
    public void connectionMade(Transport made) {
        transport = made;
        if (other == null) {
            made.pauseReading(); // until there is somewhere to send it, what arrives waits in the kernel
            connecting = Net.connect(made.loop(), to, () -> other = new Proxy(this));
            connecting.whenComplete((connected, failure) -> connected(failure));
        }
    }

    private void connected(Throwable failure) {
        if (failure == null) {
            transport.resumeReading();
        } else if (!connecting.isCancelled()) {
            System.err.println(failure.getMessage());
            transport.abort();
        }
    }

    @Override
    public void dataReceived(ByteBuffer data) {
        other.transport.write(data);
    }

    @Override
    public void pauseWriting() {
        other.transport.pauseReading();
    }

    @Override
    public void resumeWriting() {
        other.transport.resumeReading();
    }

    @Override
    public boolean eofReceived() {
        ended = true;
        other.transport.writeEof();
        if (other.ended) {
            transport.close(); // both directions have ended; what is queued is sent first
            other.transport.close();
        }
        return true;
    }

    @Override
    public void connectionLost(Throwable cause) {
        if (connecting != null) {
            connecting.cancel(false);
        }
        if (other != null && other.transport != null) {
            other.transport.close();
        }
    }

    static void main(String... arguments) throws IOException {
        if (arguments.length != 2) {
            throw new IllegalArgumentException("expected two addresses; usage: " + USAGE);
        }
        SocketAddress from = Arguments.stream(arguments[0], USAGE);
        SocketAddress to = Arguments.stream(arguments[1], USAGE);
        try (EventLoop loop = EventLoop.create()) {
            var server = Net.listen(loop, from, () -> new Proxy(to));
            System.out.println("listening on " + server.addresses() + ", passing on to " + to);
            loop.runForever();
        }
    }
}
