package io.jvloop.transport;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.jvloop.support.Await;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/** Other people's programs as peers. */
public final class Programs {
    private Programs() {
    }

    /** Skips the test if a program is not installed. */
    public static void require(String program) {
        assumeTrue(isInstalled(program), program + " is not installed");
    }

    /** The first of these programs that is installed; skips the test if none is. */
    public static String requireAny(String... programs) {
        Optional<String> found = Stream.of(programs).filter(Programs::isInstalled).findFirst();
        assumeTrue(found.isPresent(), "none of these is installed: " + String.join(", ", programs));
        return found.get();
    }

    private static boolean isInstalled(String program) {
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    /** Runs a program in the background with this standard input; its output, once it has ended well. */
    public static CompletableFuture<byte[]> run(byte[] input, String... command) {
        return Peer.background(() -> {
            Process process = new ProcessBuilder(command).start();
            try {
                CompletableFuture<byte[]> errors = Peer.background(() -> readAll(process.getErrorStream()));
                CompletableFuture<Void> feeding =
                        Peer.background(() -> feed(process.getOutputStream(), input));
                byte[] output = readAll(process.getInputStream());
                Await.result(feeding);
                int exit = process.waitFor();
                if (exit != 0) {
                    throw new AssertionError(command[0] + " ended with " + exit + ": "
                            + new String(Await.result(errors), StandardCharsets.UTF_8));
                }
                return output;
            } finally {
                process.destroyForcibly();
            }
        });
    }

    private static byte[] readAll(InputStream stream) throws IOException {
        return stream.readAllBytes();
    }

    private static Void feed(OutputStream stream, byte[] input) throws IOException {
        try (stream) {
            stream.write(input);
        }
        return null;
    }
}
