package io.jvloop.examples;

import io.jvloop.loop.EventLoop;
import io.jvloop.process.Stdio;
import io.jvloop.process.Subprocess;
import io.jvloop.process.SubprocessConfig;
import io.jvloop.stream.StreamReader;
import io.jvloop.stream.StreamWriter;
import io.jvloop.stream.Streams;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Runs a command for each client: what the client sends is its input, what it prints goes to the client. A
 * client that goes away before its command takes that with it. Try {@code exec tcp:9000 sort}.
 */
final class Exec {
    static final String USAGE = "exec ADDRESS COMMAND [ARGUMENT...]    run a command for each client";

    private static final int PIECE_BYTES = 64 * 1024;
    private static final SubprocessConfig CONFIG =
            SubprocessConfig.PIPES.withStderr(Stdio.STDOUT);

    private final EventLoop loop;
    private final String[] command;

    private Exec(EventLoop loop, String... command) {
        this.loop = loop;
        this.command = command;
    }

    private CompletableFuture<Void> serve(StreamReader reader, StreamWriter writer) {
        return Subprocess.exec(loop, CONFIG, command).thenCompose(child -> {
            writer.closed().whenComplete((end, failure) -> child.close());
            copy(reader, child.stdin()).whenComplete((end, failure) -> child.stdin().close());
            return copy(child.stdout(), writer);
        }).handle((end, failure) -> {
            if (failure != null && !writer.isClosing()) {
                writer.write("cannot go on: " + failure.getMessage() + "\n");
            }
            writer.close();
            return null;
        });
    }

    /** As much as the one has, as fast as the other takes it. */
    private static CompletableFuture<Void> copy(StreamReader from, StreamWriter to) {
        return from.forEachPiece(PIECE_BYTES, piece -> {
            to.write(piece);
            return to.drain();
        });
    }

    static void main(String... arguments) throws IOException {
        if (arguments.length < 2) {
            throw new IllegalArgumentException("expected an address and a command; usage: " + USAGE);
        }
        SocketAddress address = Arguments.stream(arguments[0], USAGE);
        String[] command = List.of(arguments).subList(1, arguments.length).toArray(String[]::new);
        try (EventLoop loop = EventLoop.create()) {
            var server = Streams.serve(loop, address, new Exec(loop, command)::serve);
            System.out.println("listening on " + server.addresses());
            loop.runForever();
        }
    }
}
