package io.jvloop.tls;

import io.jvloop.loop.Async;
import io.jvloop.loop.EventLoop;
import io.jvloop.transport.Net;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;

/**
 * TLS for any stream transport: wrap the factory of your protocols, and give it to whichever verb of {@link
 * Net} you would have given your own.
 *
 * <pre>
 * Net.listen(loop, address, Tls.server(context, Echo::new));
 * Tls.handshake(Net.connect(loop, host, port, Tls.client(context, host, Hello::new)));
 * </pre>
 *
 * <p>Your protocol sees a {@link Transport} like every other one. What TLS adds to the contract:
 * <ul>
 * <li>{@code connectionMade} is called when the handshake is over; if it fails, neither that nor {@code
 * connectionLost} is. The first data come a turn later.
 * <li>{@code close} sends what is queued, then close_notify, and waits for the peer's; {@link
 * TlsConfig#withShutdownTimeout} limits that. What arrives meanwhile, and what is written, is dropped.
 * <li>{@code eofReceived} means the peer's close_notify. An end without one is a {@link
 * TlsTruncatedException} for {@code connectionLost}.
 * <li>With TLS 1.3 each direction ends by itself: {@code writeEof}, and true from {@code eofReceived}, work.
 * With 1.2 they do not.
 * <li>{@code writeBufferSize} counts what is not encrypted yet, without what the transport below holds;
 * {@code pauseWriting} comes when 512 KiB are reached, {@code resumeWriting} at 128 KiB.
 * <li>{@code sendFile} copies.
 * </ul>
 *
 * <p>{@link TlsContexts} makes an {@code SSLContext} of PEM files, {@link SelfSigned} one for a test.
 */
public final class Tls {
    private Tls() {
    }

    /**
     * Speaks TLS as a server, with {@link TlsConfig#DEFAULT}.
     *
     * @param context has the certificate and its key
     * @param factory see {@link #server(SSLContext, Supplier, TlsConfig)}
     * @return a factory for {@code Net.listen}, {@code adopt} and the like
     */
    public static TlsFactory server(SSLContext context, Supplier<? extends Protocol> factory) {
        return server(context, factory, TlsConfig.DEFAULT);
    }

    /**
     * Speaks TLS as a server.
     *
     * @param context has the certificate and its key, and says which clients to trust
     * @param factory makes the application's protocol of each connection whose handshake has succeeded, on
     *             the loop's thread. If it throws, the connection is aborted and the failure reported
     * @param config how TLS is spoken
     * @return a factory for {@code Net.listen}, {@code adopt} and the like
     * @throws IllegalArgumentException if the JDK refuses something in {@code config}, such as a cipher suite
     */
    public static TlsFactory server(SSLContext context, Supplier<? extends Protocol> factory,
            TlsConfig config) {
        return new TlsFactory(new TlsSetup(context, null, config), factory);
    }

    /**
     * Speaks TLS as a client, with {@link TlsConfig#DEFAULT}.
     *
     * @param context whom to trust; {@code SSLContext.getDefault()} is the public authorities
     * @param host see {@link #client(SSLContext, String, Supplier, TlsConfig)}
     * @param factory see there
     * @return a factory for {@code Net.connect} and the like
     */
    public static TlsFactory client(SSLContext context, String host, Supplier<? extends Protocol> factory) {
        return client(context, host, factory, TlsConfig.DEFAULT);
    }

    /**
     * Speaks TLS as a client.
     *
     * <p><b>What {@code Net.connect} returns is the transport below, in clear:</b> write on the one that your
     * protocol is given, or that {@link #handshake(CompletableFuture)} or {@link #connect} return.
     *
     * @param context whom to trust, and perhaps a certificate of our own
     * @param host the server's name or address: sent to it (SNI), and compared with its certificate
     * @param factory makes the application's protocol, once the handshake has succeeded, on the loop's thread
     * @param config how TLS is spoken
     * @return a factory for {@code Net.connect} and the like; {@link #handshake(CompletableFuture)} says when
     *         the connection is there
     * @throws IllegalArgumentException if the host is blank, or the JDK refuses something in {@code config}
     */
    public static TlsFactory client(SSLContext context, String host, Supplier<? extends Protocol> factory,
            TlsConfig config) {
        return new TlsFactory(TlsSetup.client(context, host, config), factory);
    }

    /**
     * Connects to a host and shakes hands, with the default configurations. For others, and for other
     * addresses: {@code Tls.handshake(Net.connect(…, Tls.client(…), …))}.
     *
     * @param loop the loop that will serve the connection
     * @param host the server's name or address
     * @param port 1 to 65535
     * @param context whom to trust
     * @param factory makes the application's protocol
     * @return see {@link #handshake(CompletableFuture)}
     */
    public static CompletableFuture<Transport> connect(EventLoop loop, String host, int port,
            SSLContext context, Supplier<? extends Protocol> factory) {
        return handshake(Net.connect(loop, host, port, client(context, host, factory)));
    }

