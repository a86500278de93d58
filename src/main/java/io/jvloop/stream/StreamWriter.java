package io.jvloop.stream;

import io.jvloop.loop.Async;
import io.jvloop.loop.EventLoop;
import io.jvloop.tls.Tls;
import io.jvloop.tls.TlsFactory;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Transport;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;

/**
 * The way out of a stream: a transport's writing half, and {@link #drain} to wait for a slow peer.
 *
 * <pre>
 * writer.write("hello\n");
 * writer.drain().thenRun(…);       // or .join() anywhere else than on the loop
 * </pre>
 *
 * <p><b>Failure.</b> {@code write} never reports one: {@code drain}, {@link #closed} and the reader do.
 *
 * <p><b>Thread.</b> Any; calls of one thread keep their order. Off the loop a call is handed over, which
 * costs a copy of what is written, and what it throws goes to the loop's exception handler.
 */
public final class StreamWriter {
    private final StreamProtocol protocol;
    private final EventLoop loop;

    StreamWriter(StreamProtocol protocol) {
        this.protocol = protocol;
        this.loop = protocol.loop();
    }

    /**
     * Sends bytes; see {@link Transport#write(ByteBuffer)}.
     *
     * @param data all of it is taken, and may be reused at once
     * @throws IllegalStateException after {@link #writeEof}, or while {@link #startTls} is at work
     */
    public void write(ByteBuffer data) {
        if (loop.inLoop()) {
            protocol.outlet().write(data);
            return;
        }
        byte[] copy = new byte[data.remaining()];
        data.get(copy);
        handOver(() -> protocol.outlet().write(copy));
    }

    /**
     * Sends an array, as {@link #write(ByteBuffer)}.
     *
     * @param data may be reused at once
     */
    public void write(byte[] data) {
        write(ByteBuffer.wrap(data));
    }

    /**
     * Sends text in UTF-8, as {@link #write(ByteBuffer)}.
     *
     * @param text sent as it is: a line needs its line feed
     */
    public void write(String text) {
        write(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Sends several buffers in order, with one system call where possible; as {@link #write(ByteBuffer)}.
     *
     * @param parts all of them are taken
     */
    public void writeAll(ByteBuffer... parts) {
        if (loop.inLoop()) {
            protocol.outlet().writeAll(parts);
            return;
        }
        int size = 0;
        for (ByteBuffer part : parts) {
            size = Math.addExact(size, part.remaining());
        }
        ByteBuffer copy = ByteBuffer.allocate(size);
        for (ByteBuffer part : parts) {
            copy.put(part);
        }
        write(copy.flip());
    }

    /**
     * Waits until it is a good moment to write more: until the transport has {@linkplain
     * Protocol#resumeWriting resumed writing}. Any number may wait.
     *
     * @return completed at once if nothing is in the way. It fails with the failure of the stream, or an
     *         {@code IOException} when the connection is or gets lost
     */
    public CompletableFuture<Void> drain() {
        CompletableFuture<Void> drained = loop.createFuture();
        Request.make(loop, "write", drained, () -> protocol.drain(drained));
        return drained;
    }

    /** Ends what we send, once everything is sent; reading goes on. See {@link Transport#writeEof}. */
    public void writeEof() {
        if (loop.inLoop()) {
            protocol.outlet().writeEof();
        } else {
            handOver(() -> protocol.outlet().writeEof());
        }
    }

    /** {@return whether {@link #writeEof} is possible} */
    public boolean canWriteEof() {
        return protocol.transport().canWriteEof();
    }

    /** Ends the connection once everything is sent. Idempotent. See {@link Transport#close}. */
    public void close() {
        if (loop.inLoop()) {
            protocol.transport().close();
        } else {
            closeSoon();
        }
    }

    private void closeSoon() {
        try {
            loop.execute(() -> protocol.transport().close());
        } catch (RejectedExecutionException loopIsClosed) {
            // and with it the connection
        }
    }

    /** {@return whether the connection is closing or closed} Off the loop as of a moment ago. */
    public boolean isClosing() {
        return protocol.transport().isClosing();
    }

    /**
     * {@return completed when the connection is over, whoever has ended it; fails with what has broken it} A
     * future of the caller's own.
     */
    public CompletableFuture<Void> closed() {
        CompletableFuture<Void> own = loop.createFuture();
        protocol.lost().whenComplete((nothing, failure) -> Async.complete(own, null, failure));
        return own;
    }

    /** {@return the transport, for addresses and options; after {@link #startTls} the secure one} */
    public Transport transport() {
        return protocol.transport();
    }

    /**
     * Begins TLS as the server of this connection (STARTTLS), with the default configuration.
     *
     * @param context has the certificate
     * @return see {@link #startTls(Function)}
     */
    public CompletableFuture<Void> startTls(SSLContext context) {
        Objects.requireNonNull(context, "context");
        return startTls(application -> Tls.server(context, application));
    }

    /**
     * Begins TLS as the client of this connection (STARTTLS), with the default configuration.
     *
     * @param context whom to trust
     * @param host the server's name, compared with its certificate
     * @return see {@link #startTls(Function)}
     */
    public CompletableFuture<Void> startTls(SSLContext context, String host) {
        Objects.requireNonNull(context, "context");
        return startTls(application -> Tls.client(context, host, application));
    }

    /**
     * Begins TLS on this connection: waits for {@link #drain}, then shakes hands. What was received and not
     * read until then is taken for the peer's first bytes of TLS, never for a message in clear.
     *
     * <p>Nothing must be written until the future is complete. Reader and writer stay the same objects.
     *
     * @param tls makes {@code Tls.server(context, application, config)} or {@code Tls.client(…)} of what it
     *            is given
     * @return completed when the connection is secure; if it fails or is cancelled the connection is closed
     */
    public CompletableFuture<Void> startTls(Function<Supplier<Protocol>, TlsFactory> tls) {
        Objects.requireNonNull(tls, "tls");
        CompletableFuture<Void> started = loop.createFuture();
        Request.make(loop, "write", started, () -> startTls(tls, started));
        return started;
    }

    private void startTls(Function<Supplier<Protocol>, TlsFactory> tls,
            CompletableFuture<Void> started) {
        drain().whenComplete((nothing, failure) -> {
            if (failure == null) {
                protocol.upgrade(tls, started);
            } else {
                started.completeExceptionally(failure);
            }
        });
    }

    private void handOver(Runnable action) {
        loop.callSoonThreadsafe(action);
    }

    @Override
    public String toString() {
        return "StreamWriter[" + protocol.transport() + "]";
    }
}
