package io.jvloop.support;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs {@code java} of the running JDK, and collects what it prints. */
public final class ChildJvm {
    private static final long PATIENCE_SECONDS = 60;

    /** Each would make the child print a line about itself to standard error. */
    private static final List<String> NOISY =
            List.of("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS");

    private ChildJvm() {
    }

    /** How the child ended and what it printed. */
    public record Result(int exitValue, String out, String err) {
    }

    /** Runs {@code java} with these arguments and an empty standard input, and waits for its end. */
    public static Result run(List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(arguments);
        Path out = Files.createTempFile("child", ".out");
        Path err = Files.createTempFile("child", ".err");
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
            builder.environment().keySet().removeAll(NOISY);
            Process child = builder.start();
            child.getOutputStream().close();
            if (!child.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                child.destroyForcibly().waitFor();
                throw new AssertionError("no end after " + PATIENCE_SECONDS + " s: " + command + "\n"
                        + Files.readString(out) + Files.readString(err));
            }
            return new Result(child.exitValue(), Files.readString(out), Files.readString(err));
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }
}
