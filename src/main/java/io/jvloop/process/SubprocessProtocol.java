package io.jvloop.process;

import io.jvloop.transport.BaseProtocol;
import java.nio.ByteBuffer;

/**
 * What an application implements to be called by a child: its output as it comes, and its end. All calls come
 * on the loop's thread.
 *
 * <pre>
 *   start → connectionMade  ( for each pipe: [pipeDataReceived]* pipeConnectionLost  |  processExited )
 *         → connectionLost → end
 * </pre>
 * What is in brackets comes in any order, but for each pipe its data first; {@code connectionLost(null)} is
 * the last call, after the exit and the end of all pipes. A grandchild may hold a pipe longer than the child
 * lives.
 *
 * <p>{@code pauseWriting} and {@code resumeWriting} are about standard input. {@code draining}: false kills
 * the child, true lets it go on to its end.
 *
 * <p>What {@code pipeDataReceived} throws is fatal for that pipe, and {@code pipeConnectionLost} gets it;
 * what the others throw is only reported. Either way the loop's exception handler hears of it.
 */
public interface SubprocessProtocol extends BaseProtocol {
    /**
     * The child runs, and its pipes are connected.
     *
     * @param transport the child
     */
    default void connectionMade(SubprocessTransport transport) {
    }

    /**
     * The child has written something.
     *
     * @param fd 1 for its standard output, 2 for its standard error
     * @param data borrowed, valid until this returns
     */
    default void pipeDataReceived(int fd, ByteBuffer data) {
    }

    /**
     * A pipe is over: the last of those who held the other end has closed it, or we have.
     *
     * @param fd 0, 1 or 2
     * @param cause null, or what has broken it: of standard input that bytes were still on their way
     */
    default void pipeConnectionLost(int fd, Throwable cause) {
    }

    /** The child has ended; {@link SubprocessTransport#returnCode} says how. */
    default void processExited() {
    }
}
