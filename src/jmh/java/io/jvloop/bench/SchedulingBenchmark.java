package io.jvloop.bench;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.TimerHandle;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What it costs to schedule: nanoseconds per callback or timer, on a running loop in a thread of its own.
 *
 * <p>Every invocation schedules a million and waits until the last has run, so the few microseconds that the
 * loop needs to wake up do not show. Callbacks that other programs would write as a lambda that refers to
 * something are such lambdas here, a new object each; so the figures compare with those of the same five
 * workloads on another library, written the same way.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(value = 3, jvmArgsAppend = {"-Xms1g", "-Xmx1g"})
public class SchedulingBenchmark {
    private static final int N = 1_000_000;

    private EventLoop loop;
    private Thread thread;
    private int ran;

    @Setup
    public void start() {
        loop = EventLoop.create();
        thread = new Thread(loop::runForever, "loop");
        thread.start();
    }

    @TearDown
    public void stop() throws InterruptedException {
        loop.stop();
        thread.join();
        loop.close();
    }

    /** A million callbacks queued inside one callback. */
    @Benchmark
    @OperationsPerInvocation(N)
    public void callSoonBurst() throws InterruptedException {
        CountDownLatch done = begin();
        loop.callSoonThreadsafe(() -> {
            for (int i = 0; i < N; i++) {
                loop.callSoon(() -> count(done));
            }
        });
        done.await();
    }

    /** Each callback queues the next, so each takes a turn of its own. */
    @Benchmark
    @OperationsPerInvocation(N)
    public void callSoonChain() throws InterruptedException {
        CountDownLatch done = begin();
        loop.callSoonThreadsafe(new Runnable() {
            @Override
            public void run() {
                if (++ran == N) {
                    done.countDown();
                } else {
                    loop.callSoon(this);
                }
            }
        });
        done.await();
    }

    /** A million callbacks queued from another thread, while the loop runs those that have arrived. */
    @Benchmark
    @OperationsPerInvocation(N)
    public void callSoonThreadsafe() throws InterruptedException {
        CountDownLatch done = begin();
        for (int i = 0; i < N; i++) {
            loop.callSoonThreadsafe(() -> count(done));
        }
        done.await();
    }

    /** A million timers armed, 10 s and more ahead, and then cancelled in the same order. */
    @Benchmark
    @OperationsPerInvocation(N)
    public void callLaterCancel() throws InterruptedException {
        CountDownLatch done = begin();
        loop.callSoonThreadsafe(() -> {
            TimerHandle[] timers = new TimerHandle[N];
            for (int i = 0; i < N; i++) {
                timers[i] = loop.callLater(10_000_000_000L + i * 100_000L, () -> {});
            }
            for (TimerHandle timer : timers) {
                timer.cancel();
            }
            done.countDown();
        });
        done.await();
    }

    /** A million timers armed for 1 to 2 ms ahead, until all have fired. */
    @Benchmark
    @OperationsPerInvocation(N)
    public void callLaterFire() throws InterruptedException {
        CountDownLatch done = begin();
        loop.callSoonThreadsafe(() -> {
            for (int i = 0; i < N; i++) {
                loop.callLater(1_000_000 + i % 100 * 10_000, () -> count(done));
            }
        });
        done.await();
    }

    private CountDownLatch begin() {
        ran = 0; // the loop sees it, because it sees what is queued afterwards
        return new CountDownLatch(1);
    }

    private void count(CountDownLatch done) {
        if (++ran == N) {
            done.countDown();
        }
    }
}
