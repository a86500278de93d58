package io.jvloop.stream;

import io.jvloop.loop.EventLoop;
import io.jvloop.transport.ReadTransport;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;

/** A reader that is fed by hand, and ways to cut its food into pieces. */
final class FedReader {
    private FedReader() {
    }

    /** What a script of reads gives when the text arrives in these pieces, then the end. */
    static List<String> outcome(EventLoop loop, int limit, List<String> pieces,
            List<Function<StreamReader, CompletableFuture<byte[]>>> reads) {
        StreamReader reader = StreamReader.create(loop, limit);
        List<String> outcomes = new ArrayList<>();
        CompletableFuture<Void> done = new CompletableFuture<>();
        loop.callSoon(() -> next(reader, reads, 0, outcomes, done));
        for (String piece : pieces) {
            loop.callSoon(() -> reader.feedData(ByteBuffer.wrap(piece.getBytes(StandardCharsets.UTF_8))));
        }
        loop.callSoon(reader::feedEof);
        loop.runUntilComplete(done);
        return outcomes;
    }

    private static void next(StreamReader reader,
            List<Function<StreamReader, CompletableFuture<byte[]>>> reads, int index, List<String> outcomes,
            CompletableFuture<Void> done) {
        if (index == reads.size()) {
            done.complete(null);
            return;
        }
        reads.get(index).apply(reader).whenComplete((bytes, failure) -> {
            outcomes.add(failure == null ? text(bytes) : text(failure));
            next(reader, reads, index + 1, outcomes, done);
        });
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    static String text(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        if (cause instanceof IncompleteReadException incomplete) {
            return "incomplete(" + text(incomplete.partial()) + "," + incomplete.expected() + ")";
        }
        return cause.getClass().getSimpleName();
    }

    /** The text whole, byte by byte, and cut at every place into two and into three. */
    static List<List<String>> splits(String text) {
        List<List<String>> all = new ArrayList<>();
        all.add(List.of(text));
        all.add(text.chars().mapToObj(Character::toString).toList());
        for (int i = 0; i <= text.length(); i++) {
            for (int k = i; k <= text.length(); k++) {
                all.add(List.of(text.substring(0, i), text.substring(i, k), text.substring(k)));
            }
        }
        return all;
    }

    /** Says in a list when it is paused and resumed. */
    static ReadTransport transport(List<String> log, boolean canPause) {
        return (ReadTransport) Proxy.newProxyInstance(FedReader.class.getClassLoader(),
                new Class<?>[] {ReadTransport.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("toString")) {
                        return "a transport";
                    }
                    if (!canPause) {
                        throw new UnsupportedOperationException(method.getName());
                    }
                    log.add(method.getName());
                    return null;
                });
    }
}
