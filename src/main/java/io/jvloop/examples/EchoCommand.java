package io.jvloop.examples;

import io.jvloop.transport.Protocol;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** Which of the echoes it shall be: a protocol, on streams, on several loops, behind TLS, or of datagrams. */
final class EchoCommand {
    static final String USAGE = "echo [--streams | --loops N] [--tls [CHAIN KEY]] ADDRESS    "
            + "send back what comes; tcp:[HOST:]PORT, unix:PATH or udp:[HOST:]PORT";

    private static final int MOST_LOOPS = 1024;

    /** Serves an address; its factory of protocols may have to go behind TLS. */
    private interface Way {
        void serve(SocketAddress address, UnaryOperator<Supplier<Protocol>> tls) throws IOException;
    }

    private EchoCommand() {
    }

    static void main(String... arguments) throws IOException {
        List<String> rest = new ArrayList<>(List.of(arguments));
        Way way = way(rest);
        UnaryOperator<Supplier<Protocol>> tls = TlsOption.take(rest, 1);
        String address = Arguments.only(rest.toArray(String[]::new), USAGE);
        if (!address.startsWith("udp:")) {
            way.serve(Arguments.stream(address, USAGE), tls);
        } else if (arguments.length == 1) {
            UdpEcho.serve(Arguments.datagram(address, USAGE));
        } else {
            throw new IllegalArgumentException(
                    "the options are for connections, and udp: has none; usage: " + USAGE);
        }
    }

    /** Takes what chooses it from the front of the arguments. */
    private static Way way(List<String> arguments) {
        String option = arguments.size() > 1 ? arguments.get(0) : "";
        if (option.equals("--streams")) {
            arguments.remove(0);
            return StreamEcho::serve;
        }
        if (option.equals("--loops") && arguments.size() > 2) {
            int loops = Arguments.number(arguments.get(1), 1, MOST_LOOPS, "a number of loops", USAGE);
            arguments.subList(0, 2).clear();
            return (address, tls) -> EchoGroup.serve(loops, address, tls.apply(Echo::new));
        }
        return (address, tls) -> Echo.serve(address, tls.apply(Echo::new));
    }
}
