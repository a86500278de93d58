package io.jvloop.support;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.GenericDeclaration;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What is public or protected in some classes, as lines of text that do not depend on the JDK that prints
 * them.
 */
public final class ApiText {
    private static final String INDENT = "    ";
    private static final int VISIBLE = Modifier.PUBLIC | Modifier.PROTECTED;

    private ApiText() {
    }

    /**
     * A line per visible type, sorted by name, each followed by its own visible members, sorted and indented.
     */
    public static List<String> of(Collection<Class<?>> types) {
        List<String> lines = new ArrayList<>();
        types.stream().filter(ApiText::isVisible).sorted((a, b) -> a.getName().compareTo(b.getName()))
                .forEach(type -> {
                    lines.add(heading(type));
                    lines.addAll(members(type));
                });
        return lines;
    }

    /**
     * What to do to come from one text to the other, each member under the name of its type; empty if they
     * are equal.
     */
    public static List<String> difference(List<String> before, List<String> after) {
        Map<String, List<String>> old = byType(before);
        Map<String, List<String>> now = byType(after);
        List<String> lines = new ArrayList<>();
        for (String type : old.keySet()) {
            List<String> removed = without(old.get(type), now.getOrDefault(type, List.of()));
            List<String> added = without(now.getOrDefault(type, List.of()), old.get(type));
            if (!now.containsKey(type) || !removed.isEmpty() || !added.isEmpty()) {
                lines.add((now.containsKey(type) ? "  " : "- ") + type);
                removed.forEach(line -> lines.add("- " + line));
                added.forEach(line -> lines.add("+ " + line));
            }
        }
        for (String type : without(List.copyOf(now.keySet()), List.copyOf(old.keySet()))) {
            lines.add("+ " + type);
            now.get(type).forEach(line -> lines.add("+ " + line));
        }
        return lines;
    }

    private static Map<String, List<String>> byType(List<String> lines) {
        Map<String, List<String>> types = new LinkedHashMap<>();
        List<String> members = new ArrayList<>();
        for (String line : lines) {
            if (line.startsWith(INDENT)) {
                members.add(line);
            } else {
                members = types.computeIfAbsent(line, key -> new ArrayList<>());
            }
        }
        return types;
    }

    private static List<String> without(List<String> all, List<String> others) {
        List<String> rest = new ArrayList<>(all);
        rest.removeAll(others);
        return rest;
    }

    private static boolean isVisible(Class<?> type) {
        Class<?> outer = type.getDeclaringClass();
        return !type.isAnonymousClass() && !type.isLocalClass() && (type.getModifiers() & VISIBLE) != 0
                && (outer == null || isVisible(outer));
    }

    private static String heading(Class<?> type) {
        Kind kind = Kind.of(type);
        Class<?> parent = kind == Kind.CLASS ? type.getSuperclass() : Object.class;
        return words(Modifier.toString(type.getModifiers() & ~kind.implied), type.isSealed() ? "sealed" : "",
                kind.word, type.getName() + typeParameters(type),
                parent == Object.class ? "" : "extends " + type.getGenericSuperclass().getTypeName(),
                list(type.isInterface() ? "extends " : "implements ", type.getGenericInterfaces()));
    }

    /** What a type is, and which modifiers are not worth printing since all of the kind have them. */
    private enum Kind {
        ANNOTATION("@interface", Modifier.INTERFACE | Modifier.ABSTRACT | Modifier.STATIC),
        INTERFACE("interface", Modifier.INTERFACE | Modifier.ABSTRACT | Modifier.STATIC),
        ENUM("enum", Modifier.FINAL | Modifier.STATIC),
        RECORD("record", Modifier.FINAL | Modifier.STATIC),
        CLASS("class", 0);

        private final String word;
        private final int implied;

        Kind(String word, int implied) {
            this.word = word;
            this.implied = implied;
        }

        private static Kind of(Class<?> type) {
            if (type.isInterface()) {
                return type.isAnnotation() ? ANNOTATION : INTERFACE;
            }
            return type.isEnum() ? ENUM : type.isRecord() ? RECORD : CLASS;
        }
    }

    private static Collection<String> members(Class<?> type) {
        Collection<String> lines = new TreeSet<>();
        visible(type.getDeclaredFields()).forEach(field -> lines.add(INDENT + text((Field) field)));
        visible(type.getDeclaredConstructors())
                .forEach(made -> lines.add(INDENT + text((Constructor<?>) made)));
        visible(type.getDeclaredMethods()).forEach(method -> lines.add(INDENT + text((Method) method)));
        return lines;
    }

    private static Stream<Member> visible(Member[] members) {
        return Arrays.stream(members)
                .filter(member -> (member.getModifiers() & VISIBLE) != 0 && !member.isSynthetic());
    }

    private static String text(Field field) {
        return words(deprecated(field), Modifier.toString(field.getModifiers()),
                field.getGenericType().getTypeName(),
                field.getName());
    }

    private static String text(Constructor<?> made) {
        return words(deprecated(made),
                Modifier.toString(made.getModifiers() & Modifier.constructorModifiers()),
                typeParameters(made), made.getDeclaringClass().getSimpleName() + parameters(made),
                list("throws ", made.getGenericExceptionTypes()));
    }

    private static String text(Method method) {
        int modifiers = method.getModifiers() & Modifier.methodModifiers() & ~Modifier.SYNCHRONIZED;
        return words(deprecated(method), Modifier.toString(modifiers), method.isDefault() ? "default" : "",
                typeParameters(method), method.getGenericReturnType().getTypeName(),
                method.getName() + parameters(method), list("throws ", method.getGenericExceptionTypes()));
    }

    private static String deprecated(AnnotatedElement member) {
        return member.isAnnotationPresent(Deprecated.class) ? "@Deprecated" : "";
    }

    private static String parameters(Executable called) {
        String types = Arrays.stream(called.getGenericParameterTypes()).map(Type::getTypeName)
                .collect(Collectors.joining(", "));
        return "(" + (called.isVarArgs() ? types.replaceFirst("\\[]$", "...") : types) + ")";
    }

    private static String typeParameters(GenericDeclaration declaration) {
        TypeVariable<?>[] variables = declaration.getTypeParameters();
        return variables.length == 0 ? ""
                : Arrays.stream(variables).map(ApiText::typeParameter)
                        .collect(Collectors.joining(", ", "<", ">"));
    }

    private static String typeParameter(TypeVariable<?> variable) {
        String bounds =
                Arrays.stream(variable.getBounds()).map(Type::getTypeName).collect(Collectors.joining(" & "));
        return bounds.equals("java.lang.Object") ? variable.getName()
                : variable.getName() + " extends " + bounds;
    }

    private static String list(String word, Type[] types) {
        return types.length == 0 ? ""
                : word + Arrays.stream(types).map(Type::getTypeName).sorted()
                        .collect(Collectors.joining(", "));
    }

    private static String words(String... words) {
        return Arrays.stream(words).filter(word -> !word.isEmpty()).collect(Collectors.joining(" "));
    }
}
