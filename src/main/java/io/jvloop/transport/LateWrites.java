package io.jvloop.transport;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;

/**
 * Writes to a connection that is lost already. They are dropped, since a protocol cannot always know yet;
 * that throwing here was uvloop's most reported surprise. But one that goes on for long has not been
 * listening.
 */
final class LateWrites {
    private static final Logger LOGGER = System.getLogger("io.jvloop");

    /** asyncio's threshold. */
    private static final int LOGGED = 5;

    private int count;

    /** Takes the bytes, counts the call, and logs the fifth. */
    void drop(Object transport, ByteBuffer... parts) {
        for (ByteBuffer part : parts) {
            part.position(part.limit());
        }
        if (++count == LOGGED) {
            LOGGER.log(Level.WARNING,
                    "{0} writes after the end of {1}; its protocol should stop at connectionLost. "
                            + "What follows is dropped without a word",
                    LOGGED, transport);
        }
    }
}