    /**
     * Waits for the handshake of a connection that is being made.
     *
     * @param connecting what a verb of {@code Net} has returned that was given a factory of {@link #client}
     *             or {@link #server}
     * @return the application's transport, completed right after its protocol's {@code connectionMade}, a
     *         turn before any data. It fails as {@code connecting} does, with an {@code SSLException} that
     *         says what the handshake failed of, or with a {@code SocketTimeoutException}; then the
     *         connection is closed; asked after the end, only that it has ended. It may be cancelled or timed
     *         out ({@code orTimeout}) at any moment, on any thread, and leaves no socket behind
     */
    public static CompletableFuture<Transport> handshake(CompletableFuture<Transport> connecting) {
        CompletableFuture<Transport> result = connecting.newIncompleteFuture();
        connecting.whenComplete((transport, failure) -> {
            if (failure != null) {
                result.completeExceptionally(Async.cause(failure));
            } else if (transport.loop().inLoop() || !transport.loop().isRunning()) {
                follow(transport, result);
            } else { // asked by another thread, of a connection that was made already
                transport.loop().execute(() -> follow(transport, result));
            }
        });
        result.whenComplete((transport, failure) -> {
            if (failure != null) {
                connecting.cancel(false);
            }
        });
        return result;
    }

    private static void follow(Transport transport, CompletableFuture<Transport> result) {
        Protocol protocol = transport.protocol();
        if (protocol instanceof TlsProtocol layer) {
            follow(layer, result);
        } else if (protocol == null) {
            result.completeExceptionally(new IOException("the connection has ended already: " + transport));
        } else {
            result.completeExceptionally(new IllegalArgumentException("no TLS on " + transport
                    + ": its factory must be one of Tls.server or Tls.client"));
        }
    }

    /** With TLS in TLS there is a handshake after the handshake. */
    private static void follow(TlsProtocol layer, CompletableFuture<Transport> result) {
        CompletableFuture<Transport> established = layer.connection().established();
        established.whenComplete((upper, failure) -> {
            if (failure != null) {
                result.completeExceptionally(failure);
            } else if (upper.protocol() instanceof TlsProtocol next) {
                follow(next, result);
            } else if (!result.complete(upper)) {
                upper.loop().execute(upper::abort);
            }
        });
        result.whenComplete((upper, failure) -> {
            if (failure != null) {
                established.cancel(false);
            }
        });
    }

    /**
     * Begins TLS on a connection that is in use (STARTTLS); see {@link #upgrade(Transport, TlsFactory,
     * ByteBuffer)}, without early bytes.
     *
     * @param transport the connection
     * @param tls {@link #server} or {@link #client}
     * @return the application's new transport
     */
    public static CompletableFuture<Transport> upgrade(Transport transport, TlsFactory tls) {
        return upgrade(transport, tls, ByteBuffer.allocate(0));
    }

    /**
     * Begins TLS on a connection that is in use (STARTTLS), of whatever kind: TCP, UNIX, TLS itself. Loop
     * thread.
     *
     * <p>What was written before is sent before, in clear. The old transport is not the application's any
     * more: what it still wrote there would break the stream.
     *
     * @param transport the connection
     * @param tls {@link #server} or {@link #client}; its factory is called now, and may return the protocol
     *             that the connection has already. {@code connectionMade} is not called, {@code
     *             connectionLost} is, also if the handshake fails
     * @param early what was received together with the request to begin, and belongs to TLS; borrowed. A
     *             server must not take it for a request in clear: an attacker may have put it there
     * @return the application's new transport; if it fails or is cancelled the connection is closed. As for
     *         {@link #handshake(CompletableFuture)}
     * @throws IllegalArgumentException if the transport is a pipe, which has one direction only
     * @throws IllegalStateException on another thread than the loop's, or if TLS has begun there already
     */
    public static CompletableFuture<Transport> upgrade(Transport transport, TlsFactory tls,
            ByteBuffer early) {
        transport.loop().requireLoopThread("upgrade");
        Objects.requireNonNull(early, "early");
        if (transport.protocol() instanceof TlsProtocol) {
            throw new IllegalStateException("TLS has begun already on " + transport
                    + "; for TLS in TLS upgrade the transport that it has given you");
        }
        if (transport.localAddress() == null && transport.remoteAddress() == null) {
            throw new IllegalArgumentException("TLS needs both directions, and a pipe has one: " + transport);
        }
        if (transport.isClosing()) {
            return CompletableFuture.failedFuture(
                    new IOException("too late for TLS, the connection is closing: " + transport));
        }
        TlsProtocol layer = tls.make();
        layer.connection().upgrades(transport);
        transport.setProtocol(layer);
        layer.begin(transport);
        CompletableFuture<Transport> established = layer.connection().established();
        transport.resumeReading(); // first, since what is early may be enough to pause it again
        layer.dataReceived(early);
        return established;
    }

    /**
     * What TLS on a connection has agreed on: versions, certificates, names.
     *
     * @param transport the application's transport, or the one below it
     * @return empty if there is no TLS, or no end of its handshake yet. Stays available after the end of the
     *         connection, on the application's transport
     */
    public static Optional<TlsSession> session(Transport transport) {
        if (transport instanceof TlsTransport tls) {
            return Optional.of(tls.session());
        }
        return transport.protocol() instanceof TlsProtocol layer
                ? Optional.ofNullable(layer.connection().session())
                : Optional.empty();
    }
}
