package io.jvloop.transport;

import java.net.SocketAddress;
import java.net.SocketOption;

/** What both ends of a pipe lack. */
interface PipeTransport extends Transport {
    @Override
    default SocketAddress localAddress() {
        return null;
    }

    @Override
    default SocketAddress remoteAddress() {
        return null;
    }

    @Override
    default <T> T option(SocketOption<T> option) {
        throw new UnsupportedOperationException("a pipe has no socket options: " + option);
    }

    @Override
    default <T> void setOption(SocketOption<T> option, T value) {
        throw new UnsupportedOperationException("a pipe has no socket options: " + option);
    }
}
