package io.jvloop.process;

import io.jvloop.loop.Async;
import io.jvloop.loop.EventLoop;
import io.jvloop.stream.StreamPair;
import io.jvloop.stream.StreamReader;
import io.jvloop.stream.StreamWriter;
import io.jvloop.stream.Streams;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * A child process with streams.
 *
 * <pre>
 * Subprocess.exec(loop, SubprocessConfig.PIPES, "sort")
 *         .thenCompose(sort -&gt; sort.communicate("b\na\n".getBytes()))
 *         .thenAccept(output -&gt; System.out.print(output.stdoutText()));
 * </pre>
 *
 * <p>For callbacks instead of streams there are {@link #exec(EventLoop, SubprocessConfig, List, Supplier)}
 * and a {@link SubprocessProtocol}.
 *
 * <p><b>Pipes.</b> On Linux they are served by the loop's selector, without a thread; elsewhere, or with
 * {@code -Djvloop.process.threads=true}, a daemon thread carries each of them, and what a grandchild writes
 * after the child's end may be lost there, since the JDK then closes the stream. (The JDK itself has a thread
 * for each child in any case, which waits for its end.)
 *
 * <p><b>The end of the loop.</b> A drain waits for the child, but one that is being started meanwhile is
 * killed; so is every child when the loop is closed.
 *
 * <p><b>A slow reader</b> pauses the child: its output stays in the pipe. {@link #communicate} reads both
 * outputs at once, so that neither stands in the other's way.
 *
 * <p><b>Thread.</b> Any.
 */
public final class Subprocess {
    private static final int STANDARD_STREAMS = 3;

    private final SubprocessTransport transport;
    private final StreamPair[] streams;

    /**
     * All that a child had to say.
     *
     * @param returnCode see {@link Subprocess#returnCode}
     * @param stdout its output; null if that was no pipe
     * @param stderr its error output; null if that was no pipe
     */
    public record Output(int returnCode, byte[] stdout, byte[] stderr) {
        /** {@return the output as UTF-8; empty if it was no pipe} */
        public String stdoutText() {
            return text(stdout);
        }

        /** {@return the error output as UTF-8; empty if it was no pipe} */
        public String stderrText() {
            return text(stderr);
        }

        private static String text(byte[] bytes) {
            return bytes == null ? "" : new String(bytes, StandardCharsets.UTF_8);
        }

        @Override
        public String toString() {
            return "Output[" + returnCode + ", " + (stdout == null ? 0 : stdout.length) + " and "
                    + (stderr == null ? 0 : stderr.length) + " bytes]";
        }
    }

    private Subprocess(SubprocessTransport transport, StreamPair[] streams) {
        this.transport = transport;
        this.streams = streams;
    }

    // ---------------------------------------------------------------------------------------------- starting

    /**
     * Starts a program whose standard streams are those of this process.
     *
     * @param loop where the child lives
     * @param command the program, looked for in PATH, and its arguments, as they are
     * @return see {@link #exec(EventLoop, SubprocessConfig, String...)}
     */
    public static CompletableFuture<Subprocess> exec(EventLoop loop, String... command) {
        return exec(loop, SubprocessConfig.DEFAULT, command);
    }

    /**
     * Starts a program.
     *
     * @param loop where the child lives
     * @param config how it is started
     * @param command the program, looked for in PATH, and its arguments, as they are: no shell is involved
     * @return the child, when it runs and its pipes are connected. It fails with a {@code
     *         NoSuchFileException} if there is no such program or directory, {@code AccessDeniedException} if
     *         it may not be run, or another {@code IOException}. Cancelling it kills the child
     * @throws IllegalArgumentException if there is no command
     * @throws IllegalStateException if the loop is closed, or its executor shut down
     */
    public static CompletableFuture<Subprocess> exec(EventLoop loop, SubprocessConfig config,
            String... command) {
        return start(Launch.of(loop, List.of(command), config));
    }

    /**
     * Starts a shell with a command.
     *
     * @param loop where the child lives
     * @param config how it is started
     * @param command for {@code sh -c}, on Windows {@code cmd /c}; never put into it what a user has typed
     * @return see {@link #exec(EventLoop, SubprocessConfig, String...)}
     */
    public static CompletableFuture<Subprocess> shell(EventLoop loop, SubprocessConfig config,
            String command) {
        return start(Launch.of(loop, shell(command), config));
    }

    /**
     * Starts a program that is served by a protocol.
     *
     * @param loop where the child lives
     * @param config how it is started
     * @param command the program and its arguments
     * @param factory makes the protocol, on the loop's thread, once the child runs
     * @return the child, completed right after {@code connectionMade}; otherwise as {@link #exec(EventLoop,
     *         SubprocessConfig, String...)}
     */
    public static CompletableFuture<SubprocessTransport> exec(EventLoop loop, SubprocessConfig config,
            List<String> command, Supplier<? extends SubprocessProtocol> factory) {
        return start(Launch.of(loop, command, config), factory);
    }

    /**
     * Starts a shell that is served by a protocol.
     *
     * @param loop where the child lives
     * @param config how it is started
     * @param command for {@code sh -c}, on Windows {@code cmd /c}
     * @param factory makes the protocol, on the loop's thread, once the child runs
     * @return see {@link #exec(EventLoop, SubprocessConfig, List, Supplier)}
     */
    public static CompletableFuture<SubprocessTransport> shell(EventLoop loop, SubprocessConfig config,
            String command, Supplier<? extends SubprocessProtocol> factory) {
        return start(Launch.of(loop, shell(command), config), factory);
    }

    private static List<String> shell(String command) {
        Objects.requireNonNull(command, "command");
        return File.separatorChar == '\\' ? List.of("cmd", "/c", command) : List.of("sh", "-c", command);
    }

    static CompletableFuture<SubprocessTransport> start(Launch launch,
            Supplier<? extends SubprocessProtocol> factory) {
        Objects.requireNonNull(factory, "factory");
        return launch.start((child, result) -> {
            SubprocessProtocol protocol =
                    Objects.requireNonNull(factory.get(), "the protocol factory returned null");
            SubprocessTransport transport = new SubprocessTransport(launch.loop(), child, protocol);
            CompletableFuture<?> connected = transport
                    .connectAll(fd -> transport.connect(fd, () -> new PipeEvents(transport, protocol, fd)));
            deliver(transport, connected, transport, result);
        });
    }

    static CompletableFuture<Subprocess> start(Launch launch) {
        return launch.start((child, result) -> {
            SubprocessTransport transport =
                    new SubprocessTransport(launch.loop(), child, new WorkInFlight());
            StreamPair[] streams = new StreamPair[STANDARD_STREAMS];
            CompletableFuture<?> connected = transport.connectAll(
                    fd -> Streams.open(launch.loop(), launch.config().limit(),
                            factory -> transport.connect(fd, factory))
                            .thenApply(pair -> streams[fd] = pair));
            deliver(transport, connected, new Subprocess(transport, streams), result);
        });
    }

    private static <T> void deliver(SubprocessTransport transport, CompletableFuture<?> connected, T child,
            CompletableFuture<T> result) {
        connected.whenComplete((all, failure) -> {
            if (failure != null) {
                transport.discard();
                result.completeExceptionally(Async.cause(failure));
            } else if (result.isDone()) {
                transport.discard();
            } else {
                transport.begin();
                if (!result.complete(child)) { // cancelled in connectionMade
                    transport.close();
                }
            }
        });
        result.whenComplete((delivered, failure) -> {
            if (failure != null) {
                Delivery.to(transport.loop(), transport::close, () -> {});
            }
        });
    }

    /** A drain waits for the child. */
    private static final class WorkInFlight implements SubprocessProtocol {
        @Override
        public boolean draining() {
            return true;
        }
    }

    // ----------------------------------------------------------------------------------------------- running

    /** {@return the way to its standard input; null if that is no pipe} Close it when all is written. */
    public StreamWriter stdin() {
        return streams[0] == null ? null : streams[0].writer();
    }

    /** {@return its standard output; null if that is no pipe} */
    public StreamReader stdout() {
        return streams[1] == null ? null : streams[1].reader();
    }

    /** {@return its standard error; null if that is no pipe} */
    public StreamReader stderr() {
        return streams[2] == null ? null : streams[2].reader();
    }

    /**
     * Gives the child its input, reads all it has to say, and waits for its end.
     *
     * @param input written to its standard input, which is closed then; null for nothing. A child that does
     *            not read it is no failure. Not copied: must not change until the future is complete
     * @return its outputs and how it has ended. Cancelling it stops the reading, and leaves the child alone
     * @throws IllegalStateException if there is input, but no pipe for it
     */
    public CompletableFuture<Output> communicate(byte[] input) {
        if (input != null && stdin() == null) {
            throw new IllegalStateException("no pipe to the standard input of " + this
                    + "; start it with SubprocessConfig.withStdin(Stdio.PIPE)");
        }
        return Communication.start(this, input);
    }

    /** {@return the child's number} */
    public long pid() {
        return transport.pid();
    }

    /** {@return see {@link SubprocessTransport#returnCode}} */
    public OptionalInt returnCode() {
        return transport.returnCode();
    }

    /** {@return see {@link SubprocessTransport#exited}} */
    public CompletableFuture<Integer> exited() {
        return transport.exited();
    }

    /** {@return see {@link SubprocessTransport#terminate}} */
    public boolean terminate() {
        return transport.terminate();
    }

    /** {@return see {@link SubprocessTransport#kill}} */
    public boolean kill() {
        return transport.kill();
    }

    /**
     * Sends a signal.
     *
     * @param signal which
     * @return see {@link SubprocessTransport#sendSignal}
     */
    public CompletableFuture<Boolean> sendSignal(Signal signal) {
        return transport.sendSignal(signal);
    }

    /** Kills the child if it still runs, and closes its pipes; does not wait. Idempotent. */
    public void close() {
        EventLoop loop = transport.loop();
        if (loop.inLoop()) {
            transport.close();
        } else {
            Delivery.to(loop, transport::close, () -> {});
        }
    }

    EventLoop loop() {
        return transport.loop();
    }

    @Override
    public String toString() {
        return transport.toString().replaceFirst("Transport", "");
    }
}
