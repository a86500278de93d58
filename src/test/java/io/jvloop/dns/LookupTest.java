package io.jvloop.dns;

import static io.jvloop.support.Section.DNS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Threads, cancellation, and loops that are closed too early. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ExtendWith(LoopExtension.class)
class LookupTest {
    private final ScriptedNames names = new ScriptedNames();
    private final LookupPool onlyThread = new LookupPool(1);
    private EventLoop loop;
    private Resolver resolver;

    @BeforeEach
    void open(EventLoop own) {
        loop = own;
        resolver = new Resolver(loop, names, onlyThread);
    }

    // ------------------------------------------------------------------------------------------- threads

    @Test
    @Contract(section = DNS,
            value = "The future of a look-up completes on the loop")
    void futureBelongsToTheLoopAndCompletesOnIt() {
        names.hold("example.com");
        CompletableFuture<Thread> completer = resolver.getaddrinfo("example.com", 80)
                .thenApply(addresses -> Thread.currentThread());
        loop.callSoon(() -> {
            assertThatThrownBy(completer::join).isInstanceOf(IllegalStateException.class);
            names.answer("example.com", ScriptedNames.ADDRESS);
        });

        assertThat(loop.runUntilComplete(completer)).isSameAs(Thread.currentThread());
    }

    @Test
    void anyThreadMayAsk() {
        names.hold("example.com");
        loop.setDebug(true);
        CompletableFuture<Thread> completer = loop.createFuture();
        Thread foreign = new Thread(() -> {
            resolver.getaddrinfo("example.com", 80)
                    .whenComplete((addresses, failure) -> completer.complete(Thread.currentThread()));
            names.answer("example.com", ScriptedNames.ADDRESS);
        });
        loop.callSoon(foreign::start);

        assertThat(loop.runUntilComplete(completer)).isSameAs(Thread.currentThread());
    }

    @Test
    @Contract(section = DNS,
            value = "Look-ups run on daemon threads called jvloop-dns-N, which end when idle for a "
                    + "second")
    void lookUpsRunOnDaemonThreadsOfTheirOwnThatEndWhenIdle() throws Exception {
        Resolver shared = new Resolver(loop, names, LookupPool.SHARED);
        loop.runUntilComplete(shared.getaddrinfo("example.com", 80));

        Thread thread = names.threads.iterator().next();
        assertThat(thread.getName()).matches("jvloop-dns-\\d+");
        assertThat(thread.isDaemon()).isTrue();
        thread.join(30_000);
        assertThat(thread.isAlive()).isFalse();
        assertThat(loop.runUntilComplete(shared.getaddrinfo("example.com", 80))).hasSize(1);
    }

    /** The thread may live long after whoever asked first, and must not keep what was theirs. */
    @Test
    void lookUpThreadInheritsNothingFromTheOneThatAsksFirst() {
        InheritableThreadLocal<String> inherited = new InheritableThreadLocal<>();
        inherited.set("theirs");
        Thread own = Thread.currentThread();
        ClassLoader before = own.getContextClassLoader();
        own.setContextClassLoader(new ClassLoader("theirs", before) {});
        try {
            assertThat(loop.runUntilComplete(onlyThread.submit(loop, inherited::get))).isNull();
            assertThat(loop.runUntilComplete(
                    onlyThread.submit(loop, () -> Thread.currentThread().getContextClassLoader())))
                    .isSameAs(ClassLoader.getSystemClassLoader());
        } finally {
            own.setContextClassLoader(before);
            inherited.remove();
        }
    }

    @Test
    @Contract(section = DNS,
            value = "Look-ups have at most four threads, or as many as jvloop.dns.threads says")
    void threadsAreAsManyAsThePropertySays() throws Exception {
        System.setProperty("jvloop.dns.threads", "2");
        try {
            assertThat(threadsOf(LookupPool.configured())).isEqualTo(2);
        } finally {
            System.clearProperty("jvloop.dns.threads");
        }
        assertThat(threadsOf(LookupPool.configured())).isEqualTo(4);
        assertThat(threadsOf(new LookupPool(0))).isEqualTo(1);
    }

