package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.IoHandler;
import io.jvloop.loop.Registration;
import io.jvloop.loop.TimerHandle;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;

/**
 * One non-blocking connect to one address. Reports once, unless cancelled: {@code won} or {@code failed}.
 *
 * <p><b>A UNIX server whose queue is full.</b> A blocking connect waits for a place. A non-blocking one fails
 * with EAGAIN and nothing to wait for, since the selector knows of no such event (asyncio takes the socket
 * for connected then; libuv fails). So it is tried again, ever less often, until there is a place or the
 * caller has had enough.
 */
final class ConnectAttempt implements IoHandler {
    /** Hears how it ended. */
    interface Listener {
        void won(ConnectAttempt attempt);

        void failed(ConnectAttempt attempt, IOException failure);

        void loopClosing();
    }

    private static final long FIRST_RETRY_NANOS = 1_000_000;
    private static final long LONGEST_RETRY_NANOS = 50_000_000;

    /** What EAGAIN is called; the JDK has no exception of its own for it. */
    private static final String EAGAIN = "temporarily unavailable";

    private final EventLoop loop;
    private final SocketAddress address;
    private final Listener listener;
    private SocketChannel channel;
    private Registration registration;
    private TimerHandle retry;
    private long retryNanos = FIRST_RETRY_NANOS;

    ConnectAttempt(EventLoop loop, SocketAddress address, Listener listener) {
        this.loop = loop;
        this.address = address;
        this.listener = listener;
    }

    /** Begins; failures that show at once are reported from inside this call. */
    void start(SocketAddress localAddress, SocketConfig config) {
        retry = null;
        registration = null; // that of the attempt before is closed
        try {
            channel = SocketChannel.open(Listeners.family(address));
            config.apply(channel);
            bind(localAddress);
            registration = loop.register(channel, 0, this);
            if (channel.connect(address)) {
                listener.won(this);
            } else {
                registration.interest(SelectionKey.OP_CONNECT);
            }
        } catch (IOException | RuntimeException e) {
            if (isServerBusy(e)) {
                registration.close();
                retry = loop.callLater(retryNanos, () -> start(localAddress, config));
                retryNanos = Math.min(2 * retryNanos, LONGEST_RETRY_NANOS);
            } else {
                fail(e);
            }
        }
    }

    private boolean isServerBusy(Exception e) {
        return address instanceof UnixDomainSocketAddress && e instanceof SocketException
                && registration != null && String.valueOf(e.getMessage()).contains(EAGAIN);
    }

    private void bind(SocketAddress localAddress) throws IOException {
        if (localAddress == null) {
            return;
        }
        try {
            channel.bind(localAddress);
        } catch (IOException e) {
            IOException described =
                    new BindException("error while attempting to bind on address " + localAddress + ": "
                            + e.getMessage());
            described.initCause(e);
            throw described;
        }
    }

    @Override
    public void ready(int ops) {
        try {
            if (channel.finishConnect()) {
                listener.won(this);
            }
        } catch (IOException e) {
            fail(e);
        }
    }

    @Override
    public void loopClosing() {
        listener.loopClosing();
    }

    /** Closes the socket; nobody is told. */
    void cancel() {
        if (retry != null) {
            retry.cancel();
        }
        if (registration != null) {
            registration.close();
        }
    }

    Registration registration() {
        return registration;
    }

    SocketChannel channel() {
        return channel;
    }

    private void fail(Exception e) {
        IOException failure = describe(e);
        if (registration != null) {
            registration.close(); // even if the JDK has closed the channel: a loop that drains counts them
        } else if (channel != null) {
            Channels.close(channel, failure);
        }
        listener.failed(this, failure);
    }

    /** The JDK says "Connection refused" and leaves it to the reader to guess by whom. */
    private IOException describe(Exception e) {
        if (e instanceof BindException) {
            return (IOException) e;
        }
        if (address instanceof UnixDomainSocketAddress unix && e instanceof IOException failure) {
            return SocketFile.cannotConnect(unix.getPath(), failure);
        }
        String message = "cannot connect to " + address + ": " + e.getMessage();
        IOException failure =
                e instanceof ConnectException ? new ConnectException(message) : new IOException(message);
        failure.initCause(e);
        return failure;
    }

    @Override
    public String toString() {
        return "ConnectAttempt[" + address + "]";
    }
}
