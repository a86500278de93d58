package io.jvloop;

import io.jvloop.loop.EventLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A program that uses a bit of everything and prints one line; the tests run it in a JVM of its own. */
final class SmallProgram {
    private SmallProgram() {
    }

    /** Runs it. */
    public static void main(String[] args) throws IOException {
        try (EventLoop loop = EventLoop.create()) {
            CompletableFuture<String> read = loop.createFuture();
            Pipe pipe = Pipe.open();
            var registration =
                    loop.register(pipe.source(), SelectionKey.OP_READ, ops -> read(loop, pipe, read));
            loop.callLater(Duration.ofMillis(1), () -> write(pipe));
            CompletableFuture<Integer> work = loop.runInExecutor(() -> 6 * 7);
            CompletableFuture<Integer> posted = loop.createFuture();
            new Thread(() -> loop.callSoonThreadsafe(() -> posted.complete(1))).start();
            String result =
                    loop.runUntilComplete(read.thenCombine(work, (text, number) -> text + " " + number)
                            .thenCombine(posted, (text, number) -> text + " " + number));
            registration.close();
            pipe.sink().close();
            loop.runUntilComplete(loop.shutdownDefaultExecutor(Duration.ofSeconds(10)));
            System.out.println(result + " in " + EventLoop.class.getModule());
        }
    }

    private static void write(Pipe pipe) {
        try {
            pipe.sink().write(ByteBuffer.wrap(new byte[] {'o', 'k'}));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void read(EventLoop loop, Pipe pipe, CompletableFuture<String> result) {
        try {
            ByteBuffer buffer = loop.buffers().scratch();
            int count = pipe.source().read(buffer);
            result.complete((char) buffer.get(0) + "" + (char) buffer.get(1) + " " + count);
        } catch (IOException e) {
            result.completeExceptionally(e);
        }
    }
}
