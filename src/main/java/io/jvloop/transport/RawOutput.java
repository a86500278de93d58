package io.jvloop.transport;

import io.jvloop.buffer.BufferPool;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.WritableByteChannel;

/**
 * The attempts that put something into a raw channel. Loop thread.
 *
 * <p>A heap buffer goes through a pooled one in slices: given the buffer itself, the JDK would copy all of it
 * into hidden direct memory, and keep that for the thread's life.
 */
final class RawOutput {
    private static final int SLICE_BYTES = 64 * 1024;

    /** 1 MiB per attempt at most; a peer that takes everything must not keep the others from being served. */
    private static final int SLICES = 16;

    private final BufferPool pool;
    private final SelectableChannel channel;

    RawOutput(BufferPool pool, SelectableChannel channel) {
        this.pool = pool;
        this.channel = channel;
    }

    RawOperation.Attempt<Void> all(ByteBuffer data) {
        return operation -> {
            if (data.hasRemaining()) {
                send((WritableByteChannel) channel, data);
            }
            return !data.hasRemaining();
        };
    }

    RawOperation.Attempt<Integer> datagram(ByteBuffer data, SocketAddress to) {
        return operation -> operation.yields(sendTo((DatagramChannel) channel, data, to));
    }

    private void send(WritableByteChannel target, ByteBuffer data) throws IOException {
        if (data.isDirect()) {
            target.write(data);
            return;
        }
        ByteBuffer slice = pool.acquire(Math.min(data.remaining(), SLICE_BYTES));
        try {
            boolean taken = true;
            for (int i = 0; i < SLICES && taken && data.hasRemaining(); i++) {
                copy(data, slice);
                int sent = target.write(slice);
                data.position(data.position() + sent);
                taken = !slice.hasRemaining();
            }
        } finally {
            pool.release(slice);
        }
    }

    /** Null if the socket has no room for it. */
    private Integer sendTo(DatagramChannel target, ByteBuffer data, SocketAddress to) throws IOException {
        int bytes = data.remaining();
        int sent = data.isDirect() ? target.send(data, to) : sendCopy(target, data, to);
        data.position(data.limit() - (bytes - sent));
        return sent == 0 && bytes > 0 ? null : Integer.valueOf(sent); // of an empty one it cannot be told
    }

    /** One longer than the pool's buffers is cut, and even so too long for any system to accept. */
    private int sendCopy(DatagramChannel target, ByteBuffer data, SocketAddress to) throws IOException {
        ByteBuffer copy = pool.acquire(Math.min(Math.max(data.remaining(), 1), BufferPool.MAX_BYTES));
        try {
            copy(data, copy);
            return target.send(copy, to);
        } finally {
            pool.release(copy);
        }
    }

    /** As much as fits, without moving the source's position: only what is sent is gone. */
    private static void copy(ByteBuffer source, ByteBuffer target) {
        int bytes = Math.min(target.capacity(), source.remaining());
        target.clear().put(0, source, source.position(), bytes).limit(bytes);
    }
}
