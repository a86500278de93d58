package io.jvloop.tls;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Transport;
import io.jvloop.transport.WriteBufferLimits;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;

/**
 * What the two faces of a TLS connection have in common: its state, its engine, its application; how it
 * begins, and who may do what when. The states are drawn at {@link TlsState}. Loop thread.
 *
 * <p>Read next: {@link TlsEnding}.
 */
final class TlsConnection {
    private final TlsProtocol lower;
    private final TlsSetup setup;
    private Supplier<? extends Protocol> factory; // null once used: it may know the protocol it has made
    private final HandshakeWatch watch;
    private final TlsEnding ending;
    private EventLoop loop;
    private Transport below;
    private TlsState state = TlsState.UNWRAPPED;
    private TlsEngine engine;
    private RecordWriter writer;
    private TlsTransport upper;
    private Protocol application;
    private boolean made;
    private TlsSession session;
    private boolean taskRunning;
    private boolean mayDeliver;
    private boolean mayBePaused;
    private boolean resumeOwed;

    TlsConnection(TlsProtocol lower, TlsSetup setup, Supplier<? extends Protocol> factory) {
        this.lower = lower;
        this.setup = setup;
        this.factory = factory;
        this.watch = new HandshakeWatch(setup.config());
        this.ending = new TlsEnding(this, lower, setup.config());
    }

    TlsState state() {
        return state;
    }

    void to(TlsState next) {
        state = state.to(next);
    }

    TlsEnding ending() {
        return ending;
    }

    RecordWriter writer() {
        return writer;
    }

    TlsEngine engine() {
        return engine;
    }

    TlsTransport upper() {
        return upper;
    }

    /** What was agreed on; null before the handshake is over. */
    TlsSession session() {
        return session;
    }

    /** Whether there is a transport that the application knows. */
    boolean isMade() {
        return upper != null;
    }

    WriteBufferLimits readLimits() {
        return setup.config().readBufferLimits();
    }

    boolean isTls13() {
        return session != null && session.protocol().equals("TLSv1.3");
    }

    /** Whether a step of the handshake is being computed, whose outcome the peer may still want to hear. */
    boolean isTaskRunning() {
        return taskRunning;
    }

    boolean isPeerClosed() {
        return engine != null && engine.isPeerClosed();
    }

    // ------------------------------------------------------------------------------------- beginning

    /** The application has the connection already; it is not told {@code connectionMade} once more. */
    void upgrades(Transport transport) {
        application = make();
        made = true;
        mayBePaused = transport.protocol() == application;
    }

    private Protocol make() {
        Supplier<? extends Protocol> once = factory;
        factory = null;
        return Objects.requireNonNull(once.get(), "the protocol factory returned null");
    }

    /** Completes when the handshake is over, with the transport above; for any number of callers. */
    CompletableFuture<Transport> established() {
        return watch.established(below, upper);
    }

    void begin(Transport transport) {
        below = transport;
        loop = transport.loop();
        ending.begin(transport);
        if (!setup.choosesContext()) {
            ending.attempt(() -> start(null));
        }
    }

    /** Begins the handshake; {@code serverName} is what the client wants to reach, or null. */
    void start(String serverName) throws SSLException {
        engine = new TlsEngine(setup.newEngine(below, serverName));
        writer = new RecordWriter(engine, below, loop.buffers());
        state = state.to(TlsState.HANDSHAKE);
        engine.begin();
        proceed();
    }

    /** Does what the engine asks for before it can go on. */
    void proceed() throws SSLException {
        while (!taskRunning) {
            if (engine.needsTask()) {
                runTask(engine.task());
            } else if (engine.needsToSend() && writer.hasRoomForOwn()) {
                writer.sendOwn();
            } else {
                break;
            }
        }
        if (state == TlsState.HANDSHAKE && engine.isHandshakeDone()) {
            handshakeDone();
        }
    }

    /** Signing takes a millisecond, in which the loop could serve others. */
    private void runTask(Runnable task) throws SSLException {
        if (task == null) {
            return;
        }
        if (setup.config().inlineTasks()) {
            task.run();
            engine.taskDone();
        } else {
            taskRunning = true;
            CompletableFuture<Object> done = setup.config().taskExecutor() == null
                    ? loop.runInExecutor(() -> run(task))
                    : loop.runInExecutor(setup.config().taskExecutor(), () -> run(task));
            done.whenComplete((nothing, failure) -> taskDone(failure));
        }
    }

