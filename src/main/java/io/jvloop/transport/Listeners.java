package io.jvloop.transport;

import io.jvloop.dns.Resolver;
import io.jvloop.loop.Async;
import io.jvloop.loop.EventLoop;
import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Opens and binds listening sockets: all of them or none. */
final class Listeners {
    private Listeners() {
    }

    /** Binds and serves, all addresses or none. */
    static Server serve(EventLoop loop, Collection<? extends SocketAddress> addresses,
            Supplier<? extends Protocol> factory, ListenConfig config) throws IOException {
        loop.requireLoopThread("listen");
        Objects.requireNonNull(factory, "factory");
        List<Listener> bound = bind(addresses, config);
        try {
            return start(loop, bound, factory, config);
        } catch (IOException | RuntimeException e) {
            closeAll(bound, e);
            throw e;
        }
    }

    static Server start(EventLoop loop, List<Listener> listeners, Supplier<? extends Protocol> factory,
            ListenConfig config) throws IOException {
        Server server = new Server(loop, factory, config.socket(), listeners);
        if (config.startServing()) {
            server.startServing();
        }
        return server;
    }

    /** Looks the hosts up, then as {@link #serve}. */
    static CompletableFuture<Server> serve(EventLoop loop, Collection<String> hosts, int port,
            Supplier<? extends Protocol> factory, ListenConfig config) {
        loop.requireLoopThread("listen");
        Objects.requireNonNull(factory, "factory");
        Objects.requireNonNull(config, "config");
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
                        result.completeExceptionally(Async.cause(failure));
                    } else if (!result.isDone()) {
                        serve(loop, lookups.stream().flatMap(lookup -> lookup.join().stream()).toList(),
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

    private static void serve(EventLoop loop, List<InetSocketAddress> addresses,
            Supplier<? extends Protocol> factory, ListenConfig config, CompletableFuture<Server> result) {
        try {
            Server server = serve(loop, addresses, factory, config);
            if (!result.complete(server)) {
                server.close(); // cancelled at the last moment
            }
        } catch (IOException | RuntimeException e) {
            result.completeExceptionally(e);
        }
    }

    static List<Listener> bind(Collection<? extends SocketAddress> addresses, ListenConfig config)
            throws IOException {
        List<Listener> bound = new ArrayList<>();
        IOException unsupported = null;
        try {
            for (SocketAddress address : distinct(addresses)) {
                try {
                    bound.add(bind(address, config));
                } catch (UnsupportedOperationException e) { // a machine without IPv6 still serves the rest
                    unsupported = new IOException("this system cannot listen on " + address, e);
                }
            }
        } catch (IOException | RuntimeException e) {
            closeAll(bound, e);
            throw e;
        }
        if (bound.isEmpty()) {
            throw unsupported != null ? unsupported : new IOException("no address to listen on");
        }
        return bound;
    }

    private static Listener bind(SocketAddress address, ListenConfig config) throws IOException {
        ServerSocketChannel channel = open(address);
        try {
            if (config.socket().receiveBufferBytes() > 0) {
                // before listening: the window scale is settled with the first SYN
                channel.setOption(StandardSocketOptions.SO_RCVBUF, config.socket().receiveBufferBytes());
            }
            if (address instanceof UnixDomainSocketAddress unix) {
                SocketFile file = SocketFile.bind(channel, unix, config.backlog());
                return new Listener(channel, config.removeSocketFile() ? file : null);
            }
            bind(channel, (InetSocketAddress) address, config);
            return new Listener(channel, null);
        } catch (IOException | RuntimeException e) {
            Channels.close(channel, e);
            throw e;
        }
    }

    private static void bind(ServerSocketChannel channel, InetSocketAddress address, ListenConfig config)
            throws IOException {
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, config.reuseAddress());
        if (config.reusePort()) {
            reusePort(channel);
        }
        try {
            channel.bind(address, config.backlog());
        } catch (IOException e) {
            throw describe(address, e);
        }
    }

    static void closeAll(List<Listener> listeners, Throwable because) {
        for (Listener listener : listeners) {
            listener.removeFile(because::addSuppressed);
            Channels.close(listener.channel(), because);
        }
    }

    /** Literal addresses get a socket of their own family; the wildcard gets one that hears IPv4 and IPv6. */
    private static ServerSocketChannel open(SocketAddress address) throws IOException {
        if (address instanceof InetSocketAddress inet && inet.getAddress().isAnyLocalAddress()) {
            return ServerSocketChannel.open();
        }
        return ServerSocketChannel.open(family(address));
    }

    static ProtocolFamily family(SocketAddress address) {
        if (address instanceof InetSocketAddress inet) {
            return inet.getAddress() instanceof Inet4Address ? StandardProtocolFamily.INET
                    : StandardProtocolFamily.INET6;
        }
        return StandardProtocolFamily.UNIX;
    }

    /**
     * Refuses what no stream socket can be bound or connected to.
     *
     * @return the address
     */
    static SocketAddress requireKnown(SocketAddress address) {
        Objects.requireNonNull(address, "address");
        if (address instanceof InetSocketAddress || address instanceof UnixDomainSocketAddress) {
            return address;
        }
        throw new IllegalArgumentException(
                "expected an InetSocketAddress or a UnixDomainSocketAddress, not " + address);
    }

    /** Not UnsupportedOperationException, which would pass for a missing address family. */
    private static void reusePort(ServerSocketChannel channel) throws IOException {
        if (!channel.supportedOptions().contains(StandardSocketOptions.SO_REUSEPORT)) {
            throw new IllegalArgumentException("reusePort is not supported by this operating system");
        }
        channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
    }

    private static IOException describe(InetSocketAddress address, IOException e) {
        IOException described = new BindException(
                "error while attempting to bind on address " + address + ": " + e.getMessage());
        described.initCause(e);
        return described;
    }

    /**
     * The JDK's wildcard sockets hear both families, so a second wildcard of the same port would find its
     * address in use.
     */
    private static Collection<SocketAddress> distinct(Collection<? extends SocketAddress> addresses) {
        LinkedHashSet<SocketAddress> distinct = new LinkedHashSet<>();
        for (SocketAddress address : addresses) {
            boolean wildcard =
                    address instanceof InetSocketAddress inet && inet.getAddress().isAnyLocalAddress();
            distinct.add(wildcard ? new InetSocketAddress(((InetSocketAddress) address).getPort()) : address);
        }
        return distinct;
    }
}
