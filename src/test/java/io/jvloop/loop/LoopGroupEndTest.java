package io.jvloop.loop;

import static io.jvloop.loop.LoopGroupTest.on;
import static io.jvloop.support.Section.BETTER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.SocketPair;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The end of a group of loops: in order, at the deadline, by accident. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class LoopGroupEndTest {
    private static final Duration HOUR = Duration.ofHours(1);

    private final List<String> log = new CopyOnWriteArrayList<>();
    private final List<ExceptionContext> reports = new CopyOnWriteArrayList<>();

    /** An open connection, which ends when its peer does, and notes what it hears. */
    private final class Connection implements IoHandler {
        private final SocketPair pair;
        private final Registration registration;

        Connection(EventLoop loop) throws IOException {
            pair = SocketPair.open();
            registration = loop.register(pair.near(), SelectionKey.OP_READ, this);
        }

        @Override
        public void ready(int ops) {
            try {
                if (pair.near().read(ByteBuffer.allocate(10)) < 0) {
                    registration.close();
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void draining() {
            log.add("draining");
        }

        @Override
        public void loopClosing() {
            log.add("cut off");
        }
    }

    private LoopGroup started(int loops) {
        return LoopGroup.start(loops,
                loop -> loop.setExceptionHandler((where, context) -> reports.add(context)));
    }

    private static List<Thread> threads(LoopGroup group) {
        List<Thread> threads = new ArrayList<>();
        group.loops().forEach(loop -> threads.add(on(loop, Thread::currentThread)));
        return threads;
    }

    @Test
    @Contract(section = BETTER, value = "shutdown of a group lets connections finish; true says that all did")
    void connectionsMayFinish() throws IOException {
        LoopGroup group = LoopGroup.start(2);
        List<Connection> open = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            EventLoop loop = group.next();
            open.add(on(loop, () -> new Connection(loop)));
        }
        CompletableFuture<Boolean> ended = group.shutdown(HOUR);
        Await.until(() -> log.size() == 4);
        for (Connection connection : open) {
            assertThat(ended).isNotDone();
            assertThat(group.loops()).noneMatch(EventLoop::isClosed); // also the one that is done already
            connection.pair.far().close();
        }
        assertThat(Await.result(ended)).isTrue();
        assertThat(log).containsOnly("draining");
        assertThat(group.loops()).allMatch(EventLoop::isClosed);
    }

    @Test
    @Contract(section = BETTER,
            value = "At the deadline a group's shutdown cuts off who is left, who hears it, and is false")
    void deadlineCutsOffWhoIsLeft(ExpectedLogs logs) throws IOException {
        LoopGroup group = LoopGroup.start(2);
        Connection open = on(group.next(), () -> new Connection(group.loops().get(0)));
        assertThat(Await.result(group.shutdown(Duration.ofMillis(1)))).isFalse();
        assertThat(log).containsExactly("draining", "cut off");
        assertThat(open.pair.near().isOpen()).isFalse();
        open.pair.far().close();
        assertThat(logs.takeText()).contains("1 open channel(s)");
    }

    @Test
    void closeTellsConnectionsThatTheyDrainThoughThereIsNoTime(ExpectedLogs logs) throws IOException {
        Connection open;
        try (LoopGroup group = LoopGroup.start(1)) {
            open = on(group.next(), () -> new Connection(group.loops().get(0)));
        }
        assertThat(log).containsExactly("draining", "cut off");
        open.pair.far().close();
        logs.takeOne();
    }

    @Test
    @Contract(section = BETTER,
            value = "A second shutdown of a group gives the same answer; the earlier deadline counts")
    void earlierDeadlineCountsAndTheAnswerIsTheSame(ExpectedLogs logs) throws IOException {
        LoopGroup group = LoopGroup.start(2);
        Connection open = on(group.next(), () -> new Connection(group.loops().get(0)));
        CompletableFuture<Boolean> patient = group.shutdown(HOUR);
        CompletableFuture<Boolean> given = group.shutdown(HOUR);
        given.cancel(false); // is nobody else's
        Await.until(() -> log.size() == 1);
        CompletableFuture<Boolean> hasty = group.shutdown(Duration.ofMillis(1));
        assertThat(Await.result(hasty)).isFalse();
        assertThat(Await.result(patient)).isFalse();
        assertThat(Await.result(group.shutdown(HOUR))).isFalse();
        assertThat(log).containsExactly("draining", "cut off");
        open.pair.far().close();
        logs.takeOne();
    }

    @Test
    void laterDeadlineDoesNotLengthenTheWait(ExpectedLogs logs) throws IOException {
        LoopGroup group = LoopGroup.start(1);
        Connection open = on(group.next(), () -> new Connection(group.loops().get(0)));
        CompletableFuture<Boolean> first = group.shutdown(Duration.ofMillis(1));
        CompletableFuture<Boolean> second = group.shutdown(HOUR);
        assertThat(Await.result(first)).isFalse();
        assertThat(Await.result(second)).isFalse();
        open.pair.far().close();
        logs.takeOne();
    }

    @Test
    @Contract(section = BETTER,
            value = "shutdown of a group completes when all threads have ended, and on none of theirs")
    void completesOnNoLoopsThreadWhenAllHaveEnded() {
        LoopGroup group = LoopGroup.start(3);
        List<Thread> threads = threads(group);
        CountDownLatch registered = new CountDownLatch(1);
        group.loops().get(0).execute(() -> Await.latch(registered));
        CompletableFuture<Boolean> ended = group.shutdown(HOUR);
        CompletableFuture<Boolean> inOrder = ended.whenComplete((value, failure) -> {
            assertThat(threads).noneMatch(Thread::isAlive);
            assertThat(Thread.currentThread().getName()).matches("jvloop-\\d+-end");
            group.close(); // is closed: does not wait
        });
        CompletableFuture<Void> closed =
                group.closed().thenRun(() -> assertThat(threads).noneMatch(Thread::isAlive));
        registered.countDown();
        assertThat(Await.result(inOrder)).isTrue();
        Await.result(closed);
    }

    @Test
    @Contract(section = BETTER, value = "close of a group on one of its threads is refused; shutdown is not")
    void closeOnALoopsThreadIsRefused() {
        LoopGroup group = LoopGroup.start(2);
        CompletableFuture<Boolean> ended = on(group.next(), () -> {
            assertThatIllegalStateException().isThrownBy(group::close)
                    .withMessageContaining(Thread.currentThread().getName())
                    .withMessageContaining("shutdown(Duration.ZERO)");
            return group.shutdown(HOUR);
        });
        assertThat(Await.result(ended)).isTrue();
        group.close();
        group.close();
        assertThat(Await.result(group.closed())).isNull();
    }

    @Test
    void closeWaitsThoughInterruptedAndKeepsTheFlag() {
        LoopGroup group = LoopGroup.start(2);
        List<Thread> threads = threads(group);
        Thread.currentThread().interrupt();
        group.close();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(threads).noneMatch(Thread::isAlive);
    }

    @Test
    void shutdownWithoutADeadlineIsRefusedBeforeItBegins() {
        try (LoopGroup group = LoopGroup.start(1)) {
            assertThatNullPointerException().isThrownBy(() -> group.shutdown(null));
            assertThat(on(group.next(), () -> 1)).isEqualTo(1);
        }
    }

    @Test
    @Contract(section = BETTER,
            value = "A loop of a group that ends with a fatal error is reported and closed; "
                    + "the others go on, and shutdown still completes, with false")
    void fatalErrorEndsOneLoopOnly(ExpectedLogs logs) throws IOException {
        LoopGroup group = started(3);
        EventLoop victim = group.loops().get(1);
        Thread thread = on(victim, Thread::currentThread);
        Connection open = on(victim, () -> new Connection(victim));
        InternalError error = new InternalError("made by the test");
        victim.execute(() -> {
            throw error;
        });
        Await.end(thread);
        assertThat(reports).singleElement().satisfies(report -> {
            assertThat(report.exception()).isSameAs(error);
            assertThat(report.message()).contains("A loop of a group ended with java.lang.InternalError");
            assertThat(report.details()).containsEntry("thread", thread.getName());
        });
        assertThat(victim.isClosed()).isTrue();
        assertThat(log).containsExactly("cut off");
        logs.takeOne();
        open.pair.far().close();
        List<EventLoop> given = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            given.add(group.next());
        }
        assertThat(given).doesNotContain(victim).containsAll(
                List.of(group.loops().get(0), group.loops().get(2)));
        assertThat(group.toString()).endsWith("3 loops, 1 ended]");
        assertThat(group.closed()).isNotDone();
        assertThat(Await.result(group.shutdown(HOUR))).isFalse();
    }

    @Test
    void fatalErrorWithoutAHandlerIsLogged(ExpectedLogs logs) {
        LoopGroup group = LoopGroup.start(1);
        group.next().execute(() -> {
            throw new InternalError("made by the test");
        });
        Await.result(group.closed());
        LogRecord record = logs.takeOne();
        assertThat(ExpectedLogs.text(record)).contains("ended with java.lang.InternalError");
        assertThat(record.getThrown()).hasMessage("made by the test");
    }

    @Test
    @Contract(section = BETTER,
            value = "When all loops of a group have ended by themselves, the group has ended")
    void groupEndsWithItsLastLoop() {
        LoopGroup group = started(2);
        group.loops().forEach(EventLoop::stop);
        Await.result(group.closed());
        assertThat(reports).hasSize(2).allMatch(
                report -> report.message().startsWith("A loop of a group was stopped and is closed"));
        assertThatIllegalStateException().isThrownBy(group::next).withMessageContaining("have ended");
        assertThat(Await.result(group.shutdown(HOUR))).isFalse();
        group.close();
    }

    @Test
    void fatalErrorWhileDrainingIsNotInOrder() throws IOException {
        LoopGroup group = started(2);
        EventLoop loop = group.next();
        SocketPair pair = SocketPair.open();
        on(loop, () -> loop.register(pair.near(), 0, new IoHandler() {
            @Override
            public void ready(int ops) {
                throw new AssertionError("nothing is ready");
            }

            @Override
            public void draining() {
                try {
                    pair.near().close();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
                throw new InternalError("made by the test");
            }
        }));
        assertThat(Await.result(group.shutdown(HOUR))).isFalse();
        assertThat(reports).singleElement().satisfies(
                report -> assertThat(report.exception()).hasMessage("made by the test"));
        pair.far().close();
    }

    @Test
    void exceptionHandlerThatFailsFatallyToTellOfItDoesNotKeepTheGroupFromEnding() {
        CompletableFuture<Throwable> uncaught = new CompletableFuture<>();
        InternalError second = new InternalError("of the handler");
        LoopGroup group = LoopGroup.start(1, loop -> {
            Thread.currentThread().setUncaughtExceptionHandler((thread, error) -> uncaught.complete(error));
            loop.setExceptionHandler((where, context) -> {
                throw second;
            });
        });
        group.next().execute(() -> {
            throw new InternalError("of the callback");
        });
        assertThat(Await.result(uncaught)).isSameAs(second);
        assertThat(Await.result(group.shutdown(HOUR))).isFalse();
        assertThat(group.loops()).allMatch(EventLoop::isClosed);
    }

    @Test
    @Contract(section = BETTER,
            value = "A loop that is stuck in a callback delays the answer of its group's shutdown, "
                    + "but no other loop's end")
    void stuckLoopDelaysNoOther() throws IOException {
        LoopGroup group = LoopGroup.start(3);
        CountDownLatch stuck = new CountDownLatch(1);
        List<Thread> threads = threads(group);
        group.loops().get(0).execute(() -> Await.latch(stuck));
        CompletableFuture<Boolean> ended = group.shutdown(Duration.ofMillis(1));
        Await.end(threads.get(1));
        Await.end(threads.get(2));
        assertThat(threads.get(0).isAlive()).isTrue();
        assertThat(ended).isNotDone();
        stuck.countDown();
        assertThat(Await.result(ended)).isTrue();
    }

    @Test
    void postsFromManyThreadsWhileTheGroupEndsRunOrAreRefused() throws InterruptedException {
        LoopGroup group = LoopGroup.start(2);
        CountDownLatch posting = new CountDownLatch(4);
        List<Handle> handles = new CopyOnWriteArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Thread thread = new Thread(() -> {
                ArrayDeque<Handle> last = new ArrayDeque<>();
                try {
                    while (true) {
                        last.add(group.next().callSoonThreadsafe(() -> {}));
                        if (last.size() > 1_000) {
                            last.remove();
                        } else if (last.size() == 1_000) {
                            posting.countDown();
                        }
                    }
                } catch (IllegalStateException ended) {
                    handles.addAll(last);
                    log.add(ended.getMessage());
                }
            });
            threads.add(thread);
            thread.start();
        }
        Await.latch(posting);
        assertThat(Await.result(group.shutdown(HOUR))).isTrue();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(log).hasSize(4).allMatch(text -> text.contains("closed") || text.contains("have ended"));
        assertThat(handles).hasSize(4_000).noneMatch(Handle::isPending);
    }

    @Test
    void workOnTheExecutorsDoesNotKeepAGroupFromEnding() {
        CountDownLatch work = new CountDownLatch(1);
        LoopGroup group = LoopGroup.start(1);
        CompletableFuture<String> result = on(group.next(), () -> group.next().runInExecutor(() -> {
            Await.latch(work);
            return "done";
        }));
        assertThat(Await.result(group.shutdown(HOUR))).isTrue();
        work.countDown();
        assertThat(Await.result(result)).isEqualTo("done");
        assertThatThrownBy(() -> group.loops().get(0).callSoonThreadsafe(() -> {}))
                .isInstanceOf(IllegalStateException.class);
    }
}
