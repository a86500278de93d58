package io.jvloop.process;

import io.jvloop.loop.Async;
import io.jvloop.loop.EventLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * A {@code sh} that catches signals and prints their names, which the loop reads like any child's output.
 * TERM, INT and HUP it ignores: a terminal sends them to the whole family, and this JVM has its own way with
 * them, during which the helper is to live.
 *
 * <p>A {@code cat} on its standard input is how it notices that this process has gone, in whatever way.
 */
final class SignalHelper implements SubprocessProtocol {
    static final Set<Signal> CAUGHT =
            EnumSet.of(Signal.USR1, Signal.WINCH, Signal.CONT, Signal.TSTP, Signal.ALRM);

    private static final String READY = "READY";
    private static final String SCRIPT = """
            for signal in USR1 WINCH CONT TSTP ALRM; do trap "echo $signal" $signal; done
            trap '' INT TERM HUP QUIT USR2
            exec 3<&0 </dev/null
            (trap '' USR1 WINCH TSTP ALRM; exec cat <&3 >/dev/null 2>&1) & watch=$!
            exec 3<&-
            echo READY
            while kill -0 $watch 2>/dev/null; do wait $watch; done
            """;

    private static SignalHelper present; // null, or starting, or running

    private final CompletableFuture<Long> ready;
    private final StringBuilder line = new StringBuilder();
    private SubprocessTransport transport;
    private boolean running;

    private SignalHelper(EventLoop loop) {
        this.ready = loop.createFuture();
    }

    static synchronized boolean catches(Signal signal) {
        return present != null && present.running && CAUGHT.contains(signal);
    }

    /** Each caller gets a future of his own loop, since they may have different ones. */
    static CompletableFuture<Long> start(EventLoop loop) {
        CompletableFuture<Long> own = loop.createFuture();
        SignalHelper helper;
        boolean first;
        synchronized (SignalHelper.class) {
            first = present == null;
            helper = first ? new SignalHelper(loop) : present;
            present = helper;
        }
        helper.ready.whenComplete((pid, failure) -> Delivery.to(loop, () -> Async.complete(own, pid, failure),
                () -> own.completeExceptionally(new IllegalStateException("Event loop is closed"))));
        if (first) {
            launch(loop, helper);
        }
        return own;
    }

    private static void launch(EventLoop loop, SignalHelper helper) {
        SubprocessConfig config = SubprocessConfig.DEFAULT.withStdin(Stdio.PIPE).withStdout(Stdio.PIPE);
        try {
            Subprocess.shell(loop, config, SCRIPT, () -> helper).whenComplete((child, failure) -> {
                if (failure != null) {
                    helper.gone(failure);
                }
            });
        } catch (IllegalStateException noExecutor) {
            helper.gone(noExecutor);
        }
    }

    static void stop() {
        SignalHelper stopping;
        synchronized (SignalHelper.class) {
            stopping = present;
            present = null;
        }
        if (stopping != null) {
            stopping.ready.whenComplete((pid, failure) -> stopping.end());
        }
    }

    private void end() {
        SubprocessTransport child = transport;
        if (child != null) {
            Delivery.to(child.loop(), child::close, () -> {});
        }
    }

    private void gone(Throwable failure) {
        synchronized (SignalHelper.class) {
            running = false;
            present = present == this ? null : present;
        }
        ready.completeExceptionally(failure);
    }

    @Override
    public void connectionMade(SubprocessTransport made) {
        transport = made;
    }

    @Override
    public void pipeDataReceived(int fd, ByteBuffer data) {
        line.append(StandardCharsets.US_ASCII.decode(data));
        for (int end = line.indexOf("\n"); end >= 0; end = line.indexOf("\n")) {
            said(line.substring(0, end));
            line.delete(0, end + 1);
        }
    }

    private void said(String word) {
        if (word.equals(READY)) {
            synchronized (SignalHelper.class) {
                running = true;
            }
            ready.complete(transport.pid());
        } else {
            SignalTable.INSTANCE.arrived(Signal.valueOf(word));
        }
    }

    @Override
    public void connectionLost(Throwable cause) {
        gone(new IOException("the signal helper has ended: " + transport, cause));
    }
}
