package io.jvloop.transport;

import io.jvloop.buffer.BufferPool;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.util.function.Consumer;

/**
 * The sending half of a UDP endpoint: straight to the socket while it takes datagrams, queued from the first
 * one it refuses, back-pressure from the queue. Loop thread.
 *
 * <p><b>A failure costs one datagram.</b> It leaves the queue, the protocol hears of it, the next one is
 * tried.
 *
 * <p><b>Empty datagrams wait for OP_WRITE</b>, and leave as the first of a readiness event. For {@code
 * DatagramChannel.send} returns the number of bytes: 0 if the socket is full, and 0 if an empty datagram was
 * sent. But a socket that is just reported writable has room for one, so there 0 means sent.
 */
final class UdpSender {
    /** What the socket does; a connected one ignores the address. */
    @FunctionalInterface
    interface Outlet {
        /** Returns the number of bytes sent: all, or 0 if there is no room. */
        int send(ByteBuffer data, InetSocketAddress to) throws IOException;
    }

    /** Datagrams per readiness event, to be fair to the other channels; as many as libuv receives. */
    static final int BATCH = 32;

    private final Lifecycle<?> life;
    private final Outlet outlet;
    private final Consumer<IOException> onFailure;
    private final FlowControl flow;
    private final DatagramQueue queue;

    /** {@code onFailure} hears of each datagram that cannot be sent, in a later turn. */
    UdpSender(Lifecycle<?> life, Outlet outlet, WriteBufferLimits limits, Consumer<IOException> onFailure) {
        this.life = life;
        this.outlet = outlet;
        this.onFailure = onFailure;
        this.flow = new FlowControl(life.loop(), limits);
        this.queue = new DatagramQueue(life.loop().buffers());
    }

    /** Takes all of {@code data}. */
    void send(ByteBuffer data, InetSocketAddress to) {
        try {
            if (data.remaining() > DatagramQueue.MAX_BYTES) {
                throw new IOException("a datagram has at most " + DatagramQueue.MAX_BYTES + " bytes, not "
                        + data.remaining());
            }
            if (hasQueued() || !data.hasRemaining()) {
                queue.append(data, to);
            } else if (data.isDirect()) {
                sendNow(data, to);
            } else {
                sendCopy(data, to);
            }
        } catch (IOException e) {
            failed(e);
        } catch (IllegalStateException e) { // the pool has nothing left
            failed(new IOException("cannot queue what the socket does not take", e));
        } finally {
            data.position(data.limit());
        }
        queueMayHaveGrown();
    }

    private void sendNow(ByteBuffer data, InetSocketAddress to) throws IOException {
        if (transmit(data, to) == 0) {
            queue.append(data, to);
        }
    }

    /** Given the heap buffer itself, the JDK would copy it into hidden direct memory that it keeps. */
    private void sendCopy(ByteBuffer data, InetSocketAddress to) throws IOException {
        BufferPool pool = life.loop().buffers();
        int bytes = data.remaining();
        ByteBuffer copy = pool.acquire(bytes);
        try {
            sendNow(copy.put(0, data, data.position(), bytes).limit(bytes), to);
        } finally {
            pool.release(copy);
        }
    }

    /**
     * An ICMP message "port unreachable" is about an earlier datagram. The kernel keeps it until the next
     * call on the socket, which then does nothing else: so this datagram has not been tried yet.
     */
    private int transmit(ByteBuffer data, InetSocketAddress to) throws IOException {
        try {
            return outlet.send(data, to);
        } catch (PortUnreachableException aboutAnEarlierOne) {
            failed(aboutAnEarlierOne);
            return outlet.send(data, to);
        }
    }

    /** Told later, since the protocol may be calling {@code send} just now. */
    private void failed(IOException e) {
        if (e instanceof ClosedChannelException) {
            life.lose(e); // somebody closed the channel behind our back
        } else {
            life.loop().callSoon(() -> onFailure.accept(e));
        }
    }

    /** After anything that may have changed the queue, or what it means. */
    void queueMayHaveGrown() {
        if (hasQueued() && life.state() != TransportState.NEW) { // else again when connectionMade is over
            updateInterest();
            flow.grown(queue.size(), life.protocol());
        }
    }

    private void updateInterest() {
        life.await(SelectionKey.OP_WRITE, hasQueued());
    }

    /** The socket takes more; {@link #shrunk} is to follow. */
    void flush() {
        for (int i = 0; i < BATCH && hasQueued() && sendFirst(i == 0); i++) {
            // each round sends one
        }
        updateInterest();
    }

    /** False if it has to wait for the next event. */
    private boolean sendFirst(boolean roomIsCertain) {
        ByteBuffer data = queue.first();
        boolean empty = !data.hasRemaining();
        if (empty && !roomIsCertain) {
            return false;
        }
        IOException failure = null;
        try {
            if (transmit(data, queue.firstTarget()) == 0 && !empty) {
                return false;
            }
        } catch (IOException e) {
            failure = e;
        } catch (RuntimeException e) { // it must not be tried again and again
            failure = new IOException("cannot send a datagram to " + queue.firstTarget() + ": " + e, e);
        }
        queue.removeFirst();
        if (failure != null) {
            failed(failure);
        }
        return true;
    }

    /** After {@link #flush}, and after what its owner had to do then. */
    void shrunk() {
        if (!life.isClosed()) {
            flow.shrunk(queue.size(), life.protocol());
        }
    }

    boolean hasQueued() {
        return !queue.isEmpty();
    }

    long queuedBytes() {
        return queue.size();
    }

    WriteBufferLimits limits() {
        return flow.limits();
    }

    void limits(WriteBufferLimits limits) {
        if (life.isClosed()) {
            return;
        }
        flow.limits(limits, life.state() == TransportState.NEW ? 0 : queue.size(), life.protocol());
    }

    /** The endpoint is over: nothing of this is sent any more. */
    void clear() {
        queue.clear();
    }

    @Override
    public String toString() {
        return queue.toString();
    }
}
