package io.jvloop.tls;

import io.jvloop.transport.Transport;
import io.jvloop.transport.WriteBufferLimits;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * How TLS is spoken. Immutable: each {@code with…} returns another configuration. Any thread.
 *
 * <p>Not a record, as the other configurations are, since it has more parts than a constructor should.
 */
public final class TlsConfig {
    /** Whether a server asks its clients for a certificate. */
    public enum ClientAuthentication {
        /** It does not ask. */
        NONE,
        /** It asks, and is content without; but a certificate that is not trusted fails the handshake. */
        WANTED,
        /** Without a trusted one the handshake fails. */
        REQUIRED
    }

    private static final int MOST_NAME_BYTES = 255;

    /** nginx' time-out, and asyncio's. */
    private static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(60);

    private static final Duration SHUTDOWN_TIMEOUT = Duration.ofSeconds(30);

    /** asyncio's and uvloop's marks, 512 and 128 KiB out, 256 and 64 KiB in. */
    private static final WriteBufferLimits WRITE_LIMITS = new WriteBufferLimits(128 * 1024, 512 * 1024);

    private static final WriteBufferLimits READ_LIMITS = new WriteBufferLimits(64 * 1024, 256 * 1024);

    /**
     * TLS 1.3 and 1.2 with forward secrecy and authenticated encryption only, the host name checked, no
     * client certificates, 60 s for a handshake, 30 s for a shutdown, sessions resumed, tasks off the loop.
     */
    public static final TlsConfig DEFAULT = new TlsConfig();

    private Duration handshakeTimeout = HANDSHAKE_TIMEOUT;
    private Duration shutdownTimeout = SHUTDOWN_TIMEOUT;
    private List<String> applicationProtocols = List.of();
    private ClientAuthentication clientAuthentication = ClientAuthentication.NONE;
    private Function<? super String, ? extends SSLContext> contexts;
    private List<String> protocols = List.of();
    private List<String> cipherSuites = List.of();
    private boolean hostCheck = true;
    private boolean sessionResumption = true;
    private Executor taskExecutor;
    private boolean inlineTasks;
    private WriteBufferLimits writeBufferLimits = WRITE_LIMITS;
    private WriteBufferLimits readBufferLimits = READ_LIMITS;
    private Consumer<? super SSLParameters> parameters = unchanged -> {};
    private BiConsumer<? super Transport, ? super Throwable> handshakeFailed;

    private TlsConfig() {
    }

    /** A copy, with one thing changed. */
    private TlsConfig with(Consumer<TlsConfig> change) {
        TlsConfig copy = new TlsConfig();
        copy.handshakeTimeout = handshakeTimeout;
        copy.shutdownTimeout = shutdownTimeout;
        copy.applicationProtocols = applicationProtocols;
        copy.clientAuthentication = clientAuthentication;
        copy.contexts = contexts;
        copy.protocols = protocols;
        copy.cipherSuites = cipherSuites;
        copy.hostCheck = hostCheck;
        copy.sessionResumption = sessionResumption;
        copy.taskExecutor = taskExecutor;
        copy.inlineTasks = inlineTasks;
        copy.writeBufferLimits = writeBufferLimits;
        copy.readBufferLimits = readBufferLimits;
        copy.parameters = parameters;
        copy.handshakeFailed = handshakeFailed;
        change.accept(copy);
        return copy;
    }

    /** {@return how long a handshake may take} */
    public Duration handshakeTimeout() {
        return handshakeTimeout;
    }

    /**
     * Limits the handshake.
     *
     * @param timeout how long it may take; then the connection is aborted with a {@code
     *             SocketTimeoutException}. 60 s by default
     * @return a new configuration
     * @throws IllegalArgumentException unless it is positive
     */
    public TlsConfig withHandshakeTimeout(Duration timeout) {
        requirePositive("handshakeTimeout", timeout);
        return with(copy -> copy.handshakeTimeout = timeout);
    }

    /** {@return how long the end of a connection may take} */
    public Duration shutdownTimeout() {
        return shutdownTimeout;
    }

