package io.jvloop.process;

import io.jvloop.transport.Protocol;
import java.nio.ByteBuffer;

/** A pipe of a child, told to the child's protocol. */
final class PipeEvents implements Protocol {
    private final SubprocessTransport child;
    private final SubprocessProtocol protocol;
    private final int fd;

    PipeEvents(SubprocessTransport child, SubprocessProtocol protocol, int fd) {
        this.child = child;
        this.protocol = protocol;
        this.fd = fd;
    }

    @Override
    public void dataReceived(ByteBuffer data) {
        protocol.pipeDataReceived(fd, data);
    }

    @Override
    public void pauseWriting() {
        protocol.pauseWriting();
    }

    @Override
    public void resumeWriting() {
        protocol.resumeWriting();
    }

    @Override
    public void connectionLost(Throwable cause) {
        if (child.hasBegun()) {
            protocol.pipeConnectionLost(fd, cause);
        }
    }

    @Override
    public String toString() {
        return "fd " + fd + " of " + protocol;
    }
}
