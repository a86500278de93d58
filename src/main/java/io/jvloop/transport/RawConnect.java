package io.jvloop.transport;

import io.jvloop.dns.Resolver;
import io.jvloop.loop.EventLoop;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The attempt that connects: looks up the name if there is one, connects to the first address of the socket's
 * family, and finishes that. Loop thread.
 *
 * <p>The family is found out by trying, since no channel tells it: an address of another one is refused
 * before anything is sent, and the channel stays as it was.
 */
final class RawConnect implements RawOperation.Attempt<Void> {
    private final EventLoop loop;
    private final SelectableChannel channel;
    private final SocketAddress remote;
    private final Runnable onLookup;
    private CompletableFuture<List<InetSocketAddress>> lookup;
    private boolean begun;

    /** {@code onLookup} runs when the name is looked up, and has to see to the next attempt. */
    RawConnect(EventLoop loop, SelectableChannel channel, SocketAddress remote, Runnable onLookup) {
        this.loop = loop;
        this.channel = channel;
        this.remote = remote;
        this.onLookup = onLookup;
    }

    @Override
    public boolean attempt(RawOperation<Void> operation) throws IOException {
        try {
            return begun ? ((SocketChannel) channel).finishConnect() : begin(addresses());
        } catch (ConnectException e) { // the JDK leaves it to the reader to guess who has refused
            ConnectException described =
                    new ConnectException("cannot connect to " + remote + ": " + e.getMessage());
            described.initCause(e);
            throw described;
        }
    }

    /** Not while a name is looked up: an unconnected socket counts as hung up, and would always be ready. */
    @Override
    public boolean waitsForChannel() {
        return begun;
    }

    @Override
    public void ended() {
        if (lookup != null) {
            lookup.cancel(false);
        }
    }

    /** Empty while the name is being looked up. */
    private List<? extends SocketAddress> addresses() {
        if (!(remote instanceof InetSocketAddress named) || !named.isUnresolved()) {
            return List.of(remote);
        }
        if (lookup == null) {
            lookup = Resolver.of(loop).getaddrinfo(named.getHostString(), named.getPort());
            lookup.whenComplete((found, failure) -> onLookup.run());
        }
        return lookup.isDone() ? lookup.join() : List.of();
    }

    private boolean begin(List<? extends SocketAddress> addresses) throws IOException {
        if (addresses.isEmpty()) {
            return false;
        }
        if (channel instanceof SocketChannel socket && socket.isConnectionPending()) {
            return resume(socket, addresses);
        }
        for (SocketAddress address : addresses) {
            try {
                return connect(address);
            } catch (UnsupportedAddressTypeException otherFamily) {
                // perhaps the next
            }
        }
        throw new ConnectException("the socket is of another address family: " + channel);
    }

    private boolean connect(SocketAddress address) throws IOException {
        if (channel instanceof DatagramChannel datagrams) {
            datagrams.connect(address);
            return true;
        }
        boolean connected = ((SocketChannel) channel).connect(address);
        begun = true;
        return connected;
    }

    /** A connect that was cancelled goes on in the kernel, and cannot be begun a second time. */
    private boolean resume(SocketChannel socket, List<? extends SocketAddress> addresses) throws IOException {
        SocketAddress underWay = socket.getRemoteAddress();
        if (!addresses.contains(underWay)) {
            throw new IllegalStateException(
                    "cannot connect to " + remote + ": a connection to " + underWay + " is under way");
        }
        begun = true;
        return socket.finishConnect();
    }
}
