package io.jvloop.bench;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** Two sockets connected to each other over loopback, neither of which blocks. */
final class LoopbackPair implements Closeable {
    private final SocketChannel near;
    private final SocketChannel far;

    LoopbackPair() throws IOException {
        try (ServerSocketChannel listener = ServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            near = SocketChannel.open(listener.getLocalAddress());
            far = listener.accept();
        }
        near.setOption(StandardSocketOptions.TCP_NODELAY, true);
        near.configureBlocking(false);
        far.configureBlocking(false);
    }

    SocketChannel near() {
        return near;
    }

    SocketChannel far() {
        return far;
    }

    @Override
    public void close() throws IOException {
        near.close();
        far.close();
    }
}
