package io.jvloop.process;

import java.io.File;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;

/** Where a child's standard input, output or error goes. */
public final class Stdio {
    /** A pipe to this process. */
    public static final Stdio PIPE = new Stdio("PIPE", null);

    /** The one of this process. */
    public static final Stdio INHERIT = new Stdio("INHERIT", Redirect.INHERIT);

    /** {@code /dev/null}: nothing to read, and everything written is gone. */
    public static final Stdio NULL = new Stdio("NULL", null);

    /** Of standard error only: where standard output goes, in order with it. */
    public static final Stdio STDOUT = new Stdio("STDOUT", null);

    private static final boolean WINDOWS = File.separatorChar == '\\';

    private final String name;
    private final Redirect redirect; // null for those that are more than a redirection

    private Stdio(String name, Redirect redirect) {
        this.name = name;
        this.redirect = redirect;
    }

    /**
     * Reads from a file. For standard input.
     *
     * @param file must exist when the child is started
     * @return the choice
     */
    public static Stdio from(Path file) {
        return new Stdio("from " + file, Redirect.from(file.toFile()));
    }

    /**
     * Writes to a file, which is made or emptied. For standard output and error.
     *
     * @param file in a folder that exists
     * @return the choice
     */
    public static Stdio to(Path file) {
        return new Stdio("to " + file, Redirect.to(file.toFile()));
    }

    /**
     * Writes to the end of a file, which is made if there is none. For standard output and error.
     *
     * @param file in a folder that exists
     * @return the choice
     */
    public static Stdio appendTo(Path file) {
        return new Stdio("append to " + file, Redirect.appendTo(file.toFile()));
    }

    boolean isForInput() {
        return this != STDOUT && (redirect == null || redirect.type() == Redirect.Type.READ
                || redirect.type() == Redirect.Type.INHERIT);
    }

    boolean isForOutput() {
        return this != STDOUT && (redirect == null || redirect.type() != Redirect.Type.READ);
    }

    /** For the JDK, of what is neither a pipe nor STDOUT. */
    Redirect input() {
        return this == NULL ? Redirect.from(new File(WINDOWS ? "NUL" : "/dev/null")) : redirect;
    }

    /** For the JDK, of what is neither a pipe nor STDOUT. */
    Redirect output() {
        return this == NULL ? Redirect.DISCARD : redirect;
    }

    @Override
    public String toString() {
        return name;
    }
}
