package io.jvloop.transport;

import io.jvloop.dns.Resolver;
import io.jvloop.loop.EventLoop;
import io.jvloop.loop.Registration;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * The verbs: {@code listen}, {@code connect}, {@code adopt}. Each takes a loop and a factory that makes one
 * {@link Protocol} per connection, and must be called on the loop's thread or before the loop runs.
 *
 * <p>Why not methods of the loop, as in asyncio: the loop would have to know transports, which know the loop.
 */
public final class Net {
    private Net() {
    }

    /**
     * Listens on an address, with {@link ListenConfig#DEFAULT}.
     *
     * @param loop the loop that accepts and serves
     * @param address where; {@code new InetSocketAddress(port)} is every interface, IPv4 and IPv6; port 0
     *             lets the system choose
     * @param factory makes the protocol of each accepted connection, on the loop's thread
     * @return the server, accepting as soon as the loop runs
     * @throws IOException if the address cannot be bound; the message names it
     * @throws IllegalArgumentException if the address is a name that was not looked up
     */
    public static Server listen(EventLoop loop, InetSocketAddress address,
            Supplier<? extends Protocol> factory)
            throws IOException {
        return listen(loop, address, factory, ListenConfig.DEFAULT);
    }

    /**
     * Listens on an address.
     *
     * @param loop the loop that accepts and serves
     * @param address where; {@code new InetSocketAddress(port)} is every interface, IPv4 and IPv6; port 0
     *             lets the system choose
     * @param factory makes the protocol of each accepted connection, on the loop's thread
     * @param config how to listen
     * @return the server
     * @throws IOException if the address cannot be bound; the message names it
     * @throws IllegalArgumentException if the address is a name that was not looked up
     */
    public static Server listen(EventLoop loop, InetSocketAddress address,
            Supplier<? extends Protocol> factory,
            ListenConfig config) throws IOException {
        if (address.isUnresolved()) {
            throw new IllegalArgumentException(
                    address + " has not been looked up; use listen(loop, hosts, port, …)");
        }
        return serve(loop, List.of(address), factory, config);
    }

    /**
     * Listens on every address of one or more hosts, a socket each; all or none.
     *
     * @param loop the loop that accepts and serves
     * @param hosts names or literals; an empty string is every interface
     * @param port 0 lets the system choose, for each address on its own
     * @param factory makes the protocol of each accepted connection, on the loop's thread
     * @param config how to listen
     * @return the server once the names are looked up and the sockets bound; cancelling leaves nothing behind
     * @throws IllegalArgumentException if there is no host or the port is out of range
     */
    public static CompletableFuture<Server> listen(EventLoop loop, Collection<String> hosts, int port,
            Supplier<? extends Protocol> factory, ListenConfig config) {
        loop.requireLoopThread("listen");
        if (hosts.isEmpty()) {
            throw new IllegalArgumentException(
                    "no host was specified; an empty string means every interface");
        }
        CompletableFuture<Server> result = loop.createFuture();
        List<CompletableFuture<List<InetSocketAddress>>> lookups = new ArrayList<>();
        hosts.forEach(host -> lookups.add(addressesToBind(loop, host, port)));
        CompletableFuture.allOf(lookups.toArray(CompletableFuture[]::new))
                .whenComplete((nothing, failure) -> {
                    if (failure != null) {
                        result.completeExceptionally(Futures.cause(failure));
                    } else if (!result.isDone()) {
                        bind(loop, lookups.stream().flatMap(lookup -> lookup.join().stream()).toList(),
                                factory, config, result);
                    }
                });
        result.whenComplete((server, failure) -> lookups.forEach(lookup -> lookup.cancel(false)));
        return result;
    }

    private static CompletableFuture<List<InetSocketAddress>> addressesToBind(EventLoop loop, String host,
            int port) {
        if (host.isEmpty()) {
            return CompletableFuture.completedFuture(List.of(new InetSocketAddress(port)));
        }
        return Resolver.of(loop).getaddrinfo(host, port);
    }

    private static void bind(EventLoop loop, List<InetSocketAddress> addresses,
            Supplier<? extends Protocol> factory,
            ListenConfig config, CompletableFuture<Server> result) {
        try {
            Server server = serve(loop, addresses, factory, config);
            if (!result.complete(server)) {
                server.close(); // cancelled at the last moment
            }
        } catch (IOException | RuntimeException e) {
            result.completeExceptionally(e);
        }
    }

