package io.jvloop.bench;

import io.jvloop.loop.EventLoop;
import io.jvloop.tls.SelfSigned;
import io.jvloop.tls.Tls;
import io.jvloop.tls.TlsConfig;
import io.jvloop.tls.TlsFactory;
import io.jvloop.transport.Net;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Server;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/**
 * The heap of an idle TLS connection, beside that of a plain one and what the JDK's engines take alone.
 * Both ends are here, so each figure is for a client and a server.
 */
public final class TlsIdle {
    private static final int CONNECTIONS = 5_000;
    private static final int FEW = 50;
    private static final int MESSAGE_BYTES = 100;
    private static final int COLLECTIONS = 3;
    private static final String[] VERSIONS = {"TLSv1.2", "TLSv1.3"};

    private final EventLoop loop = EventLoop.create();
    private final SelfSigned certificate = SelfSigned.of("localhost");
    private final List<Object> kept = new ArrayList<>();
    private final int connections;

    private TlsIdle(int connections) {
        this.connections = connections;
    }

    /**
     * Prints bytes per pair of ends.
     *
     * @param arguments how many connections; 5,000 without, each of which takes two descriptors
     * @throws IOException if a socket or a handshake fails
     */
    public static void main(String... arguments) throws IOException {
        TlsIdle idle = new TlsIdle(arguments.length > 0 ? Integer.parseInt(arguments[0]) : CONNECTIONS);
        TlsIdle first = new TlsIdle(FEW); // loads classes, fills pools
        first.plain();
        for (String version : VERSIONS) {
            first.tls(version);
            first.engines(version);
        }
        first.loop.close();
        long plain = idle.plain();
        System.out.printf(Locale.ROOT, "%d connections; heap for both ends of one%n", idle.connections);
        System.out.printf(Locale.ROOT, "plain TCP: %,d bytes%n", plain);
        for (String version : VERSIONS) {
            long tls = idle.tls(version);
            long engines = idle.engines(version);
            System.out.printf(Locale.ROOT, "%s: %,d bytes, of which two bare SSLEngines %,d, plain TCP %,d, "
                    + "TLS itself %,d%n", version, tls, engines, plain, tls - engines - plain);
        }
        idle.loop.close();
    }

    private long plain() throws IOException {
        return connections(Echo::new, factory -> factory);
    }

    private long tls(String version) throws IOException {
        TlsConfig config = TlsConfig.DEFAULT.withInlineTasks().withProtocols(version);
        TlsFactory server = Tls.server(certificate.context(), Echo::new, config);
        return connections(server, factory -> Tls.client(certificate.clientContext(), "localhost", factory,
                config));
    }

    /** How a client's protocol is wrapped. */
    private interface Wrapping {
        Supplier<? extends Protocol> around(
                Supplier<? extends Protocol> factory);
    }

    private long connections(Supplier<? extends Protocol> served, Wrapping wrapping)
            throws IOException {
        Server server =
                Net.listen(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), served);
        long before = usedHeap();
        for (int i = 0; i < connections; i++) {
            CompletableFuture<Void> answered = new CompletableFuture<>();
            Net.connect(loop, server.addresses().get(0), wrapping.around(() -> new Asker(kept, answered)));
            loop.runUntilComplete(answered);
        }
        long each = (usedHeap() - before) / connections;
        if (loop.stats().buffers() > 0) {
            throw new IllegalStateException("idle connections hold buffers: " + loop.stats());
        }
        kept.forEach(transport -> ((Transport) transport).abort());
        kept.clear();
        while (loop.stats().channels() > 1) {
            loop.runUntilComplete(loop.runInExecutor(() -> null));
        }
        server.close();
        return each;
    }

    /** Pairs of engines that have shaken hands and exchanged a message, and nothing else. */
    private long engines(String version) throws SSLException {
        long before = usedHeap();
        ByteBuffer up = ByteBuffer.allocate(64 * 1024);
        ByteBuffer down = ByteBuffer.allocate(64 * 1024);
        ByteBuffer plain = ByteBuffer.allocate(64 * 1024);
        for (int i = 0; i < connections; i++) {
            SSLEngine client = engine(certificate.clientContext(), true, version);
            SSLEngine server = engine(certificate.context(), false, version);
            client.beginHandshake();
            server.beginHandshake();
            do {
                pass(client, server, up, plain);
                pass(server, client, down, plain);
            } while (isBusy(client) || isBusy(server) || up.position() + down.position() > 0);
            client.wrap(ByteBuffer.allocate(MESSAGE_BYTES), up);
            pass(client, server, up, plain);
            server.wrap(ByteBuffer.allocate(MESSAGE_BYTES), down);
            pass(server, client, down, plain);
            kept.add(client);
            kept.add(server);
        }
        long each = (usedHeap() - before) / connections;
        kept.clear();
        return each;
    }

    private static SSLEngine engine(SSLContext context, boolean client, String version) {
        SSLEngine engine = context.createSSLEngine("localhost", 1);
        engine.setUseClientMode(client);
        engine.setEnabledProtocols(new String[] {version});
        return engine;
    }

    private static boolean isBusy(SSLEngine engine) {
        return engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING;
    }

    private static void pass(SSLEngine from, SSLEngine to, ByteBuffer wire, ByteBuffer plain)
            throws SSLException {
        runTasks(from);
        while (from.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
            from.wrap(ByteBuffer.allocate(0), wire);
            runTasks(from);
        }
        wire.flip();
        int before;
        do { // an engine that has to answer first takes nothing
            before = wire.position();
            to.unwrap(wire, plain.clear());
            runTasks(to);
        } while (wire.hasRemaining() && wire.position() > before);
        wire.compact();
    }

    private static void runTasks(SSLEngine engine) {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
    }

    private static long usedHeap() {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private static final class Echo implements Protocol {
        private Transport transport;

        @Override
        public void connectionMade(Transport opened) {
            transport = opened;
        }

        @Override
        public void dataReceived(ByteBuffer data) {
            transport.write(data);
        }
    }

    private static final class Asker implements Protocol {
        private final List<Object> kept;
        private CompletableFuture<Void> answered;

        Asker(List<Object> kept, CompletableFuture<Void> answered) {
            this.kept = kept;
            this.answered = answered;
        }

        @Override
        public void connectionMade(Transport opened) {
            kept.add(opened);
            opened.write(ByteBuffer.wrap(new byte[MESSAGE_BYTES]));
        }

        @Override
        public void dataReceived(ByteBuffer data) {
            answered.complete(null);
            answered = null;
        }
    }
}
