package io.jvloop.http;

import java.time.Duration;

/**
 * How long one client may take for what it is at. The clock is the number of ticks of {@link Workspace}, so
 * that a loop that was busy itself does not blame its clients. Loop thread.
 *
 * <pre>
 *   HEAD ──▶ HANDLER ⇄ BODY ──▶ KEEP_ALIVE ──▶ HEAD …      LINGER
 * </pre>
 *
 * <p>Beside that a client has to take what is written to it, whatever it is at.
 */
final class Deadlines {
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

    /**
     * Timeouts in ticks, and what has to come or go in one.
     *
     * @param head for a header section
     * @param body for a part of a body
     * @param keepAlive for the next request
     * @param write for a part of an answer
     * @param linger for the end of a connection that is ended on our side
     * @param bodyBytes in {@code body}
     * @param writeBytes in {@code write}
     */
    record Ticks(int head, int body, int keepAlive, int write, int linger, long bodyBytes, long writeBytes) {
        /** nginx's lingering_timeout. */
        private static final Duration LINGER = Duration.ofSeconds(5);

        private static final long NANOS_OF_SECOND = 1_000_000_000;

        static Ticks of(HttpConfig config, long tickNanos) {
            Duration linger = LINGER.compareTo(config.headerTimeout()) < 0 ? LINGER : config.headerTimeout();
            return new Ticks(ticks(config.headerTimeout(), tickNanos), ticks(config.bodyTimeout(), tickNanos),
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
            return (int) Math.min(Integer.MAX_VALUE, (nanos + tickNanos - 1) / tickNanos + 1);
        }

        private static long bytes(HttpConfig config, Duration timeout) {
            double seconds =
                    Math.min(Integer.MAX_VALUE, (double) timeout.toMillis() * 1_000_000 / NANOS_OF_SECOND);
            return Math.max(1, (long) (seconds * config.minBytesPerSecond()));
        }
    }

    private final Ticks ticks;
    private Phase phase = Phase.HEAD;
    private int since;
    private long bytesBefore; // of the body, at the time of since
    private int writingSince;
    private long sentBefore;

    Deadlines(Ticks ticks, int now) {
        this.ticks = ticks;
        this.since = now;
        this.writingSince = now;
    }

    Phase phase() {
        return phase;
    }

    /** The client begins something, also if it is the same again. */
    void begin(Phase newPhase, int now, long bytes) {
        phase = newPhase;
        since = now;
        bytesBefore = bytes;
    }

    /**
     * Whether the time for the phase is over.
     *
     * @param bytes of the body that have come
     */
    boolean isOver(int now, long bytes) {
        int elapsed = now - since;
        return switch (phase) {
            case HEAD -> elapsed >= ticks.head();
            case KEEP_ALIVE -> elapsed >= ticks.keepAlive();
            case LINGER -> elapsed >= ticks.linger();
            case HANDLER -> false;
            case BODY -> elapsed >= ticks.body() && bodyIsSlow(now, bytes);
        };
    }

    private boolean bodyIsSlow(int now, long bytes) {
        boolean slow = bytes - bytesBefore < ticks.bodyBytes();
        begin(Phase.BODY, now, bytes);
        return slow;
    }

    /**
     * Whether the client does not take what is waiting for it.
     *
     * @param waiting whether anything is
     * @param sent bytes that it has taken
     */
    boolean isStuck(int now, boolean waiting, long sent) {
        boolean stuck = false;
        if (waiting) {
            if (now - writingSince < ticks.write()) {
                return false;
            }
            stuck = sent - sentBefore < ticks.writeBytes();
        }
        writingSince = now;
        sentBefore = sent;
        return stuck;
    }
}
