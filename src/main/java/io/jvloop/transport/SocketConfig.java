package io.jvloop.transport;

import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.Objects;

/**
 * How a stream socket is set up, accepted or connected.
 *
 * @param noDelay switch Nagle's algorithm off; true by default, as in asyncio: protocols decide themselves
 *             what belongs together
 * @param keepAlive let the kernel probe idle connections; false by default
 * @param receiveBufferBytes the kernel's receive buffer; 0 leaves it to the system, which tunes it by itself
 * @param sendBufferBytes the kernel's send buffer; 0 leaves it to the system
 * @param writeBufferLimits the marks of back-pressure
 */
public record SocketConfig(boolean noDelay, boolean keepAlive, int receiveBufferBytes, int sendBufferBytes,
        WriteBufferLimits writeBufferLimits) {
    /** No delay, no keep-alive, kernel buffers as the system likes, marks of 64 and 16 KiB. */
    public static final SocketConfig DEFAULT = new SocketConfig(true, false, 0, 0, WriteBufferLimits.DEFAULT);

    /**
     * Checks the values.
     *
     * @param noDelay as for the record
     * @param keepAlive as for the record
     * @param receiveBufferBytes as for the record
     * @param sendBufferBytes as for the record
     * @param writeBufferLimits as for the record
     * @throws IllegalArgumentException if a size is negative
     */
    public SocketConfig {
        if (receiveBufferBytes < 0 || sendBufferBytes < 0) {
            throw new IllegalArgumentException(
                    "buffer sizes must be >= 0, where 0 leaves them to the system");
        }
        Objects.requireNonNull(writeBufferLimits, "writeBufferLimits");
    }

    /**
     * The same with another {@code noDelay}.
     *
     * @param on true sends small packets at once
     * @return a new configuration
     */
    public SocketConfig withNoDelay(boolean on) {
        return new SocketConfig(on, keepAlive, receiveBufferBytes, sendBufferBytes, writeBufferLimits);
    }

    /**
     * The same with another {@code keepAlive}.
     *
     * @param on true lets the kernel probe idle connections
     * @return a new configuration
     */
    public SocketConfig withKeepAlive(boolean on) {
        return new SocketConfig(noDelay, on, receiveBufferBytes, sendBufferBytes, writeBufferLimits);
    }

    /**
     * The same with other kernel buffers.
     *
     * @param receiveBytes 0 for the system's choice
     * @param sendBytes 0 for the system's choice
     * @return a new configuration
     */
    public SocketConfig withKernelBuffers(int receiveBytes, int sendBytes) {
        return new SocketConfig(noDelay, keepAlive, receiveBytes, sendBytes, writeBufferLimits);
    }

    /**
     * The same with other marks of back-pressure.
     *
     * @param limits the marks
     * @return a new configuration
     */
    public SocketConfig withWriteBufferLimits(WriteBufferLimits limits) {
        return new SocketConfig(noDelay, keepAlive, receiveBufferBytes, sendBufferBytes, limits);
    }

    /** Sets the options that a connection has of its own. */
    void apply(SocketChannel channel) throws IOException {
        set(channel, StandardSocketOptions.TCP_NODELAY, noDelay, noDelay);
        set(channel, StandardSocketOptions.SO_KEEPALIVE, keepAlive, keepAlive);
        set(channel, StandardSocketOptions.SO_SNDBUF, sendBufferBytes > 0, sendBufferBytes);
        set(channel, StandardSocketOptions.SO_RCVBUF, receiveBufferBytes > 0, receiveBufferBytes);
    }

    private static <T> void set(SocketChannel channel, SocketOption<T> option, boolean wanted, T value)
            throws IOException {
        if (wanted && channel.supportedOptions().contains(option)) { // a UNIX socket has no TCP_NODELAY
            channel.setOption(option, value);
        }
    }
}
