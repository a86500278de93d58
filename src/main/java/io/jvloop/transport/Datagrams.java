package io.jvloop.transport;

import io.jvloop.dns.Resolver;
import io.jvloop.loop.Async;
import io.jvloop.loop.EventLoop;
import io.jvloop.loop.Registration;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.channels.DatagramChannel;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Opens UDP endpoints; {@link Net} has the public names for it. */
final class Datagrams {
    private Datagrams() {
    }

    /** {@code localOrNull} takes the place of the configuration's local address. */
    static DatagramTransport bind(EventLoop loop, InetSocketAddress localOrNull,
            Supplier<? extends DatagramProtocol> factory, DatagramConfig config) throws IOException {
        loop.requireLoopThread("bind");
        Objects.requireNonNull(factory, "factory");
        DatagramConfig complete = localOrNull == null ? config : config.withLocalAddress(localOrNull);
        if (complete.localAddress() == null && complete.remoteAddress() == null) {
            throw new IllegalArgumentException("neither a local nor a remote address; "
                    + "new InetSocketAddress(0) is any free port");
        }
        DatagramChannel channel = open(complete);
        try {
            return serve(loop, channel, factory, complete, registration -> {});
        } catch (IOException | RuntimeException | Error e) {
            Channels.close(channel, e);
            throw e;
        }
    }

    /** The channel stays the caller's if this throws. */
    static DatagramTransport adopt(EventLoop loop, DatagramChannel channel,
            Supplier<? extends DatagramProtocol> factory, DatagramConfig config) throws IOException {
        return adopt(loop, channel, factory, config, registration -> {});
    }

    /** {@code registered} sees the registration before anything happens on it. */
    static DatagramTransport adopt(EventLoop loop, DatagramChannel channel,
            Supplier<? extends DatagramProtocol> factory, DatagramConfig config,
            Consumer<Registration> registered) throws IOException {
        loop.requireLoopThread("adopt");
        Objects.requireNonNull(factory, "factory");
        if (config.localAddress() != null || config.remoteAddress() != null || config.reusePort()) {
            throw new IllegalArgumentException(
                    "localAddress, remoteAddress and reusePort come too late for a "
                            + "channel that is open already: " + config);
        }
        if (channel.getLocalAddress() == null) {
            throw new IllegalArgumentException("the channel must be bound or connected: " + channel);
        }
        config.apply(channel);
        return serve(loop, channel, factory, config, registered);
    }

    private static DatagramTransport serve(EventLoop loop, DatagramChannel channel,
            Supplier<? extends DatagramProtocol> factory, DatagramConfig config,
            Consumer<Registration> registered) throws IOException {
        UdpTransport transport = new UdpTransport(loop, channel, factory.get(), config);
        Registration registration = loop.register(channel, 0, transport);
        registered.accept(registration);
        transport.start(registration, () -> {}, () -> {});
        return transport;
    }

    /** Looks the host up and connects to the first of its addresses that the system knows a way to. */
    static CompletableFuture<DatagramTransport> bind(EventLoop loop, String remoteHost, int remotePort,
            Supplier<? extends DatagramProtocol> factory, DatagramConfig config) {
        loop.requireLoopThread("bind");
        Objects.requireNonNull(factory, "factory");
        if (config.remoteAddress() != null) {
            throw new IllegalArgumentException(
                    "two remote addresses: " + remoteHost + " and " + config.remoteAddress());
        }
        CompletableFuture<DatagramTransport> result = loop.createFuture();
        CompletableFuture<List<InetSocketAddress>> lookUp =
                Resolver.of(loop).getaddrinfo(remoteHost, remotePort);
        lookUp.whenComplete((remotes, failure) -> {
            if (failure != null) {
                result.completeExceptionally(Async.cause(failure));
            } else if (!result.isDone()) {
                connect(loop, remotes, factory, config, result);
            }
        });
        result.whenComplete((transport, failure) -> lookUp.cancel(false));
        return result;
    }

