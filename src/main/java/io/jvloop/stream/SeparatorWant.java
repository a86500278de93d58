package io.jvloop.stream;

/**
 * Bytes up to and including the first separator. Of several separators the one counts that ends first; so a
 * match never depends on how the bytes were cut on their way.
 *
 * <p>Each byte is looked at once for each separator, however many pieces it comes in.
 */
final class SeparatorWant implements Want {
    /** What happens when there is none: {@code readLine} forgives, {@code readUntil} does not. */
    enum Mode {
        /** The end completes the last one; one that is too long is dropped. */
        LINE,
        /** The end is a failure; what is too long stays where it is. */
        STRICT
    }

    private final byte[][] separators;
    private final int longest;
    private final int limit;
    private final Mode mode;
    private int looked; // no separator begins before this index

    SeparatorWant(byte[][] separators, int limit, Mode mode) {
        this.separators = separators;
        this.limit = limit;
        this.mode = mode;
        int most = 0;
        for (byte[] separator : separators) {
            most = Math.max(most, separator.length);
        }
        this.longest = most;
    }

    @Override
    public byte[] take(StreamBuffer buffer, boolean ended)
            throws LimitOverrunException, IncompleteReadException {
        int begin = -1;
        int end = Integer.MAX_VALUE;
        for (byte[] separator : separators) {
            int found = buffer.indexOf(separator, looked);
            if (found >= 0 && found + separator.length < end) {
                begin = found;
                end = found + separator.length;
            }
        }
        if (begin > limit) {
            throw tooLong(buffer, begin, end, "the separator comes after " + begin + " bytes");
        }
        if (begin >= 0) {
            return buffer.take(end);
        }
        looked = Math.max(looked, buffer.size() + 1 - longest);
        if (looked > limit) {
            throw tooLong(buffer, looked, buffer.size(), "no separator in " + looked + " bytes");
        }
        return ended ? atTheEnd(buffer) : null;
    }

    @Override
    public void startAgain() {
        looked = 0;
    }

    private LimitOverrunException tooLong(StreamBuffer buffer, int consumed, int end, String what) {
        if (mode == Mode.LINE) {
            buffer.skip(end);
        }
        return new LimitOverrunException(what + ", and the limit is " + limit, consumed);
    }

    private byte[] atTheEnd(StreamBuffer buffer) throws IncompleteReadException {
        byte[] partial = buffer.take(buffer.size());
        if (mode == Mode.STRICT) {
            throw new IncompleteReadException(partial, IncompleteReadException.UNKNOWN);
        }
        return partial;
    }
}
