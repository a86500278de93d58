package io.jvloop;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.ClassFiles;
import io.jvloop.support.Contract;
import io.jvloop.support.Contracts;
import io.jvloop.support.Contracts.Promise;
import io.jvloop.support.Section;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keeps docs/contracts.md in step with the {@link Contract} annotations, and those in order. */
class ContractsDocTest {
    private final List<Promise> promises = Contracts.find(ClassFiles.home(ContractsDocTest.class));

    @Test
    void documentIsWrittenFromTheTests() throws IOException {
        Path file = Path.of("docs/contracts.md");
        Contracts.write(file, Contracts.document(promises));
        assertThat(Files.readString(file)).contains("# Contracts", "## " + Section.LOOP.title(),
                "`TurnOrderTest.callbacksThenChannelsThenTimers`");
    }

    @Test
    void promisesAreHeldByTests() {
        assertThat(promises).isNotEmpty();
        assertThat(
                promises.stream().map(Promise::test).filter(method -> !isTest(method)).map(Method::toString))
                .isEmpty();
    }

    private static boolean isTest(Method method) {
        return Stream.of(method.getAnnotations())
                .map(annotation -> annotation.annotationType().getSimpleName())
                .anyMatch(name -> Set.of("Test", "ParameterizedTest", "RepeatedTest", "TestFactory")
                        .contains(name));
    }

    @Test
    void promisesAreSingleSentencesThatFitIntoATable() {
        assertThat(promises).extracting(Promise::text).allSatisfy(text -> assertThat(text)
                .matches("[A-Za-z][^|\\n`]*[^.\\s|]").hasSizeBetween(20, 170));
    }

    @Test
    void promiseStandsInOneSectionOnly() {
        Map<String, Set<Section>> sections =
                promises.stream().collect(Collectors.groupingBy(Promise::text, TreeMap::new,
                        Collectors.mapping(Promise::section, Collectors.toCollection(TreeSet::new))));
        assertThat(sections.entrySet().stream().filter(entry -> entry.getValue().size() > 1)).isEmpty();
    }

    @Test
    void documentIsSortedAndTheSameHoweverTheTestsAreFound() throws NoSuchMethodException {
        Method one = ContractsDocTest.class.getDeclaredMethod("promisesAreHeldByTests");
        Method two = ContractsDocTest.class.getDeclaredMethod("isTest", Method.class);
        Promise lastOfAll = new Promise(Section.LOOP, "b comes second", two);
        Promise sameText = new Promise(Section.LOOP, "b comes second", one);
        Promise constant = new Promise(Section.CONSTANTS, "Z is a constant", one);
        Promise first = new Promise(Section.LOOP, "A comes first", two);
        String document = Contracts.document(List.of(lastOfAll, sameText, constant, first));
        assertThat(document.lines().filter(line -> line.startsWith("| ") || line.startsWith("## ")))
                .containsExactly(
                        "## 1 Constants", "| Contract | Held by |",
                        "| Z is a constant | `ContractsDocTest.promisesAreHeldByTests` |",
                        "## 2 Loop", "| Contract | Held by |",
                        "| A comes first | `ContractsDocTest.isTest` |",
                        "| b comes second | `ContractsDocTest.isTest`, "
                                + "`ContractsDocTest.promisesAreHeldByTests` |");
        assertThat(Contracts.document(List.of(first, constant, sameText, lastOfAll))).isEqualTo(document);
    }

    @Test
    void fileThatSaysTheSameIsNotTouched(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("docs").resolve("contracts.md");
        assertThat(Contracts.write(file, "a")).isTrue();
        assertThat(Contracts.write(file, "a")).isFalse();
        assertThat(Contracts.write(file, "b")).isTrue();
        assertThat(file).hasContent("b");
    }
}
