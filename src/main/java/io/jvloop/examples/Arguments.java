package io.jvloop.examples;

import java.net.InetSocketAddress;

/** Reads what the examples take on the command line. */
final class Arguments {
    private Arguments() {
    }

    /**
     * The one argument {@code tcp:PORT} (on loopback) or {@code tcp:HOST:PORT}; an IPv6 host may stand in
     * brackets.
     */
    static InetSocketAddress address(String[] arguments, String usage) {
        if (arguments.length != 1 || !arguments[0].startsWith("tcp:")) {
            throw new IllegalArgumentException("expected one address; usage: " + usage);
        }
        String hostAndPort = arguments[0].substring("tcp:".length());
        int colon = hostAndPort.lastIndexOf(':');
        String host = colon < 0 ? "127.0.0.1" : hostAndPort.substring(0, colon);
        InetSocketAddress address =
                new InetSocketAddress(host, port(hostAndPort.substring(colon + 1), usage));
        if (address.isUnresolved()) {
            throw new IllegalArgumentException("unknown host '" + host + "'");
        }
        return address;
    }

    private static int port(String text, String usage) {
        try {
            int port = Integer.parseInt(text);
            if (port >= 0 && port <= 65535) {
                return port;
            }
        } catch (NumberFormatException e) {
            // reported below, as a number out of range is
        }
        throw new IllegalArgumentException("'" + text + "' is not a port (0 to 65535); usage: " + usage);
    }
}
