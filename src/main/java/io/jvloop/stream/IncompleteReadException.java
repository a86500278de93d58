package io.jvloop.stream;

import java.io.EOFException;

/** The stream has ended before a read had all it wanted. What there was is taken from the reader and here. */
public final class IncompleteReadException extends EOFException {
    /** {@link #expected} when nobody could know: a separator was looked for. */
    public static final int UNKNOWN = -1;

    private static final long serialVersionUID = 1L;

    /** What there was. */
    private final byte[] partial;

    /** How many bytes were wanted, or {@link #UNKNOWN}. */
    private final int expected;

    /**
     * Makes one.
     *
     * @param partial what there was; kept
     * @param expected how many bytes were wanted, or {@link #UNKNOWN}
     */
    public IncompleteReadException(byte[] partial, int expected) {
        super(partial.length + " bytes and then the end of the stream, instead of "
                + (expected == UNKNOWN ? "bytes up to a separator" : expected + " bytes"));
        this.partial = partial;
        this.expected = expected;
    }

    /** {@return what there was before the end; not copied} */
    public byte[] partial() {
        return partial;
    }

    /** {@return how many bytes were wanted in all, or {@link #UNKNOWN}} */
    public int expected() {
        return expected;
    }
}
