package io.jvloop;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.buffer.BufferPool;
import io.jvloop.support.ClassFiles;
import io.jvloop.support.JavaSource;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;

/** House rules that the style checker does not know. */
class SourceRulesTest {
    private static final Pattern SENTENCE = Pattern.compile("[a-z]+[0-9]*(?:[A-Z0-9][a-z0-9]*){2,}");

    /** The only inheritance between classes of ours; everything else is composed. */
    private static final Map<String, String> EXTENDS =
            Map.of("io.jvloop.loop.TimerHandle", "io.jvloop.loop.Handle");

    private final List<Class<?>> library = ClassFiles.under(ClassFiles.home(BufferPool.class)).stream()
            .filter(type -> !type.getName().startsWith("io.jvloop.examples.")).toList();
    private final List<Class<?>> tests = ClassFiles.under(ClassFiles.home(SourceRulesTest.class));

    @Test
    void classesAreFinalOrSealed() {
        assertThat(library).hasSizeGreaterThan(20);
        assertThat(library.stream()
                .filter(type -> !type.isInterface() && !type.isAnonymousClass() && !type.isEnum())
                .filter(type -> !Modifier.isFinal(type.getModifiers()) && !type.isSealed())
                .map(Class::getName)).isEmpty();
    }

    @Test
    void classesOfOursDoNotExtendEachOther() {
        assertThat(library.stream().filter(SourceRulesTest::extendsOneOfOurs).map(Class::getName))
                .containsExactlyInAnyOrderElementsOf(EXTENDS.keySet());
    }

    private static boolean extendsOneOfOurs(Class<?> type) {
        Class<?> parent = type.getSuperclass();
        return parent != null && parent.getName().startsWith("io.jvloop.") && !type.isEnum()
                && !parent.isEnum();
    }

    @Test
    void namesOfTestsAreSentences() {
        assertThat(testMethods().map(Method::getName).filter(name -> !SENTENCE.matcher(name).matches()))
                .isEmpty();
    }

    @Test
    void noTestIsSwitchedOff() {
        assertThat(testMethods().filter(method -> method.isAnnotationPresent(Disabled.class))
                .map(Method::toString))
                .isEmpty();
        assertThat(
                tests.stream().filter(type -> type.isAnnotationPresent(Disabled.class)).map(Class::getName))
                .isEmpty();
    }

    /** A future with a timeout or a latch that is not looked at hides the hang it was meant to find. */
    @Test
    void testsLookAtTheResultOfTimedWaits() {
        Pattern ignored = Pattern.compile(
                "(?m)^\\s*\\w+(?:\\.\\w+\\(\\))*\\.(?:await|awaitTermination|waitFor)\\([^()]+,[^;]*\\);");
        List<JavaSource> sources = JavaSource.under(Path.of("src/test/java"));
        assertThat(sources).hasSizeGreaterThan(20);
        assertThat(sources.stream().filter(source -> ignored.matcher(source.code()).find())
                .map(JavaSource::path)).isEmpty();
        assertThat(ignored.matcher("    latch.await(1, TimeUnit.SECONDS);").find()).isTrue();
    }

    private Stream<Method> testMethods() {
        return tests.stream().flatMap(type -> Stream.of(type.getDeclaredMethods()))
                .filter(method -> Stream.of(method.getAnnotations())
                        .anyMatch(annotation -> annotation.annotationType().getName()
                                .startsWith("org.junit.jupiter")
                                && annotation.annotationType().getSimpleName().endsWith("Test")));
    }
}
