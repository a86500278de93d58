package io.jvloop.transport;

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
        start.accept(() -> {
            if (!result.complete(transport)) {
                transport.abort();
            }
        });
        result.whenComplete((delivered, failure) -> {
            if (failure != null) {
                Futures.onLoop(transport.loop(), transport::abort);
            }
        });
    }

    /** For a transport that ends before it was delivered; afterwards it changes nothing. */
    static Consumer<Transport> lost(CompletableFuture<Transport> result) {
        return transport -> {
            if (!result.isDone()) {
                result.completeExceptionally(
                        new IOException("closed before it was established: " + transport));
            }
        };
    }
}
