package io.jvloop.support;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * Two connected TCP sockets on the loopback interface, both in blocking mode.
 *
 * @param near usually the one under test
 * @param far usually the peer
 */
public record SocketPair(SocketChannel near, SocketChannel far) implements AutoCloseable {
    /** Connects two new sockets. */
    public static SocketPair open() throws IOException {
        try (ServerSocketChannel server = ServerSocketChannel.open()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            SocketChannel near = SocketChannel.open(server.getLocalAddress());
            return new SocketPair(near, server.accept());
        }
    }

    @Override
    public void close() throws IOException {
        near.close();
        far.close();
    }
}
