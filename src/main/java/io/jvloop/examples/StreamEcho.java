package io.jvloop.examples;

import io.jvloop.loop.EventLoop;
import io.jvloop.stream.StreamReader;
import io.jvloop.stream.StreamWriter;
import io.jvloop.stream.Streams;
import io.jvloop.transport.Net;
import io.jvloop.transport.Protocol;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** {@link Echo} on streams: read, write, wait until the peer has read, and again. */
final class StreamEcho {
    private static final int PIECE_BYTES = 256 * 1024;

    private StreamEcho() {
    }

    private static CompletionStage<?> echo(StreamReader reader, StreamWriter writer) {
        return reader.forEachPiece(PIECE_BYTES, piece -> {
            writer.write(piece);
            return writer.drain();
        }).whenComplete((end, failure) -> writer.close());
    }

    static void serve(SocketAddress address, UnaryOperator<Supplier<Protocol>> tls) throws IOException {
        Supplier<Protocol> factory = Streams.protocols(StreamReader.DEFAULT_LIMIT, StreamEcho::echo);
        try (EventLoop loop = EventLoop.create()) {
            System.out.println("listening on " + Net.listen(loop, address, tls.apply(factory)).addresses());
            loop.runForever();
        }
    }
}
