package io.jvloop.transport;

import io.jvloop.support.Await;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Writes down what a connection calls: {@code made}, {@code data} (once for several in a row, since nobody
 * knows how a stream is cut), {@code eof}, {@code pause}, {@code resume}, {@code lost}. What a test wants to
 * happen inside a call it hangs in. The loop writes, any thread may look.
 */
public final class Recorder implements Protocol {
    private final List<String> calls = new ArrayList<>();
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final CompletableFuture<Optional<Throwable>> end = new CompletableFuture<>();
    private volatile Transport transport;
    private Consumer<Transport> onMade = opened -> {};
    private BiConsumer<Transport, ByteBuffer> onData = (from, data) -> {};
    private Predicate<Transport> onEof = from -> false;
    private Consumer<Throwable> onLost = cause -> {};
    private Consumer<Transport> onPause = full -> {};
    private Consumer<Transport> onResume = empty -> {};

    public static Recorder echo() {
        return new Recorder().onData(Transport::write);
    }

    public Recorder onMade(Consumer<Transport> action) {
        onMade = action;
        return this;
    }

    public Recorder onData(BiConsumer<Transport, ByteBuffer> action) {
        onData = action;
        return this;
    }

    public Recorder onEof(Predicate<Transport> action) {
        onEof = action;
        return this;
    }

    public Recorder onLost(Consumer<Throwable> action) {
        onLost = action;
        return this;
    }

    public Recorder onPause(Consumer<Transport> action) {
        onPause = action;
        return this;
    }

    public Recorder onResume(Consumer<Transport> action) {
        onResume = action;
        return this;
    }

    @Override
    public void connectionMade(Transport opened) {
        transport = opened;
        note("made");
        onMade.accept(opened);
    }

    @Override
    public void dataReceived(ByteBuffer data) {
        keep(data);
        onData.accept(transport, data);
    }

    private synchronized void keep(ByteBuffer data) {
        if (calls.isEmpty() || !calls.get(calls.size() - 1).equals("data")) {
            calls.add("data");
        }
        byte[] bytes = new byte[data.remaining()];
        data.get(data.position(), bytes);
        received.writeBytes(bytes);
    }

    @Override
    public boolean eofReceived() {
        note("eof");
        return onEof.test(transport);
    }

    @Override
    public void connectionLost(Throwable cause) {
        note("lost");
        try {
            onLost.accept(cause);
        } finally {
            end.complete(Optional.ofNullable(cause));
        }
    }

    @Override
    public void pauseWriting() {
        note("pause");
        onPause.accept(transport);
    }

    @Override
    public void resumeWriting() {
        note("resume");
        onResume.accept(transport);
    }

    /** Adds an event of the test's own. */
    public synchronized void note(String call) {
        calls.add(call);
    }

    public synchronized List<String> calls() {
        return List.copyOf(calls);
    }

    public synchronized byte[] bytes() {
        return received.toByteArray();
    }

    public synchronized int byteCount() {
        return received.size();
    }

    public String text() {
        return new String(bytes(), StandardCharsets.ISO_8859_1);
    }

    public Transport transport() {
        return transport;
    }

    /** Waits until as many bytes have come. */
    public byte[] awaitBytes(int count) {
        Await.until(count + " bytes", () -> byteCount() >= count);
        return bytes();
    }

    public void awaitCall(String call) {
        Await.until("the call of " + call, () -> calls().contains(call));
    }

    /** Waits for connectionLost; its argument. */
    public Throwable awaitLost() {
        return Await.result(end).orElse(null);
    }
}
