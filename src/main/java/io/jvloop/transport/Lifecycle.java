package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import io.jvloop.loop.Registration;
import java.util.concurrent.CompletableFuture.AsynchronousCompletionTask;
import java.util.function.Consumer;

/**
 * How every transport begins and ends: {@code connectionMade} once, then whatever it is for, then {@code
 * connectionLost} once; both from the loop's callback queue, never from inside a call of the application's.
 * The states are drawn at {@link TransportState}. Loop thread.
 *
 * @param <C> the transport that has this life
 */
final class Lifecycle<C extends Lifecycle.Connection> {
    /** What only the transport itself can do. */
    interface Connection {
        /** Whom the failure of a call is about; null once forgotten. */
        BaseProtocol protocol();

        /** Calls the protocol's {@code connectionMade}. */
        void callConnectionMade();

        /** {@code connectionMade} is over: reading may begin. */
        void begun();

        /** The channel is closed: gives back what was held for it, and tells those who wait for it. */
        void released(Throwable cause);

        /** {@code connectionLost} is over: whoever keeps the transport must not keep the protocol too. */
        void forgetProtocol();
    }

    private final EventLoop loop;
    private final C connection;
    private final Consumer<? super C> onEnd;
    private Registration registration;
    private TransportState state = TransportState.NEW;

    /** {@code onEnd} hears of the end once, after the protocol. */
    Lifecycle(EventLoop loop, C connection, Consumer<? super C> onEnd) {
        this.loop = loop;
        this.connection = connection;
        this.onEnd = onEnd;
    }

    EventLoop loop() {
        return loop;
    }

    C connection() {
        return connection;
    }

    BaseProtocol protocol() {
        return connection.protocol();
    }

    TransportState state() {
        return state;
    }

    boolean isOpen() {
        return state == TransportState.OPEN;
    }

    boolean isClosed() {
        return state == TransportState.CLOSED;
    }

    boolean isClosing() {
        return state == TransportState.CLOSING || state == TransportState.CLOSED;
    }

    /** Lets {@code connectionMade} run in the next turn, then {@code afterwards}. */
    void start(Registration ownRegistration, Runnable afterwards) {
        registration = ownRegistration;
        registration.interest(0);
        loop.callSoon(() -> begin(afterwards));
    }

    private void begin(Runnable afterwards) {
        if (state == TransportState.CLOSED) {
            return; // aborted before it began: the protocol never hears of it
        }
        state = state.to(TransportState.OPEN);
        try {
            connection.callConnectionMade();
        } catch (Throwable t) { // reported, not fatal: the connection itself is sound
            report("protocol.connectionMade() failed", t);
        } finally {
            afterwards.run();
            connection.begun();
        }
    }

    /** Waits for an operation, or no longer; before the beginning and after the end, for nothing. */
    void await(int op, boolean wanted) {
        if (state == TransportState.OPEN || state == TransportState.CLOSING) {
            int ops = registration.interest();
            registration.interest(wanted ? ops | op : ops & ~op);
        }
    }

    /** Closed by the application with bytes still on their way. */
    void closing() {
        state = state.to(TransportState.CLOSING);
    }

    /** The user's code threw: the connection ends and the exception handler hears of it. */
    void fatal(Throwable thrown) {
        lose(thrown);
        report("Fatal error on transport", thrown);
    }

    /**
     * The only way out: closes the channel at once and lets {@code connectionLost} follow in a later turn.
     */
    void lose(Throwable cause) {
        if (state == TransportState.CLOSED) {
            return;
        }
        boolean begun = state != TransportState.NEW;
        state = state.to(TransportState.CLOSED);
        registration.close();
        connection.released(cause);
        loop.callSoon((Runnable & AsynchronousCompletionTask) () -> lost(begun, cause)); // never dropped
    }

    private void lost(boolean begun, Throwable cause) {
        try {
            if (begun) {
                connection.protocol().connectionLost(cause);
            }
        } catch (Throwable t) {
            report("protocol.connectionLost() failed", t);
        } finally {
            connection.forgetProtocol();
            onEnd.accept(connection);
        }
    }

    /** The loop is to end in order: ask the protocol, which may want to finish something first. */
    void drain(Runnable close) {
        boolean later = false;
        try {
            later = state != TransportState.NEW && !isClosing() && protocol().draining();
        } catch (Throwable t) {
            report("protocol.draining() failed", t);
        }
        if (!later) {
            close.run();
        }
    }

    void report(String message, Throwable thrown) {
        ExceptionContext context = ExceptionContext.of(message, thrown);
        loop.callExceptionHandler(
                context.with("transport", connection).with("protocol", connection.protocol()));
    }
}
