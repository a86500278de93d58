package io.jvloop.examples;

import java.io.IOException;
import java.util.Arrays;

/** Which of the echoes it shall be: on a stream, on several loops, or of datagrams. */
final class EchoCommand {
    static final String USAGE =
            "echo [--loops N] ADDRESS    send back what comes; tcp:[HOST:]PORT, unix:PATH or udp:[HOST:]PORT";

    private static final int MOST_LOOPS = 1024;

    private EchoCommand() {
    }

    static void main(String... arguments) throws IOException {
        boolean grouped = arguments.length > 1 && arguments[0].equals("--loops");
        String[] rest = grouped ? Arrays.copyOfRange(arguments, 2, arguments.length) : arguments;
        String address = Arguments.only(rest, USAGE);
        if (grouped && address.startsWith("udp:")) {
            throw new IllegalArgumentException("several loops serve streams only; usage: " + USAGE);
        }
        if (grouped) {
            int loops = Arguments.number(arguments[1], 1, MOST_LOOPS, "a number of loops", USAGE);
            EchoGroup.serve(loops, Arguments.stream(address, USAGE));
        } else if (address.startsWith("udp:")) {
            UdpEcho.serve(Arguments.datagram(address, USAGE));
        } else {
            Echo.serve(Arguments.stream(address, USAGE));
        }
    }
}
