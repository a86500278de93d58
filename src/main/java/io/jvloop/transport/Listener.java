package io.jvloop.transport;

import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.util.function.Consumer;

/**
 * A bound socket, and what has to go with it.
 *
 * @param channel bound and listening
 * @param file the socket file to remove; null for TCP, and where the file is somebody else's business
 */
record Listener(ServerSocketChannel channel, SocketFile file) {
    /** Before the channel is closed: until then nobody else can have bound to the path. */
    void removeFile(Consumer<? super IOException> onFailure) {
        if (file != null) {
            try {
                file.removeIfOurs();
            } catch (IOException e) {
                onFailure.accept(e);
            }
        }
    }
}
