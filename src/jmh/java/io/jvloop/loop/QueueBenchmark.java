package io.jvloop.loop;

import io.jvloop.alternatives.HandoffQueue;
import io.jvloop.alternatives.LinkedHandoff;
import io.jvloop.alternatives.LockedDeque;
import io.jvloop.alternatives.SharedMpsc;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * The queue of callbacks, without the loop around it, against queues it might have been: nanoseconds for one
 * callback to go in and come out again, a new handle each time, as in {@code callSoon}.
 *
 * <p>{@link #burst} is what the loop's own thread does; its depth is how many are queued before the first is
 * taken out. {@link #posts} is another thread handing over to a loop that is awake; the wake-up itself costs
 * what {@code JdkCostsBenchmark} says.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = {"-Xms1g", "-Xmx1g"})
public class QueueBenchmark {
    private static final int OPERATIONS = 100_000;
    private static final Runnable NOTHING = () -> {};

    /** A queue and how full it gets. */
    @State(Scope.Benchmark)
    public static class Burst {
        @Param({"CallbackQueue", "HandleFifo", "SharedMpsc", "ArrayDeque", "ConcurrentLinkedQueue"})
        String queue;

        @Param({"1", "1000", "100000"})
        int depth;

        HandoffQueue<Handle> handles;

        @Setup
        public void open() {
            handles = queue(queue);
            fill(this);
            for (int i = 0; i < depth; i++) {
                handles.poll();
            }
            System.gc(); // a loop's queue is older than what is in it
        }
    }

    /** A queue and a thread that posts to it whenever asked. */
    @State(Scope.Benchmark)
    public static class Posts {
        @Param({"CallbackQueue", "SharedMpsc", "ArrayDeque", "ConcurrentLinkedQueue"})
        String queue;

        HandoffQueue<Handle> handles;
        private Thread producer;
        private volatile int round;
        private volatile boolean over;

        @Setup
        public void start() {
            handles = queue(queue);
            producer = new Thread(this::produce, "producer");
            producer.start();
        }

        private void produce() {
            for (int done = 0; !over;) {
                if (done == round) {
                    Thread.onSpinWait();
                    continue;
                }
                done++;
                for (int i = 0; i < OPERATIONS; i++) {
                    handles.post(new Handle(NOTHING, null));
                }
            }
        }

        void nextRound() {
            round++; // the benchmark's thread is the only one that writes it
        }

        @TearDown
        public void stop() throws InterruptedException {
            over = true;
            producer.join();
        }
    }

    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public void burst(Burst state, Blackhole blackhole) {
        for (int done = 0; done < OPERATIONS; done += state.depth) {
            fill(state);
            for (int i = 0; i < state.depth; i++) {
                blackhole.consume(state.handles.poll());
            }
        }
    }

    private static void fill(Burst state) {
        for (int i = 0; i < state.depth; i++) {
            state.handles.add(new Handle(NOTHING, null));
        }
    }

    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public void posts(Posts state, Blackhole blackhole) {
        state.nextRound();
        for (int done = 0; done < OPERATIONS;) {
            Handle handle = state.handles.poll();
            if (handle == null) {
                Thread.onSpinWait();
            } else {
                blackhole.consume(handle);
                done++;
            }
        }
    }

    private static HandoffQueue<Handle> queue(String name) {
        return switch (name) {
            case "CallbackQueue" -> new Callbacks();
            case "HandleFifo" -> new Fifo();
            case "SharedMpsc" -> new SharedMpsc<>();
            case "ArrayDeque" -> new LockedDeque<>();
            case "ConcurrentLinkedQueue" -> new LinkedHandoff<>();
            default -> throw new IllegalArgumentException(name);
        };
    }

    /** What the loop has. */
    private static final class Callbacks implements HandoffQueue<Handle> {
        private final CallbackQueue queue = new CallbackQueue(null); // never asleep, so nobody to wake

        @Override
        public void add(Handle handle) {
            queue.add(handle);
        }

        @Override
        public void post(Handle handle) {
            queue.addThreadsafe(handle);
        }

        @Override
        public Handle poll() {
            return queue.poll();
        }
    }

    /** The part of it that is for the loop's own thread. */
    private static final class Fifo implements HandoffQueue<Handle> {
        private final HandleFifo queue = new HandleFifo();

        @Override
        public void add(Handle handle) {
            queue.add(handle);
        }

        @Override
        public Handle poll() {
            return queue.poll();
        }
    }
}
