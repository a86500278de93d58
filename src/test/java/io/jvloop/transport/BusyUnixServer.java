package io.jvloop.transport;

import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.util.List;

/**
 * A UNIX server that accepts nobody by itself, and the two clients that fill its queue.
 *
 * @param server listening with a backlog of 1
 * @param waiting connected, but not accepted
 */
record BusyUnixServer(ServerSocketChannel server, List<UnixPeer> waiting) implements AutoCloseable {
    static BusyUnixServer at(Path path) {
        ServerSocketChannel server = UnixPeer.listen(path, 1);
        return new BusyUnixServer(server, List.of(UnixPeer.connect(path), UnixPeer.connect(path)));
    }

    UnixPeer accept() {
        return UnixPeer.accept(server);
    }

    @Override
    public void close() throws IOException {
        waiting.forEach(UnixPeer::close);
        server.close();
    }
}
