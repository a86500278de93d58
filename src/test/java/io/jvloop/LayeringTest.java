package io.jvloop;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.JavaSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Which package may know which: lower layers never hear of upper ones, so that each can be read by itself.
 */
class LayeringTest {
    private static final String OURS = "io.jvloop.";

    private static final List<String> HTTP_SERVER =
            List.of("http", "http.codec", "tls", "transport", "loop", "buffer");

    /** A package, and the packages of ours that it may use besides itself. */
    private static final Map<String, List<String>> MAY_USE = Map.ofEntries(
            entry("buffer", List.of()),
            entry("loop", List.of("buffer")),
            entry("jfr", List.of("loop")),
            entry("dns", List.of("loop")),
            entry("transport", List.of("loop", "buffer", "dns")),
            entry("tls", List.of("transport", "loop", "buffer")),
            entry("stream", List.of("transport", "tls", "loop", "buffer")),
            entry("process", List.of("stream", "transport", "loop", "buffer")),
            entry("http.codec", List.of()),
            entry("http", List.of("http.codec", "transport", "loop", "buffer")),
            entry("websocket", List.of("http", "http.codec", "transport", "loop", "buffer")),
            entry("compat.nio", List.of("loop", "buffer")),
            entry("compat.httpserver", HTTP_SERVER));

    /** These stand on top of everything and nothing stands on them. */
    private static final Set<String> MAY_USE_ANYTHING = Set.of("examples");

    /** Packages from outside java.base and its like, and the only sources that may use them. */
    private static final Map<String, String> FOREIGN = Map.of(
            "org.jctools", "io/jvloop/loop/CallbackQueue.java",
            "jdk.jfr", "io/jvloop/jfr/",
            "com.sun.net.httpserver", "io/jvloop/compat/httpserver/");

    private static final Pattern OUR_NAME = Pattern.compile("\\bio\\.jvloop((?:\\.[a-z][a-z0-9]*)+)");
    private static final Pattern ANY_IMPORT = Pattern.compile("\\bimport\\s+(?:static\\s+)?([\\w.]+)");
    private static final Pattern FOREIGN_NAME = Pattern.compile("\\b(org|com|sun|jdk)\\.[a-z]\\w*\\.[\\w.]*");
    private static final Pattern INTERNAL = Pattern.compile("\\b(sun\\.misc|sun\\.nio|jdk\\.internal)\\b");

    private final List<JavaSource> sources = JavaSource.under(Path.of("src/main/java")).stream()
            .filter(source -> !source.packageName().isEmpty()).toList();

    @Test
    void everyPackageIsInTheTableAndKeepsToIt() {
        assertThat(sources).hasSizeGreaterThan(20);
        assertThat(sources.stream().flatMap(LayeringTest::forbiddenUses)).isEmpty();
    }

    @Test
    void foreignPackagesAreUsedOnlyWhereTheTableSays() {
        assertThat(sources.stream().flatMap(LayeringTest::foreignUses)).isEmpty();
    }

    /** The names may stand in a comment, but neither in code nor, for reflection, in a string. */
    @Test
    void nothingUsesTheInnardsOfTheJdk() {
        assertThat(sources.stream().filter(source -> !source.packageName().equals(OURS + "process"))
                .filter(source -> INTERNAL.matcher(source.withoutComments()).find()).map(JavaSource::path))
                .isEmpty();
        assertThat(sources.stream().filter(source -> INTERNAL.matcher(source.code()).find())
                .map(JavaSource::path))
                .isEmpty();
    }

    @Test
    void tableHasNoCycle() {
        for (String start : MAY_USE.keySet()) {
            Set<String> reached = new HashSet<>();
            List<String> todo = new ArrayList<>(MAY_USE.get(start));
            while (!todo.isEmpty()) {
                String next = todo.remove(0);
                if (reached.add(next)) {
                    todo.addAll(MAY_USE.get(next));
                }
            }
            assertThat(reached).as("what " + start + " reaches").doesNotContain(start);
        }
    }

    @Test
    void scanSeesImportsAndFullNamesButNotComments() {
        JavaSource bad = new JavaSource("io/jvloop/loop/Bad.java", """
                package io.jvloop.loop;
                import io.jvloop.transport.Net;
                import static io.jvloop.buffer.BufferPool.MIN_BYTES;
                import org.jctools.queues.MpscArrayQueue;
                // import io.jvloop.tls.Tls;
                class Bad {
                    /** {@link io.jvloop.stream.Streams} */
                    io.jvloop.http.codec.Headers headers = null; // sun.misc
                    String name = "io.jvloop.process.Signals";
                    javax.management.MBeanServer server;
                    com.sun.net.httpserver.HttpServer http;
                }
                """);
        assertThat(forbiddenUses(bad)).containsExactly("io/jvloop/loop/Bad.java uses http.codec",
                "io/jvloop/loop/Bad.java uses transport");
        assertThat(foreignUses(bad)).containsExactly(
                "io/jvloop/loop/Bad.java uses com.sun.net.httpserver.HttpServer",
                "io/jvloop/loop/Bad.java uses org.jctools.queues.MpscArrayQueue");
        assertThat(Stream.of("io/jvloop/nowhere/New.java", "io/jvloop/New.java")
                .flatMap(path -> forbiddenUses(new JavaSource(path, "class New { }"))))
                .containsExactly("io/jvloop/nowhere/New.java is in no package of the table",
                        "io/jvloop/New.java is in no package of the table");
        assertThat(INTERNAL.matcher(bad.withoutComments()).find()).isFalse();
        assertThat(INTERNAL.matcher("sun.misc.Signal s").find()).isTrue();
    }

    private static Stream<String> forbiddenUses(JavaSource source) {
        String self = source.packageName().replaceFirst("^" + Pattern.quote(OURS), "");
        if (MAY_USE_ANYTHING.contains(self)) {
            return Stream.empty();
        }
        if (!MAY_USE.containsKey(self)) {
            return Stream.of(source.path() + " is in no package of the table");
        }
        return matches(OUR_NAME, source).stream().map(name -> name.substring(1))
                .filter(used -> !used.equals(self) && !MAY_USE.get(self).contains(used))
                .map(used -> source.path() + " uses " + used);
    }

    private static Stream<String> foreignUses(JavaSource source) {
        Set<String> names =
                Stream.concat(matches(ANY_IMPORT, source).stream(), matches(FOREIGN_NAME, source).stream())
                        .filter(name -> !name.startsWith("java.") && !name.startsWith("javax.")
                                && !name.startsWith(OURS))
                        .collect(Collectors.toCollection(TreeSet::new));
        return names.stream().filter(name -> !isAllowed(name, source))
                .map(name -> source.path() + " uses " + name);
    }

    private static boolean isAllowed(String name, JavaSource source) {
        return FOREIGN.entrySet().stream().anyMatch(
                allowed -> name.startsWith(allowed.getKey() + ".")
                        && source.path().startsWith(allowed.getValue()));
    }

    /**
     * The first group of each match, or else all of it; sorted, without repetition, without the package's own
     * line.
     */
    private static Set<String> matches(Pattern pattern, JavaSource source) {
        Set<String> found = new TreeSet<>();
        Matcher matcher = pattern.matcher(source.code());
        while (matcher.find()) {
            found.add(pattern == FOREIGN_NAME ? matcher.group() : matcher.group(1));
        }
        return found;
    }
}
