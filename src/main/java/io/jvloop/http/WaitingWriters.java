package io.jvloop.http;

import io.jvloop.transport.Transport;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletableFuture.AsynchronousCompletionTask;
import java.util.function.Consumer;

/** Who waits until the client has taken enough. Loop thread. */
final class WaitingWriters {
    private List<CompletableFuture<Void>> waiting = List.of();
    private boolean paused;

    boolean arePaused() {
        return paused;
    }

    void pause() {
        paused = true;
    }

    void resume() {
        paused = false;
        release(writer -> writer.complete(null));
    }

    /**
     * Somebody waits: if nothing is in the way for one turn of the loop, lest a loop of write and drain keep
     * the thread, and fill the stack; if the connection is closing up to its end, which fails them.
     */
    void add(CompletableFuture<Void> writer, Transport transport) {
        if (!paused && !transport.isClosing()) {
            transport.loop().callSoon((Runnable & AsynchronousCompletionTask) () -> writer.complete(null));
            return;
        }
        if (waiting.isEmpty()) {
            waiting = new ArrayList<>();
        }
        waiting.add(writer);
    }

    /** Nobody waits, and nobody would have to. */
    boolean areIdle() {
        return !paused && waiting.isEmpty();
    }

    void lost(IOException cause) {
        release(writer -> writer.completeExceptionally(cause));
    }

    private void release(Consumer<CompletableFuture<Void>> how) {
        List<CompletableFuture<Void>> all = waiting;
        waiting = List.of(); // first: whoever is released may write, and wait again
        all.forEach(how);
    }

    @Override
    public String toString() {
        return waiting.size() + " writers wait";
    }
}
