package io.jvloop.transport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.channels.DatagramChannel;
import java.nio.channels.MembershipKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The multicast groups of one endpoint. The JDK's {@code MembershipKey} stays in here, since it would hand
 * out the channel, which has one owner. Loop thread.
 */
final class DatagramGroups {
    private final DatagramChannel channel;
    private final List<MembershipKey> joined = new ArrayList<>(1);

    DatagramGroups(DatagramChannel channel) {
        this.channel = channel;
    }

    /** A null {@code source} is anybody. */
    void join(InetAddress group, NetworkInterface nif, InetAddress source) throws IOException {
        Objects.requireNonNull(group, "group");
        Objects.requireNonNull(nif, "nif");
        MembershipKey key =
                source == null ? channel.join(group, nif) : channel.join(group, nif, source);
        if (!joined.contains(key)) { // the JDK gives the same key for the same membership
            joined.add(key);
        }
    }

    void leave(InetAddress group, NetworkInterface nif, InetAddress source) {
        for (MembershipKey key : joined) {
            if (key.group().equals(group) && key.networkInterface().equals(nif)
                    && Objects.equals(key.sourceAddress(), source)) {
                key.drop();
                joined.remove(key);
                return;
            }
        }
        throw new IllegalStateException("not joined, or left already: " + group + " on " + nif
                + (source == null ? "" : " from " + source));
    }
}
