package io.jvloop.transport;

import io.jvloop.support.Await;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Writes down what an endpoint calls: {@code made}, {@code data TEXT}, {@code error}, {@code pause}, {@code
 * resume}, {@code lost}. What a test wants to happen inside a call it hangs in. The loop writes, any thread
 * may look.
 */
final class DatagramRecorder implements DatagramProtocol {
    /** What a test does with a datagram. */
    @FunctionalInterface
    interface OnData {
        void accept(DatagramTransport transport, ByteBuffer data, InetSocketAddress sender);
    }

    private final List<String> calls = new ArrayList<>();
    private final List<InetSocketAddress> senders = new ArrayList<>();
    private final List<IOException> errors = new ArrayList<>();
    private final CompletableFuture<Optional<Throwable>> end = new CompletableFuture<>();
    private volatile DatagramTransport transport;
    private Consumer<DatagramTransport> onMade = opened -> {};
    private OnData onData = (to, data, sender) -> {};
    private Consumer<IOException> onError = failure -> {};
    private Runnable onPause = () -> {};
    private Runnable onResume = () -> {};
    private Runnable onLost = () -> {};
    private boolean goOnDraining;

    static DatagramRecorder echo() {
        return new DatagramRecorder().onData(DatagramTransport::sendTo);
    }

    DatagramRecorder onMade(Consumer<DatagramTransport> action) {
        onMade = action;
        return this;
    }

    DatagramRecorder onData(OnData action) {
        onData = action;
        return this;
    }

    DatagramRecorder onError(Consumer<IOException> action) {
        onError = action;
        return this;
    }

    DatagramRecorder onPause(Runnable action) {
        onPause = action;
        return this;
    }

    DatagramRecorder onResume(Runnable action) {
        onResume = action;
        return this;
    }

    DatagramRecorder onLost(Runnable action) {
        onLost = action;
        return this;
    }

    void goOnDraining(boolean on) {
        goOnDraining = on;
    }

    @Override
    public boolean draining() {
        return goOnDraining;
    }

    @Override
    public void connectionMade(DatagramTransport opened) {
        transport = opened;
        note("made");
        onMade.accept(opened);
    }

    @Override
    public void datagramReceived(ByteBuffer data, InetSocketAddress sender) {
        note("data " + StandardCharsets.ISO_8859_1.decode(data.duplicate()));
        synchronized (this) {
            senders.add(sender);
        }
        onData.accept(transport, data, sender);
    }

    @Override
    public void errorReceived(IOException failure) {
        note("error");
        synchronized (this) {
            errors.add(failure);
        }
        onError.accept(failure);
    }

    @Override
    public void pauseWriting() {
        note("pause");
        onPause.run();
    }

    @Override
    public void resumeWriting() {
        note("resume");
        onResume.run();
    }

    @Override
    public void connectionLost(Throwable cause) {
        note("lost");
        try {
            onLost.run();
        } finally {
            end.complete(Optional.ofNullable(cause));
        }
    }

    /** Adds an event of the test's own. */
    synchronized void note(String call) {
        calls.add(call);
    }

    synchronized List<String> calls() {
        return List.copyOf(calls);
    }

    long count(String call) {
        return calls().stream().filter(call::equals).count();
    }

    synchronized List<InetSocketAddress> senders() {
        return List.copyOf(senders);
    }

    synchronized List<IOException> errors() {
        return List.copyOf(errors);
    }

    DatagramTransport transport() {
        return transport;
    }

    void awaitCall(String call) {
        Await.until("the call of " + call, () -> calls().contains(call));
    }

    /** Waits for connectionLost; its argument. */
    Throwable awaitLost() {
        return Await.result(end).orElse(null);
    }

    boolean isLost() {
        return end.isDone();
    }
}
