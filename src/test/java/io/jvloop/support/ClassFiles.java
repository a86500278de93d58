package io.jvloop.support;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Compiled classes by directory, loaded without running their initialisers. */
public final class ClassFiles {
    private ClassFiles() {
    }

    /** The directory or archive that a class was loaded from. */
    public static Path home(Class<?> type) {
        return Path.of(URI.create(type.getProtectionDomain().getCodeSource().getLocation().toString()));
    }

    /** All classes in a directory, sorted by name, without package-info and module-info. */
    public static List<Class<?>> under(Path directory) {
        List<Class<?>> types = new ArrayList<>();
        for (String name : names(directory)) {
            try {
                types.add(Class.forName(name, false, ClassFiles.class.getClassLoader()));
            } catch (ClassNotFoundException e) {
                throw new IllegalStateException(e);
            }
        }
        return types;
    }

    private static List<String> names(Path directory) {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.map(file -> directory.relativize(file).toString().replace(File.separatorChar, '.'))
                    .filter(name -> name.endsWith(".class") && !name.endsWith("-info.class"))
                    .map(name -> name.substring(0, name.length() - ".class".length())).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The name as in the source, without the package: {@code Outer.Inner}. */
    public static String sourceName(Class<?> type) {
        Class<?> outer = type.getEnclosingClass();
        return outer == null ? type.getSimpleName() : sourceName(outer) + "." + type.getSimpleName();
    }
}
