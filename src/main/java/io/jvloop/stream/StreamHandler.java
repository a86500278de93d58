package io.jvloop.stream;

import java.util.concurrent.CompletionStage;

/** Serves one client of {@link Streams#serve}. */
@FunctionalInterface
public interface StreamHandler {
    /**
     * A client has come. On the loop's thread, so it must not block; a handler that wants to hands over to a
     * thread of its own, a virtual one for example.
     *
     * @param reader what the client sends
     * @param writer what it is sent; to be closed by whoever is done with it
     * @return complete when the client is served. If it fails, or if this method throws, the failure is
     *         reported to the loop's exception handler and the connection closed. Nothing is reported if it
     *         is cancelled, or fails with an {@code IOException} because the connection is lost. Null from a
     *         handler that has finished already, or looks after its failures itself
     * @throws Exception as above
     */
    CompletionStage<?> connected(StreamReader reader, StreamWriter writer) throws Exception;
}
