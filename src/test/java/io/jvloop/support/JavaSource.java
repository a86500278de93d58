package io.jvloop.support;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The text of a source file, as the house tests look at it.
 *
 * @param path where it is, below the source folder, with forward slashes
 * @param text all of it
 */
public record JavaSource(String path, String text) {
    /** What is not code, in the order the alternatives must be tried: a text block begins like a string. */
    private static final Pattern COMMENT_OR_LITERAL =
            Pattern.compile("(//[^\\n]*|/\\*.*?\\*/)" + "|\"\"\".*?(?<!\\\\)\"\"\""
                    + "|\"[^\"\\\\]*(?:\\\\.[^\"\\\\]*)*\"" + "|'(?:[^'\\\\]|\\\\.)[^']*'", Pattern.DOTALL);

    /** All sources below a folder, sorted. */
    public static List<JavaSource> under(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".java")).sorted()
                    .map(file -> read(folder, file)).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JavaSource read(Path folder, Path file) {
        try {
            return new JavaSource(folder.relativize(file).toString().replace(File.separatorChar, '/'),
                    Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The text without comments; strings and characters stay. */
    public String withoutComments() {
        return COMMENT_OR_LITERAL.matcher(text).replaceAll(
                found -> found.group(1) != null ? " " : Matcher.quoteReplacement(found.group()));
    }

    /** The text without comments and with empty strings. */
    public String code() {
        return COMMENT_OR_LITERAL.matcher(text).replaceAll(found -> found.group(1) != null ? " " : "\"\"");
    }

    /** The package it is in, for example {@code io.jvloop.loop}; empty for the module declaration. */
    public String packageName() {
        int slash = path.lastIndexOf('/');
        return slash < 0 ? "" : path.substring(0, slash).replace('/', '.');
    }
}
