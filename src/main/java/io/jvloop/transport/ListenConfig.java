package io.jvloop.transport;

import java.util.Objects;

/**
 * How a server listens.
 *
 * @param backlog connections the kernel keeps while they wait to be accepted; 1024 by default. (With
 *             asyncio's 100 some clients of a larger burst have to send their SYN again.) The kernel caps it
 *             at {@code net.core.somaxconn}
 * @param reuseAddress bind although old connections of the port linger; true by default
 * @param reusePort share the port with other sockets that set this too, the kernel spreads the connections;
 *             false by default
 * @param startServing accept at once; if false, {@link Server#startServing} begins. Either way the port is
 *             bound and the kernel takes connections into the backlog, since {@code java.nio} cannot bind
 *             without listening
 * @param removeSocketFile a UNIX server's file is removed when the server is closed, if it still is the one
 *             it made; true by default
 * @param socket how accepted sockets are set up
 */
public record ListenConfig(int backlog, boolean reuseAddress, boolean reusePort, boolean startServing,
        boolean removeSocketFile, SocketConfig socket) {
    private static final int BACKLOG = 1024;

    /** Backlog 1024, address reused, port not shared, accepting at once. */
    public static final ListenConfig DEFAULT =
            new ListenConfig(BACKLOG, true, false, true, true, SocketConfig.DEFAULT);

    /**
     * Checks the values.
     *
     * @param backlog as for the record
     * @param reuseAddress as for the record
     * @param reusePort as for the record
     * @param startServing as for the record
     * @param removeSocketFile as for the record
     * @param socket as for the record
     * @throws IllegalArgumentException if the backlog is not positive
     */
    public ListenConfig {
        if (backlog < 1) {
            throw new IllegalArgumentException("backlog must be >= 1, not " + backlog);
        }
        Objects.requireNonNull(socket, "socket");
    }

    /**
     * The same with another backlog.
     *
     * @param connections how many may wait
     * @return a new configuration
     */
    public ListenConfig withBacklog(int connections) {
        return new ListenConfig(connections, reuseAddress, reusePort, startServing, removeSocketFile, socket);
    }

    /**
     * The same with another {@code reuseAddress}.
     *
     * @param on true binds although old connections linger
     * @return a new configuration
     */
    public ListenConfig withReuseAddress(boolean on) {
        return new ListenConfig(backlog, on, reusePort, startServing, removeSocketFile, socket);
    }

    /**
     * The same with another {@code reusePort}.
     *
     * @param on true shares the port
     * @return a new configuration
     */
    public ListenConfig withReusePort(boolean on) {
        return new ListenConfig(backlog, reuseAddress, on, startServing, removeSocketFile, socket);
    }

    /**
     * The same with another {@code startServing}.
     *
     * @param on false waits for {@link Server#startServing}
     * @return a new configuration
     */
    public ListenConfig withStartServing(boolean on) {
        return new ListenConfig(backlog, reuseAddress, reusePort, on, removeSocketFile, socket);
    }

    /**
     * The same with another {@code removeSocketFile}.
     *
     * @param on false leaves the file of a UNIX server behind
     * @return a new configuration
     */
    public ListenConfig withRemoveSocketFile(boolean on) {
        return new ListenConfig(backlog, reuseAddress, reusePort, startServing, on, socket);
    }

    /**
     * The same with other accepted sockets.
     *
     * @param config how they are set up
     * @return a new configuration
     */
    public ListenConfig withSocket(SocketConfig config) {
        return new ListenConfig(backlog, reuseAddress, reusePort, startServing, removeSocketFile, config);
    }
}
