package io.jvloop.examples;

import io.jvloop.loop.EventLoop;
import io.jvloop.transport.ConnectConfig;
import io.jvloop.transport.Net;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * One of the two ends of a connection that is passed on: what arrives here leaves there. Back-pressure and
 * the end of each direction are passed on too, so memory stays within the marks however slow a peer is. So is
 * a failure: a stream that broke off must not look like one that is complete.
 */
final class Proxy implements Protocol {
    static final String USAGE = "proxy [--tls [CHAIN KEY]] FROM TO    "
            + "pass connections on, with --tls in clear; each is tcp:[HOST:]PORT or unix:PATH";

    private static final ConnectConfig CONNECT = ConnectConfig.DEFAULT.withTimeout(Duration.ofSeconds(10));

    private final SocketAddress to;
    private Proxy other;
    private Transport transport;
    private CompletableFuture<Transport> connecting;
    private boolean ended;

    private Proxy(SocketAddress to, Proxy other) {
        this.to = to;
        this.other = other;
    }

    /** The accepted end, which has to find its other one. */
    static Proxy to(SocketAddress address) {
        return new Proxy(address, null);
    }

    @Override
    public void connectionMade(Transport made) {
        transport = made;
        if (other == null) {
            made.pauseReading(); // until there is somewhere to send it, what arrives waits in the kernel
            connecting = Net.connect(made.loop(), to, () -> other = new Proxy(null, this), CONNECT);
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
        if (!other.transport.canWriteEof()) { // TLS 1.2 has one end for both directions
            other.transport.close();
            return false;
        }
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
        if (other == null || other.transport == null) {
            return; // there was nobody to send to yet
        }
        if (cause == null || ended) {
            other.transport.close(); // all that this peer had to say has come; what is queued is sent first
        } else {
            other.reset();
        }
    }

    private void reset() {
        try {
            transport.setOption(StandardSocketOptions.SO_LINGER, 0); // closed now, TCP sends RST and not FIN
        } catch (IOException alreadyClosed) {
            return;
        }
        transport.abort();
    }

    static void main(String... arguments) throws IOException {
        List<String> rest = new ArrayList<>(List.of(arguments));
        UnaryOperator<Supplier<Protocol>> tls = TlsOption.take(rest, 2);
        if (rest.size() != 2) {
            throw new IllegalArgumentException("expected two addresses; usage: " + USAGE);
        }
        SocketAddress from = Arguments.stream(rest.get(0), USAGE);
        SocketAddress to = Arguments.stream(rest.get(1), USAGE);
        try (EventLoop loop = EventLoop.create()) {
            var server = Net.listen(loop, from, tls.apply(() -> Proxy.to(to)));
            System.out.println("listening on " + server.addresses() + ", passing on to " + to);
            loop.runForever();
        }
    }
}