    /**
     * Limits the end of a connection: from {@code close} until everything is sent and the peer has answered.
     *
     * @param timeout how long it may take; then the connection is aborted with a {@code
     *             SocketTimeoutException}. 30 s by default. It begins anew while the peer takes what is still
     *             to be sent, 8 KiB in each
     * @return a new configuration
     * @throws IllegalArgumentException unless it is positive
     */
    public TlsConfig withShutdownTimeout(Duration timeout) {
        requirePositive("shutdownTimeout", timeout);
        return with(copy -> copy.shutdownTimeout = timeout);
    }

    private static void requirePositive(String name, Duration timeout) {
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException(name + " must be > 0, not " + timeout);
        }
    }

    /** {@return the application protocols offered or accepted, best first; empty without ALPN} */
    public List<String> applicationProtocols() {
        return applicationProtocols;
    }

    /**
     * Negotiates what is spoken inside TLS (ALPN, RFC 7301). Without a common protocol the handshake fails; a
     * peer that does not know ALPN is welcome. What came of it says {@link TlsSession#applicationProtocol}.
     *
     * @param names for example {@code "h2", "http/1.1"}, best first; the server's order decides
     * @return a new configuration
     * @throws IllegalArgumentException if a name is empty or longer than 255 bytes
     */
    public TlsConfig withApplicationProtocols(String... names) {
        List<String> copied = List.of(names);
        for (String name : copied) {
            if (name.isEmpty() || name.length() > MOST_NAME_BYTES) {
                throw new IllegalArgumentException("an application protocol's name has 1 to "
                        + MOST_NAME_BYTES + " bytes (RFC 7301, 3.1), unlike '" + name + "'");
            }
        }
        return with(copy -> copy.applicationProtocols = copied);
    }

    /** {@return whether clients are asked for a certificate} */
    public ClientAuthentication clientAuthentication() {
        return clientAuthentication;
    }

    /**
     * Asks clients for a certificate; whom to trust says the server's {@code SSLContext}.
     *
     * @param wanted whether, and whether one is required
     * @return a new configuration
     */
    public TlsConfig withClientAuthentication(ClientAuthentication wanted) {
        Objects.requireNonNull(wanted, "wanted");
        return with(copy -> copy.clientAuthentication = wanted);
    }

    /** {@return what chooses a server's context, or null} */
    public Function<? super String, ? extends SSLContext> contexts() {
        return contexts;
    }

    /**
     * Chooses a server's context by the name that the client wants to reach (SNI, RFC 6066).
     *
     * @param chooser gets the name in lower case, which is the client's word, or null if it sent none;
     *             returns the context, or null for the one that the server was made with. Called on the
     *             loop's thread, so it must not block. What it throws fails that one handshake and is
     *             reported
     * @return a new configuration
     */
    public TlsConfig withContexts(Function<? super String, ? extends SSLContext> chooser) {
        return with(copy -> copy.contexts = chooser);
    }

    /** {@return the versions allowed; empty for the defaults} */
    public List<String> protocols() {
        return protocols;
    }

    /**
     * Allows these versions only.
     *
     * @param names for example {@code "TLSv1.3"}; none for the defaults, 1.3 and 1.2
     * @return a new configuration
     */
    public TlsConfig withProtocols(String... names) {
        List<String> copied = List.of(names);
        return with(copy -> copy.protocols = copied);
    }

    /** {@return the cipher suites allowed; empty for the defaults} */
    public List<String> cipherSuites() {
        return cipherSuites;
    }

    /**
     * Allows these cipher suites only.
     *
     * @param names the JDK's names, best first; none for the defaults: of the JDK's those with forward
     *             secrecy and authenticated encryption
     * @return a new configuration
     */
    public TlsConfig withCipherSuites(String... names) {
        List<String> copied = List.of(names);
        return with(copy -> copy.cipherSuites = copied);
    }

    /** {@return whether a client compares the host's name with the certificate} */
    public boolean hostCheck() {
        return hostCheck;
    }

    /**
     * Lets a client compare the host's name with the server's certificate (RFC 9110, 4.3.4), or not.
     *
     * @param on true by default. Without, anybody with any trusted certificate can be the server
     * @return a new configuration
     */
    public TlsConfig withHostCheck(boolean on) {
        return with(copy -> copy.hostCheck = on);
    }

    /** {@return whether a client offers to resume a session} */
    public boolean sessionResumption() {
        return sessionResumption;
    }

    /**
     * Lets a client offer the session of an earlier connection with the same context to the same host and
     * port, which saves both sides most of a handshake. Servers always accept; how many sessions they keep,
     * and for how long, says {@code context.getServerSessionContext()}.
     *
     * @param on true by default
     * @return a new configuration
     */
    public TlsConfig withSessionResumption(boolean on) {
        return with(copy -> copy.sessionResumption = on);
    }

    /** {@return where the expensive steps of a handshake run; null for the loop's default executor} */
    public Executor taskExecutor() {
        return taskExecutor;
    }

    /**
     * Says where the expensive steps of a handshake run, milliseconds in which a loop could serve thousands
     * of messages.
     *
     * @param executor null, the default, for the loop's default executor
     * @return a new configuration
     */
    public TlsConfig withTaskExecutor(Executor executor) {
        return with(copy -> {
            copy.taskExecutor = executor;
            copy.inlineTasks = false;
        });
    }

    /** {@return whether these steps run on the loop itself} */
    public boolean inlineTasks() {
        return inlineTasks;
    }

    /**
     * Runs the expensive steps of a handshake on the loop: less work in all, since nothing changes threads,
     * but every connection of the loop waits meanwhile. For clients with few connections, and for groups that
     * have a loop on every core.
     *
     * @return a new configuration
     */
    public TlsConfig withInlineTasks() {
        return with(copy -> copy.inlineTasks = true);
    }

    /** {@return the first marks of back-pressure towards the peer} */
    public WriteBufferLimits writeBufferLimits() {
        return writeBufferLimits;
    }

    /**
     * Sets the marks with which connections begin; {@link Transport#setWriteBufferLimits} changes those of
     * one. Unlike those of a socket, the high mark counts when it is reached.
     *
     * @param limits 512 and 128 KiB by default, of plaintext beyond what the transport below holds
     * @return a new configuration
     */
    public TlsConfig withWriteBufferLimits(WriteBufferLimits limits) {
        Objects.requireNonNull(limits, "limits");
        return with(copy -> copy.writeBufferLimits = limits);
    }

    /** {@return how much is read ahead while the application does not want any} */
    public WriteBufferLimits readBufferLimits() {
        return readBufferLimits;
    }

    /**
     * Limits what is received and not decrypted, while the application has paused reading.
     *
     * @param limits the transport below is paused when the high mark is reached, and goes on at the low one;
     *             256 and 64 KiB by default
     * @return a new configuration
     */
    public TlsConfig withReadBufferLimits(WriteBufferLimits limits) {
        Objects.requireNonNull(limits, "limits");
        return with(copy -> copy.readBufferLimits = limits);
    }

    /** {@return the last word on the engine's parameters} */
    public Consumer<? super SSLParameters> parameters() {
        return parameters;
    }

    /**
     * Has the last word on an engine's parameters, for what is not offered here: named groups, signature
     * schemes, algorithm constraints.
     *
     * @param change what to change; called for each connection, and once on trial. Not the protocols, cipher
     *             suites, names and so on that this configuration sets
     * @return a new configuration
     */
    public TlsConfig withParameters(Consumer<? super SSLParameters> change) {
        Objects.requireNonNull(change, "change");
        return with(copy -> copy.parameters = change);
    }

    /** {@return who is told of failed handshakes, or null} */
    public BiConsumer<? super Transport, ? super Throwable> handshakeFailed() {
        return handshakeFailed;
    }

    /**
     * Tells of handshakes that failed, of which the application's protocol never hears; to count scans and
     * expired certificates, for example. Without, they are logged at level DEBUG.
     *
     * @param listener gets the transport below, closed, and the cause; on the loop's thread
     * @return a new configuration
     */
    public TlsConfig withHandshakeFailed(BiConsumer<? super Transport, ? super Throwable> listener) {
        return with(copy -> copy.handshakeFailed = listener);
    }

    @Override
    public String toString() {
        return "TlsConfig[handshake " + handshakeTimeout + ", shutdown " + shutdownTimeout
                + (applicationProtocols.isEmpty() ? "" : ", ALPN " + applicationProtocols)
                + (protocols.isEmpty() ? "" : ", " + protocols)
                + (cipherSuites.isEmpty() ? "" : ", " + cipherSuites)
                + ", client certificate " + clientAuthentication
                + (hostCheck ? "" : ", host unchecked")
                + (inlineTasks ? ", tasks inline" : "") + "]";
    }
}
