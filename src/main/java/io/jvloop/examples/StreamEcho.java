package io.jvloop.examples;

import io.jvloop.loop.EventLoop;
import io.jvloop.stream.StreamReader;
import io.jvloop.stream.StreamWriter;
import io.jvloop.stream.Streams;
import io.jvloop.transport.Net;
import io.jvloop.transport.Protocol;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** {@link Echo} on streams: read, write, wait until the peer has read, and again. */
final class StreamEcho {
    private static final int LIMIT_BYTES = 256 * 1024;

    private final StreamReader reader;
    private final StreamWriter writer;
    private final CompletableFuture<Void> served = new CompletableFuture<>();

    private StreamEcho(StreamReader reader, StreamWriter writer) {
        this.reader = reader;
        this.writer = writer;
    }

    private CompletableFuture<Void> serve() {
        reader.read(LIMIT_BYTES).whenComplete(this::echo);
        return served;
    }

    private void echo(byte[] data, Throwable failure) {
        if (failure != null || data.length == 0) {
            writer.close();
            served.complete(null);
            return;
        }
        writer.write(data);
        writer.drain().thenCompose(drained -> reader.read(LIMIT_BYTES)).whenComplete(this::echo);
    }

    static void serve(SocketAddress address, UnaryOperator<Supplier<Protocol>> tls) throws IOException {
        Supplier<Protocol> factory =
                Streams.protocols(LIMIT_BYTES, (reader, writer) -> new StreamEcho(reader, writer).serve());
        try (EventLoop loop = EventLoop.create()) {
            System.out.println("listening on " + Net.listen(loop, address, tls.apply(factory)).addresses());
            loop.runForever();
        }
    }
}
