package io.jvloop.http;

import io.jvloop.http.codec.HttpLimits;
import java.time.Duration;
import java.util.Objects;

/**
 * How an HTTP server treats its clients. Timeouts are noticed up to an eighth of the shortest one late, a
 * second at most, and never early.
 *
 * @param limits how much of a request is taken
 * @param headerTimeout from the connection, or the first byte of a request, to the end of its header section;
 *            then 408. In whole: a client that sends a byte now and then gains nothing. 20 s, as Apache
 * @param bodyTimeout in each such time a body has to bring {@code minBytesPerSecond}, while the handler wants
 *            it; then 408. 20 s
 * @param keepAliveTimeout how long a connection may wait for its next request. 60 s, nginx has 75
 * @param writeTimeout in each such time the client has to take {@code minBytesPerSecond} of what is waiting
 *            for it. 60 s: a send buffer of the kernel's hides a slow client's progress for as long
 * @param minBytesPerSecond the rate below which a client counts as slow. 500, as Apache
 * @param maxConnections at a time, on all loops of a server together; further ones get 503.
 *            Those that are HTTP's: not in a TLS handshake, or handed over to another protocol
 * @param maxBufferedBytes of a body that is read as a whole, {@link RequestBody#bytes}; then 413. 1 MiB, as
 *            nginx
 */
public record HttpConfig(HttpLimits limits, Duration headerTimeout, Duration bodyTimeout,
        Duration keepAliveTimeout, Duration writeTimeout, int minBytesPerSecond, int maxConnections,
        int maxBufferedBytes) {
    /** The values described above, and 100,000 connections. */
    public static final HttpConfig DEFAULT = new HttpConfig(HttpLimits.DEFAULT, Duration.ofSeconds(20),
            Duration.ofSeconds(20), Duration.ofSeconds(60), Duration.ofSeconds(60), 500, 100_000,
            1024 * 1024);

    /**
     * Checks the values.
     *
     * @param limits as for the record
     * @param headerTimeout as for the record
     * @param bodyTimeout as for the record
     * @param keepAliveTimeout as for the record
     * @param writeTimeout as for the record
     * @param minBytesPerSecond as for the record
     * @param maxConnections as for the record
     * @param maxBufferedBytes as for the record
     * @throws IllegalArgumentException if a timeout is not positive, a rate or a size negative, or no
     *             connection allowed
     */
    public HttpConfig {
        Objects.requireNonNull(limits, "limits");
        requirePositive(headerTimeout, "headerTimeout");
        requirePositive(bodyTimeout, "bodyTimeout");
        requirePositive(keepAliveTimeout, "keepAliveTimeout");
        requirePositive(writeTimeout, "writeTimeout");
        if (minBytesPerSecond < 0 || maxConnections < 1 || maxBufferedBytes < 0) {
            throw new IllegalArgumentException("minBytesPerSecond and maxBufferedBytes must be >= 0, "
                    + "maxConnections >= 1, not " + minBytesPerSecond + ", " + maxBufferedBytes + ", "
                    + maxConnections);
        }
    }

    private static void requirePositive(Duration timeout, String name) {
        if (Objects.requireNonNull(timeout, name).isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException(name + " must be positive, not " + timeout);
        }
    }

    /**
     * The same with other limits.
     *
     * @param newLimits how much of a request is taken
     * @return a new configuration
     */
    public HttpConfig withLimits(HttpLimits newLimits) {
        return new HttpConfig(newLimits, headerTimeout, bodyTimeout, keepAliveTimeout, writeTimeout,
                minBytesPerSecond, maxConnections, maxBufferedBytes);
    }

    /**
     * The same with another {@code headerTimeout}.
     *
     * @param timeout to the end of the header section
     * @return a new configuration
     */
    public HttpConfig withHeaderTimeout(Duration timeout) {
        return new HttpConfig(limits, timeout, bodyTimeout, keepAliveTimeout, writeTimeout,
                minBytesPerSecond, maxConnections, maxBufferedBytes);
    }

    /**
     * The same with another {@code bodyTimeout}.
     *
     * @param timeout in which a body has to make progress
     * @return a new configuration
     */
    public HttpConfig withBodyTimeout(Duration timeout) {
        return new HttpConfig(limits, headerTimeout, timeout, keepAliveTimeout, writeTimeout,
                minBytesPerSecond, maxConnections, maxBufferedBytes);
    }

    /**
     * The same with another {@code keepAliveTimeout}.
     *
     * @param timeout for the next request
     * @return a new configuration
     */
    public HttpConfig withKeepAliveTimeout(Duration timeout) {
        return new HttpConfig(limits, headerTimeout, bodyTimeout, timeout, writeTimeout, minBytesPerSecond,
                maxConnections, maxBufferedBytes);
    }

    /**
     * The same with another {@code writeTimeout}.
     *
     * @param timeout in which the client has to take something
     * @return a new configuration
     */
    public HttpConfig withWriteTimeout(Duration timeout) {
        return new HttpConfig(limits, headerTimeout, bodyTimeout, keepAliveTimeout, timeout,
                minBytesPerSecond, maxConnections, maxBufferedBytes);
    }

    /**
     * The same with another {@code minBytesPerSecond}.
     *
     * @param rate below which a client is slow; 0 lets every byte count as progress
     * @return a new configuration
     */
    public HttpConfig withMinBytesPerSecond(int rate) {
        return new HttpConfig(limits, headerTimeout, bodyTimeout, keepAliveTimeout, writeTimeout, rate,
                maxConnections, maxBufferedBytes);
    }

    /**
     * The same with another {@code maxConnections}.
     *
     * @param connections at a time
     * @return a new configuration
     */
    public HttpConfig withMaxConnections(int connections) {
        return new HttpConfig(limits, headerTimeout, bodyTimeout, keepAliveTimeout, writeTimeout,
                minBytesPerSecond, connections, maxBufferedBytes);
    }

    /**
     * The same with another {@code maxBufferedBytes}.
     *
     * @param bytes of a body read as a whole
     * @return a new configuration
     */
    public HttpConfig withMaxBufferedBytes(int bytes) {
        return new HttpConfig(limits, headerTimeout, bodyTimeout, keepAliveTimeout, writeTimeout,
                minBytesPerSecond, maxConnections, bytes);
    }
}