    private static Server serve(EventLoop loop, List<InetSocketAddress> addresses,
            Supplier<? extends Protocol> factory,
            ListenConfig config) throws IOException {
        loop.requireLoopThread("listen");
        Objects.requireNonNull(factory, "factory");
        List<ServerSocketChannel> bound = Listeners.bind(addresses, config);
        try {
            return start(loop, bound, factory, config);
        } catch (IOException | RuntimeException e) {
            Channels.closeAll(bound, e);
            throw e;
        }
    }

    private static Server start(EventLoop loop, List<ServerSocketChannel> channels,
            Supplier<? extends Protocol> factory,
            ListenConfig config) throws IOException {
        Server server = new Server(loop, factory, config.socket(), channels);
        if (config.startServing()) {
            server.startServing();
        }
        return server;
    }

    /**
     * Serves a listening channel that somebody else has bound; the server owns it from now on.
     *
     * @param loop the loop that accepts and serves
     * @param channel bound and not registered with any selector
     * @param factory makes the protocol of each accepted connection, on the loop's thread
     * @param config how to serve; what concerns binding is ignored
     * @return the server
     * @throws IOException if the channel is closed
     * @throws IllegalArgumentException if the channel is not bound
     */
    public static Server adopt(EventLoop loop, ServerSocketChannel channel,
            Supplier<? extends Protocol> factory,
            ListenConfig config) throws IOException {
        loop.requireLoopThread("adopt");
        Objects.requireNonNull(factory, "factory");
        if (channel.getLocalAddress() == null) {
            throw new IllegalArgumentException("the channel must be bound: " + channel);
        }
        return start(loop, List.of(channel), factory, config);
    }

    /**
     * Connects to a host by name or literal, with {@link ConnectConfig#DEFAULT}.
     *
     * @param loop the loop that will serve the connection
     * @param host tried at each of its addresses until one connects
     * @param port 1 to 65535
     * @param factory makes the protocol, once connected
     * @return see {@link #connect(EventLoop, String, int, Supplier, ConnectConfig)}
     */
    public static CompletableFuture<Transport> connect(EventLoop loop, String host, int port,
            Supplier<? extends Protocol> factory) {
        return connect(loop, host, port, factory, ConnectConfig.DEFAULT);
    }

    /**
     * Connects to a host by name or literal.
     *
     * @param loop the loop that will serve the connection
     * @param host tried at each of its addresses until one connects
     * @param port 1 to 65535
     * @param factory makes the protocol, once connected
     * @param config how to connect
     * @return the transport, completed right after {@code connectionMade}, before any data is read. It fails
     *             with an {@code UnknownHostException}, or a {@code ConnectException} or other {@code
     *             IOException} that names the addresses. It may be cancelled or timed out ({@code orTimeout})
     *             at any moment, on any thread, and leaves no socket behind
     */
    public static CompletableFuture<Transport> connect(EventLoop loop, String host, int port,
            Supplier<? extends Protocol> factory, ConnectConfig config) {
        loop.requireLoopThread("connect");
        Objects.requireNonNull(factory, "factory");
        CompletableFuture<List<InetSocketAddress>> remote = Resolver.of(loop).getaddrinfo(host, port);
        return race(loop, remote, factory, config);
    }

    /**
     * Connects to one address, with {@link ConnectConfig#DEFAULT}.
     *
     * @param loop the loop that will serve the connection
     * @param address where to; if it has not been looked up, its host name is
     * @param factory makes the protocol, once connected
     * @return see {@link #connect(EventLoop, String, int, Supplier, ConnectConfig)}
     */
    public static CompletableFuture<Transport> connect(EventLoop loop, InetSocketAddress address,
            Supplier<? extends Protocol> factory) {
        return connect(loop, address, factory, ConnectConfig.DEFAULT);
    }

    /**
     * Connects to one address.
     *
     * @param loop the loop that will serve the connection
     * @param address where to; if it has not been looked up, its host name is
     * @param factory makes the protocol, once connected
     * @param config how to connect
     * @return see {@link #connect(EventLoop, String, int, Supplier, ConnectConfig)}
     */
    public static CompletableFuture<Transport> connect(EventLoop loop, InetSocketAddress address,
            Supplier<? extends Protocol> factory, ConnectConfig config) {
        if (address.isUnresolved()) {
            return connect(loop, address.getHostString(), address.getPort(), factory, config);
        }
        return connect(loop, List.of(address), factory, config);
    }

