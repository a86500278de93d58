package io.jvloop.tls;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;

/**
 * What a client says, and whether it tampers with it on the way.
 *
 * @param name for the failure's message
 * @param engine makes the client's engine
 * @param tamper changes the client's records
 * @param script what the client does
 */
record Conversation(String name, Supplier<SSLEngine> engine, Tamper tamper, Consumer<EnginePeer> script) {
    private static final String SEEN = "seen";

    Conversation(String name, Supplier<SSLEngine> engine, Consumer<EnginePeer> script) {
        this(name, engine, Tamper.NONE, script);
    }

    /** Holds it with a server; what the client has seen, as text. */
    String hold(SocketAddress server, Chunking chunking) throws IOException {
        try (EnginePeer client = new EnginePeer(SocketChannel.open(server), engine.get(), chunking, tamper)) {
            script.accept(client);
            client.toEnd();
            return outcome(client);
        }
    }

    /** What an end has received, and how the other one has taken its leave. */
    static String outcome(EnginePeer end) {
        byte[] echo = end.plaintext();
        var session = end.engine().getSession();
        boolean resumed = session.getValue(SEEN) != null;
        session.putValue(SEEN, SEEN);
        return echo.length + " bytes " + Integer.toHexString(Arrays.hashCode(echo))
                + " by " + session.getCipherSuite() + " " + end.engine().getApplicationProtocol()
                + (resumed ? " resumed" : "")
                + (end.isClosed() ? ", close_notify" : "")
                + (end.failure() == null ? "" : ", " + end.failure());
    }

    @Override
    public String toString() {
        return name;
    }
}
