package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import io.jvloop.loop.IoHandler;
import io.jvloop.loop.Registration;
import io.jvloop.loop.TimerHandle;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;

/**
 * One listening socket: accepts what has arrived and hands it to the {@link Server}.
 *
 * <p><b>Out of descriptors.</b> A level-triggered listener whose {@code accept} fails stays ready, and the
 * loop would spin. So the first failure is reported, the listener is left alone for a second, then tried
 * again, for as long as it takes; the next report comes only after the backlog was once emptied. (libuv
 * instead accepts and closes clients with a spare descriptor; uvloop closes the whole server without a word.)
 *
 * <p>To report anything at such a moment takes descriptors itself: the JDK opens files to load a class, and
 * to format the time of a log record. So each listener keeps two spare ones, which are given up for the
 * report.
 */
final class Acceptor implements IoHandler {
    /** Per readiness event; a flood of connections must not keep the others from being served. */
    private static final int ACCEPTS = 64;

    /** asyncio's pause. */
    private static final Duration BACK_OFF = Duration.ofSeconds(1);

    private final Server server;
    private final EventLoop loop;
    private final Listener listener;
    private final ServerSocketChannel channel;
    private final SocketAddress address;
    private final Registration registration;
    private TimerHandle retry;
    private boolean failing;
    private Pipe spare;

    Acceptor(Server server, EventLoop loop, Listener listener) throws IOException {
        this.server = server;
        this.loop = loop;
        this.listener = listener;
        this.channel = listener.channel();
        this.address = channel.getLocalAddress();
        this.registration = loop.register(channel, 0, this);
        takeSpare();
    }

    SocketAddress address() {
        return address;
    }

    void start() {
        if (retry == null) {
            registration.interest(SelectionKey.OP_ACCEPT);
        }
    }

    /** From now on {@link #close} ends the accepting and leaves the socket open. */
    void keepOpen() {
        registration.closeBy(() -> {});
    }

    void close() {
        if (retry != null) {
            retry.cancel();
            retry = null;
        }
        listener.removeFile(failure -> loop.callExceptionHandler(
                ExceptionContext.of("Cannot remove the socket file of " + address, failure)));
        registration.close();
        dropSpare();
    }

    @Override
    public void ready(int ops) {
        try {
            for (int i = 0; i < ACCEPTS; i++) {
                SocketChannel accepted = channel.accept();
                if (accepted == null) {
                    failing = false;
                    return;
                }
                server.arrived(accepted);
                if (!registration.isOpen()) {
                    return; // the protocol factory has closed the server
                }
            }
        } catch (ClosedChannelException e) {
            server.close(); // somebody closed the channel itself
        } catch (IOException e) {
            dropSpare();
            backOff(e);
            if (registration.isOpen()) { // else the exception handler has closed the server
                takeSpare();
            }
        }
    }

    @Override
    public void draining() {
        server.close();
    }

    @Override
    public void loopClosing() {
        server.close();
    }

    private void backOff(IOException failure) {
        registration.interest(0);
        retry = loop.callLater(BACK_OFF, () -> {
            retry = null;
            start();
        });
        if (!failing) {
            failing = true;
            loop.callExceptionHandler(
                    ExceptionContext.of("Cannot accept connections on " + address + "; trying again every "
                            + BACK_OFF.toSeconds() + " s until it works", failure).with("server", server));
        }
    }

    /**
     * A pipe, because opening one also makes JDK 17 initialise the class that writes to sockets, for which it
     * would need descriptors at the first write.
     */
    private void takeSpare() {
        try {
            spare = Pipe.open();
        } catch (IOException none) {
            spare = null; // somebody else was faster; then the report has to do without
        }
    }

    private void dropSpare() {
        if (spare != null) {
            Channels.closeAll(List.of(spare.sink(), spare.source()),
                    new IOException("collects what closing throws"));
            spare = null;
        }
    }

    @Override
    public String toString() {
        return "Acceptor[" + address + (retry == null ? "" : ", backing off") + "]";
    }
}