    /**
     * Connects to the first of several addresses that answers, tried in this order or as {@code config} says.
     *
     * @param loop the loop that will serve the connection
     * @param addresses looked up already; at least one
     * @param factory makes the protocol, once connected
     * @param config how to connect
     * @return see {@link #connect(EventLoop, String, int, Supplier, ConnectConfig)}
     */
    public static CompletableFuture<Transport> connect(EventLoop loop, List<InetSocketAddress> addresses,
            Supplier<? extends Protocol> factory, ConnectConfig config) {
        loop.requireLoopThread("connect");
        Objects.requireNonNull(factory, "factory");
        if (addresses.isEmpty() || addresses.stream().anyMatch(InetSocketAddress::isUnresolved)) {
            throw new IllegalArgumentException("at least one address, and all looked up, not " + addresses);
        }
        return race(loop, CompletableFuture.completedFuture(List.copyOf(addresses)), factory, config);
    }

    /** Looks up both ends at the same time, then races. */
    private static CompletableFuture<Transport> race(EventLoop loop,
            CompletableFuture<List<InetSocketAddress>> remote,
            Supplier<? extends Protocol> factory, ConnectConfig config) {
        CompletableFuture<List<InetSocketAddress>> local = localAddresses(loop, config.localAddress());
        CompletableFuture<Transport> result = loop.createFuture();
        ConnectRace race = new ConnectRace(loop, factory, config, result);
        remote.thenAcceptBoth(local, race::start).exceptionally(failure -> {
            result.completeExceptionally(Futures.cause(failure));
            return null;
        });
        result.whenComplete((transport, failure) -> {
            remote.cancel(false);
            local.cancel(false);
        });
        return result;
    }

    private static CompletableFuture<List<InetSocketAddress>> localAddresses(EventLoop loop,
            InetSocketAddress address) {
        if (address == null) {
            return CompletableFuture.completedFuture(List.of());
        }
        return address.isUnresolved()
                ? Resolver.of(loop).getaddrinfo(address.getHostString(), address.getPort())
                : CompletableFuture.completedFuture(List.of(address));
    }

    /**
     * Makes a transport of a connected channel that somebody else has opened, accepted by other means for
     * example; the transport owns it from now on.
     *
     * @param loop the loop that will serve the connection
     * @param channel connected and not registered with any selector
     * @param factory makes the protocol
     * @return the transport, completed right after {@code connectionMade}; cancelling closes the channel
     * @throws IOException if the channel is closed
     * @throws IllegalArgumentException if the channel is not connected
     */
    public static CompletableFuture<Transport> adopt(EventLoop loop, SocketChannel channel,
            Supplier<? extends Protocol> factory) throws IOException {
        return adopt(loop, channel, factory, SocketConfig.DEFAULT);
    }

    /**
     * Makes a transport of a connected channel.
     *
     * @param loop the loop that will serve the connection
     * @param channel connected and not registered with any selector
     * @param factory makes the protocol
     * @param config how the socket is set up
     * @return the transport, completed right after {@code connectionMade}; cancelling closes the channel
     * @throws IOException if the channel is closed
     * @throws IllegalArgumentException if the channel is not connected
     */
    public static CompletableFuture<Transport> adopt(EventLoop loop, SocketChannel channel,
            Supplier<? extends Protocol> factory, SocketConfig config) throws IOException {
        loop.requireLoopThread("adopt");
        if (channel.getRemoteAddress() == null || !channel.isConnected()) {
            throw new IllegalArgumentException("the channel must be connected: " + channel);
        }
        Protocol protocol = Objects.requireNonNull(factory.get(), "the protocol factory returned null");
        CompletableFuture<Transport> result = loop.createFuture();
        SocketTransport transport =
                new SocketTransport(loop, channel, protocol, config, Delivery.lost(result));
        config.apply(channel);
        Registration registration = loop.register(channel, 0, transport);
        Delivery.begin(transport, registration, result);
        return result;
    }
}
