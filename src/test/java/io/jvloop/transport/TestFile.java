package io.jvloop.transport;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;

/** A file in memory that fails, lies about its size or does something when a test says so. */
final class TestFile extends FileChannel {
    /** What a test wants to happen when the file is read or sent. */
    @FunctionalInterface
    interface Hook {
        void run(long position) throws IOException;
    }

    private final byte[] content;
    private final List<Long> transferred = new ArrayList<>();
    private long size;
    private long position;
    private Hook onUse = place -> {};

    TestFile(byte[] content) {
        this.content = content.clone();
        this.size = content.length;
    }

    /** Says that it is so long, whatever it is. */
    TestFile claiming(long bytes) {
        size = bytes;
        return this;
    }

    /** Does this before each read that is more than the probe of one byte, and before each transfer. */
    TestFile onUse(Hook hook) {
        onUse = hook;
        return this;
    }

    /** For each transfer how many bytes were asked for. */
    List<Long> transferred() {
        return transferred;
    }

    @Override
    public int read(ByteBuffer target, long place) throws IOException {
        requireOpen();
        if (target.remaining() > 1) {
            onUse.run(place);
            requireOpen();
        }
        if (place >= content.length) {
            return -1;
        }
        int count = Math.min(target.remaining(), content.length - (int) place);
        target.put(content, (int) place, count);
        return count;
    }

    @Override
    public long transferTo(long place, long count, WritableByteChannel target) throws IOException {
        requireOpen();
        transferred.add(count);
        onUse.run(place);
        requireOpen();
        long most = Math.min(count, Math.min(size, content.length) - place);
        return most <= 0 ? 0 : target.write(ByteBuffer.wrap(content, (int) place, (int) most));
    }

    private void requireOpen() throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
    }

    @Override
    public long size() throws IOException {
        requireOpen();
        return size;
    }

    @Override
    public long position() throws IOException {
        requireOpen();
        return position;
    }

    @Override
    public FileChannel position(long place) throws IOException {
        requireOpen();
        position = place;
        return this;
    }

    @Override
    public int read(ByteBuffer target) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long read(ByteBuffer[] targets, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int write(ByteBuffer source) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int write(ByteBuffer source, long place) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileChannel truncate(long bytes) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void force(boolean metaData) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long place, long count) {
        throw new UnsupportedOperationException();
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long place, long bytes) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileLock lock(long place, long bytes, boolean shared) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileLock tryLock(long place, long bytes, boolean shared) {
        throw new UnsupportedOperationException();
    }

    @Override
    protected void implCloseChannel() {
        // nothing is open
    }
}
