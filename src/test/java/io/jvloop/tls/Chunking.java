package io.jvloop.tls;

import java.util.Random;

/** How a stream of bytes is cut on its way to a socket. */
enum Chunking {
    /** The cruellest: every byte by itself. */
    BYTES,
    /** Pieces of all sizes, the same ones at every run. */
    RANDOM,
    /** As much as there is at once, several records and flights together. */
    WHOLE;

    private static final int MOST_RANDOM = 4_000;
    private static final int SEED = 42;

    /** Past so many bytes single ones teach nothing more, and only take time. */
    private static final int BYTES_ALONE = 1_500;

    /** Cuts one stream. */
    static final class Cutter {
        private final Chunking chunking;
        private final Random random = new Random(SEED);
        private int total;

        Cutter(Chunking chunking) {
            this.chunking = chunking;
        }

        /** How many of the bytes that wait are to leave with one write. */
        int next(int waiting) {
            int size = switch (chunking) {
                case BYTES -> total < BYTES_ALONE ? 1 : 1 + random.nextInt(MOST_RANDOM);
                case RANDOM ->
                    random.nextBoolean() ? 1 + random.nextInt(10) : 1 + random.nextInt(MOST_RANDOM);
                default -> waiting;
            };
            int taken = Math.min(size, waiting);
            total += taken;
            return taken;
        }
    }
}
