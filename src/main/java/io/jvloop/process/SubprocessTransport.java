package io.jvloop.process;

import io.jvloop.loop.Async;
import io.jvloop.loop.Attachment;
import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import io.jvloop.loop.IoHandler;
import io.jvloop.transport.Pipes;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * A child process, as a {@link SubprocessProtocol} sees it.
 *
 * <pre>
 *   STARTING ──pipes connected──▶ RUNNING ──exit──▶ EXITED ──last pipe lost──▶ OVER ─▶ connectionLost(null)
 *      └──cancelled, or failed──▶ DISCARDED
 * </pre>
 * Pipes may be lost before the exit, too. {@link #close} makes both come soon. Of a child that is discarded
 * the protocol never hears.
 *
 * <p><b>The end of the loop.</b> The loop knows its children: a drain asks them, closing it kills them.
 *
 * <p><b>Thread.</b> The loop's, except where a method says so.
 */
public final class SubprocessTransport {
    private static final int STANDARD_STREAMS = 3;
    private static final int STDIN = 0;
    private static final int STDOUT = 1;
    private static final int STDERR = 2;

    private enum State {
        STARTING, RUNNING, EXITED, OVER, DISCARDED
    }

    private final EventLoop loop;
    private final Spawned child;
    private final SubprocessProtocol protocol;
    private final Attachment attachment;
    private final CompletableFuture<Integer> exit;
    private final Transport[] pipes = new Transport[STANDARD_STREAMS];
    private int openPipes;
    private State state = State.STARTING;
    private boolean closing;
    private volatile Integer returnCode; // null while it runs

    /** Takes over a child; nothing happens yet. */
    SubprocessTransport(EventLoop loop, Spawned child, SubprocessProtocol protocol) {
        this.loop = loop;
        this.child = child;
        this.protocol = protocol;
        this.exit = loop.createFuture();
        this.attachment = loop.attach(new InTheLoop());
    }

    // ------------------------------------------------------------------------------------------- beginning

    private boolean hasPipe(int fd) {
        return switch (fd) {
            case STDIN -> child.ends().stdin != null;
            case STDOUT -> child.ends().stdout != null;
            default -> child.ends().stderr != null;
        };
    }

    /** Makes a stream or whatever else of a pipe, by way of {@link #connect}. */
    interface PipeUse {
        CompletableFuture<?> open(int fd) throws IOException;
    }

    /** Connects those that there are; complete when all are. */
    CompletableFuture<?> connectAll(PipeUse use) {
        List<CompletableFuture<?>> connecting = new ArrayList<>();
        for (int fd = 0; fd < STANDARD_STREAMS; fd++) {
            if (hasPipe(fd)) {
                try {
                    connecting.add(use.open(fd));
                } catch (IOException | RuntimeException e) {
                    connecting.add(CompletableFuture.failedFuture(e));
                }
            }
        }
        return Async.gather(loop, connecting);
    }

    /** Makes a transport of a pipe. */
    CompletableFuture<Transport> connect(int fd, Supplier<? extends Protocol> factory) throws IOException {
        Supplier<Protocol> told = () -> new ChildPipe(factory.get(), cause -> pipeLost());
        CompletableFuture<Transport> connecting = switch (fd) {
            case STDIN -> Pipes.write(loop, child.ends().stdin, told);
            case STDOUT -> Pipes.read(loop, child.ends().stdout, told);
            default -> Pipes.read(loop, child.ends().stderr, told);
        };
        openPipes++;
        return connecting.thenApply(transport -> connected(fd, transport));
    }

    private Transport connected(int fd, Transport transport) {
        pipes[fd] = transport;
        if (closing) { // cancelled meanwhile; a grandchild might hold the other end for long
            transport.abort();
        }
        return transport;
    }

    /** Whether the protocol has heard of the child. */
    boolean hasBegun() {
        return state != State.STARTING && state != State.DISCARDED;
    }

    /** All pipes are connected. From now on the protocol is called. */
    void begin() {
        state = State.RUNNING;
        guard("connectionMade", () -> protocol.connectionMade(this));
        child.process().onExit().whenComplete((process, failure) -> Delivery.to(loop,
                () -> exited(process.exitValue()), () -> {}));
    }

    /** Cancelled, or not to be connected: nobody hears of it, and nothing is left of it. */
    void discard() {
        if (state == State.STARTING) {
            state = State.DISCARDED;
            close();
            child.ends().close();
            attachment.detach();
        }
    }

    // ------------------------------------------------------------------------------------------------ events

    private void exited(int code) {
        if (state == State.OVER) {
            return; // the loop is being closed
        }
        state = State.EXITED;
        returnCode = code;
        endIdleInput();
        exit.complete(code);
        guard("processExited", protocol::processExited);
        finishIfOver();
    }

    /**
     * Of a pipe to a thread nothing says that its reader has gone, while nothing is written. If something is
     * queued, its failure comes by itself.
     */
    private void endIdleInput() {
        Transport stdin = pipes[STDIN];
        if (!child.byThreads() || stdin == null) {
            return;
        }
        child.ends().endCarriedInput();
        if (stdin.writeBufferSize() == 0) {
            stdin.abort();
        }
    }

    private void pipeLost() {
        openPipes--;
        finishIfOver();
    }

    private void finishIfOver() {
        if (state == State.EXITED && openPipes == 0) {
            state = State.OVER;
            loop.callSoon((Delivery) this::connectionLost); // not dropped when the loop is closed meanwhile
        }
    }

    private void connectionLost() {
        attachment.detach();
        guard("connectionLost", () -> protocol.connectionLost(null));
    }

    private void guard(String callback, Runnable call) {
        try {
            call.run();
        } catch (Throwable t) { // the protocol's failure is not the child's
            loop.callExceptionHandler(
                    ExceptionContext.of("protocol." + callback + "() failed", t)
                            .with("transport", this).with("protocol", protocol));
        }
    }

    /** What the loop tells those who live on it without a channel. */
    private final class InTheLoop implements IoHandler {
        @Override
        public void ready(int ops) {
            throw new AssertionError("a child has no channel");
        }

        @Override
        public void draining() {
            if (state == State.STARTING || hasBegun() && state != State.OVER && !wantsToGoOn()) {
                close();
            }
        }

        private boolean wantsToGoOn() {
            boolean[] later = new boolean[1];
            guard("draining", () -> later[0] = protocol.draining());
            return later[0];
        }

        /** Pipes have been told before, so their last calls are queued already. */
        @Override
        public void loopClosing() {
            close();
            if (state != State.OVER) {
                loop.callSoon(SubprocessTransport.this::cutOff); // the exit may still come before that
            }
        }

        @Override
        public String toString() {
            return SubprocessTransport.this.toString();
        }
    }

    private void cutOff() {
        if (state == State.STARTING) {
            discard();
        } else if (hasBegun() && state != State.OVER) {
            state = State.OVER;
            exit.completeExceptionally(
                    new IllegalStateException("the loop was closed before the end of " + this));
            connectionLost();
        }
    }

    // ------------------------------------------------------------------------------------------------ public

    /** {@return the loop that serves the child} Any thread. */
    public EventLoop loop() {
        return loop;
    }

    /** {@return the child's number} Any thread. */
    public long pid() {
        return child.process().pid();
    }

    /**
     * {@return how the child has ended, once it has} As the JDK and shells count: its exit code, or 128 + N
     * if signal N has ended it, which the JDK cannot tell from such a code. Any thread.
     */
    public OptionalInt returnCode() {
        Integer code = returnCode;
        return code == null ? OptionalInt.empty() : OptionalInt.of(code);
    }

    /**
     * Waits for the child's end, but not for its pipes', which a grandchild may hold. Any number may wait.
     * Any thread.
     *
     * @return its {@link #returnCode}, completed on the loop; cancelling changes nothing for the child and
     *         for others who wait
     */
    public CompletableFuture<Integer> exited() {
        CompletableFuture<Integer> own = loop.createFuture();
        exit.whenComplete((code, failure) -> Async.complete(own, code, failure));
        return own;
    }

    /**
     * {@return the transport of a pipe; null if that stream is none}
     *
     * @param fd 0 for standard input, 1 for output, 2 for error
     * @throws IllegalArgumentException if it is none of these
     */
    public Transport pipe(int fd) {
        if (fd < 0 || fd >= STANDARD_STREAMS) {
            throw new IllegalArgumentException("a child has the pipes 0, 1 and 2, not " + fd);
        }
        return pipes[fd];
    }

    /**
     * Asks the child to end (TERM). Any thread.
     *
     * @return false if it has ended already, so that its number may be somebody else's
     */
    public boolean terminate() {
        return returnCode == null && child.process().toHandle().destroy();
    }

    /**
     * Ends the child (KILL). Any thread.
     *
     * @return false if it has ended already
     */
    public boolean kill() {
        return returnCode == null && child.process().toHandle().destroyForcibly();
    }

    /**
     * Sends any signal. TERM and KILL go at once; for others the JDK has no means, so a {@code sh} sends
     * them, off the loop. Any thread.
     *
     * @param signal which
     * @return whether it was sent, completed on the loop: false if the child has ended. Fails with an {@code
     *         IOException} where there is no {@code sh}
     */
    public CompletableFuture<Boolean> sendSignal(Signal signal) {
        Objects.requireNonNull(signal, "signal");
        if (returnCode != null || signal == Signal.TERM || signal == Signal.KILL) {
            CompletableFuture<Boolean> sent = loop.createFuture();
            sent.complete(signal == Signal.KILL ? kill() : terminate());
            return sent;
        }
        return loop.runInExecutor(
                () -> returnCode == null && SignalScript.send(pid(), child.startTime(), signal));
    }

    /**
     * Kills the child if it still runs, and closes its pipes; does not wait. {@code connectionLost} follows.
     * Idempotent.
     */
    public void close() {
        loop.requireLoopThread("close");
        if (closing) {
            return;
        }
        closing = true;
        kill();
        for (Transport pipe : pipes) {
            if (pipe != null) {
                pipe.abort();
            }
        }
    }

    /** {@return whether {@link #close} was called, or everything is over} */
    public boolean isClosing() {
        return closing || state == State.OVER;
    }

    @Override
    public String toString() {
        Integer code = returnCode;
        return "SubprocessTransport[pid " + pid() + (code == null ? ", runs" : ", ended with " + code) + ", "
                + openPipes + " pipes" + (closing ? ", closing" : "") + "]";
    }
}
