package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.LoopGroup;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletableFuture.AsynchronousCompletionTask;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;

/** Brings a service to all loops of a group, or to none. */
final class GroupListeners {
    private final LoopGroup group;
    private final Supplier<? extends Protocol> factory;
    private final ListenConfig config;
    private final List<Server> servers = new ArrayList<>();

    private GroupListeners(LoopGroup group, Supplier<? extends Protocol> factory, ListenConfig config) {
        this.group = group;
        this.factory = factory;
        this.config = config;
    }

    static GroupServer serve(LoopGroup group, SocketAddress address, Supplier<? extends Protocol> factory,
            ListenConfig config) throws IOException {
        Objects.requireNonNull(factory, "factory");
        if (group.loops().stream().anyMatch(EventLoop::inLoop)) {
            throw new IllegalStateException(
                    "listen(group, …) waits for all loops of the group, so it must not be "
                            + "called on one of them, " + Thread.currentThread().getName());
        }
        if (Connections.isUnresolved(Listeners.requireKnown(address))) {
            throw new IllegalArgumentException(
                    address + " has not been looked up; use Resolver.of(loop).getaddrinfo");
        }
        GroupListeners listeners = new GroupListeners(group, factory, config);
        try {
            return canShare(address) ? listeners.share(address) : listeners.handOver(address);
        } catch (IOException | RuntimeException e) {
            new GroupServer(group, listeners.servers, List.of()).close();
            throw e;
        }
    }

    private static boolean canShare(SocketAddress address) throws IOException {
        if (!(address instanceof InetSocketAddress)) {
            return false;
        }
        try (ServerSocketChannel probe = ServerSocketChannel.open()) {
            return probe.supportedOptions().contains(StandardSocketOptions.SO_REUSEPORT);
        }
    }

    /** A socket for each loop. With port 0 the first one finds a port, the others share it. */
    private GroupServer share(SocketAddress address) throws IOException {
        List<Listener> bound = new ArrayList<>();
        try {
            SocketAddress shared = address;
            for (int i = 0; i < group.size(); i++) {
                bound.addAll(Listeners.bind(List.of(shared), config.withReusePort(true)));
                shared = bound.get(0).channel().getLocalAddress();
            }
            for (EventLoop loop : group.loops()) {
                Listener own = bound.get(servers.size());
                servers.add(on(loop, () -> Listeners.start(loop, List.of(own), factory, config)));
            }
            return new GroupServer(group, List.copyOf(servers), List.of(shared));
        } catch (IOException | RuntimeException e) {
            Listeners.closeAll(bound.subList(servers.size(), bound.size()), e);
            throw e;
        }
    }

    /** One socket on the first loop, which gives the others what it accepts. */
    private GroupServer handOver(SocketAddress address) throws IOException {
        List<Listener> bound = Listeners.bind(List.of(address), config);
        try {
            SocketAddress local = bound.get(0).channel().getLocalAddress();
            for (EventLoop loop : group.loops()) {
                servers.add(on(loop, () -> servers.isEmpty()
                        ? new Server(loop, factory, config.socket(), bound)
                        : Listeners.start(loop, List.of(), factory, config)));
            }
            List<Server> all = List.copyOf(servers);
            Server first = all.get(0);
            on(first.loop(), () -> { // last: now there is somebody to hand over to
                first.handOverTo(channel -> handOver(channel, all));
                if (config.startServing()) {
                    first.startServing();
                }
                return first;
            });
            return new GroupServer(group, all, List.of(local));
        } catch (IOException | RuntimeException e) {
            if (servers.isEmpty()) {
                Listeners.closeAll(bound, e);
            }
            throw e;
        }
    }

    /** On the accepting loop's thread. */
    private void handOver(SocketChannel channel, List<Server> all) {
        EventLoop loop = group.next();
        Server server = all.get(group.loops().indexOf(loop));
        if (loop.inLoop()) {
            server.accepted(channel);
            return;
        }
        try { // as a completion, so that a loop that is closed meanwhile does not drop the channel unclosed
            loop.execute((Runnable & AsynchronousCompletionTask) () -> server.handedOver(channel));
        } catch (RejectedExecutionException e) {
            Channels.close(channel, e);
        }
    }

    /** Does something on a loop, waits for it, and throws what it threw. */
    private static <T> T on(EventLoop loop, Callable<T> action) throws IOException {
        CompletableFuture<T> result = new CompletableFuture<>();
        loop.callSoonThreadsafe((Runnable & AsynchronousCompletionTask) () -> {
            try {
                result.complete(action.call());
            } catch (Exception e) {
                result.completeExceptionally(e);
            }
        });
        try {
            return result.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw e.getCause() instanceof RuntimeException failure ? failure : e;
        }
    }
}
