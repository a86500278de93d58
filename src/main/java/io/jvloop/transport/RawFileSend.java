package io.jvloop.transport;

import java.io.IOException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;

/** The attempt that sends a part of a file. Loop thread. */
final class RawFileSend implements RawOperation.Attempt<Long> {
    private final WritableByteChannel target;
    private final FilePart part;

    RawFileSend(RawChannel target, FilePart part) {
        this.target = (WritableByteChannel) target.channel();
        this.part = part;
    }

    @Override
    public boolean attempt(RawOperation<Long> operation) throws IOException {
        if (target instanceof SocketChannel socket && !socket.isConnected()) {
            throw new NotYetConnectedException(); // JDK 17 would say: broken pipe
        }
        return part.transfer(target) && operation.yields(part.sent());
    }

    /** The only way to know after a failure or a cancel how far it got. */
    @Override
    public void ended() {
        part.leavePosition();
    }
}
