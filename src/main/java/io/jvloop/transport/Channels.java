package io.jvloop.transport;

import java.io.IOException;
import java.nio.channels.Channel;
import java.util.Collection;

/** Closes channels on the way out of a failure, without losing either failure. */
final class Channels {
    private Channels() {
    }

    static void close(Channel channel, Throwable because) {
        try {
            channel.close();
        } catch (IOException e) {
            because.addSuppressed(e);
        }
    }

    static void closeAll(Collection<? extends Channel> channels, Throwable because) {
        channels.forEach(channel -> close(channel, because));
    }
}
