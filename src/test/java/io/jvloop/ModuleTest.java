package io.jvloop;

import static io.jvloop.support.Section.BETTER;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.ChildJvm;
import io.jvloop.support.ClassFiles;
import io.jvloop.support.Contract;
import java.io.File;
import java.io.IOException;
import java.util.List;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;
import org.junit.jupiter.api.Test;

/** The library as a module, in a JVM of its own. */
class ModuleTest {
    private static final String MODULE_PATH = ClassFiles.home(EventLoop.class) + File.pathSeparator
            + ClassFiles.home(MpscUnboundedAtomicArrayQueue.class);

    @Test
    void moduleResolvesAndExportsTheLoopButNotTheExamples() throws IOException, InterruptedException {
        ChildJvm.Result result =
                ChildJvm.run(List.of("--module-path", MODULE_PATH, "--describe-module", "io.jvloop"));
        assertThat(result.err()).isEmpty();
        assertThat(result.exitValue()).isZero();
        assertThat(result.out().lines()).first().asString().startsWith("io.jvloop").contains(" file:");
        assertThat(result.out().lines()).contains("requires org.jctools.core", "exports io.jvloop.loop",
                "exports io.jvloop.buffer");
        assertThat(result.out()).doesNotContain("exports io.jvloop.examples", "opens",
                "requires jdk.internal");
    }

    @Test
    @Contract(section = BETTER, value = "The library is a module, io.jvloop, and runs on the module path")
    void programRunsWithTheLibraryOnTheModulePath() throws IOException, InterruptedException {
        ChildJvm.Result result =
                ChildJvm.run(List.of("--module-path", MODULE_PATH, "--add-modules", "io.jvloop",
                        "-cp", ClassFiles.home(SmallProgram.class).toString(), SmallProgram.class.getName()));
        assertThat(result.err()).isEmpty();
        assertThat(result.out().lines()).containsExactly("ok 2 42 1 in module io.jvloop");
        assertThat(result.exitValue()).isZero();
    }
}
