package io.jvloop.process;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Children for tests, on either path to their pipes. */
final class Children {
    private Children() {
    }

    static void require(boolean byThreads) {
        assumeTrue(File.separatorChar == '/', "needs the programs of a POSIX system");
        assumeTrue(byThreads || ChildPipes.areSupported(), "no pipes that can be reopened here");
    }

    static CompletableFuture<Subprocess> exec(EventLoop loop, boolean byThreads, SubprocessConfig config,
            String... command) {
        require(byThreads);
        return Subprocess.start(new Launch(loop, List.of(command), config, byThreads));
    }

    static CompletableFuture<Subprocess> shell(EventLoop loop, boolean byThreads, SubprocessConfig config,
            String command) {
        return exec(loop, byThreads, config, "sh", "-c", command);
    }

    static CompletableFuture<SubprocessTransport> exec(EventLoop loop, boolean byThreads,
            SubprocessConfig config, Supplier<? extends SubprocessProtocol> factory, String... command) {
        require(byThreads);
        return Subprocess.start(new Launch(loop, List.of(command), config, byThreads), factory);
    }

    /** The whole output of a command that is given this input. */
    static Subprocess.Output output(EventLoop loop, boolean byThreads, SubprocessConfig config, byte[] input,
            String... command) {
        return loop.runUntilComplete(exec(loop, byThreads, config, command)
                .thenCompose(child -> child.communicate(input)));
    }

    /** Threads that carry the bytes of children. */
    static long carriers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("jvloop-child-")).count();
    }

    /** Children of this process, dead ones included: those who have not been reaped. */
    static long ours() {
        long count = 0;
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : processes) {
                count += isOurs(process) ? 1 : 0;
            }
        } catch (IOException e) {
            return 0; // no /proc
        }
        return count;
    }

    private static boolean isOurs(Path process) {
        try {
            String stat = Files.readString(process.resolve("stat"));
            String parent = stat.substring(stat.lastIndexOf(')') + 2).split(" ")[1];
            return parent.equals(String.valueOf(ProcessHandle.current().pid()));
        } catch (IOException endedMeanwhile) {
            return false;
        }
    }

    static void awaitNone(long before) {
        Await.until("the end of all children", () -> ours() <= before);
    }
}
