package io.jvloop.stream;

import io.jvloop.loop.Async;
import io.jvloop.loop.EventLoop;
import io.jvloop.loop.LoopGroup;
import io.jvloop.tls.Tls;
import io.jvloop.transport.GroupServer;
import io.jvloop.transport.LayeredProtocol;
import io.jvloop.transport.Net;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Server;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;

/**
 * Connections and servers as streams: a {@link StreamReader} and a {@link StreamWriter} in place of a
 * protocol.
 *
 * <pre>
 * Streams.open(loop, "example.org", 80)
 *         .thenCompose(stream -&gt; {
 *             stream.writer().write("GET / HTTP/1.0\r\n\r\n");
 *             return stream.reader().read();
 *         });
 * Streams.serve(loop, address, (reader, writer) -&gt; reader.forEachLine(line -&gt; {
 *     writer.write(line);
 *     return writer.drain();
 * }).thenRun(writer::close));
 * </pre>
 *
 * <p>The verbs here are for the usual cases. Every verb of {@link Net}, {@code Pipes} and {@link Tls} with
 * every configuration becomes a stream with {@link #open(EventLoop, int, Verb)}, and every server with {@link
 * #protocols}.
 *
 * <p><b>Thread.</b> {@code open} any, {@code serve} the loop's.
 *
 * <p>When the loop is {@linkplain EventLoop#drain drained}, readers see the end of their stream: code that
 * reads to the end finishes what it does and closes, as after a peer that has nothing more to say.
 */
public final class Streams {
    private Streams() {
    }

    /** Opens a transport for a protocol: a verb of {@code Net}, {@code Pipes} or {@code Tls}. */
    @FunctionalInterface
    public interface Verb {
        /**
         * Opens the transport.
         *
         * @param factory for the verb; to be used once
         * @return what the verb has returned
         * @throws IOException as the verb throws it
         */
        CompletableFuture<Transport> open(Supplier<Protocol> factory) throws IOException;
    }

    /**
     * Connects to a host by name or literal.
     *
     * @param loop the loop that will serve the connection
     * @param host tried at each of its addresses until one connects
     * @param port 1 to 65535
     * @return as of {@link Net#connect(EventLoop, String, int, Supplier)}
     */
    public static CompletableFuture<StreamPair> open(EventLoop loop, String host, int port) {
        return open(loop, StreamReader.DEFAULT_LIMIT, factory -> Net.connect(loop, host, port, factory));
    }

    /**
     * Connects to an address, TCP or UNIX.
     *
     * @param loop the loop that will serve the connection
     * @param address where to
     * @return as of {@link Net#connect(EventLoop, SocketAddress, Supplier)}
     */
    public static CompletableFuture<StreamPair> open(EventLoop loop, SocketAddress address) {
        return open(loop, StreamReader.DEFAULT_LIMIT, factory -> Net.connect(loop, address, factory));
    }

    /**
     * Connects to a UNIX socket.
     *
     * @param loop the loop that will serve the connection
     * @param path the server's socket file
     * @return as of {@link Net#connect(EventLoop, Path, Supplier)}
     */
    public static CompletableFuture<StreamPair> open(EventLoop loop, Path path) {
        return open(loop, StreamReader.DEFAULT_LIMIT, factory -> Net.connect(loop, path, factory));
    }

    /**
     * Connects to a host with TLS.
     *
     * @param loop the loop that will serve the connection
     * @param host the server's name or address
     * @param port 1 to 65535
     * @param context whom to trust
     * @return as of {@link Tls#connect}
     */
    public static CompletableFuture<StreamPair> open(EventLoop loop, String host, int port,
            SSLContext context) {
        return open(loop, StreamReader.DEFAULT_LIMIT,
                factory -> Tls.connect(loop, host, port, context, factory));
    }

    /**
     * Makes a stream of whatever a verb opens:
     *
     * <pre>
     * Streams.open(loop, limit, factory -&gt; Net.connect(loop, addresses, factory, config))
     * Streams.open(loop, limit, factory -&gt; Pipes.stdin(loop, factory))
     * </pre>
     *
     * @param loop the loop of the verb
     * @param limit of the reader, in bytes
     * @param verb is called on the loop's thread: now, if this is it
     * @return completed when the transport is, and with TLS when the handshake is over; fails as the verb
     *         does. Cancelling it closes the transport
     * @throws IllegalArgumentException if the limit is not positive
     */
    public static CompletableFuture<StreamPair> open(EventLoop loop, int limit, Verb verb) {
        StreamProtocol protocol = new StreamProtocol(StreamReader.requireLimit(limit), null);
        Objects.requireNonNull(verb, "verb");
        CompletableFuture<StreamPair> result = loop.createFuture();
        if (loop.inLoop() || !loop.isRunning()) {
            begin(verb, protocol, result);
        } else {
            Request.make(loop, "open", result, () -> beginLate(verb, protocol, result));
        }
        return result;
    }

