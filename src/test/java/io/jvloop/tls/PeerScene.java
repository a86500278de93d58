package io.jvloop.tls;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.LoopThread;
import io.jvloop.transport.Net;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Server;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;

/**
 * Our end of a conversation with another program: a running loop, servers and clients of ours on it, and
 * certificates in files for the other end. Closing it ends what is left, and stops the loop.
 */
final class PeerScene implements AutoCloseable {
    /** Trusted by both ends. */
    static final SelfSigned OURS = SelfSigned.of("localhost", "127.0.0.1");

    /** Trusted by nobody. */
    static final SelfSigned STRANGER = SelfSigned.of("localhost", "127.0.0.1");

    /** How programs are told to listen on any free port. */
    static final String ANY_PORT = "127.0.0.1:0";

    private final EventLoop loop;
    private final Path folder;
    private final LoopThread thread;
    private final List<Server> servers = new ArrayList<>();
    private final List<Recorder> clients = new ArrayList<>();
    private final LinkedBlockingQueue<Recorder> accepted = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();

    PeerScene(EventLoop loop, Path folder) {
        this.loop = loop;
        this.folder = folder;
        this.thread = LoopThread.start(loop);
    }

    /** A client's context that has no sessions of other tests. */
    static SSLContext freshClientContext() {
        try {
            return TlsContexts.of(null, List.of(OURS.certificate()));
        } catch (IOException | GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    // ------------------------------------------------------------------------------------- our servers

    int serve(Supplier<Recorder> factory) {
        return serve(factory, TlsConfig.DEFAULT);
    }

    int serve(Supplier<Recorder> factory, TlsConfig config) {
        return serve(OURS.context(), factory, config);
    }

    /** Speaks TLS on a free port. */
    int serve(SSLContext context, Supplier<Recorder> factory, TlsConfig config) {
        return listen(server(context, factory, config));
    }

    /** Keeps what a server's connections record, and how their handshakes fail. */
    TlsFactory server(SSLContext context, Supplier<Recorder> factory, TlsConfig config) {
        return Tls.server(context, () -> {
            Recorder recorder = factory.get();
            accepted.add(recorder);
            return recorder;
        }, config.withHandshakeFailed((below, failure) -> failures.add(failure)));
    }

    /** Serves whatever this makes, on a free port. */
    int listen(Supplier<? extends Protocol> factory) {
        Server server = listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), factory);
        return ((InetSocketAddress) server.addresses().get(0)).getPort();
    }

    Server listen(SocketAddress address, Supplier<? extends Protocol> factory) {
        Server server = thread.call(() -> Net.listen(loop, address, factory));
        servers.add(server);
        return server;
    }

    /** Waits for the next connection of a server whose handshake is over. */
    Recorder accepted() {
        Recorder recorder = next(accepted);
        recorder.awaitCall("made");
        return recorder;
    }

    /** Waits for the next handshake of a server that fails. */
    Throwable failure() {
        return next(failures);
    }

    private static <T> T next(LinkedBlockingQueue<T> queue) {
        try {
            T next = queue.poll(Await.PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (next == null) {
                throw new AssertionError("nothing came");
            }
            return next;
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }

    // ------------------------------------------------------------------------------------- our clients

    /** Connects and shakes hands. */
    Recorder connect(int port, Recorder recorder) {
        return connect(port, recorder, TlsConfig.DEFAULT);
    }

    Recorder connect(int port, Recorder recorder, TlsConfig config) {
        Await.result(connecting(port, OURS.clientContext(), recorder, config));
        return recorder;
    }

    CompletableFuture<Transport> connecting(int port, SSLContext context, Recorder recorder,
            TlsConfig config) {
        SocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        return connecting(address, Tls.client(context, "localhost", () -> recorder, config), recorder);
    }

    CompletableFuture<Transport> connecting(SocketAddress address, TlsFactory factory, Recorder recorder) {
        clients.add(recorder);
        return thread.call(() -> Tls.handshake(Net.connect(loop, address, factory)));
    }

    /** What a connection failed of. */
    static Throwable failureOf(CompletableFuture<Transport> connecting) {
        try {
            Transport transport = connecting.get(Await.PATIENCE_SECONDS, TimeUnit.SECONDS);
            throw new AssertionError("it should have failed: " + transport);
        } catch (ExecutionException e) {
            return e.getCause();
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError("it should have failed", e);
        }
    }

    // -------------------------------------------------------------------------------------------- both

    /** Does something with a connection on the loop's thread, and waits for it. */
    <T> T ask(Recorder recorder, Function<Transport, T> question) {
        return thread.call(() -> question.apply(recorder.transport()));
    }

    void write(Recorder recorder, byte[] data) {
        thread.run(() -> recorder.transport().write(data));
    }

    void close(Recorder recorder) {
        thread.run(recorder.transport()::close);
    }

    void run(Runnable task) {
        thread.run(task);
    }

    TlsSession session(Recorder recorder) {
        return ask(recorder, transport -> Tls.session(transport).orElseThrow());
    }

    /** A file with the certificate and its key. */
    String pem(SelfSigned identity) {
        Path file = folder.resolve(identity == OURS ? "ours.pem" : "stranger.pem");
        write(file, identity.certificatePem() + identity.keyPem());
        return file.toString();
    }

    /** A file with the certificate that is to be trusted. */
    String authority(SelfSigned identity) {
        Path file = folder.resolve(identity == OURS ? "trust-ours.pem" : "trust-stranger.pem");
        write(file, identity.certificatePem());
        return file.toString();
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            thread.run(() -> {
                clients.stream().filter(client -> client.transport() != null)
                        .forEach(client -> client.transport().abort());
                servers.forEach(Server::close);
                servers.forEach(Server::abortClients);
            });
            servers.forEach(server -> Await.result(server.closed()));
        } finally {
            thread.close();
        }
    }
}
