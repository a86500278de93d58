package io.jvloop.transport;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;

/**
 * How a client connects.
 *
 * @param localAddress where each attempt binds first; null, the default, leaves it to the system
 * @param happyEyeballsDelay start the next attempt when the present one has not succeeded after this long
 *             (RFC 8305 recommends 250 ms); null, the default, tries one address after the other
 * @param interleave how many addresses of the first family come before the families alternate; 0 keeps the
 *             resolver's order. By default 1 with a delay and 0 without
 * @param timeout how long it may take altogether, looking up included; null, the default, leaves it to the
 *             system, which gives up an address after minutes
 * @param socket how the socket is set up
 */
public record ConnectConfig(InetSocketAddress localAddress, Duration happyEyeballsDelay, int interleave,
        Duration timeout, SocketConfig socket) {
    /** One address after the other, from any local address. */
    public static final ConnectConfig DEFAULT = new ConnectConfig(null, null, 0, null, SocketConfig.DEFAULT);

    /**
     * Checks the values.
     *
     * @param localAddress as for the record
     * @param happyEyeballsDelay as for the record
     * @param interleave as for the record
     * @param timeout as for the record
     * @param socket as for the record
     * @throws IllegalArgumentException if the delay or {@code interleave} is negative, or the timeout not
     *             positive
     */
    public ConnectConfig {
        if (happyEyeballsDelay != null && happyEyeballsDelay.isNegative()) {
            throw new IllegalArgumentException(
                    "happyEyeballsDelay must not be negative: " + happyEyeballsDelay);
        }
        if (interleave < 0) {
            throw new IllegalArgumentException("interleave must be >= 0, not " + interleave);
        }
        IdleWatch.requirePositive(timeout);
        Objects.requireNonNull(socket, "socket");
    }

    /**
     * The same from a certain local address.
     *
     * @param address where to bind; port 0 for any
     * @return a new configuration
     */
    public ConnectConfig withLocalAddress(InetSocketAddress address) {
        return new ConnectConfig(address, happyEyeballsDelay, interleave, timeout, socket);
    }

    /**
     * The same with staggered attempts, families alternating from the first address on.
     *
     * @param delay between two attempts
     * @return a new configuration
     */
    public ConnectConfig withHappyEyeballs(Duration delay) {
        return new ConnectConfig(localAddress, delay, Math.max(1, interleave), timeout, socket);
    }

    /**
     * The same with another order of addresses.
     *
     * @param firstFamilyCount addresses of the first family before the families alternate; 0 keeps the
     *             resolver's order
     * @return a new configuration
     */
    public ConnectConfig withInterleave(int firstFamilyCount) {
        return new ConnectConfig(localAddress, happyEyeballsDelay, firstFamilyCount, timeout, socket);
    }

    /**
     * The same with a time limit; when it passes, the future fails with a {@code SocketTimeoutException}.
     *
     * @param limit for everything, looking up included; null for none
     * @return a new configuration
     */
    public ConnectConfig withTimeout(Duration limit) {
        return new ConnectConfig(localAddress, happyEyeballsDelay, interleave, limit, socket);
    }

    /**
     * The same with another socket.
     *
     * @param config how it is set up
     * @return a new configuration
     */
    public ConnectConfig withSocket(SocketConfig config) {
        return new ConnectConfig(localAddress, happyEyeballsDelay, interleave, timeout, config);
    }
}
