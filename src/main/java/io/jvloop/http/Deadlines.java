package io.jvloop.http;

import java.time.Duration;

/**
 * How long a client may take for what it is at, in ticks of the {@link Workspace}, so that a loop that was
 * busy itself does not blame its clients. Any thread.
 *
 * <pre>
 *   HEAD ──▶ HANDLER ⇄ BODY ──▶ KEEP_ALIVE ──▶ HEAD …      LINGER
 * </pre>
 *
 * <p>Beside that a client has to take what is written to it, whatever it is at.
 *
 * @param head for a header section
 * @param body for a part of a body
 * @param keepAlive for the next request
 * @param write for a part of an answer
 * @param linger for the end of a connection that is ended on our side
 * @param bodyBytes that have to come in {@code body}
 * @param writeBytes that have to be taken in {@code write}
 */
record Deadlines(int head, int body, int keepAlive, int write, int linger, long bodyBytes, long writeBytes) {
    /** What the client is at. */
    enum Phase {
        /** Has to send the head of a request. */
        HEAD,
        /** Has to send a body, which the handler waits for. */
        BODY,
        /** Waits for the handler. */
        HANDLER,
        /** May send a next request. */
        KEEP_ALIVE,
        /** Has to end the connection; ours is ended. */
        LINGER
    }

    /** nginx's lingering_timeout. */
    private static final Duration LINGER = Duration.ofSeconds(5);

    private static final long NANOS_OF_SECOND = 1_000_000_000;

    static Deadlines of(HttpConfig config, long tickNanos) {
        Duration linger = LINGER.compareTo(config.headerTimeout()) < 0 ? LINGER : config.headerTimeout();
        return new Deadlines(ticks(config.headerTimeout(), tickNanos), ticks(config.bodyTimeout(), tickNanos),
                ticks(config.keepAliveTimeout(), tickNanos), ticks(config.writeTimeout(), tickNanos),
                ticks(linger, tickNanos), bytes(config, config.bodyTimeout()),
                bytes(config, config.writeTimeout()));
    }

    /** One more, since the first one is not a whole one: never early. */
    private static int ticks(Duration timeout, long tickNanos) {
        long nanos;
        try {
            nanos = timeout.toNanos();
        } catch (ArithmeticException centuries) {
            return Integer.MAX_VALUE;
        }
        return (int) Math.min(Integer.MAX_VALUE, (nanos - 1) / tickNanos + 2);
    }

    private static long bytes(HttpConfig config, Duration timeout) {
        double seconds = Math.min(Integer.MAX_VALUE,
                timeout.getSeconds() + (double) timeout.getNano() / NANOS_OF_SECOND);
        return Math.max(1, (long) (seconds * config.minBytesPerSecond()));
    }

    /** How long a phase may last. */
    int of(Phase phase) {
        return switch (phase) {
            case HEAD -> head;
            case BODY -> body;
            case KEEP_ALIVE -> keepAlive;
            case LINGER -> linger;
            case HANDLER -> Integer.MAX_VALUE;
        };
    }
}
