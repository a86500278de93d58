package io.jvloop.stream;

import java.io.IOException;

/** No separator within the reader's limit. */
public final class LimitOverrunException extends IOException {
    private static final long serialVersionUID = 1L;

    /** How many bytes are no part of a separator. */
    private final int consumed;

    /**
     * Makes one.
     *
     * @param message for a person
     * @param consumed see {@link #consumed()}
     */
    public LimitOverrunException(String message, int consumed) {
        super(message);
        this.consumed = consumed;
    }

    /**
     * {@return how many bytes are certainly no part of a separator: where it begins, if it was found; the
     * caller may {@code readExactly} that many to get past them}
     */
    public int consumed() {
        return consumed;
    }
}
