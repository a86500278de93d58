package io.jvloop.http.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.Contract;
import io.jvloop.support.Section;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;

/** The table of requests, and the table of what RFC 9112 demands of a server. */
class RequestVectorsTest {
    private static final long SEED = 9112;
    private static final int CUTTINGS = 20;
    private static final int MOST_CUTS = 12;
    private static final int LEAST_VECTORS = 300;

    private final List<Vector> vectors = Vector.all();

    private void check(Function<Vector, String> outcome) {
        List<String> wrong =
                vectors.stream().filter(vector -> !outcome.apply(vector).equals(vector.outcome()))
                        .map(vector -> vector + ": " + outcome.apply(vector)).toList();
        assertThat(wrong).isEmpty();
        assertThat(vectors).hasSizeGreaterThan(LEAST_VECTORS);
    }

    @Test
    @Contract(section = Section.HTTP, value = "a request that could be read in two ways is refused with the "
            + "status of the RFC, and the connection is closed")
    void eachVectorHasItsOutcome() {
        check(vector -> Outcome.of(vector.bytes(), true));
        check(vector -> Outcome.of(vector.bytes(), false));
    }

    @Test
    @Contract(section = Section.HTTP,
            value = "a request means the same however the network cuts it into pieces")
    void eachVectorHasTheSameOutcomeByteByByte() {
        check(vector -> Outcome.byteByByte(vector.bytes()));
    }

    @Test
    @Contract(section = Section.HTTP,
            value = "a request means the same however the network cuts it into pieces")
    void eachVectorHasTheSameOutcomeCutAtRandom() {
        for (int seed = 0; seed < CUTTINGS; seed++) {
            Random random = new Random(SEED + seed);
            boolean direct = random.nextBoolean();
            check(vector -> Outcome.of(vector.bytes(), direct, cuts(vector.bytes().length, random)));
        }
    }

    private static int[] cuts(int length, Random random) {
        return random.ints(random.nextInt(MOST_CUTS), 0, length + 1).sorted().toArray();
    }

    @Test
    void eachVectorIsNamedOnceAndHasItsClause() {
        assertThat(vectors.stream().map(Vector::id)).doesNotHaveDuplicates();
        assertThat(vectors.stream().map(Vector::clause))
                .allMatch(clause -> clause.matches("\\d{4} §[\\d.]+"));
    }

    /** RFC 9112's demands on a server, each with what holds it: vectors, or a test. */
    @Test
    void eachDemandOfTheRfcIsHeldBySomethingThatExists() {
        Set<String> ids = vectors.stream().map(Vector::id).collect(Collectors.toSet());
        List<String> demands = Vector.lines("rfc9112-musts.txt");
        assertThat(demands).hasSizeGreaterThan(30);
        assertThat(demands.stream().flatMap(demand -> Stream.of(demand.split(" \\| ")[2].split(", ")))
                .filter(holder -> !ids.contains(holder) && !isTest(holder))).isEmpty();
    }

    private static boolean isTest(String holder) {
        String[] parts = holder.split("#");
        try {
            Method[] methods = Class.forName("io.jvloop." + parts[0]).getDeclaredMethods();
            return Arrays.stream(methods)
                    .anyMatch(method -> method.getName().equals(parts[1])
                            && AnnotationSupport.isAnnotated(method, Testable.class));
        } catch (ClassNotFoundException e) {
            return false;
        }
    }
}
