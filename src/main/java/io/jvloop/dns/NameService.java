package io.jvloop.dns;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** The two questions that block. Exists so that tests can hold an answer back, and need no network. */
interface NameService {
    /**
     * The JDK's resolver: hosts file, DNS and whatever else the system is set up for, with the JDK's own
     * cache in front ({@code networkaddress.cache.ttl}).
     */
    NameService SYSTEM = new NameService() {
        @Override
        public InetAddress[] addresses(String host) throws UnknownHostException {
            return InetAddress.getAllByName(host);
        }

        @Override
        public String name(InetAddress address) {
            // getHostName() would only repeat the name that the address was made from
            return address.getCanonicalHostName();
        }
    };

    /** The addresses of a name, at least one. */
    InetAddress[] addresses(String host) throws UnknownHostException;

    /** The name of an address, or its numeric text. */
    String name(InetAddress address) throws UnknownHostException;
}
