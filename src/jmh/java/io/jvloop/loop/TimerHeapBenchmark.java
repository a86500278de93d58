package io.jvloop.loop;

import io.jvloop.alternatives.BinaryHandleHeap;
import io.jvloop.alternatives.HashedWheel;
import io.jvloop.alternatives.LazyPriorityQueue;
import io.jvloop.alternatives.TimerStore;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The heap of timers, without the loop around it, against stores it might have been: nanoseconds to arm one
 * timer and to get rid of one, while so many others are pending. Time is made up, so nothing waits.
 *
 * <p>{@link #armCancelInOrder} is a server with a timeout per request, all of one length, of which none
 * strikes. {@link #armCancelRandom} has timeouts of all lengths. {@link #armFire} lets every timer fire and
 * arms another in its place.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = {"-Xms1g", "-Xmx1g"})
public class TimerHeapBenchmark {
    private static final long DELAY_NANOS = 10_000_000_000L;
    private static final long STEP_NANOS = 100_000;
    private static final Runnable NOTHING = () -> {};

    @Param({"TimerHeap", "BinaryHandleHeap", "PriorityQueue", "HashedWheel"})
    private String store;

    @Param({"100", "10000", "1000000"})
    private int pending;

    private TimerStore<Object> timers;
    private Object[] armed;
    private int oldest;
    private long now;
    private SplittableRandom random;

    @Setup
    public void fill() {
        timers = timers(store);
        armed = new Object[pending];
        random = new SplittableRandom(42);
        for (int i = 0; i < pending; i++) {
            armed[i] = timers.arm(DELAY_NANOS + i * STEP_NANOS);
        }
        now = pending * STEP_NANOS;
        System.gc(); // a loop's timers are older than the next one
    }

    @Benchmark
    public void armCancelInOrder() {
        timers.cancel(armed[oldest]);
        armed[oldest] = timers.arm(now + DELAY_NANOS);
        now += STEP_NANOS;
        oldest = oldest + 1 == pending ? 0 : oldest + 1;
    }

    @Benchmark
    public void armCancelRandom() {
        int index = random.nextInt(pending);
        timers.cancel(armed[index]);
        armed[index] = timers.arm(DELAY_NANOS + random.nextLong(pending * STEP_NANOS));
    }

    /** With delays of this mean, a timer comes due about once per step. */
    @Benchmark
    public Object armFire() {
        timers.arm(now + random.nextLong(2 * pending * STEP_NANOS));
        Object due;
        while ((due = timers.popDue(now)) == null) {
            now += STEP_NANOS;
        }
        return due;
    }

    @SuppressWarnings("unchecked") // a store gets back only what it gave
    private static TimerStore<Object> timers(String name) {
        TimerStore<?> timers = switch (name) {
            case "TimerHeap" -> new Heap();
            case "BinaryHandleHeap" -> new BinaryHandleHeap();
            case "PriorityQueue" -> new LazyPriorityQueue();
            case "HashedWheel" -> new HashedWheel();
            default -> throw new IllegalArgumentException(name);
        };
        return (TimerStore<Object>) timers;
    }

    /** What the loop has. */
    private static final class Heap implements TimerStore<TimerHandle> {
        private final TimerHeap heap = new TimerHeap();

        @Override
        public TimerHandle arm(long deadlineNanos) {
            TimerHandle timer = new TimerHandle(null, NOTHING, deadlineNanos, null);
            heap.arm(timer);
            return timer;
        }

        @Override
        public void cancel(TimerHandle timer) {
            heap.remove(timer);
        }

        @Override
        public TimerHandle popDue(long nowNanos) {
            return heap.popDue(nowNanos);
        }
    }
}
