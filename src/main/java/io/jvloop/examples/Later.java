package io.jvloop.examples;

import io.jvloop.loop.Async;
import io.jvloop.loop.EventLoop;
import io.jvloop.process.Shutdown;
import io.jvloop.stream.StreamReader;
import io.jvloop.stream.StreamWriter;
import io.jvloop.stream.Streams;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A server whose answers take their time, and that ends in order: send it a number of milliseconds per line,
 * and TERM or Ctrl-C meanwhile. What was asked is still answered; a second Ctrl-C does not wait.
 */
final class Later {
    static final String USAGE = "later ADDRESS    answer each line after as many milliseconds as it says";

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int LONGEST_MILLIS = 20_000;

    private final EventLoop loop;

    private Later(EventLoop loop) {
        this.loop = loop;
    }

    private CompletionStage<?> serve(StreamReader reader, StreamWriter writer) {
        return reader.forEachLine(line -> answer(new String(line, StandardCharsets.UTF_8).strip(), writer))
                .whenComplete((end, failure) -> writer.close());
    }

    private CompletableFuture<Void> answer(String line, StreamWriter writer) {
        int millis;
        try {
            millis = Arguments.number(line, 0, LONGEST_MILLIS, "a number of milliseconds", USAGE);
        } catch (IllegalArgumentException e) {
            writer.write(e.getMessage() + "\n");
            return writer.drain();
        }
        return Async.sleep(loop, Duration.ofMillis(millis)).thenCompose(slept -> {
            writer.write("here you are, " + millis + " ms later\n");
            return writer.drain();
        });
    }

    static void main(String... arguments) throws IOException {
        SocketAddress address = Arguments.stream(Arguments.only(arguments, USAGE), USAGE);
        try (EventLoop loop = EventLoop.create()) {
            var server = Streams.serve(loop, address, new Later(loop)::serve);
            Shutdown.onSignal(loop, PATIENCE, 0).requested()
                    .thenAccept(signal -> System.out.println(signal + ": answering what was asked"));
            System.out.println("listening on " + server.addresses());
            loop.runForever();
        }
    }
}
