package io.jvloop.process;

import io.jvloop.transport.Protocol;
import io.jvloop.transport.Transport;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * Between a child's pipe and whoever serves it: tells the child when the pipe is over. And a draining loop
 * must not close it: the child is work in flight, and its pipes end when it does.
 */
final class ChildPipe implements Protocol {
    private final Protocol target;
    private final Consumer<Throwable> lost;

    ChildPipe(Protocol target, Consumer<Throwable> lost) {
        this.target = target;
        this.lost = lost;
    }

    @Override
    public void connectionMade(Transport transport) {
        target.connectionMade(transport);
    }

    @Override
    public void dataReceived(ByteBuffer data) {
        target.dataReceived(data);
    }

    @Override
    public boolean eofReceived() {
        return target.eofReceived();
    }

    @Override
    public void pauseWriting() {
        target.pauseWriting();
    }

    @Override
    public void resumeWriting() {
        target.resumeWriting();
    }

    @Override
    public boolean draining() {
        return true;
    }

    @Override
    public void connectionLost(Throwable cause) {
        try {
            target.connectionLost(cause);
        } finally {
            lost.accept(cause);
        }
    }

    @Override
    public String toString() {
        return "ChildPipe[" + target + "]";
    }
}
