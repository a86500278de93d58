package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Between a connected channel and the caller who waits for its transport. The caller's future completes after
 * {@code connectionMade}; cancelled before that, the connection is closed and the protocol never hears of it;
 * cancelled during {@code connectionMade}, it hears {@code connectionLost}.
 */
final class Delivery {
    private Delivery() {
    }

    /** {@code start} runs what it is given right after {@code connectionMade}. */
    static void begin(Transport transport, Consumer<Runnable> start, CompletableFuture<Transport> result) {
        begin(transport, transport.loop(), transport::abort, start, result);
    }

    /** For transports of any kind, which are ended by {@code abort}. */
    static <T> void begin(T transport, EventLoop loop, Runnable abort, Consumer<Runnable> start,
            CompletableFuture<T> result) {
        start.accept(() -> {
            if (!result.complete(transport)) {
                abort.run();
            }
        });
        result.whenComplete((delivered, failure) -> {
            if (failure != null) {
                Futures.onLoop(loop, abort);
            }
        });
    }

    /** For a transport that ends before it was delivered; afterwards it changes nothing. */
    static <T> Consumer<T> lost(CompletableFuture<T> result) {
        return transport -> {
            if (!result.isDone()) {
                result.completeExceptionally(
                        new IOException("closed before it was established: " + transport));
            }
        };
    }
}
