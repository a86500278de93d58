package io.jvloop.http;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
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

    /** Somebody waits, in any case if the connection is ending: nothing will be taken any more. */
    void add(CompletableFuture<Void> writer, boolean ending) {
        if (!paused && !ending) {
            writer.complete(null);
            return;
        }
        if (waiting.isEmpty()) {
            waiting = new ArrayList<>();
        }
        waiting.add(writer);
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
