package io.jvloop.stream;

import io.jvloop.loop.Async;
import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import io.jvloop.tls.Tls;
import io.jvloop.tls.TlsFactory;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Between a transport, which calls, and a reader and a writer, which are called.
 *
 * <pre>
 *   NEW ──connectionMade──▶ OPEN ──startTls──▶ UPGRADING ──▶ OPEN
 *                             └──connectionLost──▶ LOST ◀──────┘
 * </pre>
 *
 * <p><b>Thread.</b> The loop's.
 */
final class StreamProtocol implements Protocol {
    private enum State {
        NEW, OPEN, UPGRADING, LOST
    }

    private final int limit;
    private final StreamHandler handler; // null for a client
    private final Set<CompletableFuture<Void>> drainers = new LinkedHashSet<>();
    private State state = State.NEW;
    private EventLoop loop;
    private Transport transport;
    private StreamReader reader;
    private StreamPair pair;
    private CompletableFuture<Void> lost;
    private boolean writingPaused;
    private boolean draining;
    private boolean handled; // its handler is done, and has left the connection open

    StreamProtocol(int limit, StreamHandler handler) {
        this.limit = limit;
        this.handler = handler;
    }

    @Override
    public void connectionMade(Transport made) {
        if (state != State.NEW) {
            throw new IllegalStateException("one stream for two connections: " + transport + ", " + made);
        }
        state = State.OPEN;
        loop = made.loop();
        lost = loop.createFuture();
        transport = made;
        reader = StreamReader.create(loop, limit);
        reader.setTransport(made);
        pair = new StreamPair(reader, new StreamWriter(this));
        if (handler != null) {
            serve();
        }
    }

    private void serve() {
        CompletionStage<?> served;
        try {
            served = handler.connected(reader, pair.writer());
        } catch (Throwable t) { // the handler's failure ends its connection, and nothing else
            failed(t);
            return;
        }
        if (served != null) {
            served.whenComplete((value, failure) -> onLoop(() -> served(failure)));
        }
    }

    private void served(Throwable failure) {
        if (Async.cause(failure) instanceof IOException && state == State.LOST) {
            return; // any peer can break its connection, and must not fill the log with that
        } else if (failure != null) {
            failed(Async.cause(failure));
        } else if (draining) {
            transport.close();
        }
        handled = failure == null;
    }

    private void failed(Throwable failure) {
        if (!(failure instanceof CancellationException)) {
            loop.callExceptionHandler(ExceptionContext.of("Unhandled exception in a stream handler", failure)
                    .with("transport", transport));
        }
        transport.close();
    }

    @Override
    public void dataReceived(ByteBuffer data) {
        if (!draining) { // for then the reader has been told that nothing comes any more
            reader.feedData(data);
        }
    }

    @Override
    public boolean eofReceived() {
        reader.feedEof();
        return true; // the writer decides when the connection ends
    }

    @Override
    public void connectionLost(Throwable cause) {
        state = State.LOST;
        if (cause == null) {
            reader.feedEof();
            lost.complete(null);
        } else {
            reader.setException(cause);
            lost.completeExceptionally(cause);
        }
        release(drainer -> drainer.completeExceptionally(connectionLost()));
    }

    private IOException connectionLost() {
        return new IOException("Connection lost: " + transport, reader.exception());
    }

    @Override
    public void pauseWriting() {
        writingPaused = true;
    }

    @Override
    public void resumeWriting() {
        writingPaused = false;
        release(drainer -> drainer.complete(null));
    }

    private void release(Consumer<CompletableFuture<Void>> how) {
        List<CompletableFuture<Void>> all = List.copyOf(drainers);
        drainers.clear(); // first: whoever is released may write, and wait again
        all.forEach(how);
    }

    /**
     * Nothing more is read: whoever reads sees the end, finishes what it does, and closes. That is how code
     * in a straight line is told.
     */
    @Override
    public boolean draining() {
        draining = true;
        reader.feedEof();
        return !handled;
    }

    // --------------------------------------------------------------------------------- called by the writer

    EventLoop loop() {
        return loop;
    }

    Transport transport() {
        return transport;
    }

    /** Null before connectionMade. */
    StreamPair pair() {
        return pair;
    }

    /** The transport to write to. */
    Transport outlet() {
        if (state == State.UPGRADING) {
            throw new IllegalStateException(
                    "TLS is being started, wait for the future of startTls before writing to " + transport);
        }
        return transport;
    }

    /** Completes one way or the other at connectionLost. */
    CompletableFuture<Void> lost() {
        return lost;
    }

    void drain(CompletableFuture<Void> drainer) {
        if (reader.exception() != null) {
            drainer.completeExceptionally(reader.exception());
        } else if (transport.isClosing() && state != State.LOST) {
            // later, or a program that writes and drains would never see the end
            loop.callSoon((Request) () -> await(drainer));
        } else {
            await(drainer);
        }
    }

    private void await(CompletableFuture<Void> drainer) {
        if (state == State.LOST) {
            drainer.completeExceptionally(connectionLost());
        } else if (writingPaused) {
            drainers.add(drainer);
            drainer.whenComplete((nothing, failure) -> {
                if (failure != null) { // cancelled perhaps, or too late: it must not wait here for days
                    onLoop(() -> drainers.remove(drainer));
                }
            });
        } else {
            drainer.complete(null);
        }
    }

    /** Everything that was written is on its way. What has come and was not read belongs to TLS. */
    void upgrade(Function<Supplier<Protocol>, TlsFactory> tls, CompletableFuture<Void> result) {
        if (state != State.OPEN) {
            result.completeExceptionally(state == State.LOST ? connectionLost()
                    : new IllegalStateException("TLS is being started already on " + transport));
            return;
        }
        CompletableFuture<Transport> upgraded;
        try {
            upgraded = Tls.upgrade(transport, tls.apply(() -> this), reader.takeAll());
        } catch (RuntimeException e) {
            result.completeExceptionally(e);
            return;
        }
        state = State.UPGRADING;
        result.whenComplete((nothing, failure) -> upgraded.cancel(false));
        upgraded.whenComplete((secure, failure) -> upgraded(secure, failure, result));
    }

    private void upgraded(Transport secure, Throwable failure, CompletableFuture<Void> result) {
        if (failure != null) { // the connection is ending: nothing may go out in clear meanwhile
            result.completeExceptionally(Async.cause(failure));
            return;
        }
        state = state == State.UPGRADING ? State.OPEN : state;
        transport = secure;
        reader.setTransport(secure);
        if (!result.complete(null)) {
            secure.abort();
        }
    }

    private void onLoop(Runnable action) {
        if (loop.inLoop()) {
            action.run();
        } else if (!loop.isClosed()) {
            loop.execute(action);
        }
    }

    @Override
    public String toString() {
        return "StreamProtocol[" + state + ", " + transport + "]";
    }
}
