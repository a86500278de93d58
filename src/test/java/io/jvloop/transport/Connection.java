package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.LoopThread;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A connection of a running loop to a plain blocking socket. Closing it aborts the connection, closes the
 * peer and stops the loop, unless it was started by another one.
 */
public final class Connection implements AutoCloseable {
    /** Small enough that the kernel is soon full. */
    private static final int NARROW_BYTES = 8 * 1024;

    private final LoopThread thread;
    private final boolean ownsThread;
    private final Transport transport;
    private final Peer peer;

    private Connection(LoopThread thread, boolean ownsThread, Transport transport, Peer peer) {
        this.thread = thread;
        this.ownsThread = ownsThread;
        this.transport = transport;
        this.peer = peer;
    }

    /** Starts the loop and connects. */
    public static Connection open(EventLoop loop, Protocol protocol) {
        return open(loop, LoopThread.start(loop), true, protocol, 0);
    }

    /** As {@code open}, with small kernel buffers between our transport and the peer's reads. */
    public static Connection narrow(EventLoop loop, Protocol protocol) {
        return open(loop, LoopThread.start(loop), true, protocol, NARROW_BYTES);
    }

    /** Another connection of the same loop. */
    public Connection beside(Protocol protocol) {
        return open(transport.loop(), thread, false, protocol, 0);
    }

    /** Another connection of the same loop with small kernel buffers. */
    public Connection narrowBeside(Protocol protocol) {
        return open(transport.loop(), thread, false, protocol, NARROW_BYTES);
    }

    private static Connection open(EventLoop loop, LoopThread thread, boolean owns, Protocol protocol,
            int kernelBytes) {
        try (ServerSocket server = new ServerSocket()) {
            if (kernelBytes > 0) {
                server.setReceiveBufferSize(kernelBytes);
            }
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            InetSocketAddress address = (InetSocketAddress) server.getLocalSocketAddress();
            ConnectConfig config = ConnectConfig.DEFAULT
                    .withSocket(SocketConfig.DEFAULT.withKernelBuffers(0, kernelBytes));
            CompletableFuture<Transport> connecting =
                    thread.call(() -> Net.connect(loop, address, () -> protocol, config));
            Transport transport = Await.result(connecting);
            return new Connection(thread, owns, transport, Peer.accept(server));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public LoopThread thread() {
        return thread;
    }

    public Transport transport() {
        return transport;
    }

    public Peer peer() {
        return peer;
    }

    /** Does something with the transport on the loop's thread, and waits for it. */
    public void run(Consumer<Transport> action) {
        thread.run(() -> action.accept(transport));
    }

    /** Asks the transport something on the loop's thread. */
    public <T> T ask(Function<Transport, T> question) {
        return thread.call(() -> question.apply(transport));
    }

    /** Writes until the kernel takes no more; how many bytes were written. */
    public long fill() {
        return ask(Connection::fill);
    }

    /** Writes until the kernel takes no more, on the loop's thread; how many bytes were written. */
    public static long fill(Transport transport) {
        byte[] block = new byte[NARROW_BYTES];
        long written = 0;
        while (transport.writeBufferSize() == 0) {
            transport.write(block);
            written += block.length;
        }
        return written;
    }

    @Override
    public void close() {
        try {
            run(Transport::abort);
        } finally {
            peer.close();
            if (ownsThread) {
                thread.close();
            }
        }
    }
}
