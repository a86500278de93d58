package io.jvloop.transport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Pipe;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** The streams that can be raw channels. */
enum RawStreams {
    TCP, UNIX, PIPE;

    private static final int SMALL_BYTES = 8 * 1024;

    /** The end under test, and the peer's, which blocks. */
    record Input(SelectableChannel near, WritableByteChannel far) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            near.close();
            far.close();
        }
    }

    /** The end under test, and the peer's, which blocks. */
    record Output(SelectableChannel near, ReadableByteChannel far) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            near.close();
            far.close();
        }
    }

    /** One to read from. */
    Input input() throws IOException {
        if (this == PIPE) {
            Pipe pipe = Pipe.open();
            return new Input(pipe.source(), pipe.sink());
        }
        SocketChannel[] pair = pair();
        return new Input(pair[0], pair[1]);
    }

    /** One to write to, with the smallest buffers that the system allows. */
    Output output() throws IOException {
        if (this == PIPE) {
            Pipe pipe = Pipe.open();
            return new Output(pipe.sink(), pipe.source());
        }
        SocketChannel[] pair = pair();
        return new Output(pair[0], pair[1]);
    }

    private SocketChannel[] pair() throws IOException {
        return this == TCP
                ? connect(StandardProtocolFamily.INET,
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                : unixPair();
    }

    private static SocketChannel[] unixPair() throws IOException {
        Path folder = Files.createTempDirectory("raw");
        Path path = folder.resolve("s");
        try {
            return connect(StandardProtocolFamily.UNIX, UnixDomainSocketAddress.of(path));
        } finally {
            Files.delete(path);
            Files.delete(folder);
        }
    }

    private static SocketChannel[] connect(StandardProtocolFamily family, SocketAddress address)
            throws IOException {
        try (ServerSocketChannel server = ServerSocketChannel.open(family)) {
            server.setOption(StandardSocketOptions.SO_RCVBUF, SMALL_BYTES);
            server.bind(address);
            SocketChannel near = SocketChannel.open(family);
            near.setOption(StandardSocketOptions.SO_SNDBUF, SMALL_BYTES);
            near.connect(server.getLocalAddress());
            return new SocketChannel[] {near, server.accept()};
        }
    }
}