    private static void connect(EventLoop loop, List<InetSocketAddress> remotes,
            Supplier<? extends DatagramProtocol> factory, DatagramConfig config,
            CompletableFuture<DatagramTransport> result) {
        try {
            DatagramChannel channel = openFirst(remotes, config);
            try {
                UdpTransport transport = new UdpTransport(loop, channel, factory.get(), config);
                Registration registration = loop.register(channel, 0, transport);
                Runnable lost = () -> Delivery.lost(result).accept(transport);
                Delivery.begin(transport, loop, transport::abort,
                        made -> transport.start(registration, made, lost), result);
            } catch (IOException | RuntimeException | Error e) {
                Channels.close(channel, e);
                throw e;
            }
        } catch (IOException | RuntimeException | Error e) { // the caller waits for the future
            result.completeExceptionally(e);
        }
    }

    /**
     * Connecting a UDP socket sends nothing, so it tells only whether there is a route; enough to pass over
     * IPv6 addresses where there is no IPv6.
     */
    private static DatagramChannel openFirst(List<InetSocketAddress> remotes, DatagramConfig config)
            throws IOException {
        IOException failure = null;
        for (InetSocketAddress remote : remotes) {
            if (DatagramConfig.canReach(config.localAddress(), remote)) {
                try {
                    return open(config.withRemoteAddress(remote));
                } catch (IOException e) {
                    if (failure == null) {
                        failure = e;
                    } else {
                        failure.addSuppressed(e);
                    }
                }
            }
        }
        throw failure != null ? failure
                : new UnknownHostException(
                        "none of " + remotes + " is of the family of " + config.localAddress());
    }

    private static DatagramChannel open(DatagramConfig config) throws IOException {
        ProtocolFamily family = family(config);
        DatagramChannel channel = open(family);
        try {
            config.apply(channel); // before connecting, which broadcast addresses need permission for
            reusePort(channel, config.reusePort());
            bind(channel, config.localAddress(), family);
            connect(channel, config.remoteAddress());
            return channel;
        } catch (IOException | RuntimeException | Error e) {
            Channels.close(channel, e);
            throw e;
        }
    }

    /**
     * Addresses get a socket of their own family: one for both families could not join IPv4 groups on every
     * system. The wildcard gets one that hears both (null), unless it is to be connected.
     */
    private static ProtocolFamily family(DatagramConfig config) {
        if (config.remoteAddress() != null) {
            return Listeners.family(config.remoteAddress());
        }
        InetSocketAddress local = config.localAddress();
        return local.getAddress().isAnyLocalAddress() ? null : Listeners.family(local);
    }

    private static DatagramChannel open(ProtocolFamily family) throws IOException {
        try {
            return family == null ? DatagramChannel.open() : DatagramChannel.open(family);
        } catch (UnsupportedOperationException e) {
            throw new IOException("this system has no " + family, e);
        }
    }

    private static void reusePort(DatagramChannel channel, boolean on) throws IOException {
        if (!on) {
            return;
        }
        if (!channel.supportedOptions().contains(StandardSocketOptions.SO_REUSEPORT)) {
            throw new IllegalArgumentException("reusePort is not supported by this operating system");
        }
        channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
    }

    private static void bind(DatagramChannel channel, InetSocketAddress local, ProtocolFamily family)
            throws IOException {
        if (local == null) {
            return; // connecting binds
        }
        try {
            channel.bind(local.getAddress().isAnyLocalAddress() ? wildcard(local.getPort(), family) : local);
        } catch (IOException e) {
            throw (IOException) new BindException("error while attempting to bind on address " + local + ": "
                    + e.getMessage()).initCause(e);
        }
    }

    /** An IPv4 socket refuses the IPv6 wildcard, which {@code new InetSocketAddress(port)} may be. */
    private static InetSocketAddress wildcard(int port, ProtocolFamily family) throws IOException {
        return family == StandardProtocolFamily.INET
                ? new InetSocketAddress(InetAddress.getByAddress(new byte[4]), port)
                : new InetSocketAddress(port);
    }

    private static void connect(DatagramChannel channel, InetSocketAddress remote) throws IOException {
        if (remote == null) {
            return;
        }
        try {
            channel.connect(remote);
        } catch (IOException e) {
            throw new IOException("cannot connect to " + remote + ": " + e.getMessage(), e);
        }
    }
}