    private static Object run(Runnable task) {
        task.run();
        return null;
    }

    private void taskDone(Throwable failure) {
        taskRunning = false;
        if (state.isOver()) {
            return;
        }
        ending.attempt(() -> {
            if (failure != null) {
                throw failure instanceof SSLException e ? e : new SSLException(failure);
            }
            engine.taskDone();
            proceed();
        });
        lower.goOn();
    }

    private void handshakeDone() {
        ending.handshakeDone();
        state = state.to(TlsState.WRAPPED);
        session = TlsSession.of(engine.engine());
        TlsTransport transport =
                new TlsTransport(this, ending, below, writer, setup.config().writeBufferLimits());
        try {
            if (application == null) {
                application = make();
            }
        } catch (Throwable t) { // told where somebody waits, else reported
            watch.factoryFailed(t);
            ending.abandon(t, watch.isAwaited() ? null : "Cannot serve a connection");
            return;
        }
        upper = transport;
        tellMade();
        tellResume();
        if (!watch.succeeded(upper)) {
            ending.abort(); // cancelled meanwhile
        }
        loop.callSoon(() -> { // whoever waited for the handshake goes first
            mayDeliver = true;
            tellResume();
            lower.goOn();
        });
    }

    private void tellMade() {
        if (made) {
            return;
        }
        made = true;
        try {
            application.connectionMade(upper);
        } catch (Throwable t) { // reported, not fatal: the connection itself is sound
            report("protocol.connectionMade() failed", t);
        }
    }

    // ------------------------------------------------------------------------------------ in between

    Protocol application() {
        return application;
    }

    void application(Protocol other) {
        Objects.requireNonNull(other, "protocol");
        if (state != TlsState.CLOSED) {
            application = other;
        }
    }

    boolean mayDecrypt() {
        if (engine == null || taskRunning || engine.isPeerClosed()
                || engine.needsToSend() && !writer.hasRoomForOwn()) { // an answer is due, and cannot be sent
            return false;
        }
        return switch (state) {
            case HANDSHAKE, FLUSHING, SHUTDOWN -> true;
            case WRAPPED -> wantsData();
            default -> false;
        };
    }

    /** Whether the application takes data now, or the end of them. */
    boolean wantsData() {
        return mayDeliver && upper.in().wantsData();
    }

    /** Plaintext for the application; after {@code close} nobody wants it. */
    void deliver(ByteBuffer plain) {
        if (state == TlsState.WRAPPED) {
            upper.in().deliver(plain);
        }
    }

    /** The application wants data again. */
    void wanted() {
        lower.goOn();
    }

    /** Whether what is decrypted already still waits for the application. */
    boolean holdsPlaintext() {
        return state == TlsState.WRAPPED && upper != null && upper.in().holdsPlaintext();
    }

    void belowFull(boolean full) {
        resumeOwed |= mayBePaused && !full; // a resume without a pause: that came before the upgrade
        mayBePaused = false;
        if (writer == null) {
            return;
        }
        writer.full(full);
        if (full) {
            return;
        }
        ending.attempt(() -> {
            if (upper != null) {
                upper.flush();
            }
            proceed();
        });
        tellResume();
    }

    /** The application was paused before the upgrade, by the transport below; it may write again. */
    private void tellResume() {
        if (resumeOwed && state == TlsState.WRAPPED) {
            resumeOwed = false;
            upper.tellResume();
        }
    }

    boolean idleTimeout() {
        return made && application.idleTimeout();
    }

    /** Answers for the transport below: true, since the end comes from here. */
    boolean draining() {
        if (state == TlsState.WRAPPED) {
            boolean later = false;
            try {
                later = application.draining();
            } catch (Throwable t) {
                report("protocol.draining() failed", t);
            }
            if (!later) {
                ending.close();
            }
        }
        return state.isClosing() || state == TlsState.WRAPPED;
    }

    /** The end, from the transport below: the application hears of it now, and only now. */
    void lost(Throwable cause) {
        watch.failed(below, cause);
        Protocol told = application;
        application = null;
        factory = null;
        engine = null;
        if (made) {
            told.connectionLost(cause); // what it throws is reported by the transport below
        }
    }

    void report(String message, Throwable thrown) {
        loop.callExceptionHandler(ExceptionContext.of(message, thrown)
                .with("transport", upper == null ? below : upper).with("protocol", application));
    }

    @Override
    public String toString() {
        return state + (session == null ? "" : ", " + session) + (taskRunning ? ", task running" : "");
    }
}
