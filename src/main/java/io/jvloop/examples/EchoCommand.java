package io.jvloop.examples;

import io.jvloop.transport.Protocol;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Which of the echoes it shall be: on a stream, on several loops, behind TLS, or of datagrams. */
final class EchoCommand {
    static final String USAGE = "echo [--loops N] [--tls [CHAIN KEY]] ADDRESS    "
            + "send back what comes; tcp:[HOST:]PORT, unix:PATH or udp:[HOST:]PORT";

    private static final int MOST_LOOPS = 1024;
    private static final int ONE_LOOP = 0;

    private EchoCommand() {
    }

    static void main(String... arguments) throws IOException {
        List<String> rest = new ArrayList<>(List.of(arguments));
        int loops = ONE_LOOP;
        if (rest.size() > 2 && rest.get(0).equals("--loops")) {
            loops = Arguments.number(rest.get(1), 1, MOST_LOOPS, "a number of loops", USAGE);
            rest.subList(0, 2).clear();
        }
        int before = rest.size();
        Supplier<Protocol> factory = TlsOption.take(rest, 1).apply(Echo::new);
        boolean streamsOnly = loops != ONE_LOOP || rest.size() < before;
        String address = Arguments.only(rest.toArray(String[]::new), USAGE);
        if (address.startsWith("udp:") && streamsOnly) {
            throw new IllegalArgumentException("--loops and --tls are for streams; usage: " + USAGE);
        }
        if (address.startsWith("udp:")) {
            UdpEcho.serve(Arguments.datagram(address, USAGE));
        } else if (loops == ONE_LOOP) {
            Echo.serve(Arguments.stream(address, USAGE), factory);
        } else {
            EchoGroup.serve(loops, Arguments.stream(address, USAGE), factory);
        }
    }
}
