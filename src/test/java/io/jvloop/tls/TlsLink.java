package io.jvloop.tls;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.LoopThread;
import io.jvloop.transport.ConnectConfig;
import io.jvloop.transport.Net;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.SocketConfig;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLSocket;

/**
 * A TLS connection of a running loop to the JDK's blocking {@code SSLSocket}. Closing it aborts the
 * connection, closes the peer and stops the loop.
 */
final class TlsLink implements AutoCloseable {
    /** Whom every test trusts. */
    static final SelfSigned SELF = SelfSigned.of("localhost");

    /** Small enough that the kernel is soon full. */
    private static final int NARROW_BYTES = 8 * 1024;

    private final LoopThread thread;
    private final Transport transport;
    private final Transport below;
    private final Peer raw;
    private final Peer peer;

    private TlsLink(LoopThread thread, Transport transport, Transport below, Peer raw, Peer peer) {
        this.thread = thread;
        this.transport = transport;
        this.below = below;
        this.raw = raw;
        this.peer = peer;
    }

    /** A client of the loop's that speaks TLS 1.3, unless told otherwise. */
    static Plan plan(EventLoop loop) {
        return new Plan(loop);
    }

    /** How the connection is to be. */
    static final class Plan {
        private final EventLoop loop;
        private String version = "TLSv1.3";
        private boolean server;
        private boolean narrow;
        private TlsConfig config = TlsConfig.DEFAULT;

        private Plan(EventLoop loop) {
            this.loop = loop;
        }

        Plan version(String name) {
            version = name;
            return this;
        }

        /** The loop's end is the server of the handshake. */
        Plan server() {
            return server(true);
        }

        Plan server(boolean isServer) {
            server = isServer;
            return this;
        }

        /** Small kernel buffers between our transport and the peer's reads. */
        Plan narrow() {
            narrow = true;
            return this;
        }

        Plan config(UnaryOperator<TlsConfig> change) {
            config = change.apply(config);
            return this;
        }

        /** Starts the loop, connects and shakes hands. */
        TlsLink open(Protocol protocol) {
            int kernelBytes = narrow ? NARROW_BYTES : 0;
            try (ServerSocket listener = new ServerSocket()) {
                if (narrow) {
                    listener.setReceiveBufferSize(kernelBytes);
                }
                listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                LoopThread thread = LoopThread.start(loop);
                ConnectConfig connect = ConnectConfig.DEFAULT
                        .withSocket(SocketConfig.DEFAULT.withKernelBuffers(0, kernelBytes));
                TlsFactory factory = factory(() -> protocol);
                CompletableFuture<Transport> connecting = thread
                        .call(() -> Net.connect(loop, listener.getLocalSocketAddress(), factory, connect));
                CompletableFuture<Transport> shaking = thread.call(() -> Tls.handshake(connecting));
                Peer raw = Peer.accept(listener);
                CompletableFuture<Peer> peer = Peer.background(() -> shake(raw.socket()));
                return new TlsLink(thread, Await.result(shaking), Await.result(connecting), raw,
                        Await.result(peer));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        TlsFactory factory(Supplier<? extends Protocol> factory) {
            TlsConfig own = config.withProtocols(version);
            return server ? Tls.server(SELF.context(), factory, own)
                    : Tls.client(SELF.context(), "localhost", factory, own);
        }

        private Peer shake(Socket raw) throws IOException {
            return new Peer(layer(raw, server, version));
        }
    }

    /** TLS on a plain socket of the peer's, once its handshake is over. */
    static SSLSocket layer(Socket raw, boolean asClient, String... versions) throws IOException {
        SSLSocket socket = (SSLSocket) SELF.context().getSocketFactory().createSocket(raw, "localhost",
                raw.getPort(), true);
        socket.setUseClientMode(asClient);
        if (versions.length > 0) {
            socket.setEnabledProtocols(versions);
        }
        socket.startHandshake();
        return socket;
    }

    /** A blocking client of a TLS server under test. */
    static Peer connect(SocketAddress address, String... versions) {
        Peer raw = Peer.connect(address);
        return Await.result(Peer.background(() -> new Peer(layer(raw.socket(), true, versions))));
    }

    /** What a future fails with, without wrapper; null if it does not. */
    static Throwable failure(CompletableFuture<?> future) {
        CompletableFuture<Throwable> seen = new CompletableFuture<>();
        future.whenComplete((value, thrown) -> {
            boolean wrapped = thrown instanceof CompletionException && thrown.getCause() != null;
            seen.complete(wrapped ? thrown.getCause() : thrown);
        });
        return Await.result(seen);
    }

    LoopThread thread() {
        return thread;
    }

    /** What the application sees. */
    Transport transport() {
        return transport;
    }

    /** What TLS itself uses. */
    Transport below() {
        return below;
    }

    /** The peer as it speaks TLS. */
    Peer peer() {
        return peer;
    }

    /** The same peer's socket, below its TLS. */
    Peer raw() {
        return raw;
    }

    /** Does something with the transport on the loop's thread, and waits for it. */
    void run(Consumer<Transport> action) {
        thread.run(() -> action.accept(transport));
    }

    /** Asks the transport something on the loop's thread. */
    <T> T ask(Function<Transport, T> question) {
        return thread.call(() -> question.apply(transport));
    }

    /** Keeps the loop from reading while the peer does something: all of it arrives together. */
    void together(Runnable peersActions) {
        CountDownLatch done = new CountDownLatch(1);
        thread.post(() -> Await.latch(done));
        try {
            peersActions.run();
        } finally {
            done.countDown();
        }
    }

    /** Writes until neither the kernel nor the transport below takes more; how many bytes were written. */
    long fill() {
        return ask(TlsLink::fill);
    }

    /** The same on the loop's thread. */
    static long fill(Transport transport) {
        byte[] block = new byte[NARROW_BYTES];
        long written = 0;
        while (transport.writeBufferSize() == 0) {
            transport.write(block);
            written += block.length;
        }
        return written;
    }

    @Override
    public void close() {
        try {
            thread.run(below::abort);
        } finally {
            raw.close();
            thread.close();
        }
    }
}