    @Test
    @Contract(section = DNS,
            value = "All loops of a process share the threads for look-ups")
    void loopsShareThePool() throws Exception {
        names.hold("one");
        CompletableFuture<?> one = resolver.getaddrinfo("one", 80);
        names.awaitQuestion("one");
        try (EventLoop other = EventLoop.create()) {
            CompletableFuture<?> two = new Resolver(other, names, onlyThread).getaddrinfo("two", 80);
            assertThat(names.asked).containsExactly("one");
            names.answer("one", ScriptedNames.ADDRESS);
            other.runUntilComplete(two);
        }
        loop.runUntilComplete(one);
    }

    @Test
    void slowNamesDoNotHoldUpTheOthers() throws Exception {
        Resolver four = new Resolver(loop, names, new LookupPool(4));
        List<CompletableFuture<?>> slow = new ArrayList<>();
        for (String host : List.of("slow1", "slow2", "slow3")) {
            names.hold(host);
            slow.add(four.getaddrinfo(host, 80));
            names.awaitQuestion(host);
        }
        List<CompletableFuture<?>> quick = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            quick.add(four.getaddrinfo("quick" + i, 80));
        }
        loop.runUntilComplete(CompletableFuture.allOf(quick.toArray(CompletableFuture[]::new)));

        assertThat(slow).noneMatch(CompletableFuture::isDone);
        assertThat(names.threads).hasSize(4);
        List.of("slow1", "slow2", "slow3").forEach(host -> names.answer(host, ScriptedNames.ADDRESS));
        loop.runUntilComplete(CompletableFuture.allOf(slow.toArray(CompletableFuture[]::new)));
    }

    @Test
    @Contract(section = DNS,
            value = "A slow name service holds up neither literal addresses nor the work of the "
                    + "executor")
    void neitherLiteralsNorTheExecutorWaitForSlowNames() throws Exception {
        names.hold("slow");
        CompletableFuture<?> slow = resolver.getaddrinfo("slow", 80);
        names.awaitQuestion("slow");

        assertThat(resolver.getaddrinfo("127.0.0.1", 80)).isCompleted();
        assertThat(loop.runUntilComplete(loop.runInExecutor(() -> "done"))).isEqualTo("done");
        assertThat(slow).isNotDone();
        names.answer("slow", ScriptedNames.ADDRESS);
    }

    // --------------------------------------------------------------------------------------- cancellation

    @Test
    @Contract(section = DNS,
            value = "A look-up cancelled before a thread was free never begins")
    void lookUpCancelledInTheQueueNeverBegins() throws Exception {
        names.hold("first");
        CompletableFuture<?> first = resolver.getaddrinfo("first", 80);
        names.awaitQuestion("first");
        CompletableFuture<?> second = resolver.getaddrinfo("second", 80);

        second.cancel(false);
        assertThat(second).isCancelled();
        names.answer("first", ScriptedNames.ADDRESS);
        loop.runUntilComplete(first);
        loop.runUntilComplete(resolver.getaddrinfo("third", 80));
        assertThat(names.asked).containsExactly("first", "third");
    }

    @Test
    @Contract(section = DNS,
            value = "A look-up may be cancelled at any time, with effect at once; its late answer is "
                    + "dropped")
    void cancellingARunningLookUpTakesEffectAtOnceAndItsLateAnswerIsDropped() throws Exception {
        AtomicInteger completions = new AtomicInteger();
        names.hold("slow");
        CompletableFuture<List<InetSocketAddress>> future = resolver.getaddrinfo("slow", 80);
        future.whenComplete((addresses, failure) -> completions.incrementAndGet());
        names.awaitQuestion("slow");

        future.cancel(true);
        assertThat(future).isCancelled();
        assertThat(completions).hasValue(1);

        names.answer("slow", ScriptedNames.ADDRESS);
        awaitTheOnlyThread();
        assertThat(loop.stats().callbacks()).isZero();
        assertThat(future).isCancelled();
        assertThat(completions).hasValue(1);
    }

    @Test
    void answerThatIsCancelledOnItsWayToTheLoopIsDropped() throws Exception {
        CompletableFuture<?> future = resolver.getaddrinfo("quick", 80);
        awaitTheOnlyThread();
        assertThat(loop.stats().callbacks()).isEqualTo(1);

        future.cancel(false);
        assertThat(catchThrowable(() -> loop.runUntilComplete(future)))
                .isInstanceOf(CancellationException.class);
    }

    // ------------------------------------------------------------------------------------- closing the loop

    @Test
    @Contract(section = DNS,
            value = "A loop may be closed while a look-up is running")
    void loopMayBeClosedWhileACancelledLookUpIsRunning() throws Exception {
        names.hold("slow");
        loop.callSoon(() -> {
            CompletableFuture<?> future = resolver.getaddrinfo("slow", 80);
            loop.callLater(0, () -> {
                future.cancel(false);
                loop.stop();
            });
        });
        loop.runForever();
        loop.close();

        names.answer("slow", ScriptedNames.ADDRESS);
        assertPoolWorks();
    }

    @Test
    @Contract(section = DNS,
            value = "A look-up of a loop that is closed meanwhile fails with IllegalStateException")
    void lookUpRunningWhenTheLoopIsClosedFails() throws Exception {
        names.hold("slow");
        CompletableFuture<?> future = resolver.getaddrinfo("slow", 80);
        names.awaitQuestion("slow");
        loop.close();

        names.answer("slow", ScriptedNames.ADDRESS);
        assertFailsBecauseClosed(future);
        assertPoolWorks();
    }

    @Test
    void lookUpQueuedWhenTheLoopIsClosedNeverBeginsAndFails() throws Exception {
        names.hold("first");
        CompletableFuture<?> first = resolver.getaddrinfo("first", 80);
        CompletableFuture<?> second = resolver.getaddrinfo("second", 80);
        names.awaitQuestion("first");
        loop.close();

        names.answer("first", ScriptedNames.ADDRESS);
        assertFailsBecauseClosed(first);
        assertFailsBecauseClosed(second);
        assertThat(names.asked).containsExactly("first");
    }

    @Test
    void answerHandedToALoopThatIsClosedBeforeItRunsIsDeliveredByTheClosing() throws Exception {
        CompletableFuture<Thread> completer = new CompletableFuture<>();
        CompletableFuture<?> future = resolver.getaddrinfo("quick", 80);
        future.whenComplete((addresses, failure) -> completer.complete(Thread.currentThread()));
        awaitTheOnlyThread();
        assertThat(loop.stats().callbacks()).isEqualTo(1);
        loop.close();

        assertThat(completer).isCompletedWithValue(Thread.currentThread());
        assertThat(future).isCompleted();
    }

    @Test
    void closedLoopStillAnswersLiteralsButNoNames() throws Exception {
        loop.close();

        assertThat(resolver.getaddrinfo("127.0.0.1", 80)).isCompleted();
        assertFailsBecauseClosed(resolver.getaddrinfo("example.com", 80));
        assertThat(names.asked).isEmpty();
    }

    /** When the only thread has answered this, it is done with everything before. */
    private void awaitTheOnlyThread() {
        try (EventLoop other = EventLoop.create()) {
            other.runUntilComplete(new Resolver(other, names, onlyThread).getaddrinfo("marker", 80));
        }
    }

    /** A thread that an exception had ended would have been replaced by another. */
    private void assertPoolWorks() {
        awaitTheOnlyThread();
        assertThat(names.threads).hasSize(1);
    }

    private static void assertFailsBecauseClosed(CompletableFuture<?> future) {
        assertThatThrownBy(() -> future.get(10, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(IllegalStateException.class).hasMessageContaining("Event loop is closed");
    }

    /** How many questions a pool asks at the same time. */
    private int threadsOf(LookupPool pool) {
        ScriptedNames held = new ScriptedNames();
        Resolver resolving = new Resolver(loop, held, pool);
        List<CompletableFuture<?>> futures = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            futures.add(resolving.getaddrinfo("host" + i, 80));
        }
        loop.runUntilComplete(CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new)));
        return held.threads.size();
    }
}
