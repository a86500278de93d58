package io.jvloop.examples;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;

/** Reads what the examples take on the command line. */
final class Arguments {
    private static final int HIGHEST_PORT = 65_535;

    private Arguments() {
    }

    /** The text of the only argument. */
    static String only(String[] arguments, String usage) {
        if (arguments.length != 1) {
            throw new IllegalArgumentException("expected one address; usage: " + usage);
        }
        return arguments[0];
    }

    /**
     * {@code tcp:PORT} (on loopback), {@code tcp:HOST:PORT}, where an IPv6 host may stand in brackets, or
     * {@code unix:PATH}.
     */
    static SocketAddress stream(String text, String usage) {
        if (text.startsWith("unix:") && text.length() > "unix:".length()) {
            return UnixDomainSocketAddress.of(text.substring("unix:".length()));
        }
        return inet("tcp:", text, usage);
    }

    /** {@code udp:PORT} or {@code udp:HOST:PORT}. */
    static InetSocketAddress datagram(String text, String usage) {
        return inet("udp:", text, usage);
    }

    private static InetSocketAddress inet(String scheme, String text, String usage) {
        if (!text.startsWith(scheme)) {
            throw new IllegalArgumentException("'" + text + "' is not an address; usage: " + usage);
        }
        String hostAndPort = text.substring(scheme.length());
        int colon = hostAndPort.lastIndexOf(':');
        String host = colon < 0 ? "127.0.0.1" : hostAndPort.substring(0, colon);
        int port = number(hostAndPort.substring(colon + 1), 0, HIGHEST_PORT, "a port", usage);
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw new IllegalArgumentException("unknown host '" + host + "'");
        }
        return address;
    }

    static int number(String text, int least, int most, String what, String usage) {
        try {
            int number = Integer.parseInt(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // reported below, as a number out of range is
        }
        throw new IllegalArgumentException(
                "'" + text + "' is not " + what + " (" + least + " to " + most + "); usage: " + usage);
    }
}
