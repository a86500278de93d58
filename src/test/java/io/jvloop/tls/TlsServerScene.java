package io.jvloop.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.LoopThread;
import io.jvloop.transport.ListenConfig;
import io.jvloop.transport.Net;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Server;
import io.jvloop.transport.SocketConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLEngine;

/** A TLS server of ours with one {@link Recorder}, and what a test needs to be a bad client of it. */
final class TlsServerScene implements AutoCloseable {
    private static final SelfSigned CERTIFICATE = SelfSigned.of("localhost");
    private static final int NARROW_BYTES = 8 * 1024;

    private final LoopThread thread;
    private final Server server;
    private final Recorder recorder;
    private final LinkedBlockingQueue<Throwable> failures = new LinkedBlockingQueue<>();

    TlsServerScene(EventLoop loop, Recorder recorder, TlsConfig config) {
        this.recorder = recorder;
        thread = LoopThread.start(loop);
        TlsConfig told = config.withHandshakeFailed((below, cause) -> failures.add(cause));
        ListenConfig narrow = ListenConfig.DEFAULT
                .withSocket(SocketConfig.DEFAULT.withKernelBuffers(NARROW_BYTES, NARROW_BYTES));
        server = thread
                .call(() -> Net.listen(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        Tls.server(CERTIFICATE.context(), () -> recorder, told), narrow));
    }

    static SelfSigned certificate() {
        return CERTIFICATE;
    }

    SocketAddress address() {
        return server.addresses().get(0);
    }

    LoopThread thread() {
        return thread;
    }

    /** A client that knows no TLS. */
    Peer stranger() {
        return Peer.connect(address());
    }

    /** A client whose handshake is over, on both sides. */
    EnginePeer client(String version) throws IOException {
        EnginePeer client = beginner(version);
        assertThat(client.handshake()).isTrue();
        client.flush();
        recorder.awaitCall("made");
        return client;
    }

    /** A client that has not said anything yet. */
    EnginePeer beginner(String version) throws IOException {
        SSLEngine engine = CERTIFICATE.clientContext().createSSLEngine();
        engine.setUseClientMode(true);
        engine.setEnabledProtocols(new String[] {version});
        SocketChannel channel = SocketChannel.open();
        channel.setOption(StandardSocketOptions.SO_RCVBUF, NARROW_BYTES);
        channel.connect(address());
        return new EnginePeer(channel, engine, Chunking.WHOLE, Tamper.NONE);
    }

    /** Waits for the failure of a handshake. */
    Throwable handshakeFailure() {
        try {
            Throwable failure = failures.poll(Await.PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(failure).as("the handshake's failure").isNotNull();
            return failure;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Ends; the application was told of everything at most once, and of an end only if of a beginning. */
    @Override
    public void close() {
        Await.until("the end of all", () -> thread.call(server::activeConnections) == 0);
        assertThat(failures).isEmpty();
        assertThat(recorder.calls()).filteredOn("lost"::equals)
                .hasSize(recorder.calls().contains("made") ? 1 : 0);
        assertThat(recorder.calls()).filteredOn("eof"::equals).hasSizeLessThan(2);
        thread.run(server::close);
        thread.close();
    }
}
