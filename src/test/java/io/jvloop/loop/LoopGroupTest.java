package io.jvloop.loop;

import static io.jvloop.support.Section.BETTER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Groups of loops: their start, and work for them. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class LoopGroupTest {
    private final List<String> log = new CopyOnWriteArrayList<>();

    /** Runs a task on a loop and waits for its result. */
    static <T> T on(EventLoop loop, Callable<T> task) {
        CompletableFuture<T> result = new CompletableFuture<>();
        loop.execute(() -> {
            try {
                result.complete(task.call());
            } catch (Throwable t) { // for whoever waits
                result.completeExceptionally(t);
            }
        });
        return Await.result(result);
    }

    @Test
    @Contract(section = BETTER,
            value = "A group is several loops, each running on a thread of its own when start returns")
    void loopsRunOnThreadsOfTheirOwn() {
        try (LoopGroup group = LoopGroup.start(3)) {
            assertThat(group.size()).isEqualTo(3);
            assertThat(group.loops()).hasSize(3).doesNotHaveDuplicates().allMatch(EventLoop::isRunning);
            Set<Thread> threads = new HashSet<>();
            for (EventLoop loop : group.loops()) {
                Thread thread = on(loop, Thread::currentThread);
                assertThat(on(loop, EventLoop::current)).isSameAs(loop);
                assertThat(thread.getName()).matches("jvloop-\\d+-" + threads.size());
                assertThat(thread.isDaemon()).isFalse();
                threads.add(thread);
            }
            assertThat(threads).hasSize(3).doesNotContain(Thread.currentThread());
            assertThat(group.toString()).matches("LoopGroup\\[jvloop-\\d+, 3 loops, 0 ended]");
            assertThat(group.closed()).isNotDone();
        }
    }

    @Test
    void threadsAreNoDaemonsEvenIfADaemonStartsTheGroup() {
        CompletableFuture<Boolean> daemon = new CompletableFuture<>();
        Thread starter = new Thread(() -> {
            try (LoopGroup group = LoopGroup.start(1)) {
                daemon.complete(on(group.next(), () -> Thread.currentThread().isDaemon()));
            }
        });
        starter.setDaemon(true);
        starter.start();
        assertThat(Await.result(daemon)).isFalse();
        Await.end(starter);
    }

    @Test
    @Contract(section = BETTER, value = "next() gives the loops of a group in turn")
    void nextGivesTheLoopsInTurn() {
        try (LoopGroup group = LoopGroup.start(3)) {
            List<EventLoop> given = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                given.add(group.next());
            }
            assertThat(given.subList(0, 3)).isEqualTo(group.loops());
            assertThat(given.subList(3, 6)).isEqualTo(group.loops());
        }
    }

    @Test
    @Contract(section = BETTER,
            value = "A group's loops are set up one after the other, each on its thread before it runs")
    void loopsAreSetUpBeforeTheyRun() {
        List<EventLoop> seen = new ArrayList<>(); // not thread-safe: the calls follow each other
        List<Thread> threads = new ArrayList<>();
        try (LoopGroup group = LoopGroup.start(4, loop -> {
            assertThat(loop.isRunning()).isFalse();
            seen.add(loop);
            threads.add(Thread.currentThread());
            loop.callSoon(() -> log.add("first " + loop.inLoop()));
        })) {
            assertThat(seen).isEqualTo(group.loops());
            for (int i = 0; i < 4; i++) {
                assertThat(on(seen.get(i), Thread::currentThread)).isSameAs(threads.get(i));
            }
            assertThat(log).containsExactly("first true", "first true", "first true", "first true");
        }
    }

    @Test
    @Contract(section = BETTER,
            value = "If a loop of a group cannot be started, start throws, and none is left")
    void failureToStartLeavesNothingBehind() {
        IllegalArgumentException failure = new IllegalArgumentException("made by the test");
        List<EventLoop> made = new ArrayList<>();
        assertThatIllegalStateException().isThrownBy(() -> LoopGroup.start(3, loop -> {
            made.add(loop);
            if (made.size() == 3) {
                throw failure;
            }
        })).withMessageContaining("Cannot start jvloop-").withMessageContaining("made by the test")
                .withCause(failure);
        assertThat(made).hasSize(3).allMatch(EventLoop::isClosed);
        Await.until("the end of all threads", () -> groupThreads() == 0);
    }

    @Test
    void fatalErrorBeforeALoopRunsIsAFailureToStart() {
        InternalError inSetUp = new InternalError("in set-up");
        assertThatIllegalStateException().isThrownBy(() -> LoopGroup.start(2, loop -> {
            throw inSetUp;
        })).withCause(inSetUp);
        InternalError inFirstTurn = new InternalError("in the first turn");
        assertThatIllegalStateException().isThrownBy(() -> LoopGroup.start(2, loop -> loop.callSoon(() -> {
            throw inFirstTurn;
        }))).withCause(inFirstTurn);
        assertThatIllegalStateException().isThrownBy(() -> LoopGroup.start(2, EventLoop::close))
                .withStackTraceContaining("Event loop is closed");
        Await.until("the end of all threads", () -> groupThreads() == 0);
    }

    @Test
    void groupWithoutLoopsIsRefused() {
        for (int none : new int[] {0, -1, Integer.MIN_VALUE}) {
            assertThatIllegalArgumentException().isThrownBy(() -> LoopGroup.start(none))
                    .withMessage("a group has at least one loop, not " + none);
        }
        assertThatNullPointerException().isThrownBy(() -> LoopGroup.start(1, null)).withMessage("setUp");
    }

    /** Threads of groups, not those of executors and look-ups that earlier tests have left to idle. */
    private static long groupThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().matches("jvloop-\\d+-.*")).count();
    }

    @Test
    @Contract(section = BETTER,
            value = "Callbacks that many threads hand to the loops of a group all run once, in order")
    void loadFromManyThreadsIsDoneOnceAndInOrder() throws InterruptedException {
        int producers = 8;
        int posts = 20_000;
        try (LoopGroup group = LoopGroup.start(3)) {
            int[][][] counts = new int[3][producers][1]; // each owned by one loop
            CountDownLatch done = new CountDownLatch(producers);
            List<Thread> threads = new ArrayList<>();
            for (int p = 0; p < producers; p++) {
                int producer = p;
                Thread thread = new Thread(() -> {
                    for (int i = 0; i < posts; i++) {
                        int number = i;
                        for (int loop = 0; loop < 3; loop++) {
                            int[] count = counts[loop][producer];
                            group.loops().get(loop).callSoonThreadsafe(() -> {
                                if (count[0]++ != number) {
                                    log.add("out of order at " + number);
                                }
                            });
                        }
                        group.next().callSoonThreadsafe(() -> {});
                    }
                    done.countDown();
                });
                threads.add(thread);
                thread.start();
            }
            Await.latch(done);
            for (Thread thread : threads) {
                thread.join();
            }
            for (int loop = 0; loop < 3; loop++) {
                int[][] own = counts[loop];
                on(group.loops().get(loop), () -> {
                    for (int[] count : own) {
                        assertThat(count[0]).isEqualTo(posts);
                    }
                    return null;
                });
            }
        }
        assertThat(log).isEmpty();
    }

    @Test
    @Contract(section = BETTER,
            value = "A hundred groups started and closed leave no thread and no descriptor")
    void hundredGroupsLeaveNothing() {
        for (int i = 0; i < 100; i++) {
            try (LoopGroup group = LoopGroup.start(2)) {
                group.next().execute(() -> log.add("ran"));
            }
        }
        Await.until("the end of all threads", () -> groupThreads() == 0);
    }

    @Test
    void startWithoutDescriptorsForAllLeavesNone(@TempDir Path folder) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "needs ulimit");
        Path out = folder.resolve("out");
        Process child = new ProcessBuilder("/bin/sh", "-c", "ulimit -n 80 && exec \"$0\" \"$@\"",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xshare:auto", "-cp",
                System.getProperty("java.class.path"), StarvedGroup.class.getName())
                .redirectErrorStream(true).redirectOutput(out.toFile()).start();
        child.getOutputStream().close();
        boolean ended = child.waitFor(60, TimeUnit.SECONDS);
        child.destroyForcibly();
        assertThat(ended).as(text(out)).isTrue();
        assertThat(text(out))
                .isEqualTo("refused: Too many open files\nleft: 0\nworks\n");
    }

    private static String text(Path out) throws IOException {
        return Files.readString(out);
    }

    /** A program with few descriptors. */
    static final class StarvedGroup {
        private StarvedGroup() {
        }

        public static void main(String[] args) {
            warmUp();
            try (LoopGroup tooMany = LoopGroup.start(200)) {
                System.out.println("not refused: " + tooMany);
            } catch (IllegalStateException e) {
                System.out.println("refused: " + e.getCause().getCause().getMessage());
            }
            System.out.println("left: " + groupThreads());
            try (LoopGroup works = LoopGroup.start(2)) {
                System.out.println(works.loops().stream().allMatch(EventLoop::isRunning) ? "works" : "ended");
            }
        }

        /** Loads the classes, as long as there are descriptors for it. */
        private static void warmUp() {
            try (LoopGroup one = LoopGroup.start(1)) {
                one.next();
            }
            try (LoopGroup none = LoopGroup.start(2, loop -> {
                throw new IllegalStateException("made by the test", new IOException());
            })) {
                none.next();
            } catch (IllegalStateException e) {
                groupThreads();
            }
        }
    }
}
