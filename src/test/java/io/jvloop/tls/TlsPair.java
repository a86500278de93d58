package io.jvloop.tls;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.LoopThread;
import io.jvloop.transport.Net;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Server;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;

/** Both ends of a TLS connection on one running loop. Closing it aborts both and stops the loop. */
final class TlsPair implements AutoCloseable {
    private static final InetSocketAddress ANY_PORT =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final LoopThread thread;
    private final Server server;
    private final Transport client;

    private TlsPair(LoopThread thread, Server server, Transport client) {
        this.thread = thread;
        this.server = server;
        this.client = client;
    }

    static TlsPair open(EventLoop loop, Recorder client, Recorder server) {
        return open(loop, client, server, config -> config);
    }

    /** Starts the loop, connects and shakes hands; both ends have the same configuration. */
    static TlsPair open(EventLoop loop, Recorder client, Recorder server, UnaryOperator<TlsConfig> change) {
        TlsConfig config = change.apply(TlsConfig.DEFAULT);
        try {
            Server listening = Net.listen(loop, ANY_PORT,
                    Tls.server(TlsLink.SELF.context(), () -> server, config));
            TlsFactory factory = Tls.client(TlsLink.SELF.context(), "localhost", () -> client, config);
            LoopThread thread = LoopThread.start(loop);
            CompletableFuture<Transport> shaking = thread.call(
                    () -> Tls.handshake(Net.connect(loop, listening.addresses().get(0), factory)));
            Transport transport = Await.result(shaking);
            server.awaitCall("made");
            return new TlsPair(thread, listening, transport);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    LoopThread thread() {
        return thread;
    }

    Server server() {
        return server;
    }

    Transport client() {
        return client;
    }

    @Override
    public void close() {
        thread.run(() -> {
            client.abort();
            server.abortClients();
            server.close();
        });
        Await.result(server.closed());
        thread.close();
    }
}
