package io.jvloop.transport;

import static java.nio.file.StandardOpenOption.DELETE_ON_CLOSE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.jvloop.loop.EventLoop;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.Channel;
import java.nio.channels.DatagramChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Every operation that may have to wait, on every kind of channel that offers it: how to begin one that
 * waits, and what the peer does so that it need not wait any more. (To connect is a case of its own: {@code
 * RawConnectTest}.)
 */
enum RawScene {
    ACCEPT,
    RECV_TCP, RECV_UNIX, RECV_PIPE, RECV_UDP,
    RECV_INTO_TCP, RECV_INTO_UNIX, RECV_INTO_PIPE, RECV_INTO_UDP,
    RECV_FROM, RECV_FROM_INTO,
    SEND_ALL_TCP, SEND_ALL_UNIX, SEND_ALL_PIPE,
    SEND_FILE_TCP, SEND_FILE_UNIX, SEND_FILE_PIPE;

    /** What the peer sends. */
    static final String MESSAGE = "message";

    /** More than any system takes before the peer reads. */
    static final int MUCH = 1024 * 1024;

    private static final InetSocketAddress ANY =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    boolean isInput() {
        return !name().startsWith("SEND");
    }

    private RawStreams stream() {
        return RawStreams.valueOf(name().substring(name().lastIndexOf('_') + 1));
    }

    /** Sets the scene; the loop does not run yet. */
    Stage open(EventLoop loop) throws IOException {
        if (this == ACCEPT) {
            ServerSocketChannel server = ServerSocketChannel.open().bind(ANY);
            return new Stage(this, RawChannel.of(loop, server), null);
        }
        if (name().startsWith("RECV_FROM") || name().endsWith("UDP")) {
            DatagramChannel near = DatagramChannel.open().bind(ANY);
            return new Stage(this, RawChannel.of(loop, near), DatagramChannel.open().bind(ANY));
        }
        if (isInput()) {
            RawStreams.Input ends = stream().input();
            return new Stage(this, RawChannel.of(loop, ends.near()), ends.far());
        }
        RawStreams.Output ends = stream().output();
        return new Stage(this, RawChannel.of(loop, ends.near()), ends.far());
    }

    /** The two ends, and the operation between them. */
    static final class Stage implements AutoCloseable {
        final RawChannel raw;
        final Channel far;
        private final RawScene scene;
        private final List<Channel> toClose = new ArrayList<>();
        private final ByteBuffer sink = ByteBuffer.allocateDirect(1024 * 1024);
        private ByteBuffer buffer;
        private FileChannel file;
        private long taken;

        private Stage(RawScene scene, RawChannel raw, Channel far) {
            this.scene = scene;
            this.raw = raw;
            this.far = far;
        }

        /** Begins the operation; it waits until {@link #peerActs} was called, maybe several times. */
        CompletableFuture<?> begin() throws IOException {
            String name = scene.name();
            if (scene == ACCEPT) {
                return raw.accept();
            } else if (scene == RECV_FROM) {
                return raw.recvFrom(100);
            } else if (scene == RECV_FROM_INTO) {
                return raw.recvFromInto(buffer = ByteBuffer.allocate(100));
            } else if (name.startsWith("RECV_INTO")) {
                return raw.recvInto(buffer = ByteBuffer.allocateDirect(100));
            } else if (name.startsWith("RECV")) {
                return raw.recv(100);
            } else if (name.startsWith("SEND_ALL")) {
                return raw.sendAll(buffer = ByteBuffer.allocate(MUCH));
            }
            return raw.sendFile(file(), 0, MUCH);
        }

        /** Begins another operation of the same direction. */
        CompletableFuture<?> beginOther() {
            SelectableChannel channel = raw.channel();
            if (channel instanceof ServerSocketChannel) {
                return raw.accept();
            }
            return scene.isInput() ? raw.recv(1) : raw.sendAll(Bytes.heap("x"));
        }

        void addCallback(Runnable callback) {
            if (scene.isInput()) {
                raw.addReader(callback);
            } else {
                raw.addWriter(callback);
            }
        }

        boolean removeCallback() {
            return scene.isInput() ? raw.removeReader() : raw.removeWriter();
        }

        /** Sends one message, or reads something. */
        void peerActs() throws IOException {
            if (scene == ACCEPT) {
                toClose.add(SocketChannel.open(((ServerSocketChannel) raw.channel()).getLocalAddress()));
            } else if (far instanceof DatagramChannel peer) {
                peer.send(message(), ((DatagramChannel) raw.channel()).getLocalAddress());
            } else if (scene.isInput()) {
                ((WritableByteChannel) far).write(message());
            } else {
                ((SelectableChannel) far).configureBlocking(false);
                taken += Math.max(0, ((ReadableByteChannel) far).read(sink.clear()));
            }
        }

        /** The peer reads until it has read so many bytes in all, and finds that there are no more. */
        void peerReads(long count) throws IOException {
            while (taken < count) {
                peerActs();
            }
            long before = taken;
            peerActs();
            if (before != count || taken != count) {
                throw new AssertionError(taken + " bytes arrived, not " + count);
            }
        }

        /** How far the last operation got, in bytes sent. */
        long sent() {
            try {
                return file == null ? buffer.position() : file.position();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        RawScene scene() {
            return scene;
        }

        /** The bytes of the message, as the result has them; null if the operation does not give any. */
        String received(Object result) {
            if (result instanceof byte[] bytes) {
                return new String(bytes, StandardCharsets.ISO_8859_1);
            } else if (result instanceof Datagram datagram) {
                return new String(datagram.data(), StandardCharsets.ISO_8859_1);
            } else if (scene.isInput() && scene != ACCEPT) {
                return StandardCharsets.ISO_8859_1.decode(buffer.flip()).toString();
            }
            return null;
        }

        /** A file of zeros that takes no room on the disk. */
        private FileChannel file() throws IOException {
            if (file == null) {
                Path path = Files.createTempFile("raw", ".bin");
                file = FileChannel.open(path, READ, WRITE, DELETE_ON_CLOSE);
                file.write(ByteBuffer.allocate(1), MUCH - 1);
                toClose.add(file);
            }
            return file;
        }

        private static ByteBuffer message() {
            return Bytes.heap(MESSAGE);
        }

        /** Closes what is still open, also what was accepted. */
        void closeLater(Object result) {
            if (result instanceof ByteChannel accepted) {
                toClose.add(accepted);
            }
        }

        @Override
        public void close() throws IOException {
            raw.close();
            if (far != null) {
                far.close();
            }
            for (Channel open : toClose) {
                open.close();
            }
        }
    }
}
