package io.jvloop.process;

import io.jvloop.transport.Protocol;
import java.nio.ByteBuffer;

/** A pipe of a child, told to the child's protocol. */
final class PipeEvents implements Protocol {
    private final SubprocessProtocol protocol;
    private final int fd;

    PipeEvents(SubprocessProtocol protocol, int fd) {
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
        protocol.pipeConnectionLost(fd, cause);
    }

    @Override
    public String toString() {
        return "fd " + fd + " of " + protocol;
    }
}
