package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectionKey;
import java.util.Objects;

/**
 * The reading half of a stream transport. Hot: {@link #ready} → read → {@code dataReceived}. Loop thread.
 *
 * <p><b>One read per readiness event</b> is fair, since what is left is reported again next turn, and avoids
 * the read that only returns "nothing there".
 *
 * <p>Read next: {@link WriteHalf}.
 */
final class ReadHalf {
    private final Lifecycle<?> life;
    private final EventLoop loop; // also reached by way of life, but that is one more cache line per event
    private final ReadableByteChannel channel;
    private Protocol protocol;
    private BufferedProtocol buffered; // = protocol if it is one, else null
    private boolean paused;
    private boolean ended;
    private boolean forgotten;

    ReadHalf(Lifecycle<?> life, ReadableByteChannel channel, Protocol protocol) {
        this.life = life;
        this.loop = life.loop();
        this.channel = channel;
        protocol(protocol);
    }

    Protocol protocol() {
        return protocol;
    }

    void protocol(Protocol newProtocol) {
        Objects.requireNonNull(newProtocol, "protocol");
        if (forgotten) {
            return; // after connectionLost nobody calls it any more, so nobody should keep it either
        }
        protocol = newProtocol;
        buffered = newProtocol instanceof BufferedProtocol receiver ? receiver : null;
    }

    void forgetProtocol() {
        forgotten = true;
        protocol = null;
        buffered = null;
    }

    /**
     * One read, delivered; true if the peer has ended, and the protocol wants to end as well. The plain case
     * is not a method of its own, since HotSpot inlines no deeper than 15 calls, and from the selector
     * through the protocol to the socket's write there are nearly as many.
     */
    boolean ready() {
        try {
            if (buffered != null) {
                return receiveInto(buffered);
            }
            ByteBuffer data = loop.buffers().scratch();
            int count = channel.read(data);
            if (count > 0) {
                protocol.dataReceived(data.flip());
            }
            if (loop.isDebug()) {
                Scratch.poison(loop.buffers(), count);
            }
            return count < 0 && peerEnded();
        } catch (IOException e) {
            life.lose(e);
        } catch (Throwable t) { // the user's code
            life.fatal(t);
        }
        return false;
    }

    private boolean receiveInto(BufferedProtocol receiver) throws IOException {
        ByteBuffer target = ReceiveBuffer.of(receiver);
        if (!isReading() || buffered != receiver) {
            return false; // getBuffer itself paused or closed, or another protocol is to read
        }
        int count = target.isDirect() ? channel.read(target)
                : Scratch.readThrough(loop.buffers(), channel, target);
        if (count > 0) {
            receiver.bufferUpdated(count);
        }
        return count < 0 && peerEnded();
    }

    private boolean peerEnded() {
        ended = true;
        updateInterest(); // or the end would be reported for ever
        return !protocol.eofReceived();
    }

    void pause() {
        paused = true;
        updateInterest();
    }

    void resume() {
        paused = false;
        updateInterest();
    }

    boolean isReading() {
        return life.isOpen() && !paused && !ended;
    }

    /** Whether the peer has finished sending. */
    boolean isEnded() {
        return ended;
    }

    void updateInterest() {
        life.await(SelectionKey.OP_READ, isReading());
    }

    @Override
    public String toString() {
        return (paused ? ", reading paused" : "") + (ended ? ", peer ended" : "");
    }
}
