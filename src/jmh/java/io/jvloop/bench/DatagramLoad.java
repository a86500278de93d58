package io.jvloop.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Measures any UDP echo server. To run it:
 *
 * <pre>
 *   mvn -Pjmh -DskipTests package
 *   java -cp target/jvloop-benchmarks.jar io.jvloop.bench.DatagramLoad udp:127.0.0.1:9000 --pid 4711
 * </pre>
 *
 * <p><b>What is measured.</b> A closed loop: so many datagrams are on their way at any time, and each that
 * comes back lets the next one go. One that has not come back after a tenth of a second counts as lost, and a
 * new one takes its place; so loss costs rate, but never stops the measurement. With {@code --pid} also the
 * CPU time that the server's process used for a datagram, by the scheduler's own account.
 */
public final class DatagramLoad implements AutoCloseable {
    private static final String USAGE =
            "usage: java -cp jvloop-benchmarks.jar io.jvloop.bench.DatagramLoad udp:HOST:PORT\n"
                    + "  --size N      bytes per datagram, 8 to 65507 (default 100)\n"
                    + "  --window W    datagrams on their way, of each socket (default 16)\n"
                    + "  --sockets K   senders that take turns at the server (default 1)\n"
                    + "  --secs S      measure for so long (default 2), after as long without\n"
                    + "  --pid P       the server's process, to measure its CPU time";
    private static final long LOST_NANOS = 100_000_000;
    private static final long LOOK_MILLIS = 20;
    private static final int LARGEST = 65_507;

    private final Selector selector = Selector.open();
    private final Client[] clients;
    private final ByteBuffer received = ByteBuffer.allocateDirect(LARGEST + 1);
    private final int bytes;
    private long nextNumber;
    private long echoed;
    private long lost;

    private DatagramLoad(InetSocketAddress server, int sockets, int bytes, int window) throws IOException {
        this.bytes = bytes;
        clients = new Client[sockets];
        for (int i = 0; i < sockets; i++) {
            clients[i] = new Client(server, window);
        }
    }

    /**
     * Measures and prints one line.
     *
     * @param arguments see the usage that a wrong one prints
     * @throws IOException if nobody listens there
     */
    public static void main(String... arguments) throws IOException {
        Map<String, String> options =
                new HashMap<>(Map.of("--size", "100", "--window", "16", "--sockets", "1",
                        "--secs", "2", "--pid", ""));
        if (!parsed(arguments, options)) {
            System.err.println(USAGE);
            System.exit(2);
        }
        int size = Integer.parseInt(options.get("--size"));
        int window = Integer.parseInt(options.get("--window"));
        long nanos = (long) (Double.parseDouble(options.get("--secs")) * 1e9);
        try (DatagramLoad load = new DatagramLoad(address(arguments[0]),
                Integer.parseInt(options.get("--sockets")), size, window)) {
            load.run(nanos);
            Map<String, Long> cpuBefore = cpuNanos(options.get("--pid"));
            double seconds = load.run(nanos) / 1e9;
            long cpuNanos = since(cpuBefore, cpuNanos(options.get("--pid")));
            System.out.printf(Locale.ROOT, "%.0f datagrams/s of %d bytes echoed, %d lost",
                    load.echoed / seconds,
                    size, load.lost);
            if (!cpuBefore.isEmpty()) {
                System.out.printf(Locale.ROOT, ", %.3f us of the server's CPU per datagram",
                        cpuNanos / 1e3 / load.echoed);
            }
            System.out.println();
        }
    }

    private static boolean parsed(String[] arguments, Map<String, String> options) {
        if (arguments.length % 2 == 0 || !arguments[0].matches("udp:.+:\\d+")) {
            return false;
        }
        for (int i = 1; i < arguments.length; i += 2) {
            if (options.replace(arguments[i], arguments[i + 1]) == null) {
                return false;
            }
        }
        int size = Integer.parseInt(options.get("--size"));
        return size >= Long.BYTES && size <= LARGEST;
    }

    private static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        return new InetSocketAddress(text.substring("udp:".length(), colon),
                Integer.parseInt(text.substring(colon + 1)));
    }

    /** Goes on for so long; returns how long it really took. */
    private long run(long nanos) throws IOException {
        echoed = 0;
        lost = 0;
        long start = System.nanoTime();
        long looked = start - LOST_NANOS;
        long now = start;
        while (now - start < nanos) {
            if (now - looked > LOOK_MILLIS * 1_000_000) {
                looked = now;
                for (Client client : clients) {
                    client.replaceLost(now);
                }
            }
            selector.selectedKeys().clear();
            selector.select(LOOK_MILLIS);
            now = System.nanoTime();
            for (SelectionKey key : selector.selectedKeys()) {
                ((Client) key.attachment()).receive(now);
            }
        }
        if (echoed == 0) {
            throw new IOException("nothing came back within " + nanos / 1_000_000 + " ms");
        }
        return now - start;
    }

    @Override
    public void close() throws IOException {
        for (Client client : clients) {
            client.channel.close();
        }
        selector.close();
    }

    /** A socket with places for the datagrams that are on their way. */
    private final class Client {
        private final DatagramChannel channel = DatagramChannel.open();
        private final ByteBuffer out = ByteBuffer.allocateDirect(bytes);
        private final long[] numbers; // which datagram is in this place
        private final long[] sentNanos;

        Client(InetSocketAddress server, int window) throws IOException {
            numbers = new long[window];
            sentNanos = new long[window];
            Arrays.fill(numbers, -1); // no datagram yet
            channel.connect(server);
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ, this);
        }

        /** Sends the next datagram; what the socket does not take will count as lost. */
        private void send(int place, long now) throws IOException {
            long number = nextNumber++ * numbers.length + place;
            numbers[place] = number;
            sentNanos[place] = now;
            try {
                channel.write(out.clear().putLong(0, number));
            } catch (PortUnreachableException e) {
                throw new IOException("nobody listens there", e);
            }
        }

        void receive(long now) throws IOException {
            while (channel.receive(received.clear()) != null) {
                received.flip();
                if (received.remaining() != bytes) {
                    throw new IOException(bytes + " bytes came back as " + received.remaining());
                }
                long number = received.getLong(0);
                int place = (int) (number % numbers.length);
                if (numbers[place] == number) { // else it was given up for lost
                    echoed++;
                    send(place, now);
                }
            }
        }

        void replaceLost(long now) throws IOException {
            for (int place = 0; place < numbers.length; place++) {
                boolean first = numbers[place] < 0;
                if (first || now - sentNanos[place] > LOST_NANOS) {
                    lost += first ? 0 : 1;
                    send(place, now);
                }
            }
        }
    }

    /** The CPU time used so far by each thread of a process; of none nothing. */
    private static Map<String, Long> cpuNanos(String pid) throws IOException {
        if (pid.isEmpty()) {
            return Map.of();
        }
        Map<String, Long> ofThreads = new HashMap<>();
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc", pid, "task"))) {
            for (Path thread : threads) {
                try {
                    List<String> account = List.of(Files.readString(thread.resolve("schedstat")).split(" "));
                    ofThreads.put(thread.getFileName().toString(), Long.parseLong(account.get(0)));
                } catch (NoSuchFileException ended) {
                    // not measured then
                }
            }
        }
        return ofThreads;
    }

    /** By threads that are still there: a thread's end must not count negative. */
    private static long since(Map<String, Long> before, Map<String, Long> now) {
        return now.entrySet().stream()
                .mapToLong(thread -> thread.getValue() - before.getOrDefault(thread.getKey(), 0L)).sum();
    }
}
