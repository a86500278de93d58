package io.jvloop.bench;

import io.jvloop.alternatives.AsyncChannelEcho;
import io.jvloop.alternatives.BareSelectorEcho;
import io.jvloop.alternatives.ThreadEcho;
import io.jvloop.alternatives.VirtualThreadEcho;
import io.jvloop.examples.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Compares jvloop's echo example with what else the JDK has for the purpose, prints a table and draws a
 * chart. To run it:
 *
 * <pre>
 *   mvn -Pjmh -DskipTests package
 *   java -cp target/jvloop-benchmarks.jar io.jvloop.bench.EchoComparison docs/echo.svg
 * </pre>
 *
 * <p><b>What is measured.</b> Ten connections, each of which sends a message when the one before has come
 * back; the CPU time that the server uses for a message, which is what one pays for, and the rate.
 * The rate is also the client's: both share a machine.
 *
 * <p><b>How.</b> Each server runs alone, in a JVM of its own. Before it is measured it serves messages of
 * each size for as long as it will be measured with them. Then all is done again, {@code --rounds} times,
 * with new JVMs, since no two JVMs compile alike; and the medians are reported. Servers take turns, so a
 * machine that slows down slows all of them.
 *
 * <p>On Linux the figures vary least if server and client share one core: then no thread waits for another
 * core to wake up, and every server meets the same batches of ready connections. Put {@code taskset -c 0} in
 * front.
 */
public final class EchoComparison {
    private static final String USAGE =
            "usage: java -cp jvloop-benchmarks.jar io.jvloop.bench.EchoComparison [CHART.svg]\n"
                    + "  --secs S     measure each server and size for so long in each round (default 1.5)\n"
                    + "  --rounds N   start each server so often (default 3)";
    private static final int CONNECTIONS = 10;
    private static final int[] SIZES = {1024, 10 * 1024, 100 * 1024};

    /** After a change of size; connections are new then too. */
    private static final long SETTLE_NANOS = 300_000_000;

    private final Map<String, List<String>> servers = servers();
    private final Map<String, List<List<Measured>>> results = new LinkedHashMap<>();
    private Path chart;
    private double seconds = 1.5;
    private int rounds = 3;

    private EchoComparison() {
    }

    /** Of one server with one size, in one round. */
    private record Measured(double cpuMicros, double perSecond) {
    }

    /** See the class comment. */
    public static void main(String... arguments) throws IOException {
        EchoComparison comparison = new EchoComparison();
        try {
            comparison.parse(List.of(arguments));
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + "\n" + USAGE);
            System.exit(2);
        }
        comparison.run();
    }

    private void parse(List<String> arguments) {
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (!argument.startsWith("-") && chart == null) {
                chart = Path.of(argument);
            } else if (argument.equals("--secs") && i + 1 < arguments.size()) {
                seconds = Double.parseDouble(arguments.get(++i));
            } else if (argument.equals("--rounds") && i + 1 < arguments.size()) {
                rounds = Integer.parseInt(arguments.get(++i));
            } else {
                throw new IllegalArgumentException("what is '" + argument + "'?");
            }
        }
        if (!(seconds > 0) || rounds < 1) {
            throw new IllegalArgumentException("--secs and --rounds must be positive");
        }
    }

    /** Main class and arguments by name, in the order of the table. */
    private static Map<String, List<String>> servers() {
        Map<String, List<String>> servers = new LinkedHashMap<>();
        servers.put("jvloop", List.of(Main.class.getName(), "echo", "tcp:0"));
        servers.put("bare Selector", List.of(BareSelectorEcho.class.getName()));
        servers.put("AsynchronousSocketChannel", List.of(AsyncChannelEcho.class.getName()));
        servers.put("thread per connection", List.of(ThreadEcho.class.getName()));
        if (Runtime.version().feature() >= 21) {
            servers.put("virtual threads", List.of(VirtualThreadEcho.class.getName()));
        }
        return servers;
    }

    private void run() throws IOException {
        for (String server : servers.keySet()) {
            List<List<Measured>> ofSizes = new ArrayList<>();
            Arrays.stream(SIZES).forEach(size -> ofSizes.add(new ArrayList<>()));
            results.put(server, ofSizes);
        }
        for (int round = 1; round <= rounds; round++) {
            for (String server : servers.keySet()) {
                System.err.printf("round %d of %d: %s%n", round, rounds, server);
                measure(server);
            }
        }
        printTable();
        if (chart != null) {
            writeChart();
        }
    }

    private void measure(String name) throws IOException {
        try (ChildServer server = new ChildServer(servers.get(name))) {
            long nanos = (long) (seconds * 1e9);
            for (int size : SIZES) {
                try (EchoLoad warmUp = new EchoLoad(server.address(), CONNECTIONS, size)) {
                    warmUp.run(nanos);
                }
            }
            for (int i = 0; i < SIZES.length; i++) {
                try (EchoLoad load = new EchoLoad(server.address(), CONNECTIONS, SIZES[i])) {
                    load.run(SETTLE_NANOS);
                    Map<String, Long> before = server.cpuNanos();
                    EchoLoad.Count count = load.run(nanos);
                    double cpuMicros = server.cpuNanosSince(before) / 1e3 / count.messages();
                    results.get(name).get(i)
                            .add(new Measured(cpuMicros, count.messages() * 1e9 / count.nanos()));
                }
            }
        }
    }

    private void printTable() {
        System.out.printf("%n%-27s", "");
        for (int size : SIZES) {
            System.out.printf("%24s", size / 1024 + " KiB");
        }
        System.out.printf("%n%-27s", "server");
        for (int size : SIZES) {
            System.out.printf("%12s%12s", "µs CPU", "messages/s");
        }
        System.out.println();
        results.forEach((server, ofSizes) -> {
            System.out.printf("%-27s", server);
            for (List<Measured> ofSize : ofSizes) {
                double[] cpuMicros = ofSize.stream().mapToDouble(Measured::cpuMicros).toArray();
                double[] perSecond = ofSize.stream().mapToDouble(Measured::perSecond).toArray();
                System.out.printf(Locale.ROOT, "%12.1f%,12.0f", median(cpuMicros), median(perSecond));
            }
            System.out.println();
        });
        System.out.printf("%nThe server's CPU time per message; %s.%n", conditions());
    }

    private void writeChart() throws IOException {
        List<double[]> rows = new ArrayList<>();
        results.forEach((server, ofSizes) -> rows.add(ofSizes.stream().mapToDouble(
                ofSize -> median(ofSize.stream().mapToDouble(Measured::cpuMicros).toArray())).toArray()));
        List<String> columns = Arrays.stream(SIZES).mapToObj(size -> size / 1024 + " KiB messages").toList();
        EchoChart drawing = new EchoChart(List.copyOf(results.keySet()), columns, rows, conditions());
        if (chart.getParent() != null) {
            Files.createDirectories(chart.getParent());
        }
        Files.writeString(chart, drawing.svg());
        System.out.println("The chart is in " + chart + ".");
    }

    private String conditions() {
        int cores = Runtime.getRuntime().availableProcessors();
        return String.format("%d connections over loopback, median of %d %s; JDK %s, %s %s, %d %s",
                CONNECTIONS,
                rounds, rounds == 1 ? "run" : "runs", System.getProperty("java.version"),
                System.getProperty("os.name"), System.getProperty("os.arch"), cores,
                cores == 1 ? "core" : "cores");
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
