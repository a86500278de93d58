package io.jvloop.examples;

import io.jvloop.loop.LoopGroup;
import io.jvloop.process.Shutdown;
import io.jvloop.transport.GroupServer;
import io.jvloop.transport.Net;
import io.jvloop.transport.Protocol;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.function.Supplier;

/** The same {@link Echo} on several loops; ends in order when the process is told to. */
final class EchoGroup {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private EchoGroup() {
    }

    static void serve(int loops, SocketAddress address, Supplier<Protocol> factory) throws IOException {
        LoopGroup group = LoopGroup.start(loops);
        try {
            GroupServer server = Net.listen(group, address, factory);
            Shutdown.onSignal(group, PATIENCE);
            System.out.println("listening on " + server.addresses() + " with " + loops + " loops");
            group.closed().join();
        } finally {
            group.close();
        }
    }
}
