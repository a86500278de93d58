package io.jvloop.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server in a JVM of its own, of the same JDK, so that what the compiler learns from one server does not
 * change its opinion of another; and the CPU time it has used.
 */
final class ChildServer implements AutoCloseable {
    private static final Pattern LISTENING = Pattern.compile("listening on .*:(\\d+)\\]");

    private final Process process;
    private final Thread killer;
    private InetSocketAddress address;

    /** Starts a main class of this class path and waits until it says where it listens. */
    ChildServer(List<String> mainClassAndArguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xms256m", "-Xmx256m", "-cp", System.getProperty("java.class.path")));
        command.addAll(mainClassAndArguments);
        process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        killer = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(killer);
        awaitAddress();
    }

    private void awaitAddress() throws IOException {
        BufferedReader out = process.inputReader();
        String line = out.readLine();
        Matcher matcher = LISTENING.matcher(line == null ? "" : line);
        if (!matcher.find()) {
            close();
            throw new IOException("the server did not say where it listens, but: " + line);
        }
        address = new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(matcher.group(1)));
    }

    InetSocketAddress address() {
        return address;
    }

    /** The CPU time used so far by each thread, or if the system does not tell, by the process. */
    Map<String, Long> cpuNanos() throws IOException {
        Map<String, Long> ofThreads = new HashMap<>();
        Path tasks = Path.of("/proc", Long.toString(process.pid()), "task");
        if (Files.isDirectory(tasks)) {
            try (DirectoryStream<Path> threads = Files.newDirectoryStream(tasks)) {
                for (Path thread : threads) {
                    ofThreads.put(thread.getFileName().toString(), cpuNanosOfThread(thread));
                }
            }
        }
        if (ofThreads.values().stream().anyMatch(nanos -> nanos > 0)) {
            return ofThreads;
        }
        return Map.of("process",
                process.info().totalCpuDuration().map(Duration::toNanos).orElseThrow(() -> new IOException(
                        "this system does not tell how much CPU time a process has used")));
    }

    /**
     * The scheduler's own account in nanoseconds; {@code totalCpuDuration} counts in ticks of 10 ms, if at
     * all.
     */
    private static long cpuNanosOfThread(Path thread) throws IOException {
        try {
            String account = Files.readString(thread.resolve("schedstat"));
            return Long.parseLong(account.substring(0, account.indexOf(' ')));
        } catch (NoSuchFileException e) {
            return 0; // the thread has ended, or the kernel keeps no such account
        }
    }

    /** What was used since, by threads that are still there: a thread's end must not count negative. */
    long cpuNanosSince(Map<String, Long> before) throws IOException {
        long sum = 0;
        for (Map.Entry<String, Long> thread : cpuNanos().entrySet()) {
            sum += thread.getValue() - before.getOrDefault(thread.getKey(), 0L);
        }
        return sum;
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
        Runtime.getRuntime().removeShutdownHook(killer);
    }
}
