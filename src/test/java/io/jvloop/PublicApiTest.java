package io.jvloop;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.ApiText;
import io.jvloop.support.ClassFiles;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What users can see, compared with public-api.txt: so that it never grows, or breaks, unnoticed. */
class PublicApiTest {
    private static final Path FILE = Path.of("src/test/java/io/jvloop/public-api.txt");
    private static final String UPDATE = "jvloop.updateApi";

    @Test
    void publicApiIsTheOneWrittenDown() throws IOException {
        List<String> actual = ApiText.of(exportedTypes());
        if (Boolean.getBoolean(UPDATE)) {
            Files.writeString(FILE, String.join("\n", actual) + "\n");
        }
        List<String> expected = Files.exists(FILE) ? Files.readAllLines(FILE) : List.of();
        assertThat(ApiText.difference(expected, actual)).as(
                "the public API differs from " + FILE + "; if that is meant, rewrite it with -D" + UPDATE
                        + "=true")
                .isEmpty();
        assertThat(actual)
                .contains("public final class io.jvloop.loop.EventLoop implements java.lang.AutoCloseable, "
                        + "java.util.concurrent.Executor");
    }

    /**
     * A type of a package that is not exported cannot be used, and a type of none of the packages cannot be
     * named.
     */
    private static List<Class<?>> exportedTypes() throws IOException {
        Path classes = ClassFiles.home(EventLoop.class);
        Set<String> exported;
        try (InputStream in = Files.newInputStream(classes.resolve("module-info.class"))) {
            exported = ModuleDescriptor.read(in).exports().stream().filter(export -> !export.isQualified())
                    .map(ModuleDescriptor.Exports::source).collect(Collectors.toSet());
        }
        List<Class<?>> types = new ArrayList<>(ClassFiles.under(classes));
        types.removeIf(type -> !exported.contains(type.getPackageName()));
        return types;
    }

    @Test
    void differenceNamesTheTypeAndBothSides() {
        List<String> before = List.of("public final class A", "    public int one()", "    public int two()",
                "public final class B", "    public int three()");
        List<String> after = List.of("public final class A", "    public int one()", "    public long two()",
                "public final class C");
        assertThat(ApiText.difference(before, after)).containsExactly("  public final class A",
                "-     public int two()",
                "+     public long two()", "- public final class B", "-     public int three()",
                "+ public final class C");
        assertThat(ApiText.difference(before, before)).isEmpty();
    }
}
