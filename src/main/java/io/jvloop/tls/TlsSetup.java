package io.jvloop.tls;

import io.jvloop.transport.Transport;
import java.net.IDN;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/**
 * What the connections of one factory have in common, and how their engines are made of it. Any thread.
 *
 * @param context keys, and whom to trust
 * @param host the server's name or address, for clients; null for servers
 * @param config the rest
 */
record TlsSetup(SSLContext context, String host, TlsConfig config) {
    private static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");

    /** Forward secrecy and authenticated encryption: RFC 9325, 4.2, recommends nothing else. */
    private static final Pattern CIPHER_SUITES =
            Pattern.compile("TLS_(AES|CHACHA20|ECDHE|DHE)_.*(GCM|CCM|CHACHA20_POLY1305).*");

    private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");

    /** For a UNIX socket. A real port, so that its sessions are kept apart, and kept at all. */
    private static final int NO_PORT = 0;

    /** The port under which the JDK does not keep sessions. */
    private static final int NO_RESUMPTION = -1;

    TlsSetup {
        Objects.requireNonNull(context, "context");
        Objects.requireNonNull(config, "config");
    }

    static TlsSetup client(SSLContext context, String host, TlsConfig config) {
        Objects.requireNonNull(host, "host");
        String name = ascii(host);
        if (name.isBlank()) {
            throw new IllegalArgumentException(
                    "a client needs the server's name, to send it and to check its "
                            + "certificate; withHostCheck(false) does without the check");
        }
        return new TlsSetup(context, name, config);
    }

    /** As names stand in certificates: without a root's dot (RFC 6066, 3), other scripts encoded. */
    private static String ascii(String host) {
        String bare = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
        bare = bare.startsWith("[") && bare.endsWith("]") ? bare.substring(1, bare.length() - 1) : bare;
        return isAddress(bare) ? bare : IDN.toASCII(bare);
    }

    private static boolean isAddress(String host) {
        return host.indexOf(':') >= 0 || IPV4.matcher(host).matches();
    }

    boolean isClient() {
        return host != null;
    }

    /** Whether the context is not known before the client has said whom it wants to reach. */
    boolean choosesContext() {
        return !isClient() && config.contexts() != null;
    }

    /** Fails now, and not at the first connection, if there is something that the JDK refuses. */
    void check() {
        engine(context, NO_RESUMPTION);
    }

    /** An engine for a connection; {@code serverName} is what the client wants to reach, or null. */
    SSLEngine newEngine(Transport below, String serverName) {
        SSLContext chosen = choosesContext() ? config.contexts().apply(serverName) : null;
        return engine(chosen == null ? context : chosen, port(below));
    }

    private int port(Transport below) {
        if (!config.sessionResumption()) {
            return NO_RESUMPTION;
        }
        return below.remoteAddress() instanceof InetSocketAddress address ? address.getPort() : NO_PORT;
    }

    private SSLEngine engine(SSLContext of, int port) {
        SSLEngine engine = isClient() ? of.createSSLEngine(host, port) : of.createSSLEngine();
        engine.setUseClientMode(isClient());
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setProtocols(protocols(engine));
        parameters.setCipherSuites(cipherSuites(engine));
        parameters.setApplicationProtocols(config.applicationProtocols().toArray(String[]::new));
        if (isClient()) {
            setClient(parameters);
        } else {
            setServer(parameters);
        }
        config.parameters().accept(parameters);
        engine.setSSLParameters(parameters);
        return engine;
    }

    private String[] protocols(SSLEngine engine) {
        if (!config.protocols().isEmpty()) {
            return config.protocols().toArray(String[]::new);
        }
        List<String> enabled = Arrays.asList(engine.getEnabledProtocols()); // a context may be for 1.2 only
        return PROTOCOLS.stream().filter(enabled::contains).toArray(String[]::new);
    }

    private String[] cipherSuites(SSLEngine engine) {
        if (!config.cipherSuites().isEmpty()) {
            return config.cipherSuites().toArray(String[]::new);
        }
        return Arrays.stream(engine.getEnabledCipherSuites())
                .filter(name -> CIPHER_SUITES.matcher(name).matches()).toArray(String[]::new);
    }

    private void setClient(SSLParameters parameters) {
        if (config.hostCheck()) {
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
        }
        if (!isAddress(host)) { // an address is no name to send (RFC 6066, 3)
            try {
                parameters.setServerNames(List.of(new SNIHostName(host)));
            } catch (IllegalArgumentException notForDns) {
                // an underscore, for example: in use among containers, and like the JDK we do not send it
            }
        }
    }

    private void setServer(SSLParameters parameters) {
        switch (config.clientAuthentication()) {
            case WANTED -> parameters.setWantClientAuth(true);
            case REQUIRED -> parameters.setNeedClientAuth(true);
            default -> {}
        }
    }

    @Override
    public String toString() {
        return (isClient() ? "client of " + host : "server") + ", " + config;
    }
}
