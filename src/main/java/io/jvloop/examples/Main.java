package io.jvloop.examples;

import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** Runs an example by name; without one, lists them. */
public final class Main {
    /** An example program. */
    private interface Example {
        void main(String... arguments) throws IOException;
    }

    private static final Map<String, Example> EXAMPLES = new TreeMap<>(
            Map.of("bench-http", BenchHttp::main, "chat", Chat::main, "echo", EchoCommand::main,
                    "exec", Exec::main, "http", HttpCommand::main, "later", Later::main,
                    "proxy", Proxy::main));

    private Main() {
    }

    /**
     * Entry point of {@code jvloop-examples.jar}.
     *
     * @param arguments the name of an example and its arguments
     */
    public static void main(String... arguments) {
        if (arguments.length == 0) {
            System.out.println(
                    "usage: java -jar jvloop-examples.jar EXAMPLE ARGUMENTS\n\nexamples:\n  "
                            + String.join("\n  ", BenchHttp.USAGE, Chat.USAGE, EchoCommand.USAGE, Exec.USAGE,
                                    HttpCommand.USAGE,
                                    Later.USAGE, Proxy.USAGE)
                            + "\n\n" + TlsOption.USAGE);
            return;
        }
        Example example = EXAMPLES.get(arguments[0]);
        if (example == null) {
            fail("no example named '" + arguments[0] + "'; there are: "
                    + String.join(", ", EXAMPLES.keySet()));
            return;
        }
        try {
            example.main(Arrays.copyOfRange(arguments, 1, arguments.length));
        } catch (IllegalArgumentException | IOException e) {
            fail(arguments[0] + ": " + e.getMessage());
        }
    }

    private static void fail(String message) {
        System.err.println(message);
        System.exit(2);
    }
}
