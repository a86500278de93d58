package io.jvloop;

import static io.jvloop.support.Section.BETTER;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.ChildJvm;
import io.jvloop.support.Contract;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A library must not make the JVM print warnings. */
class StderrTest {
    private static final int UNSAFE_CAN_BE_DENIED = 24;

    @Test
    @Contract(section = BETTER,
            value = "The library runs without flags and warnings, also where sun.misc.Unsafe is denied")
    void programPrintsNothingToStandardError() throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>();
        if (Runtime.version().feature() >= UNSAFE_CAN_BE_DENIED) {
            arguments.add("--sun-misc-unsafe-memory-access=deny");
        }
        arguments.addAll(List.of("-cp", System.getProperty("java.class.path"), SmallProgram.class.getName()));
        ChildJvm.Result result = ChildJvm.run(arguments);
        assertThat(result.err()).isEmpty();
        assertThat(result.out().lines()).singleElement().asString().startsWith("ok 2 42 1 in unnamed module");
        assertThat(result.exitValue()).isZero();
    }
}
