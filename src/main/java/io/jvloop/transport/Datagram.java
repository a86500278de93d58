package io.jvloop.transport;

import java.net.SocketAddress;
import java.util.Arrays;
import java.util.Objects;

/**
 * A datagram that was received. Two are equal if their bytes and senders are.
 *
 * @param data what was sent, possibly nothing; the record does not copy it
 * @param sender where it came from
 */
public record Datagram(byte[] data, SocketAddress sender) {
    /**
     * Refuses nulls.
     *
     * @param data what was sent
     * @param sender where it came from
     */
    public Datagram {
        Objects.requireNonNull(data, "data");
        Objects.requireNonNull(sender, "sender");
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Datagram that && sender.equals(that.sender) && Arrays.equals(data, that.data);
    }

    @Override
    public int hashCode() {
        return 31 * sender.hashCode() + Arrays.hashCode(data);
    }

    @Override
    public String toString() {
        return "Datagram[" + data.length + " bytes from " + sender + "]";
    }
}
