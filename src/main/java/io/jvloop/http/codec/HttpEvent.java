package io.jvloop.http.codec;

/**
 * What a parser has come to, in this order for each message:
 *
 * <pre>
 *   HEAD [CONTENT]* END
 * </pre>
 */
public enum HttpEvent {
    /** All that was there is taken, and kept if it has to be: go on when there is more. */
    NEED_MORE,

    /** The header section is complete. */
    HEAD,

    /** A piece of the body has come. */
    CONTENT,

    /** The message is complete, with its trailers. */
    END
}
