package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.LoopGroup;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/**
 * One service on all loops of a group: a {@link Server} on each. A connection is served by one loop for its
 * whole life.
 *
 * <p>Where the system can share a port between sockets (SO_REUSEPORT) each loop listens for itself, and the
 * kernel spreads the connections. Otherwise, and always for UNIX sockets, the first loop accepts and hands
 * over to each in turn; if that loop ends by itself, nobody accepts any more.
 *
 * <p>To end in order use {@link LoopGroup#shutdown}: nothing new is accepted, and every connection sends what
 * is queued for it.
 *
 * <p><b>Thread.</b> Any.
 */
public final class GroupServer implements AutoCloseable {
    private final LoopGroup group;
    private final List<Server> servers;
    private final List<SocketAddress> addresses;
    private final CompletableFuture<Void> closed;
    private volatile boolean isClosed;

    GroupServer(LoopGroup group, List<Server> servers, List<SocketAddress> addresses) {
        this.group = group;
        this.servers = servers;
        this.addresses = addresses;
        CompletableFuture<?>[] all =
                servers.stream().map(Server::closed).toArray(CompletableFuture[]::new);
        this.closed = CompletableFuture.anyOf(CompletableFuture.allOf(all), group.closed())
                .thenAccept(any -> isClosed = true);
    }

    /** {@return the group whose loops serve} */
    public LoopGroup group() {
        return group;
    }

    /** {@return the addresses listened on, with the ports the system chose; empty once closed} */
    public List<SocketAddress> addresses() {
        return isClosed ? List.of() : addresses;
    }

    /** {@return the server of each loop; their methods belong to their loop's thread} */
    public List<Server> servers() {
        return servers;
    }

    /** Closes the listening sockets, soon; accepted connections go on. Idempotent. */
    @Override
    public void close() {
        isClosed = true;
        onEach(Server::close);
    }

    /** {@link Transport#close} on every accepted connection, soon: what is queued for them is still sent. */
    public void closeClients() {
        onEach(Server::closeClients);
    }

    /** {@link Transport#abort} on every accepted connection, soon. */
    public void abortClients() {
        onEach(Server::abortClients);
    }

    /**
     * Completes when the server is closed and the last accepted connection has heard {@code connectionLost},
     * or the group has ended.
     *
     * @return a future of the caller's own
     */
    public CompletableFuture<Void> closed() {
        return closed.copy();
    }

    private void onEach(Consumer<Server> action) {
        for (Server server : servers) {
            EventLoop loop = server.loop();
            try {
                loop.execute(() -> action.accept(server));
            } catch (RejectedExecutionException loopHasEnded) {
                // and with it its server and all its connections
            }
        }
    }

    @Override
    public String toString() {
        return "GroupServer[" + addresses + (isClosed ? ", closed" : "") + " on " + group + "]";
    }
}
