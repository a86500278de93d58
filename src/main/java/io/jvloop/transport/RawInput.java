package io.jvloop.transport;

import io.jvloop.buffer.BufferPool;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.function.Consumer;

/**
 * The attempts that take something out of a raw channel. Loop thread.
 *
 * <p><b>Nothing is lost.</b> Another thread may cancel a future in the very moment between our read and the
 * completion. Then nobody hears of what was read, so it is kept for the next operation. There is never more
 * than one such leftover, since an operation that finds one takes that and does not read.
 *
 * <p>The loop's shared read buffer is not used: an operation may be started from within a protocol's {@code
 * dataReceived}, which is still looking at that.
 */
final class RawInput {
    private static final int NOTHING_YET = -2;

    /** An attempt that has a result or null. */
    private interface Source<T> {
        T take() throws IOException;
    }

    private record Taking<T>(Source<T> source, Consumer<T> keep) implements RawOperation.Attempt<T> {
        @Override
        public boolean attempt(RawOperation<T> operation) throws IOException {
            return operation.yields(source.take());
        }

        @Override
        public void unheard(T result) {
            keep.accept(result);
        }
    }

    private final BufferPool pool;
    private final SelectableChannel channel;

    /** Of the datagram received last; null for streams. */
    private SocketAddress sender;

    private ByteBuffer leftData;
    private SocketAddress leftSender;
    private SocketChannel leftConnection;

    RawInput(BufferPool pool, SelectableChannel channel) {
        this.pool = pool;
        this.channel = channel;
    }

    RawOperation.Attempt<byte[]> bytes(int maxBytes) {
        return new Taking<>(() -> receive(maxBytes), data -> keep(ByteBuffer.wrap(data), sender));
    }

    RawOperation.Attempt<Integer> into(ByteBuffer target) {
        int start = target.position();
        return new Taking<>(() -> receiveInto(target), count -> keep(target.slice(start, count), sender));
    }

    RawOperation.Attempt<Datagram> datagram(int maxBytes) {
        return new Taking<>(() -> {
            byte[] data = receive(maxBytes);
            return data == null ? null : new Datagram(data, sender);
        }, datagram -> keep(ByteBuffer.wrap(datagram.data()), datagram.sender()));
    }

    RawOperation.Attempt<SocketAddress> datagramInto(ByteBuffer target) {
        int start = target.position();
        return new Taking<>(() -> receiveInto(target) == null ? null : sender,
                from -> keep(target.slice(start, target.position() - start), from));
    }

    RawOperation.Attempt<SocketChannel> connection() {
        return new Taking<>(this::accept, connection -> leftConnection = connection);
    }

    /** Closes a connection that was accepted and that nobody has fetched. */
    void close() throws IOException {
        if (leftConnection != null) {
            leftConnection.close();
        }
    }

    private byte[] receive(int maxBytes) throws IOException {
        ByteBuffer data = pool.acquire(Math.min(maxBytes, BufferPool.MAX_BYTES));
        try {
            data.limit(Math.min(maxBytes, data.capacity()));
            if (fill(data) == NOTHING_YET) {
                return null;
            }
            byte[] bytes = new byte[data.flip().remaining()];
            data.get(bytes);
            return bytes;
        } finally {
            pool.release(data);
        }
    }

    /** Through a pooled buffer if need be, or else the JDK would use a hidden one and keep it. */
    private Integer receiveInto(ByteBuffer target) throws IOException {
        if (target.isDirect()) {
            return count(fill(target));
        }
        ByteBuffer data = pool.acquire(Math.min(target.remaining(), BufferPool.MAX_BYTES));
        try {
            data.limit(Math.min(target.remaining(), data.capacity()));
            int count = fill(data);
            target.put(data.flip());
            return count(count);
        } finally {
            pool.release(data);
        }
    }

    private static Integer count(int filled) {
        return filled == NOTHING_YET ? null : Integer.valueOf(Math.max(filled, 0));
    }

    /** Bytes put into the target, -1 at the end of the stream, or {@link #NOTHING_YET}. */
    private int fill(ByteBuffer target) throws IOException {
        if (leftData != null) {
            return takeLeft(target);
        }
        if (channel instanceof DatagramChannel datagrams) { // its read cannot tell an empty one from none
            int start = target.position();
            sender = datagrams.receive(target);
            return sender == null ? NOTHING_YET : target.position() - start;
        }
        int count = ((ReadableByteChannel) channel).read(target);
        return count == 0 ? NOTHING_YET : count;
    }

    private int takeLeft(ByteBuffer target) {
        int count = Math.min(leftData.remaining(), target.remaining());
        target.put(leftData.slice().limit(count));
        leftData.position(leftData.position() + count);
        sender = leftSender;
        if (leftSender != null || !leftData.hasRemaining()) { // the rest of a datagram is never delivered
            leftData = null;
        }
        return count;
    }

    private void keep(ByteBuffer data, SocketAddress from) {
        if (data.hasRemaining() || from != null) { // else it was the end of the stream, which stays
            leftData = ByteBuffer.allocate(data.remaining()).put(data).flip();
            leftSender = from;
        }
    }

    private SocketChannel accept() throws IOException {
        if (leftConnection != null) {
            SocketChannel kept = leftConnection;
            leftConnection = null;
            return kept;
        }
        SocketChannel accepted = ((ServerSocketChannel) channel).accept();
        if (accepted != null) {
            unblock(accepted);
        }
        return accepted;
    }

    private static void unblock(SocketChannel accepted) throws IOException {
        try {
            accepted.configureBlocking(false);
        } catch (IOException e) {
            Channels.close(accepted, e);
            throw e;
        }
    }
}
