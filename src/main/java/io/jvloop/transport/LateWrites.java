package io.jvloop.transport;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;

/**
 * Writes to a connection that is lost already. They are dropped, since a protocol cannot always know yet;
 * that throwing here was uvloop's most reported surprise. But one that goes on for long has not been
 * listening. For every transport; loop thread.
 */
public final class LateWrites {
    private static final Logger LOGGER = System.getLogger("io.jvloop");

    /** asyncio's threshold. */
    private static final int LOGGED = 5;

    private LateWrites() {
    }

    /**
     * Takes the bytes, and logs the fifth such call.
     *
     * @param before how many such calls there were
     * @param transport whose writes they are, for the log
     * @param parts all are taken
     * @return how many there were, this one included
     */
    public static int drop(int before, Object transport, ByteBuffer... parts) {
        for (ByteBuffer part : parts) {
            part.position(part.limit());
        }
        if (before + 1 == LOGGED) {
            try {
                LOGGER.log(Level.WARNING,
                        "{0} writes after the end of {1}; its protocol should stop at connectionLost. "
                                + "What follows is dropped without a word",
                        LOGGED, transport);
            } catch (RuntimeException loggingIsBroken) {
                // a logger of the application's that throws must not make this write throw
            }
        }
        return before + 1;
    }
}
