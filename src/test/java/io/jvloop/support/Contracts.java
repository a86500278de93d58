package io.jvloop.support;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** Collects the {@link Contract}s of compiled test classes and writes them down as a document. */
public final class Contracts {
    private static final String HEAD = """
            # Contracts

            What users may rely on, and the test that holds it. `ContractsDocTest` writes this file from the
            `@Contract` annotations of the tests; to change a line, change the annotation.
            """;

    private Contracts() {
    }

    /** One promise of one test. */
    public record Promise(Section section, String text, Method test) {
        String testName() {
            return ClassFiles.sourceName(test.getDeclaringClass()) + "." + test.getName();
        }
    }

    /** Every promise made in the classes of a directory, in no particular order. */
    public static List<Promise> find(Path classes) {
        List<Promise> found = new ArrayList<>();
        for (Class<?> type : ClassFiles.under(classes)) {
            for (Method method : type.getDeclaredMethods()) {
                for (Contract contract : method.getAnnotationsByType(Contract.class)) {
                    found.add(new Promise(contract.section(), contract.value(), method));
                }
            }
        }
        return found;
    }

    /** The document: by section, then by text; the same promises give the same characters. */
    public static String document(List<Promise> promises) {
        StringBuilder text = new StringBuilder(HEAD);
        for (Section section : Section.values()) {
            Map<String, TreeSet<String>> holders =
                    new TreeMap<>(String.CASE_INSENSITIVE_ORDER.thenComparing(Comparator.naturalOrder()));
            for (Promise promise : promises) {
                if (promise.section() == section) {
                    holders.computeIfAbsent(promise.text(), key -> new TreeSet<>()).add(promise.testName());
                }
            }
            if (!holders.isEmpty()) {
                text.append("\n## ").append(section.title())
                        .append("\n\n| Contract | Held by |\n|---|---|\n");
                holders.forEach((promise, tests) -> text.append("| ").append(promise).append(" | `")
                        .append(String.join("`, `", tests)).append("` |\n"));
            }
        }
        return text.toString();
    }

    /**
     * Writes the document, but leaves a file that says the same already untouched; true if it was written.
     */
    public static boolean write(Path file, String document) throws IOException {
        if (Files.exists(file) && Files.readString(file).equals(document)) {
            return false;
        }
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.writeString(file, document);
        return true;
    }
}
