package io.jvloop.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.util.Objects;

/**
 * How a UDP endpoint is set up.
 *
 * <p>There is no {@code reuseAddress}, on purpose. For TCP it means "although old connections linger"; for
 * UDP, which has none, Linux takes it as permission for any process of any user to bind the same port and
 * take over its datagrams (bpo-37228). {@code reusePort} is the safe way to share one: the kernel lets only
 * processes of the same user in. Who must have it, for multicast DNS say, opens and binds a {@code
 * DatagramChannel} himself and hands it to {@code adopt}.
 *
 * @param localAddress where to bind; null for any free port, if there is a remote address. The wildcard hears
 *             IPv4 and IPv6, unless the endpoint is connected
 * @param remoteAddress the one address to send to and to hear; null, the default, is open to all
 * @param broadcast allow sending to broadcast addresses; false by default
 * @param reusePort share the port with other sockets of this user that set this too, the kernel spreads the
 *             senders over them; false by default
 * @param receiveBufferBytes the kernel's receive buffer, which is all that takes up a burst; 0 leaves it to
 *             the system, and the system's limit ({@code net.core.rmem_max}) applies silently
 * @param sendBufferBytes the kernel's send buffer; 0 leaves it to the system
 * @param writeBufferLimits the marks of back-pressure
 */
public record DatagramConfig(InetSocketAddress localAddress, InetSocketAddress remoteAddress,
        boolean broadcast, boolean reusePort, int receiveBufferBytes, int sendBufferBytes,
        WriteBufferLimits writeBufferLimits) {
    /** No addresses, no broadcast, port not shared, kernel buffers as the system likes, 64 and 16 KiB. */
    public static final DatagramConfig DEFAULT =
            new DatagramConfig(null, null, false, false, 0, 0, WriteBufferLimits.DEFAULT);

    /**
     * Checks the values.
     *
     * @param localAddress as for the record
     * @param remoteAddress as for the record
     * @param broadcast as for the record
     * @param reusePort as for the record
     * @param receiveBufferBytes as for the record
     * @param sendBufferBytes as for the record
     * @param writeBufferLimits as for the record
     * @throws IllegalArgumentException if a size is negative, an address is a name that was not looked up, or
     *             one is an IPv4 and the other an IPv6 address
     */
    public DatagramConfig {
        if (receiveBufferBytes < 0 || sendBufferBytes < 0) {
            throw new IllegalArgumentException(
                    "buffer sizes must be >= 0, where 0 leaves them to the system");
        }
        requireLookedUp(localAddress);
        requireLookedUp(remoteAddress);
        if (!canReach(localAddress, remoteAddress)) {
            throw new IllegalArgumentException("both addresses must be IPv4 or both IPv6, not "
                    + localAddress + " and " + remoteAddress);
        }
        Objects.requireNonNull(writeBufferLimits, "writeBufferLimits");
    }

    /** Null is no address, and fine. */
    static void requireLookedUp(InetSocketAddress address) {
        if (address != null && address.isUnresolved()) {
            throw new IllegalArgumentException(address + " has not been looked up: a DNS look-up takes time, "
                    + "so it is not done here; Resolver does it");
        }
    }

    /** Whether a socket bound to the one may send to the other; null and the wildcard may to all. */
    static boolean canReach(InetSocketAddress local, InetSocketAddress remote) {
        return local == null || remote == null || local.getAddress().isAnyLocalAddress()
                || Listeners.family(local).equals(Listeners.family(remote));
    }

    /**
     * The same with another local address.
     *
     * @param address looked up already; null for none
     * @return a new configuration
     */
    public DatagramConfig withLocalAddress(InetSocketAddress address) {
        return new DatagramConfig(address, remoteAddress, broadcast, reusePort, receiveBufferBytes,
                sendBufferBytes, writeBufferLimits);
    }

    /**
     * The same with another remote address.
     *
     * @param address looked up already; null for none
     * @return a new configuration
     */
    public DatagramConfig withRemoteAddress(InetSocketAddress address) {
        return new DatagramConfig(localAddress, address, broadcast, reusePort, receiveBufferBytes,
                sendBufferBytes, writeBufferLimits);
    }

    /**
     * The same with another {@code broadcast}.
     *
     * @param on true allows sending to broadcast addresses
     * @return a new configuration
     */
    public DatagramConfig withBroadcast(boolean on) {
        return new DatagramConfig(localAddress, remoteAddress, on, reusePort, receiveBufferBytes,
                sendBufferBytes, writeBufferLimits);
    }

    /**
     * The same with another {@code reusePort}.
     *
     * @param on true shares the port
     * @return a new configuration
     */
    public DatagramConfig withReusePort(boolean on) {
        return new DatagramConfig(localAddress, remoteAddress, broadcast, on, receiveBufferBytes,
                sendBufferBytes, writeBufferLimits);
    }

    /**
     * The same with other kernel buffers.
     *
     * @param receiveBytes 0 for the system's choice
     * @param sendBytes 0 for the system's choice
     * @return a new configuration
     */
    public DatagramConfig withKernelBuffers(int receiveBytes, int sendBytes) {
        return new DatagramConfig(localAddress, remoteAddress, broadcast, reusePort, receiveBytes, sendBytes,
                writeBufferLimits);
    }

    /**
     * The same with other marks of back-pressure.
     *
     * @param limits the marks
     * @return a new configuration
     */
    public DatagramConfig withWriteBufferLimits(WriteBufferLimits limits) {
        return new DatagramConfig(localAddress, remoteAddress, broadcast, reusePort, receiveBufferBytes,
                sendBufferBytes, limits);
    }

    /** Sets the options that do not have to be set before binding. */
    void apply(DatagramChannel channel) throws IOException {
        if (broadcast) {
            channel.setOption(StandardSocketOptions.SO_BROADCAST, true);
        }
        if (receiveBufferBytes > 0) {
            channel.setOption(StandardSocketOptions.SO_RCVBUF, receiveBufferBytes);
        }
        if (sendBufferBytes > 0) {
            channel.setOption(StandardSocketOptions.SO_SNDBUF, sendBufferBytes);
        }
    }
}
