package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import io.jvloop.loop.Registration;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One or more listening sockets with one protocol factory. The loop keeps it alive until it is closed,
 * whether or not the program holds on to it.
 *
 * <p>Closing it closes the listening sockets only; connections it has accepted go on, until they end or
 * {@link #closeClients} or {@link #abortClients} ends them.
 *
 * <p><b>Thread.</b> The loop's, except where a method says so.
 */
public final class Server implements AutoCloseable {
    /**
     * <pre>
     *   BOUND ──startServing──▶ SERVING ──close──▶ CLOSED
     *     └────────────────close────────────────────▲
     * </pre>
     */
    private enum State { BOUND, SERVING, CLOSED }

    private final EventLoop loop;
    private final Supplier<? extends Protocol> factory;
    private final SocketConfig socketConfig;
    private final List<Acceptor> acceptors = new ArrayList<>();
    private final Set<SocketTransport> clients = new LinkedHashSet<>();

    /** One for all, since ten thousand connections would have as many of it. */
    private final Consumer<SocketTransport> onEnd = this::ended;
    private final CompletableFuture<Void> closed;
    private State state = State.BOUND;
    private boolean accepting;
    private CompletableFuture<Void> serving;
    private Consumer<SocketChannel> handOver = this::accepted;

    /** Takes over the listeners, unless it throws. */
    Server(EventLoop loop, Supplier<? extends Protocol> factory, SocketConfig socketConfig,
            List<Listener> listeners) throws IOException {
        this.loop = loop;
        this.factory = factory;
        this.socketConfig = socketConfig;
        this.closed = loop.createFuture();
        try {
            for (Listener listener : listeners) {
                acceptors.add(new Acceptor(this, loop, listener));
            }
        } catch (IOException | RuntimeException e) {
            acceptors.forEach(Acceptor::close);
            throw e;
        }
    }

    /** {@return the loop that accepts and serves} Any thread. */
    public EventLoop loop() {
        return loop;
    }

    /** {@return the addresses listened on, with the ports the system chose; empty once closed} */
    public List<SocketAddress> addresses() {
        return state == State.CLOSED ? List.of() : acceptors.stream().map(Acceptor::address).toList();
    }

    /** {@return whether connections are accepted} */
    public boolean isServing() {
        return state == State.SERVING;
    }

    /** {@return connections accepted whose {@code connectionLost} has not run yet} */
    public int activeConnections() {
        return clients.size();
    }

    /**
     * Begins to accept; needed only with {@link ListenConfig#startServing()} false. Idempotent.
     *
     * @throws IllegalStateException if the server is closed
     */
    public void startServing() {
        loop.requireLoopThread("startServing");
        if (state == State.CLOSED) {
            throw new IllegalStateException(this + " is closed");
        }
        state = State.SERVING;
        acceptors.forEach(Acceptor::start);
    }

    /**
     * {@link #startServing} and a future to wait for: it completes when the server is closed, and cancelling
     * it closes the server.
     *
     * @return completed by {@link #close}
     * @throws IllegalStateException if the server is closed or this was called before
     */
    public CompletableFuture<Void> serveForever() {
        startServing();
        if (serving != null) {
            throw new IllegalStateException("serveForever() was already called on " + this);
        }
        serving = loop.createFuture();
        serving.whenComplete((nothing, cancelled) -> {
            if (cancelled != null) {
                Futures.onLoop(loop, this::close);
            }
        });
        return serving;
    }

    /** Closes the listening sockets; accepted connections go on. Idempotent. */
    @Override
    public void close() {
        loop.requireLoopThread("Server.close");
        if (state == State.CLOSED) {
            return;
        }
        state = State.CLOSED;
        acceptors.forEach(Acceptor::close);
        if (serving != null) {
            serving.complete(null);
        }
        completeIfOver();
    }

    /**
     * Calls {@link Transport#close} on every accepted connection, with TLS on what the application sees of
     * it: what is queued for them is still sent.
     */
    public void closeClients() {
        loop.requireLoopThread("closeClients");
        List.copyOf(clients).forEach(client -> uppermost(client).close());
    }

    private static Transport uppermost(Transport transport) {
        Transport top = transport;
        while (top.protocol() instanceof LayeredProtocol layer && layer.upper() != null) {
            top = layer.upper();
        }
        return top;
    }

    /** Calls {@link Transport#abort} on every accepted connection. */
    public void abortClients() {
        loop.requireLoopThread("abortClients");
        List.copyOf(clients).forEach(Transport::abort);
    }

    /**
     * Completes when the server is closed and the last accepted connection has heard {@code connectionLost}.
     *
     * @return the same future for everyone; cancelling it has no effect on the server. Any thread
     */
    public CompletableFuture<Void> closed() {
        return closed.copy();
    }

    /** Gives away what arrives from now on, to servers on other loops. */
    void handOverTo(Consumer<SocketChannel> others) {
        handOver = others;
    }

    /** A connection has arrived. */
    void arrived(SocketChannel channel) {
        handOver.accept(channel);
    }

    /**
     * A connection that another loop has accepted. If this server was closed meanwhile, it has come too late,
     * as one that was still in the backlog: nobody who waits for the end must find it here afterwards.
     */
    void handedOver(SocketChannel channel) {
        if (state == State.CLOSED) {
            Channels.close(channel, new IOException("collects what closing throws"));
        } else {
            accepted(channel);
        }
    }

    /** A connection is ours to serve: whatever goes wrong with it must not harm the server. */
    void accepted(SocketChannel channel) {
        accepting = true; // the factory may close the server, which is not over while it makes a protocol
        try {
            if (isGone(channel)) {
                return;
            }
            if (serve(channel) == null) {
                channel.close();
            }
        } catch (Throwable t) {
            Channels.close(channel, t);
            loop.callExceptionHandler(
                    ExceptionContext.of("Cannot serve an accepted connection", t).with("server", this));
        } finally {
            accepting = false;
            completeIfOver();
        }
    }

    /**
     * Makes a client of a connection; if that fails, the channel is as it was. Null if the loop is being
     * closed, for whom a connection that was handed over has come too late.
     */
    Registration serve(SocketChannel channel) throws IOException {
        Protocol protocol = Objects.requireNonNull(factory.get(), "the protocol factory returned null");
        SocketTransport transport = new SocketTransport(loop, channel, protocol, socketConfig, onEnd);
        Registration registration = register(channel, transport);
        if (registration == null) {
            return null;
        }
        clients.add(transport);
        transport.start(registration, () -> {});
        return registration;
    }

    /** For sockets that somebody else goes on using: {@link #close} stops accepting and leaves them open. */
    void keepSocketsOpen() {
        acceptors.forEach(Acceptor::keepOpen);
    }

    private Registration register(SocketChannel channel, SocketTransport transport) throws IOException {
        try {
            return loop.register(channel, 0, transport);
        } catch (IllegalStateException loopIsClosing) {
            return null;
        }
    }

    /** Reset between SYN and accept, which shows when options are set: nobody to serve, nothing to report. */
    private boolean isGone(SocketChannel channel) {
        try {
            socketConfig.apply(channel);
            return false;
        } catch (IOException peerIsGone) {
            Channels.close(channel, peerIsGone);
            return true;
        }
    }

    private void ended(SocketTransport transport) {
        clients.remove(transport);
        completeIfOver();
    }

    private void completeIfOver() {
        if (state == State.CLOSED && clients.isEmpty() && !accepting) {
            closed.complete(null);
        }
    }

    @Override
    public String toString() {
        return "Server[" + acceptors + ", " + state + ", " + clients.size() + " connections]";
    }
}