    /** The caller has gone on: what the verb throws has no other way to him. */
    private static void beginLate(Verb verb, StreamProtocol protocol, CompletableFuture<StreamPair> result) {
        try {
            begin(verb, protocol, result);
        } catch (RuntimeException e) {
            result.completeExceptionally(e);
        }
    }

    private static void begin(Verb verb, StreamProtocol protocol, CompletableFuture<StreamPair> result) {
        if (result.isDone()) {
            return; // cancelled on its way here
        }
        try {
            follow(verb.open(() -> protocol), protocol, result);
        } catch (IOException e) {
            result.completeExceptionally(e);
        }
    }

    private static void follow(CompletableFuture<Transport> opening, StreamProtocol protocol,
            CompletableFuture<StreamPair> result) {
        opening.whenComplete((transport, failure) -> {
            if (failure != null) {
                result.completeExceptionally(Async.cause(failure));
            } else if (transport.protocol() instanceof LayeredProtocol) {
                follow(Tls.handshake(opening), protocol, result); // what came was the transport below
            } else if (protocol.pair() == null) {
                result.completeExceptionally(new IOException("closed before it was a stream: " + transport));
            } else if (!result.complete(protocol.pair())) {
                transport.loop().execute(transport::abort);
            }
        });
        result.whenComplete((pair, failure) -> {
            if (failure != null) {
                opening.cancel(false);
            }
        });
    }

    /**
     * Listens on an address, TCP or UNIX.
     *
     * @param loop the loop that accepts and serves
     * @param address where
     * @param handler called for each client, on the loop's thread
     * @return the server, accepting
     * @throws IOException if the address cannot be bound
     */
    public static Server serve(EventLoop loop, SocketAddress address, StreamHandler handler)
            throws IOException {
        return Net.listen(loop, address, protocols(StreamReader.DEFAULT_LIMIT, handler));
    }

    /**
     * Listens on a UNIX socket.
     *
     * @param loop the loop that accepts and serves
     * @param path the socket file
     * @param handler called for each client, on the loop's thread
     * @return the server, accepting
     * @throws IOException if the address cannot be bound
     */
    public static Server serve(EventLoop loop, Path path, StreamHandler handler) throws IOException {
        return serve(loop, UnixDomainSocketAddress.of(path), handler);
    }

    /**
     * Listens on an address, with TLS.
     *
     * @param loop the loop that accepts and serves
     * @param address where
     * @param context has the certificate
     * @param handler called for each client whose handshake has succeeded, on the loop's thread
     * @return the server, accepting
     * @throws IOException if the address cannot be bound
     */
    public static Server serve(EventLoop loop, SocketAddress address, SSLContext context,
            StreamHandler handler) throws IOException {
        return Net.listen(loop, address,
                Tls.server(context, protocols(StreamReader.DEFAULT_LIMIT, handler)));
    }

    /**
     * Listens on an address with all loops of a group; see {@link Net#listen(LoopGroup, SocketAddress,
     * Supplier)}.
     *
     * @param group whose loops serve
     * @param address where
     * @param handler called for each client, on the thread of its loop; so by several at a time
     * @return the server, accepting
     * @throws IOException if the address cannot be bound
     */
    public static GroupServer serve(LoopGroup group, SocketAddress address, StreamHandler handler)
            throws IOException {
        return Net.listen(group, address, protocols(StreamReader.DEFAULT_LIMIT, handler));
    }

    /**
     * Makes protocols for a server of any kind: {@code Net.listen(loop, address, Streams.protocols(limit,
     * handler), config)}.
     *
     * @param limit of each reader, in bytes
     * @param handler called for each client
     * @return a factory for verbs that listen or adopt, or for {@link Tls#server}
     * @throws IllegalArgumentException if the limit is not positive
     */
    public static Supplier<Protocol> protocols(int limit, StreamHandler handler) {
        StreamReader.requireLimit(limit);
        Objects.requireNonNull(handler, "handler");
        return () -> new StreamProtocol(limit, handler);
    }
}
