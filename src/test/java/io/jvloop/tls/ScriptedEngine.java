package io.jvloop.tls;

import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.security.cert.Certificate;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;

/**
 * An engine that does what a test says: it plays a list of steps for wrap and one for unwrap, and repeats the
 * last one of each for ever. Whoever drives it without end gets an error.
 */
final class ScriptedEngine extends SSLEngine {
    /** No test needs more calls. */
    private static final int MOST_CALLS = 5_000;

    private final Deque<Step> wraps = new ArrayDeque<>();
    private final Deque<Step> unwraps = new ArrayDeque<>();
    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private final SSLSession session;
    private int packetBufferSize = 16_709;
    private HandshakeStatus status = HandshakeStatus.NOT_HANDSHAKING;
    private Throwable beginFailure;
    private Step whenClosed; // becomes the only wrap with closeOutbound
    private boolean closeOutboundCalled;
    private boolean outboundDone;
    private boolean inboundDone; // with the first SSLException, as the JDK has it
    private int wrapCalls;
    private int unwrapCalls;
    private int calls;

    ScriptedEngine(String protocol) {
        session = (SSLSession) Proxy.newProxyInstance(getClass().getClassLoader(),
                new Class<?>[] {SSLSession.class}, (proxy, method, arguments) -> switch (method.getName()) {
                    case "getProtocol" -> protocol;
                    case "getCipherSuite" -> "TLS_SCRIPTED";
                    case "getPacketBufferSize" -> packetBufferSize;
                    case "getApplicationBufferSize" -> 16_384;
                    case "getPeerCertificates", "getLocalCertificates" -> new Certificate[0];
                    case "toString" -> "scripted session";
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    static ScriptedEngine tls13() {
        return new ScriptedEngine("TLSv1.3");
    }

    static ScriptedEngine tls12() {
        return new ScriptedEngine("TLSv1.2");
    }

    /** One that is through with its handshake as soon as it gets a record, and seals and opens happily. */
    ScriptedEngine established() {
        return status(HandshakeStatus.NEED_UNWRAP)
                .unwrap(Step.ok(HandshakeStatus.FINISHED).consumesAll());
    }

    /** What getHandshakeStatus says until something else is played. */
    ScriptedEngine status(HandshakeStatus now) {
        status = now;
        return this;
    }

    ScriptedEngine wrap(Step... steps) {
        wraps.addAll(Arrays.asList(steps));
        return this;
    }

    ScriptedEngine unwrap(Step... steps) {
        unwraps.addAll(Arrays.asList(steps));
        return this;
    }

    /** Forgets what was to be played. */
    ScriptedEngine clear() {
        wraps.clear();
        unwraps.clear();
        return this;
    }

    /** Adds a task, which sets the status at its end. */
    ScriptedEngine task(Runnable work, HandshakeStatus then) {
        tasks.add(() -> {
            work.run();
            status = then;
        });
        return this;
    }

    /** With closeOutbound nothing else is wrapped any more. */
    ScriptedEngine whenClosed(Step step) {
        whenClosed = step;
        return this;
    }

    ScriptedEngine failingToBegin(Throwable failure) {
        beginFailure = failure;
        return this;
    }

    ScriptedEngine packetBufferSize(int bytes) {
        packetBufferSize = bytes;
        return this;
    }

    int wrapCalls() {
        return wrapCalls;
    }

    int unwrapCalls() {
        return unwrapCalls;
    }

    boolean isCloseOutboundCalled() {
        return closeOutboundCalled;
    }

    private void count(String call) {
        if (++calls > MOST_CALLS) {
            throw new AssertionError("it spins: " + calls + " calls, the last is " + call);
        }
    }

    private static Step next(Deque<Step> steps) {
        return steps.size() > 1 ? steps.poll() : steps.peek();
    }

    @Override
    public SSLEngineResult wrap(ByteBuffer[] sources, int offset, int length, ByteBuffer target)
            throws SSLException {
        count("wrap");
        wrapCalls++;
        if (outboundDone) {
            return new SSLEngineResult(Status.CLOSED, status, 0, 0);
        }
        if (closeOutboundCalled && whenClosed != null) {
            outboundDone = true;
            return whenClosed.play(sources, offset, 0, target);
        }
        return play(wraps, sources, offset, length, target);
    }

    @Override
    public SSLEngineResult unwrap(ByteBuffer source, ByteBuffer[] targets, int offset, int length)
            throws SSLException {
        count("unwrap");
        if (!source.hasRemaining()) {
            return new SSLEngineResult(Status.BUFFER_UNDERFLOW, status, 0, 0);
        }
        unwrapCalls++;
        return play(unwraps, new ByteBuffer[] {source}, 0, 1, targets[offset]);
    }

    private SSLEngineResult play(Deque<Step> steps, ByteBuffer[] sources, int offset, int length,
            ByteBuffer target) throws SSLException {
        Step step = steps.peek();
        if (step == null) {
            throw new AssertionError("not in the script: " + (steps == wraps ? "wrap" : "unwrap"));
        }
        if (step.overflows(target)) {
            return new SSLEngineResult(Status.BUFFER_OVERFLOW, status, 0, 0);
        }
        next(steps);
        status = step.after();
        try {
            return step.play(sources, offset, length, target);
        } catch (SSLException e) {
            inboundDone = true;
            throw e;
        }
    }

    @Override
    public Runnable getDelegatedTask() {
        count("getDelegatedTask");
        return tasks.poll();
    }

    @Override
    public HandshakeStatus getHandshakeStatus() {
        count("getHandshakeStatus");
        return status;
    }

    @Override
    public void beginHandshake() throws SSLException {
        if (beginFailure instanceof SSLException e) {
            throw e;
        } else if (beginFailure instanceof RuntimeException e) {
            throw e;
        }
    }

    @Override
    public void closeOutbound() {
        closeOutboundCalled = true;
    }

    @Override
    public boolean isOutboundDone() {
        count("isOutboundDone");
        return outboundDone;
    }

    @Override
    public SSLSession getSession() {
        return session;
    }

    @Override
    public String getApplicationProtocol() {
        return "";
    }

    @Override
    public void closeInbound() {
        throw new UnsupportedOperationException("it reports a truncation that is known already");
    }

    @Override
    public boolean isInboundDone() {
        return inboundDone;
    }

    @Override
    public String[] getSupportedCipherSuites() {
        return getEnabledCipherSuites();
    }

    @Override
    public String[] getEnabledCipherSuites() {
        return new String[] {"TLS_AES_128_GCM_SHA256"};
    }

    @Override
    public void setEnabledCipherSuites(String[] suites) {
        // whatever it was
    }

    @Override
    public String[] getSupportedProtocols() {
        return getEnabledProtocols();
    }

    @Override
    public String[] getEnabledProtocols() {
        return new String[] {"TLSv1.3", "TLSv1.2"};
    }

    @Override
    public void setEnabledProtocols(String[] protocols) {
        // whatever it was
    }

    @Override
    public void setUseClientMode(boolean mode) {
        // it is the same to a script
    }

    @Override
    public boolean getUseClientMode() {
        return false;
    }

    @Override
    public void setNeedClientAuth(boolean need) {
        // it is the same to a script
    }

    @Override
    public boolean getNeedClientAuth() {
        return false;
    }

    @Override
    public void setWantClientAuth(boolean want) {
        // it is the same to a script
    }

    @Override
    public boolean getWantClientAuth() {
        return false;
    }

    @Override
    public void setEnableSessionCreation(boolean flag) {
        // it is the same to a script
    }

    @Override
    public boolean getEnableSessionCreation() {
        return true;
    }
}
