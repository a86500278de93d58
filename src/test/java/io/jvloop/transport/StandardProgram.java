package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** What {@link StandardStreamsTest} runs in a JVM of its own: a word says what it does. */
final class StandardProgram {
    private interface Part {
        void run(EventLoop loop, int bytes) throws IOException;
    }

    private static final Map<String, Part> PARTS = Map.of(
            "copy", (loop, bytes) -> copy(loop),
            "twice", (loop, bytes) -> twice(loop),
            "count", (loop, bytes) -> count(loop),
            "flood", StandardProgram::flood,
            "stuck", StandardProgram::stuck,
            "stuck-close-loop", StandardProgram::stuckCloseLoop,
            "close-loop", (loop, bytes) -> closeLoop(loop),
            "first-line", (loop, bytes) -> firstLine(loop),
            "paused", (loop, bytes) -> paused(loop),
            "streams", (loop, bytes) -> streams(loop));

    private StandardProgram() {
    }

    /** Runs it. */
    public static void main(String[] arguments) throws IOException {
        try (EventLoop loop = EventLoop.create()) {
            PARTS.get(arguments[0]).run(loop, arguments.length > 1 ? Integer.parseInt(arguments[1]) : 0);
        } catch (IOException e) {
            System.err.println("failed: " + e.getMessage());
        }
    }

    /** Completes at connectionLost. */
    private static final class Ending implements Protocol {
        private final CompletableFuture<Optional<Throwable>> end = new CompletableFuture<>();
        private Transport target;
        private Transport source;
        private boolean paused;
        private long bytes;

        Ending paused() {
            paused = true;
            return this;
        }

        @Override
        public void connectionMade(Transport made) {
            if (paused) {
                made.pauseReading();
            }
        }

        @Override
        public void dataReceived(ByteBuffer data) {
            bytes += data.remaining();
            if (target != null) {
                target.write(data);
            }
        }

        @Override
        public void pauseWriting() {
            if (source != null) {
                source.pauseReading();
            }
        }

        @Override
        public void resumeWriting() {
            if (source != null) {
                source.resumeReading();
            }
        }

        @Override
        public void connectionLost(Throwable cause) {
            end.complete(Optional.ofNullable(cause));
        }
    }

    private static String text(Optional<Throwable> cause) {
        return cause.map(failure -> failure.getClass().getSimpleName()).orElse("null");
    }

    private static void copy(EventLoop loop) throws IOException {
        Ending input = new Ending();
        Ending output = new Ending();
        input.target = loop.runUntilComplete(Pipes.stdout(loop, () -> output, WriteBufferLimits.ofHigh(0)));
        output.source = loop.runUntilComplete(Pipes.stdin(loop, () -> input));
        System.err.println("in: " + text(loop.runUntilComplete(input.end)));
        input.target.close();
        System.err.println("out: " + text(loop.runUntilComplete(output.end)));
    }

    private static void count(EventLoop loop) throws IOException {
        Ending input = new Ending();
        loop.runUntilComplete(Pipes.stdin(loop, () -> input));
        Optional<Throwable> cause = loop.runUntilComplete(input.end);
        System.out.println(input.bytes + " bytes, " + text(cause));
    }

    /** If nothing runs any more after connectionLost, then everything must have been handed over. */
    private static void flood(EventLoop loop, int bytes) throws IOException {
        Ending output = new Ending();
        Transport transport = loop.runUntilComplete(Pipes.stdout(loop, () -> output));
        transport.write(new byte[bytes]);
        transport.close();
        Optional<Throwable> cause = loop.runUntilComplete(output.end);
        System.err.println("lost: " + text(cause));
        if (cause.isEmpty()) {
            Runtime.getRuntime().halt(0);
        }
    }

    /** The reader does not read: the loop goes on, and an abort ends everything. */
    private static void stuck(EventLoop loop, int bytes) throws IOException {
        Ending output = new Ending();
        Transport transport = closeStuckOutput(loop, output, bytes);
        System.err.println("lost: " + output.end.isDone() + ", " + transport.isClosing());
        transport.abort();
        System.err.println("lost: " + text(loop.runUntilComplete(output.end)));
    }

    private static Transport closeStuckOutput(EventLoop loop, Ending output, int bytes) throws IOException {
        Transport transport = loop.runUntilComplete(Pipes.stdout(loop, () -> output));
        transport.write(new byte[bytes]);
        transport.close();
        CompletableFuture<Void> later = new CompletableFuture<>();
        loop.callLater(Duration.ofMillis(300), () -> later.complete(null));
        loop.runUntilComplete(later);
        return transport;
    }

    private static void stuckCloseLoop(EventLoop loop, int bytes) throws IOException {
        Ending output = new Ending();
        closeStuckOutput(loop, output, bytes);
        loop.close();
        System.err.println("lost: " + output.end.isDone());
        Runtime.getRuntime().halt(0); // or it would wait for the reader
    }

    private static void closeLoop(EventLoop loop) throws IOException {
        Transport transport = loop.runUntilComplete(Pipes.stdout(loop, Ending::new));
        transport.write("not ".getBytes(StandardCharsets.US_ASCII));
        transport.write("lost".getBytes(StandardCharsets.US_ASCII));
    }

    /** What comes after the end of the transport is for others. */
    private static void firstLine(EventLoop loop) throws IOException {
        Ending input = new Ending();
        Transport transport = loop.runUntilComplete(Pipes.stdin(loop, () -> input));
        while (input.bytes < 4) {
            CompletableFuture<Void> turn = new CompletableFuture<>();
            loop.callLater(Duration.ofMillis(1), () -> turn.complete(null));
            loop.runUntilComplete(turn);
        }
        transport.close();
        loop.runUntilComplete(input.end);
        System.out.println("closed");
        System.out.println(new String(System.in.readAllBytes(), StandardCharsets.US_ASCII));
    }

    private static void paused(EventLoop loop) throws IOException {
        Ending input = new Ending().paused();
        Transport transport = loop.runUntilComplete(Pipes.stdin(loop, () -> input));
        CompletableFuture<Void> later = new CompletableFuture<>();
        loop.callLater(Duration.ofMillis(300), () -> later.complete(null));
        loop.runUntilComplete(later);
        transport.abort();
        System.out.println(input.bytes + " " + text(loop.runUntilComplete(input.end)));
    }

    private static void twice(EventLoop loop) throws IOException {
        Ending first = new Ending().paused(); // or it would be over too soon
        Transport transport = loop.runUntilComplete(Pipes.stdin(loop, () -> first));
        try {
            Pipes.stdin(loop, Ending::new);
        } catch (IllegalStateException e) {
            System.out.println("refused: " + e.getMessage());
        }
        transport.close();
        loop.runUntilComplete(first.end);
        count(loop);
    }

    private static void streams(EventLoop loop) throws IOException {
        Ending out = new Ending();
        Ending err = new Ending();
        Transport output = loop.runUntilComplete(Pipes.stdout(loop, () -> out));
        Transport errors = loop.runUntilComplete(Pipes.stderr(loop, () -> err));
        output.write("to out\n".getBytes(StandardCharsets.US_ASCII));
        errors.write("to err\n".getBytes(StandardCharsets.US_ASCII));
        output.close();
        errors.close();
        loop.runUntilComplete(out.end);
        loop.runUntilComplete(err.end);
        System.out.println("still out");
        System.err.println("still err");
    }
}
