package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.LoopGroup;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * The verbs: {@code listen}, {@code connect}, {@code bind} (UDP), {@code adopt}. Each takes a loop and a
 * factory that makes one {@link Protocol} per connection, and must be called on the loop's thread or before
 * the loop runs. An address is an {@code InetSocketAddress} for TCP or a {@code UnixDomainSocketAddress}; a
 * {@code Path} is short for the latter.
 *
 * <p>Why not methods of the loop, as in asyncio: the loop would have to know transports, which know the loop.
 */
public final class Net {
    private Net() {}

    /**
     * Listens on an address, with {@link ListenConfig#DEFAULT}.
     *
     * @param loop the loop that accepts and serves
     * @param address see {@link #listen(EventLoop, SocketAddress, Supplier, ListenConfig)}
     * @param factory makes the protocol of each accepted connection, on the loop's thread
     * @return the server, accepting as soon as the loop runs
     * @throws IOException if the address cannot be bound; the message names it
     */
    public static Server listen(EventLoop loop, SocketAddress address,
            Supplier<? extends Protocol> factory) throws IOException {
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
    public static Server listen(EventLoop loop, SocketAddress address,
            Supplier<? extends Protocol> factory, ListenConfig config) throws IOException {
        if (Connections.isUnresolved(Listeners.requireKnown(address))) {
            throw new IllegalArgumentException(
                    address + " has not been looked up; use listen(loop, hosts, port, …)");
        }
        return Listeners.serve(loop, List.of(address), factory, config);
    }

    /**
     * Listens on a UNIX socket, with {@link ListenConfig#DEFAULT}.
     *
     * @param loop the loop that accepts and serves
     * @param path see {@link #listen(EventLoop, Path, Supplier, ListenConfig)}
     * @param factory makes the protocol of each accepted connection, on the loop's thread
     * @return the server, accepting as soon as the loop runs
     * @throws IOException if the path cannot be bound; the message names it
     */
    public static Server listen(EventLoop loop, Path path, Supplier<? extends Protocol> factory)
            throws IOException {
        return listen(loop, path, factory, ListenConfig.DEFAULT);
    }

    /**
     * Listens on a UNIX socket. Who may connect is decided by the permissions of the folder, on Linux those
     * of the socket file too; who has connected, by the option {@code SO_PEERCRED} of the transport.
     *
     * @param loop the loop that accepts and serves
     * @param path where the socket file is made, at most 107 bytes on Linux. A socket file that nobody serves
     *             any more is replaced; one that a living server has, or a file of another kind, is refused.
     *             It is removed when the server is closed, if it still is the one that was made (by inode, so
     *             only where there are inodes)
     * @param factory makes the protocol of each accepted connection, on the loop's thread
     * @param config how to listen
     * @return the server
     * @throws IOException if the path cannot be bound; the message names it
     */
    public static Server listen(EventLoop loop, Path path, Supplier<? extends Protocol> factory,
            ListenConfig config) throws IOException {
        return listen(loop, UnixDomainSocketAddress.of(path), factory, config);
    }

    /**
     * {@link #listen(LoopGroup, SocketAddress, Supplier, ListenConfig)} with {@link ListenConfig#DEFAULT}.
     *
     * @param group whose loops serve
     * @param address where
     * @param factory makes the protocol of each connection
     * @return the server, accepting
     * @throws IOException if the address cannot be bound
     */
    public static GroupServer listen(LoopGroup group, SocketAddress address,
            Supplier<? extends Protocol> factory) throws IOException {
        return listen(group, address, factory, ListenConfig.DEFAULT);
    }

    /**
     * Listens on an address with all loops of a group. Unlike the other verbs this one is called from
     * outside, while the loops run, and waits until each of them serves.
     *
     * @param group whose loops serve
     * @param address where; with port 0 all loops share the one that the system chooses
     * @param factory makes the protocol of each connection, on the thread of its loop ({@code
     *             EventLoop.current()}); so it is called by several threads at a time
     * @param config how to listen; {@code reusePort} is set where the system has it
     * @return the server
     * @throws IOException if the address cannot be bound; the message names it
     * @throws IllegalStateException on a thread of the group, or if one of its loops has ended
     */
    public static GroupServer listen(LoopGroup group, SocketAddress address,
            Supplier<? extends Protocol> factory, ListenConfig config) throws IOException {
        return GroupListeners.serve(group, address, factory, config);
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
        return Listeners.serve(loop, hosts, port, factory, config);
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
        return Listeners.start(loop, List.of(new Listener(channel, null)), factory, config);
    }

    /**
     * Serves the socket that the process was started with as its standard input, by inetd or by systemd with
     * {@code StandardInput=socket}: one that listens, or a connection.
     *
     * <p>The socket itself is never closed, since the JDK would turn standard output and error into /dev/null
     * with it. Closing the server ends the accepting; a connection is shut down in both directions, which its
     * peer sees as the end.
     *
     * @param loop the loop that serves
     * @param factory makes the protocol of each connection
     * @param config how to serve; what concerns binding is ignored
     * @return the server. If the socket is a connection, it is closed from the start and has that one client,
     *             so that {@link Server#closed} completes when the connection has ended
     * @throws IOException if the socket fails
     * @throws IllegalStateException if standard input is no stream socket
     */
    public static Server inherited(EventLoop loop, Supplier<? extends Protocol> factory, ListenConfig config)
            throws IOException {
        return Inherited.serve(loop, System.inheritedChannel(), factory, config);
    }

    /**
     * Receives on the UDP socket that the process was started with as its standard input; as for {@link
     * #inherited(EventLoop, Supplier, ListenConfig)} it is never closed.
     *
     * @param loop the loop that serves it
     * @param factory makes the protocol
     * @param config options; its addresses and {@code reusePort} come too late and are refused
     * @return the endpoint
     * @throws IOException if the socket fails
     * @throws IllegalStateException if standard input is no UDP socket
     */
    public static DatagramTransport inheritedDatagrams(EventLoop loop,
            Supplier<? extends DatagramProtocol> factory, DatagramConfig config) throws IOException {
        return Inherited.receive(loop, System.inheritedChannel(), factory, config);
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
        return Connections.connect(loop, host, port, factory, config);
    }

    /**
     * Connects to one address, with {@link ConnectConfig#DEFAULT}.
     *
     * @param loop the loop that will serve the connection
     * @param address where to; if it has not been looked up, its host name is
     * @param factory makes the protocol, once connected
     * @return see {@link #connect(EventLoop, String, int, Supplier, ConnectConfig)}
     */
    public static CompletableFuture<Transport> connect(EventLoop loop, SocketAddress address,
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
    public static CompletableFuture<Transport> connect(EventLoop loop, SocketAddress address,
            Supplier<? extends Protocol> factory, ConnectConfig config) {
        return Connections.connect(loop, address, factory, config);
    }

    /**
     * Connects to a UNIX socket, with {@link ConnectConfig#DEFAULT}.
     *
     * @param loop the loop that will serve the connection
     * @param path the server's socket file
     * @param factory makes the protocol, once connected
     * @return see {@link #connect(EventLoop, Path, Supplier, ConnectConfig)}
     */
    public static CompletableFuture<Transport> connect(EventLoop loop, Path path,
            Supplier<? extends Protocol> factory) {
        return connect(loop, path, factory, ConnectConfig.DEFAULT);
    }

    /**
     * Connects to a UNIX socket. If the server's queue is full it waits for a place, as long as {@link
     * ConnectConfig#timeout} allows.
     *
     * @param loop the loop that will serve the connection
     * @param path the server's socket file
     * @param factory makes the protocol, once connected
     * @param config how to connect; a UNIX socket has no local address
     * @return as for {@link #connect(EventLoop, String, int, Supplier, ConnectConfig)}; it fails with a
     *             {@code NoSuchFileException} if there is no such file, and a {@code ConnectException} if
     *             nobody listens there
     */
    public static CompletableFuture<Transport> connect(EventLoop loop, Path path,
            Supplier<? extends Protocol> factory, ConnectConfig config) {
        return connect(loop, UnixDomainSocketAddress.of(path), factory, config);
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
    public static CompletableFuture<Transport> connect(EventLoop loop,
            List<? extends SocketAddress> addresses,
            Supplier<? extends Protocol> factory, ConnectConfig config) {
        return Connections.connect(loop, addresses, factory, config);
    }

    /**
     * Makes a transport of a connected channel that somebody else has opened, and owns it from now on.
     *
     * @param loop the loop that will serve the connection
     * @param channel connected and not registered with any selector
     * @param factory makes the protocol
     * @return see {@link #adopt(EventLoop, SocketChannel, Supplier, SocketConfig)}
     * @throws IOException if the channel is closed
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
        return Connections.adopt(loop, channel, factory, config);
    }

    /**
     * Opens a UDP endpoint on a local address, with {@link DatagramConfig#DEFAULT}.
     *
     * @param loop the loop that serves it
     * @param address where to receive; port 0 lets the system choose
     * @param factory makes the protocol
     * @return the endpoint
     * @throws IOException if the address cannot be bound
     */
    public static DatagramTransport bind(EventLoop loop, InetSocketAddress address,
            Supplier<? extends DatagramProtocol> factory) throws IOException {
        return bind(loop, address, factory, DatagramConfig.DEFAULT);
    }

    /**
     * Opens a UDP endpoint on a local address, or for one remote address, or both.
     *
     * @param loop the loop that serves it
     * @param address where to receive; null for what {@code config} says, or wherever the system likes
     * @param factory makes the protocol
     * @param config the remote address, if there is but one, and options
     * @return the endpoint; {@code connectionMade} follows in the next turn
     * @throws IOException if the address cannot be bound; the message names it
     * @throws IllegalArgumentException if there is neither a local nor a remote address, or one of them has
     *             not been looked up, or their families differ
     */
    public static DatagramTransport bind(EventLoop loop, InetSocketAddress address,
            Supplier<? extends DatagramProtocol> factory, DatagramConfig config) throws IOException {
        return Datagrams.bind(loop, address, factory, config);
    }

    /**
     * Opens a UDP endpoint for one remote host, by name or literal.
     *
     * @param loop the loop that serves it
     * @param remoteHost the first of its addresses of the local address' family is used
     * @param remotePort 1 to 65535
     * @param factory makes the protocol, once the name is looked up
     * @param config the local address, and options
     * @return the endpoint, completed right after {@code connectionMade}
     */
    public static CompletableFuture<DatagramTransport> bind(EventLoop loop, String remoteHost, int remotePort,
            Supplier<? extends DatagramProtocol> factory, DatagramConfig config) {
        return Datagrams.bind(loop, remoteHost, remotePort, factory, config);
    }

    /**
     * Makes an endpoint of a UDP channel that somebody else has opened; the endpoint owns it from now on.
     *
     * @param loop the loop that serves it
     * @param channel bound or connected, and not registered with any selector
     * @param factory makes the protocol
     * @param config options; its addresses and {@code reusePort} come too late and are refused
     * @return the endpoint
     * @throws IOException if the channel is closed
     */
    public static DatagramTransport adopt(EventLoop loop, DatagramChannel channel,
            Supplier<? extends DatagramProtocol> factory, DatagramConfig config) throws IOException {
        return Datagrams.adopt(loop, channel, factory, config);
    }
}
