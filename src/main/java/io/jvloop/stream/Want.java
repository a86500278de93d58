package io.jvloop.stream;

import java.io.IOException;

/**
 * What a read wants of the bytes that are there. Asked again whenever there are more, or the end is; so it
 * may remember how far it has looked, and nothing else.
 */
interface Want {
    /**
     * Takes what is wanted from the front of the buffer.
     *
     * @param ended whether there will be no more bytes
     * @return null if there have to be more bytes first; then nothing was taken
     * @throws IOException if it can never be had
     */
    byte[] take(StreamBuffer buffer, boolean ended) throws IOException;

    /** How many bytes it would take as they come, with nothing before them and whatever they are. */
    default int takesAsTheyCome() {
        return 0;
    }

    /** The buffer was emptied by somebody else. */
    default void startAgain() {
    }

    /** Whatever there is, at least one byte unless the stream has ended. */
    record Some(int most) implements Want {
        @Override
        public byte[] take(StreamBuffer buffer, boolean ended) {
            if (buffer.isEmpty() && !ended && most > 0) {
                return null;
            }
            return buffer.take(Math.min(most, buffer.size()));
        }

        @Override
        public int takesAsTheyCome() {
            return most;
        }
    }

    /** All there will ever be. */
    static Want all() {
        return (buffer, ended) -> ended ? buffer.take(buffer.size()) : null;
    }

    /** So many. */
    static Want exactly(int count) {
        return (buffer, ended) -> {
            if (buffer.size() >= count) {
                return buffer.take(count);
            }
            if (ended) {
                throw new IncompleteReadException(buffer.take(buffer.size()), count);
            }
            return null;
        };
    }
}
