package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.IoHandler;
import io.jvloop.loop.Registration;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;

/** One non-blocking connect to one address. Reports once, unless cancelled: {@code won} or {@code failed}. */
final class ConnectAttempt implements IoHandler {
    /** Hears how it ended. */
    interface Listener {
        void won(ConnectAttempt attempt);

        void failed(ConnectAttempt attempt, IOException failure);

        void loopClosing();
    }

    private final EventLoop loop;
    private final InetSocketAddress address;
    private final Listener listener;
    private SocketChannel channel;
    private Registration registration;

    ConnectAttempt(EventLoop loop, InetSocketAddress address, Listener listener) {
        this.loop = loop;
        this.address = address;
        this.listener = listener;
    }

    /** Begins; failures that show at once are reported from inside this call. */
    void start(InetSocketAddress localAddress, SocketConfig config) {
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
            fail(e);
        }
    }

    private void bind(InetSocketAddress localAddress) throws IOException {
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
        if (channel != null) {
            Channels.close(channel, failure);
        }
        listener.failed(this, failure);
    }

    /** The JDK says "Connection refused" and leaves it to the reader to guess by whom. */
    private IOException describe(Exception e) {
        if (e instanceof BindException) {
            return (IOException) e;
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
