package io.jvloop.process;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Writes down what a child calls: {@code made}, {@code data 1} (once for several in a row), {@code lost 1},
 * {@code exited}, {@code pause}, {@code resume}, {@code draining}, {@code end}. What a test wants to happen
 * inside a call it hangs in. Loop thread.
 */
final class ChildRecorder implements SubprocessProtocol {
    private final List<String> calls = new ArrayList<>();
    private final List<Throwable> causes = new ArrayList<>();
    private final ByteArrayOutputStream[] received = {null, new ByteArrayOutputStream(),
        new ByteArrayOutputStream()};
    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private SubprocessTransport transport;
    private Consumer<SubprocessTransport> onMade = made -> {};
    private BiConsumer<Integer, SubprocessTransport> onData = (fd, from) -> {};
    private Consumer<Integer> onLost = fd -> {};
    private Consumer<SubprocessTransport> onExited = ended -> {};
    private Runnable onEnd = () -> {};
    private BooleanSupplier onDraining = () -> false;

    ChildRecorder onMade(Consumer<SubprocessTransport> action) {
        onMade = action;
        return this;
    }

    ChildRecorder onData(BiConsumer<Integer, SubprocessTransport> action) {
        onData = action;
        return this;
    }

    ChildRecorder onLost(Consumer<Integer> action) {
        onLost = action;
        return this;
    }

    ChildRecorder onExited(Consumer<SubprocessTransport> action) {
        onExited = action;
        return this;
    }

    ChildRecorder onEnd(Runnable action) {
        onEnd = action;
        return this;
    }

    ChildRecorder onDraining(BooleanSupplier action) {
        onDraining = action;
        return this;
    }

    private void called(String call) {
        if (!call.startsWith("data") || !calls.contains(call)) {
            calls.add(call);
        }
    }

    @Override
    public void connectionMade(SubprocessTransport made) {
        transport = made;
        called("made");
        onMade.accept(made);
    }

    @Override
    public void pipeDataReceived(int fd, ByteBuffer data) {
        called("data " + fd);
        byte[] bytes = new byte[data.remaining()];
        data.get(bytes);
        received[fd].writeBytes(bytes);
        onData.accept(fd, transport);
    }

    @Override
    public void pipeConnectionLost(int fd, Throwable cause) {
        called("lost " + fd);
        causes.add(cause);
        onLost.accept(fd);
    }

    @Override
    public void processExited() {
        called("exited");
        onExited.accept(transport);
    }

    @Override
    public void pauseWriting() {
        called("pause");
    }

    @Override
    public void resumeWriting() {
        called("resume");
    }

    @Override
    public boolean draining() {
        called("draining");
        return onDraining.getAsBoolean();
    }

    @Override
    public void connectionLost(Throwable cause) {
        called(cause == null ? "end" : "end with " + cause);
        end.complete(null);
        onEnd.run();
    }

    SubprocessTransport transport() {
        return transport;
    }

    List<String> calls() {
        return calls;
    }

    /** Those of the lost pipes, in the order of the calls. */
    List<Throwable> causes() {
        return causes;
    }

    String text(int fd) {
        return received[fd].toString(StandardCharsets.UTF_8);
    }

    int count(int fd) {
        return received[fd].size();
    }

    /** Complete when {@code connectionLost} has been called. */
    CompletableFuture<Void> end() {
        return end;
    }

    @Override
    public String toString() {
        return "ChildRecorder" + calls;
    }
}
