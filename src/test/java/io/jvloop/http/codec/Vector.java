package io.jvloop.http.codec;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A line of request-vectors.txt.
 *
 * @param id names it
 * @param clause of which RFC
 * @param name what is special about it
 * @param input bytes, as characters of Latin 1
 * @param outcome as {@link Outcome} writes it
 */
record Vector(String id, String clause, String name, String input, String outcome) {
    private static final Pattern REPEATED = Pattern.compile("\\{([^{}]*)\\*(\\d+)\\}");
    private static final Pattern ESCAPE = Pattern.compile("\\\\(x[0-9a-f]{2}|.)");
    private static final int COLUMNS = 5;

    static List<Vector> all() {
        return lines("request-vectors.txt").stream().map(Vector::of).toList();
    }

    /** The lines of a table that are not empty, nor comments. */
    static List<String> lines(String resource) {
        try (InputStream in = Vector.class.getResourceAsStream(resource)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#")).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Vector of(String line) {
        String[] columns = line.split(" \\| ", COLUMNS);
        if (columns.length < COLUMNS) {
            throw new IllegalArgumentException("not a vector: " + line);
        }
        return new Vector(columns[0], columns[1], columns[2], unescape(expand(columns[3])),
                expand(columns[4]));
    }

    private static String expand(String text) {
        return REPEATED.matcher(text)
                .replaceAll(found -> Matcher
                        .quoteReplacement(found.group(1).repeat(Integer.parseInt(found.group(2)))));
    }

    private static String unescape(String text) {
        return ESCAPE.matcher(text).replaceAll(found -> Matcher.quoteReplacement(switch (found.group(1)) {
            case "r" -> "\r";
            case "n" -> "\n";
            case "t" -> "\t";
            case "\\" -> "\\";
            default -> String.valueOf((char) Integer.parseInt(found.group(1).substring(1), 16));
        }));
    }

    byte[] bytes() {
        return input.getBytes(StandardCharsets.ISO_8859_1);
    }

    @Override
    public String toString() {
        return id + " (" + name + ", RFC " + clause + ")";
    }
}
