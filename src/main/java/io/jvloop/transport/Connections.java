package io.jvloop.transport;

import io.jvloop.dns.Resolver;
import io.jvloop.loop.Async;
import io.jvloop.loop.EventLoop;
import io.jvloop.loop.Registration;
import io.jvloop.loop.TimerHandle;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** From what a client knows, a name, addresses or a channel, to its transport. */
final class Connections {
    private Connections() {
    }

    static CompletableFuture<Transport> connect(EventLoop loop, String host, int port,
            Supplier<? extends Protocol> factory, ConnectConfig config) {
        loop.requireLoopThread("connect");
        Objects.requireNonNull(factory, "factory");
        return race(loop, host + ":" + port, Resolver.of(loop).getaddrinfo(host, port), factory, config);
    }

    /** An address that has not been looked up is. */
    static CompletableFuture<Transport> connect(EventLoop loop, SocketAddress address,
            Supplier<? extends Protocol> factory, ConnectConfig config) {
        if (isUnresolved(address)) {
            InetSocketAddress name = (InetSocketAddress) address;
            return connect(loop, name.getHostString(), name.getPort(), factory, config);
        }
        return connect(loop, List.of(address), factory, config);
    }

    static CompletableFuture<Transport> connect(EventLoop loop, List<? extends SocketAddress> addresses,
            Supplier<? extends Protocol> factory, ConnectConfig config) {
        loop.requireLoopThread("connect");
        Objects.requireNonNull(factory, "factory");
        if (addresses.isEmpty() || addresses.stream().anyMatch(Connections::isUnresolved)) {
            throw new IllegalArgumentException("at least one address, and all looked up, not " + addresses);
        }
        for (SocketAddress address : addresses) {
            boolean inet = Listeners.requireKnown(address) instanceof InetSocketAddress;
            if (!inet && config.localAddress() != null) {
                throw new IllegalArgumentException(
                        "a UNIX socket cannot be bound to " + config.localAddress() + " to connect to "
                                + address);
            }
        }
        String target = addresses.size() == 1 ? addresses.get(0).toString() : addresses.toString();
        return race(loop, target, CompletableFuture.completedFuture(List.copyOf(addresses)), factory, config);
    }

    static boolean isUnresolved(SocketAddress address) {
        return address instanceof InetSocketAddress inet && inet.isUnresolved();
    }

    /** Looks up both ends at the same time, then races. */
    private static CompletableFuture<Transport> race(EventLoop loop, String target,
            CompletableFuture<? extends List<? extends SocketAddress>> remote,
            Supplier<? extends Protocol> factory, ConnectConfig config) {
        CompletableFuture<List<InetSocketAddress>> local = localAddresses(loop, config.localAddress());
        CompletableFuture<Transport> result = loop.createFuture();
        limit(loop, result, target, config.timeout());
        ConnectRace race = new ConnectRace(loop, factory, config, result);
        remote.thenAcceptBoth(local, race::start).exceptionally(failure -> {
            result.completeExceptionally(Async.cause(failure));
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

    private static void limit(EventLoop loop, CompletableFuture<?> result, String target, Duration timeout) {
        if (timeout == null) {
            return;
        }
        TimerHandle timer = loop.callLater(timeout, () -> result.completeExceptionally(
                new SocketTimeoutException("cannot connect to " + target + " within " + timeout)));
        result.whenComplete((value, failure) -> Futures.onLoop(loop, timer::cancel));
    }

    static CompletableFuture<Transport> adopt(EventLoop loop, SocketChannel channel,
            Supplier<? extends Protocol> factory, SocketConfig config) throws IOException {
        loop.requireLoopThread("adopt");
        Objects.requireNonNull(factory, "factory");
        if (channel.getRemoteAddress() == null || !channel.isConnected()) {
            throw new IllegalArgumentException("the channel must be connected: " + channel);
        }
        Protocol protocol = Objects.requireNonNull(factory.get(), "the protocol factory returned null");
        CompletableFuture<Transport> result = loop.createFuture();
        SocketTransport transport =
                new SocketTransport(loop, channel, protocol, config, Delivery.lost(result));
        config.apply(channel);
        Registration registration = loop.register(channel, 0, transport);
        Delivery.begin(transport, made -> transport.start(registration, made), result);
        return result;
    }
}
