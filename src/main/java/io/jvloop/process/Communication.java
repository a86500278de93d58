package io.jvloop.process;

import io.jvloop.loop.Async;
import io.jvloop.loop.EventLoop;
import io.jvloop.stream.StreamReader;
import io.jvloop.stream.StreamWriter;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * {@link Subprocess#communicate}: feeds, reads twice and waits, all at once, since a child that waits for one
 * of these would block the others.
 */
final class Communication {
    /** Written and drained piece by piece, so that a large input is not copied into the queue as a whole. */
    private static final int PIECE_BYTES = 64 * 1024;

    private final StreamWriter stdin;
    private final ByteBuffer input;
    private final CompletableFuture<Void> fed;

    private Communication(Subprocess child, byte[] input) {
        this.stdin = child.stdin();
        this.input = ByteBuffer.wrap(input == null ? new byte[0] : input);
        this.fed = child.loop().createFuture();
    }

    static CompletableFuture<Subprocess.Output> start(Subprocess child, byte[] input) {
        EventLoop loop = child.loop();
        CompletableFuture<byte[]> stdout = readAll(child.stdout(), loop);
        CompletableFuture<byte[]> stderr = readAll(child.stderr(), loop);
        CompletableFuture<Integer> exited = child.exited();
        CompletableFuture<Void> fed = new Communication(child, input).feed(loop);
        CompletableFuture<Subprocess.Output> result = loop.createFuture();
        List<CompletableFuture<?>> parts = List.of(stdout, stderr, exited, fed);
        CompletableFuture<List<Object>> all = Async.gather(loop, parts);
        all.whenComplete((done, failure) -> {
            if (failure == null) {
                result.complete(
                        new Subprocess.Output(exited.join(), stdout.join(), stderr.join()));
            } else {
                result.completeExceptionally(failure);
            }
        });
        result.whenComplete((output, failure) -> parts.forEach(part -> part.cancel(false))); // a read waits
        return result;
    }

    private static CompletableFuture<byte[]> readAll(StreamReader reader, EventLoop loop) {
        if (reader != null) {
            return reader.read();
        }
        CompletableFuture<byte[]> nothing = loop.createFuture();
        nothing.complete(null);
        return nothing;
    }

    private CompletableFuture<Void> feed(EventLoop loop) {
        if (stdin == null) {
            fed.complete(null);
        } else {
            Delivery.to(loop, () -> next(false), () -> fed.complete(null));
        }
        return fed;
    }

    /**
     * On the loop. A child that does not want its input any more has its reasons; what it says is read all
     * the same. Whoever cancels takes over, so its input is not ended then.
     */
    private void next(boolean broken) {
        try {
            if (writeUntilItIsFull(broken) && !fed.isDone()) {
                stdin.close();
                fed.complete(null);
            }
        } catch (IllegalStateException e) { // the caller has ended the input before
            fed.completeExceptionally(e);
        }
    }

    /** True if there is nothing more to write. */
    private boolean writeUntilItIsFull(boolean broken) {
        boolean gone = broken;
        while (!gone && input.hasRemaining() && !fed.isDone()) {
            int count = Math.min(PIECE_BYTES, input.remaining());
            stdin.write(input.slice(input.position(), count));
            input.position(input.position() + count);
            CompletableFuture<Void> drained = stdin.drain();
            if (!drained.isDone()) {
                drained.whenComplete((nothing, failure) -> next(failure != null));
                return false;
            }
            gone = drained.isCompletedExceptionally();
        }
        return true;
    }
}
