package io.jvloop.transport;

import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** In which order addresses are tried. */
final class AddressOrder {
    private AddressOrder() {
    }

    /**
     * Alternates the families (RFC 8305, section 4): {@code firstCount} addresses of the family that came
     * first, then one of each in turn. 0 keeps the order.
     */
    static <A extends SocketAddress> List<A> interleave(List<A> addresses, int firstCount) {
        if (firstCount == 0) {
            return addresses;
        }
        Map<ProtocolFamily, Deque<A>> families = new LinkedHashMap<>();
        for (A address : addresses) {
            families.computeIfAbsent(Listeners.family(address), family -> new ArrayDeque<>()).add(address);
        }
        List<A> ordered = new ArrayList<>();
        for (Deque<A> first : families.values()) {
            for (int i = 1; i < firstCount && !first.isEmpty(); i++) {
                ordered.add(first.poll());
            }
            break; // only the family that came first gets a head start
        }
        while (ordered.size() < addresses.size()) {
            for (Deque<A> family : families.values()) {
                if (!family.isEmpty()) {
                    ordered.add(family.poll());
                }
            }
        }
        return ordered;
    }

    /** The first of {@code candidates} with the family of {@code address}, or null. */
    static InetSocketAddress sameFamily(List<InetSocketAddress> candidates, SocketAddress address) {
        for (InetSocketAddress candidate : candidates) {
            if (Listeners.family(candidate).equals(Listeners.family(address))) {
                return candidate;
            }
        }
        return null;
    }
}
