package io.jvloop.loop;

import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.util.Collection;

/**
 * Waits for channels. There is one real one, {@link SelectorPoller}; the interface exists so that tests can
 * replace waiting by moving a fake clock.
 */
interface Poller {
    /** The timeout that means: until something is ready or {@link #wakeup()} is called. */
    long FOREVER = Long.MAX_VALUE;

    /**
     * Runs the handler of every ready channel, waiting for the first at most this long; 0 does not wait. Loop
     * thread.
     */
    void poll(long timeoutNanos);

    /** Makes the running or the next {@link #poll} return at once. Any thread. */
    void wakeup();

    /** Binds a non-blocking channel to its handler. Loop thread. */
    Registration register(SelectableChannel channel, int ops, IoHandler handler) throws IOException;

    /** What is registered and still open. Loop thread. */
    Collection<Registration> registrations();

    /** Whether anything is registered and still open. Loop thread. */
    default boolean hasRegistrations() {
        return !registrations().isEmpty();
    }

    /** How long {@link #poll} looks again and again before it really blocks; 0 blocks at once. */
    void spinNanos(long nanos);

    /** How often the selector had to be replaced because it returned for nothing. */
    long rebuilds();

    void close();
}
