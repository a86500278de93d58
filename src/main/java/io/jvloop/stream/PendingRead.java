package io.jvloop.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * A read and the future that waits for it.
 *
 * <p>The future may be cancelled or time out on any thread, at the very moment when its bytes are here. So
 * completing it decides: if that comes too late, the bytes go back to where they were, and the next read has
 * them.
 */
final class PendingRead<T> {
    private final Want want;
    private final Function<byte[], T> form;
    private final CompletableFuture<T> result;

    /** {@code form} makes of the bytes what the caller gets. */
    PendingRead(Want want, Function<byte[], T> form, CompletableFuture<T> result) {
        this.want = want;
        this.form = form;
        this.result = result;
    }

    /** Whether somebody still waits. */
    boolean isWaiting() {
        return !result.isDone();
    }

    /**
     * Serves it from what has just come, without a detour through the buffer, which is empty. False if it
     * wants it otherwise, or nobody waits any more: then nothing was taken.
     */
    boolean serveAtOnce(ByteBuffer data) {
        if (want.takesAsTheyCome() < data.remaining()) {
            return false;
        }
        byte[] value = new byte[data.remaining()];
        data.get(data.position(), value);
        if (!result.complete(form.apply(value))) {
            return false;
        }
        data.position(data.limit());
        return true;
    }

    /** Serves it from the buffer. False if there is not enough yet. May run the caller's code. */
    boolean serve(StreamBuffer buffer, boolean ended) {
        int front = buffer.front();
        byte[] value;
        try {
            value = want.take(buffer, ended);
        } catch (IOException e) {
            if (!result.completeExceptionally(e)) {
                buffer.putBack(front);
            }
            return true;
        }
        if (value == null) {
            return false;
        }
        if (!result.complete(form.apply(value))) {
            buffer.putBack(front);
        }
        return true;
    }

    /** What it has looked at so far was taken away. */
    void startAgain() {
        want.startAgain();
    }

    void fail(Throwable failure) {
        result.completeExceptionally(failure);
    }
}
