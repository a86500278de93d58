package io.jvloop.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A child that runs, and our ends of its pipes. Made off the loop, since starting one takes milliseconds.
 *
 * @param process the child
 * @param ends to be owned by transports
 * @param byThreads whether threads carry its streams, see {@link ChildThreads}
 * @param startTime since when it runs, in the kernel's words; empty elsewhere than on Linux
 */
record Spawned(Process process, ChildEnds ends, boolean byThreads, String startTime) {
    /** Of both JDKs: "error=2, No such file" of 17, "error: 2 (No such file" of 25. */
    private static final Pattern NO_SUCH_FILE = Pattern.compile("error[=:] ?2\\b");
    private static final Pattern ACCESS_DENIED = Pattern.compile("error[=:] ?13\\b");

    /** Starts it, or leaves nothing behind. */
    static Spawned spawn(List<String> command, SubprocessConfig config, boolean byThreads)
            throws IOException {
        ProcessBuilder builder = builder(command, config);
        ChildEnds ours = new ChildEnds();
        ChildPipes pipes = new ChildPipes(config, ours);
        Process process = null;
        try {
            if (!byThreads) {
                pipes.open(builder);
            }
            process = builder.start();
            if (byThreads) {
                ChildThreads.start(process, config, ours);
            }
            return new Spawned(process, ours, byThreads, startTime(process.pid()));
        } catch (IOException e) {
            discard(process, ours);
            throw explained(e, command, config);
        } catch (RuntimeException | Error e) { // no thread, no memory
            discard(process, ours);
            throw e;
        } finally {
            pipes.closeTheirs();
        }
    }

    private static ProcessBuilder builder(List<String> command, SubprocessConfig config) {
        ProcessBuilder builder = new ProcessBuilder(command);
        if (config.stdin() != Stdio.PIPE) {
            builder.redirectInput(config.stdin().input());
        }
        if (config.stdout() != Stdio.PIPE) {
            builder.redirectOutput(config.stdout().output());
        }
        if (config.stderr() == Stdio.STDOUT) {
            builder.redirectErrorStream(true);
        } else if (config.stderr() != Stdio.PIPE) {
            builder.redirectError(config.stderr().output());
        }
        if (config.directory() != null) {
            builder.directory(config.directory().toFile());
        }
        if (config.environment() != null) {
            builder.environment().clear();
            builder.environment().putAll(config.environment());
        }
        return builder;
    }

    /** The JDK has one exception for everything; the kinds that programs tell apart are these. */
    private static IOException explained(IOException failure, List<String> command,
            SubprocessConfig config) {
        Throwable told = failure.getCause() == null ? failure : failure.getCause(); // without any names
        String message = String.valueOf(told.getMessage());
        Path directory = config.directory();
        FileSystemException kind;
        if (directory != null && !Files.isDirectory(directory)) {
            kind = new NoSuchFileException(directory.toString(), null, "no directory to start a child in");
        } else if (NO_SUCH_FILE.matcher(message).find()) {
            kind = new NoSuchFileException(command.get(0), null, "no such program");
        } else if (ACCESS_DENIED.matcher(message).find()) {
            kind = new AccessDeniedException(command.get(0), null, "may not be run");
        } else {
            return failure;
        }
        kind.initCause(failure);
        return kind;
    }

    /** Nobody wants it any more. The JDK reaps it. */
    void discard() {
        discard(process, ends);
    }

    private static void discard(Process process, ChildEnds ours) {
        if (process != null) {
            process.destroyForcibly();
        }
        ours.close();
    }

    private static String startTime(long pid) {
        if (!Files.exists(Path.of("/proc/self/stat"))) {
            return "";
        }
        try {
            // Linux cuts the name in it after 15 bytes, perhaps within a character
            String line = Files.readString(Path.of("/proc/" + pid + "/stat"), StandardCharsets.ISO_8859_1);
            return line.substring(line.lastIndexOf(')') + 2).split(" ")[SignalScript.START_TIME_FIELD];
        } catch (IOException e) {
            return "has ended"; // nothing has such a start time, so nothing is ever hit
        }
    }
}
