package io.jvloop.transport;

import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;

/** Opens and binds listening sockets: all of them or none. */
final class Listeners {
    private Listeners() {
    }

    static List<ServerSocketChannel> bind(Collection<InetSocketAddress> addresses, ListenConfig config)
            throws IOException {
        List<ServerSocketChannel> bound = new ArrayList<>();
        IOException unsupported = null;
        try {
            for (InetSocketAddress address : distinct(addresses)) {
                try {
                    bound.add(bind(address, config));
                } catch (UnsupportedOperationException e) { // a machine without IPv6 still serves the rest
                    unsupported = new IOException("this system cannot listen on " + address, e);
                }
            }
        } catch (IOException | RuntimeException e) {
            Channels.closeAll(bound, e);
            throw e;
        }
        if (bound.isEmpty()) {
            throw unsupported != null ? unsupported : new IOException("no address to listen on");
        }
        return bound;
    }

    private static ServerSocketChannel bind(InetSocketAddress address, ListenConfig config)
            throws IOException {
        ServerSocketChannel channel = open(address);
        try {
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, config.reuseAddress());
            if (config.reusePort()) {
                reusePort(channel);
            }
            if (config.socket().receiveBufferBytes() > 0) {
                // before listening: the window scale is settled with the first SYN
                channel.setOption(StandardSocketOptions.SO_RCVBUF, config.socket().receiveBufferBytes());
            }
            channel.bind(address, config.backlog());
            return channel;
        } catch (IOException e) {
            IOException described = describe(address, e);
            Channels.close(channel, described);
            throw described;
        } catch (RuntimeException e) {
            Channels.close(channel, e);
            throw e;
        }
    }

    /** Literal addresses get a socket of their own family; the wildcard gets one that hears IPv4 and IPv6. */
    private static ServerSocketChannel open(InetSocketAddress address) throws IOException {
        if (address.getAddress().isAnyLocalAddress()) {
            return ServerSocketChannel.open();
        }
        return ServerSocketChannel.open(family(address));
    }

    static ProtocolFamily family(InetSocketAddress address) {
        return address.getAddress() instanceof Inet4Address ? StandardProtocolFamily.INET
                : StandardProtocolFamily.INET6;
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
    private static Collection<InetSocketAddress> distinct(Collection<InetSocketAddress> addresses) {
        LinkedHashSet<InetSocketAddress> distinct = new LinkedHashSet<>();
        for (InetSocketAddress address : addresses) {
            distinct.add(address.getAddress().isAnyLocalAddress() ? new InetSocketAddress(address.getPort())
                    : address);
        }
        return distinct;
    }
}
