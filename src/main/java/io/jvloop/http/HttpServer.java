package io.jvloop.http;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.LoopGroup;
import io.jvloop.transport.GroupServer;
import io.jvloop.transport.ListenConfig;
import io.jvloop.transport.Net;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Server;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.function.Supplier;

/**
 * HTTP/1.1 servers (RFC 9110, RFC 9112).
 *
 * <pre>
 * HttpServer.listen(loop, new InetSocketAddress(8080), (request, response) -&gt; response.end("hello\n"));
 * </pre>
 *
 * <p>The verbs here are for the usual cases. {@link #protocols} is for all others: it goes wherever a factory
 * of protocols goes, through TLS for example:
 *
 * <pre>
 * Net.listen(loop, address, Tls.server(context, HttpServer.protocols(handler)));
 * </pre>
 *
 * <p>To end in order, {@linkplain EventLoop#drain drain} the loop or shut the group down: idle connections
 * close, the others after the answer they are at.
 */
public final class HttpServer {
    private HttpServer() {
    }

    /**
     * Listens on an address, with {@link HttpConfig#DEFAULT}.
     *
     * @param loop the loop that accepts and serves
     * @param address TCP or UNIX, see {@link Net#listen(EventLoop, SocketAddress, Supplier)}
     * @param handler answers requests, on the loop's thread
     * @return the server, accepting as soon as the loop runs
     * @throws IOException if the address cannot be bound; the message names it
     */
    public static Server listen(EventLoop loop, SocketAddress address, HttpHandler handler)
            throws IOException {
        return listen(loop, address, handler, HttpConfig.DEFAULT);
    }

    /**
     * Listens on an address.
     *
     * @param loop the loop that accepts and serves
     * @param address TCP or UNIX, see {@link Net#listen(EventLoop, SocketAddress, Supplier)}
     * @param handler answers requests, on the loop's thread
     * @param config timeouts and limits
     * @return the server, accepting as soon as the loop runs
     * @throws IOException if the address cannot be bound; the message names it
     */
    public static Server listen(EventLoop loop, SocketAddress address, HttpHandler handler,
            HttpConfig config) throws IOException {
        return Net.listen(loop, address, protocols(handler, config), ListenConfig.DEFAULT);
    }

    /**
     * Listens on all loops of a group, with {@link HttpConfig#DEFAULT}.
     *
     * @param group whose loops serve
     * @param address TCP or UNIX, see {@link Net#listen(LoopGroup, SocketAddress, Supplier)}
     * @param handler answers requests, on all loops at once
     * @return the server, accepting
     * @throws IOException if the address cannot be bound; the message names it
     */
    public static GroupServer listen(LoopGroup group, SocketAddress address, HttpHandler handler)
            throws IOException {
        return listen(group, address, handler, HttpConfig.DEFAULT);
    }

    /**
     * Listens on all loops of a group.
     *
     * @param group whose loops serve
     * @param address TCP or UNIX, see {@link Net#listen(LoopGroup, SocketAddress, Supplier)}
     * @param handler answers requests, on all loops at once
     * @param config timeouts and limits
     * @return the server, accepting
     * @throws IOException if the address cannot be bound; the message names it
     */
    public static GroupServer listen(LoopGroup group, SocketAddress address, HttpHandler handler,
            HttpConfig config) throws IOException {
        return Net.listen(group, address, protocols(handler, config), ListenConfig.DEFAULT);
    }

    /**
     * Makes a protocol for each connection, with {@link HttpConfig#DEFAULT}.
     *
     * @param handler answers requests, on the thread of the loop that serves the connection
     * @return a factory for {@code Net.listen}, {@code Tls.server} and the like
     */
    public static Supplier<Protocol> protocols(HttpHandler handler) {
        return protocols(handler, HttpConfig.DEFAULT);
    }

    /**
     * Makes a protocol for each connection.
     *
     * @param handler answers requests, on the thread of the loop that serves the connection
     * @param config timeouts and limits; the limit of connections is for all that come from this factory
     * @return a factory for {@code Net.listen}, {@code Tls.server} and the like
     */
    public static Supplier<Protocol> protocols(HttpHandler handler, HttpConfig config) {
        Service service = new Service(handler, config);
        return () -> new HttpConnection(service);
    }
}
