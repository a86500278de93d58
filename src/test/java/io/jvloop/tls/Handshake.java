package io.jvloop.tls;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;

/** A conversation of two engines in memory, one thread. */
final class Handshake {
    private static final int BUFFER_BYTES = 64 * 1024;
    private static final int MAX_ROUNDS = 100;

    private final Side server;
    private final Side client;

    private Handshake(SSLEngine server, SSLEngine client) {
        this.server = new Side(server, "pong");
        this.client = new Side(client, "ping");
    }

    /**
     * Shakes hands and sends a word both ways; the client insists on this name.
     *
     * @throws SSLException what one side has against the other
     */
    static Handshake of(SSLContext server, SSLContext client, String host) throws SSLException {
        return of(server, client, host, false);
    }

    /** The same, but the server insists on the client's certificate. */
    static Handshake mutual(SSLContext server, SSLContext client) throws SSLException {
        return of(server, client, "localhost", true);
    }

    private static Handshake of(SSLContext server, SSLContext client, String host, boolean mutual)
            throws SSLException {
        SSLEngine serverEngine = server.createSSLEngine();
        serverEngine.setUseClientMode(false);
        serverEngine.setNeedClientAuth(mutual);
        SSLEngine clientEngine = client.createSSLEngine(host, 443);
        clientEngine.setUseClientMode(true);
        SSLParameters parameters = clientEngine.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        clientEngine.setSSLParameters(parameters);
        Handshake handshake = new Handshake(serverEngine, clientEngine);
        handshake.run();
        return handshake;
    }

    SSLSession serverSession() {
        return server.engine.getSession();
    }

    SSLSession clientSession() {
        return client.engine.getSession();
    }

    private void run() throws SSLException {
        for (int round = 0; round < MAX_ROUNDS; round++) {
            client.step(server);
            server.step(client);
            if (server.heard().equals("ping") && client.heard().equals("pong")) {
                return;
            }
        }
        throw new AssertionError("no end: " + server.engine + ", " + client.engine);
    }

    private static final class Side {
        private final SSLEngine engine;
        private final ByteBuffer saying;
        private final ByteBuffer hearing = ByteBuffer.allocate(BUFFER_BYTES);
        private final ByteBuffer arrived = ByteBuffer.allocate(BUFFER_BYTES);

        Side(SSLEngine engine, String word) {
            this.engine = engine;
            this.saying = ByteBuffer.wrap(word.getBytes(StandardCharsets.US_ASCII));
        }

        void step(Side other) throws SSLException {
            engine.wrap(saying, other.arrived);
            runTasks();
            arrived.flip();
            engine.unwrap(arrived, hearing);
            arrived.compact();
            runTasks();
        }

        private void runTasks() {
            for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
                task.run();
            }
        }

        String heard() {
            return new String(hearing.array(), 0, hearing.position(), StandardCharsets.US_ASCII);
        }
    }
}
