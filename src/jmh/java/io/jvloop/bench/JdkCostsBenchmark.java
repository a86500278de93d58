package io.jvloop.bench;

import io.jvloop.buffer.BufferPool;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
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

/**
 * What the JDK and the machine charge for the things that jvloop avoids, or does less often: the costs that
 * comments in its code reason with. No part of jvloop is measured here but {@link BufferPool}, beside what it
 * replaces.
 *
 * <p>Costs that include an empty {@code selectNow} have to be compared with {@link #selectNowEmpty}.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class JdkCostsBenchmark {
    private static final Consumer<SelectionKey> NOTHING = key -> {};

    /** A selector with one channel on which nothing ever arrives. */
    @State(Scope.Benchmark)
    public static class Selecting {
        Selector selector;
        SelectionKey key;
        private LoopbackPair pair;

        @Setup
        public void open() throws IOException {
            selector = Selector.open();
            pair = new LoopbackPair();
            key = pair.near().register(selector, SelectionKey.OP_READ);
        }

        @TearDown
        public void close() throws IOException {
            selector.close();
            pair.close();
        }
    }

    /** A look at the channels that finds nothing: one system call. */
    @Benchmark
    public int selectNowEmpty(Selecting state) throws IOException {
        return state.selector.selectNow(NOTHING);
    }

    /** The wake-up of a selector, and the select that takes notice of it. */
    @Benchmark
    public int wakeupThenSelectNow(Selecting state) throws IOException {
        return state.selector.wakeup().selectNow(NOTHING);
    }

    /** The wake-up of a selector that has not taken notice of the last one yet. */
    @Benchmark
    public Selector wakeupAgain(Selecting state) {
        return state.selector.wakeup();
    }

    /** A channel's reading switched off, or on again; the system hears of it in the next select. */
    @Benchmark
    public int toggleReadThenSelectNow(Selecting state) throws IOException {
        state.key.interestOps(state.key.interestOps() ^ SelectionKey.OP_READ);
        return state.selector.selectNow(NOTHING);
    }

    /** One look at the clock. */
    @Benchmark
    public long nanoTime() {
        return System.nanoTime();
    }

    /** Sizes of buffers, and a pool that has one of each. */
    @State(Scope.Benchmark)
    public static class Buffers {
        @Param({"4096", "65536"})
        int bytes;

        final BufferPool pool = new BufferPool();
    }

    /** From the pool, and back. */
    @Benchmark
    public ByteBuffer poolAcquireRelease(Buffers state) {
        ByteBuffer buffer = state.pool.acquire(state.bytes);
        state.pool.release(buffer);
        return buffer;
    }

    /** Buffers that are all freed between two invocations: that part of their cost comes on top. */
    @State(Scope.Benchmark)
    public static class FreshBuffers {
        static final int COUNT = 1000;

        final ByteBuffer[] buffers = new ByteBuffer[COUNT];
        private final BufferPoolMXBean direct =
                ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                        .filter(bean -> bean.getName().equals("direct")).findFirst().orElseThrow();

        @Setup(Level.Invocation)
        public void free() throws InterruptedException {
            Arrays.fill(buffers, null);
            System.gc();
            while (direct.getCount() >= COUNT) { // another thread is freeing them
                Thread.sleep(1);
            }
        }
    }

    /** New direct memory. */
    @Benchmark
    @OperationsPerInvocation(FreshBuffers.COUNT)
    public void allocateDirect(Buffers sizes, FreshBuffers state) {
        for (int i = 0; i < FreshBuffers.COUNT; i++) {
            state.buffers[i] = ByteBuffer.allocateDirect(sizes.bytes);
        }
    }

    /** 64 KiB to send through a socket and to receive, on the heap or not. */
    @State(Scope.Benchmark)
    public static class Sockets {
        private static final int BYTES = 64 * 1024;

        @Param({"direct", "heap"})
        String memory;

        LoopbackPair pair;
        ByteBuffer out;
        ByteBuffer in;

        @Setup
        public void open() throws IOException {
            pair = new LoopbackPair();
            boolean direct = memory.equals("direct");
            out = direct ? ByteBuffer.allocateDirect(BYTES) : ByteBuffer.allocate(BYTES);
            in = direct ? ByteBuffer.allocateDirect(BYTES) : ByteBuffer.allocate(BYTES);
        }

        @TearDown
        public void close() throws IOException {
            pair.close();
        }
    }

    /** Writing and reading in one thread. The JDK copies what is on the heap, both ways. */
    @Benchmark
    public int writeAndRead(Sockets state) throws IOException {
        state.out.clear();
        state.in.clear();
        while (state.in.hasRemaining()) {
            if (state.out.hasRemaining()) {
                state.pair.near().write(state.out);
            }
            state.pair.far().read(state.in);
        }
        return state.in.position();
    }

    /** A field to write to. */
    @State(Scope.Thread)
    public static class Field {
        private static final VarHandle VALUE;

        static {
            try {
                VALUE = MethodHandles.lookup().findVarHandle(Field.class, "value", boolean.class);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        boolean value;
    }

    /** An ordinary write. */
    @Benchmark
    public void plainWrite(Field state) {
        state.value = true;
    }

    /** A write that others will see in time. */
    @Benchmark
    public void opaqueWrite(Field state) {
        Field.VALUE.setOpaque(state, true);
    }

    /** A write that others see before anything this thread reads afterwards: it costs a fence. */
    @Benchmark
    public void volatileWrite(Field state) {
        Field.VALUE.setVolatile(state, true);
    }

    /** Where references to new objects are stored: as many as {@code HandleFifo} has in an array. */
    @State(Scope.Thread)
    public static class OldAndNew {
        static final int LENGTH = 512;

        Object[] old;
        Object[] fresh;

        @Setup
        public void age() {
            old = new Object[LENGTH];
            for (int i = 0; i < 3; i++) {
                System.gc();
            }
        }
    }

    /** A new object, and a reference to it in an array that has survived: the collector keeps a record. */
    @Benchmark
    @OperationsPerInvocation(OldAndNew.LENGTH)
    public void storeIntoOldArray(OldAndNew state) {
        for (int i = 0; i < OldAndNew.LENGTH; i++) {
            state.old[i] = new Object();
        }
    }

    /** The same with a new array each time, whose making counts too. */
    @Benchmark
    @OperationsPerInvocation(OldAndNew.LENGTH)
    public void storeIntoFreshArray(OldAndNew state) {
        state.fresh = new Object[OldAndNew.LENGTH];
        for (int i = 0; i < OldAndNew.LENGTH; i++) {
            state.fresh[i] = new Object();
        }
    }
}
