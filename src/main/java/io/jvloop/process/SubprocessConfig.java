package io.jvloop.process;

import io.jvloop.stream.StreamReader;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * How a child is started.
 *
 * @param stdin its standard input
 * @param stdout its standard output
 * @param stderr its standard error; {@link Stdio#STDOUT} for where the output goes
 * @param directory where it starts; null for where this process has
 * @param environment all its variables; null for those of this process
 * @param limit of the readers of its output, in bytes; only for {@link Subprocess}
 */
public record SubprocessConfig(Stdio stdin, Stdio stdout, Stdio stderr, Path directory,
        Map<String, String> environment, int limit) {
    /** Everything as this process has it, as asyncio does. */
    public static final SubprocessConfig DEFAULT = new SubprocessConfig(Stdio.INHERIT, Stdio.INHERIT,
            Stdio.INHERIT, null, null, StreamReader.DEFAULT_LIMIT);

    /** Pipes for all three. */
    public static final SubprocessConfig PIPES =
            DEFAULT.withStdin(Stdio.PIPE).withStdout(Stdio.PIPE).withStderr(Stdio.PIPE);

    /**
     * Checks what can be checked, and copies the environment.
     *
     * @param stdin as for the record
     * @param stdout as for the record
     * @param stderr as for the record
     * @param directory as for the record
     * @param environment as for the record
     * @param limit as for the record
     * @throws IllegalArgumentException if one of the three cannot be what it is to be, or the limit is not
     *             positive
     */
    public SubprocessConfig {
        if (!Objects.requireNonNull(stdin, "stdin").isForInput()) {
            throw new IllegalArgumentException("standard input cannot be '" + stdin
                    + "'; use PIPE, INHERIT, NULL or Stdio.from(file)");
        }
        if (!Objects.requireNonNull(stdout, "stdout").isForOutput()) {
            throw new IllegalArgumentException("standard output cannot be '" + stdout
                    + "'; use PIPE, INHERIT, NULL, Stdio.to(file) or appendTo(file)");
        }
        if (Objects.requireNonNull(stderr, "stderr") != Stdio.STDOUT && !stderr.isForOutput()) {
            throw new IllegalArgumentException("standard error cannot be '" + stderr
                    + "'; use PIPE, INHERIT, NULL, STDOUT, Stdio.to(file) or appendTo(file)");
        }
        if (limit <= 0) {
            throw new IllegalArgumentException("the limit must be positive, not " + limit);
        }
        environment = environment == null ? null : Map.copyOf(environment);
    }

    /**
     * Another standard input.
     *
     * @param choice for example {@link Stdio#PIPE}
     * @return a changed copy
     */
    public SubprocessConfig withStdin(Stdio choice) {
        return new SubprocessConfig(choice, stdout, stderr, directory, environment, limit);
    }

    /**
     * Another standard output.
     *
     * @param choice for example {@link Stdio#PIPE}
     * @return a changed copy
     */
    public SubprocessConfig withStdout(Stdio choice) {
        return new SubprocessConfig(stdin, choice, stderr, directory, environment, limit);
    }

    /**
     * Another standard error.
     *
     * @param choice for example {@link Stdio#STDOUT}
     * @return a changed copy
     */
    public SubprocessConfig withStderr(Stdio choice) {
        return new SubprocessConfig(stdin, stdout, choice, directory, environment, limit);
    }

    /**
     * Another directory.
     *
     * @param where must exist when the child is started; null for that of this process
     * @return a changed copy
     */
    public SubprocessConfig withDirectory(Path where) {
        return new SubprocessConfig(stdin, stdout, stderr, where, environment, limit);
    }

    /**
     * These variables, and no others.
     *
     * @param variables may be empty; null for those of this process
     * @return a changed copy
     */
    public SubprocessConfig withEnvironment(Map<String, String> variables) {
        return new SubprocessConfig(stdin, stdout, stderr, directory, variables, limit);
    }

    /**
     * One variable more, or with another value.
     *
     * @param name of the variable
     * @param value of the variable
     * @return a changed copy
     */
    public SubprocessConfig withVariable(String name, String value) {
        Map<String, String> more = new HashMap<>(environment == null ? System.getenv() : environment);
        more.put(name, value);
        return withEnvironment(more);
    }

    /**
     * Another limit of the readers.
     *
     * @param bytes see {@link StreamReader}
     * @return a changed copy
     */
    public SubprocessConfig withLimit(int bytes) {
        return new SubprocessConfig(stdin, stdout, stderr, directory, environment, bytes);
    }
}
