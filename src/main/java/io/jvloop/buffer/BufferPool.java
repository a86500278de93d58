package io.jvloop.buffer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;

/**
 * The direct buffers of one loop: power-of-two sizes from 4 KiB to 256 KiB, lent and taken back.
 *
 * <p><b>Why a pool.</b> {@code allocateDirect} zeroes the memory and registers a {@code Cleaner}, which costs
 * far more than taking a buffer from a stack (see {@code JdkCostsBenchmark}). And why direct: the JDK
 * copies a heap buffer into a hidden thread-local direct buffer, which it then keeps at the size of the
 * largest write ever made.
 *
 * <p><b>Thread.</b> Confined to the loop's thread; there is no lock and no check.
 *
 * <p><b>Ownership.</b> Whoever calls {@link #acquire} owns the buffer until {@link #release}. {@link
 * #outstanding()} counts what is out, so a test can end with the assertion that it is zero. Reference
 * counting (Netty, Jetty) was left out on purpose: in jvloop a buffer is borrowed for the duration of a call
 * and never shared.
 */
public final class BufferPool {
    /** The smallest buffer lent: 4 KiB, one page. */
    public static final int MIN_BYTES = 4 * 1024;

    /** The largest buffer lent, and the size of {@link #scratch()}: 256 KiB. */
    public static final int MAX_BYTES = 256 * 1024;

    /**
     * Free memory kept for later: 8 MiB is 128 slow peers with 64 KiB each; what comes back beyond it goes to
     * the collector. But of each size one is kept in any case, or many small buffers would keep out the large
     * one that every read through TLS needs.
     */
    private static final long KEEP_BYTES = 8 * 1024 * 1024;

    /** The size of {@link #heapScratch()}: the largest TLS record fits, and the cache holds it. */
    private static final int HEAP_SCRATCH_BYTES = 64 * 1024;

    /**
     * So long nothing new is asked for after the JDK had no memory. It sleeps for half a second in all before
     * it says so, and a loop whose peers have used up the memory would sleep for each of them.
     */
    private static final long REFUSED_NANOS = 5_000_000_000L;

    private static final int MIN_SHIFT = Integer.numberOfTrailingZeros(MIN_BYTES);
    private static final int CLASSES = Integer.numberOfTrailingZeros(MAX_BYTES) - MIN_SHIFT + 1;

    private final Stack[] free = new Stack[CLASSES];
    private final IntFunction<ByteBuffer> memory;
    private final LongSupplier nanoClock;
    private ByteBuffer scratch;
    private ByteBuffer heapScratch;
    private int outstanding;
    private long keptBytes;
    private boolean exhausted;
    private long exhaustedAtNanos;

    /** Makes an empty pool; memory is taken from the system when it is first asked for. */
    public BufferPool() {
        this(ByteBuffer::allocateDirect, System::nanoTime);
    }

    /** For tests: with memory that comes to an end. */
    BufferPool(IntFunction<ByteBuffer> memory, LongSupplier nanoClock) {
        this.memory = memory;
        this.nanoClock = nanoClock;
        for (int i = 0; i < CLASSES; i++) {
            free[i] = new Stack();
        }
    }

    /**
     * The loop's one shared read buffer, 256 KiB, always the same object, cleared.
     *
     * <p>Every read of every connection goes through it, so ten thousand idle connections hold no buffer at
     * all. 256 KiB takes a message of 100 KiB in one read; that it is shared makes the size affordable.
     *
     * @return the buffer, borrowed until the caller's callback returns; it is not counted as outstanding
     * @throws IllegalStateException as for {@link #acquire}, when it is first asked for
     */
    public ByteBuffer scratch() {
        ByteBuffer buffer = scratch;
        if (buffer == null) {
            buffer = scratch = allocate(MAX_BYTES);
        }
        return buffer.clear().order(ByteOrder.BIG_ENDIAN); // whatever the last borrower did to it
    }

    /**
     * The loop's one shared buffer on the heap, 64 KiB, always the same object, cleared. For code that is
     * faster on arrays, first of all the JDK's AES-GCM, which works through small copies of a direct buffer
     * (see {@code TlsRecordBenchmark}).
     *
     * @return the buffer, borrowed until the caller calls anybody who might use it too; it is not counted as
     *         outstanding
     */
    public ByteBuffer heapScratch() {
        ByteBuffer buffer = heapScratch;
        if (buffer == null) {
            buffer = heapScratch = ByteBuffer.allocate(HEAP_SCRATCH_BYTES);
        }
        return buffer.clear().order(ByteOrder.BIG_ENDIAN);
    }

    /**
     * Lends a direct buffer with position 0 and limit = capacity; its content is undefined.
     *
     * @param minBytes the capacity needed at least, 1 to {@link #MAX_BYTES}
     * @return a buffer that the caller owns until it is given to {@link #release}
     * @throws IllegalArgumentException if {@code minBytes} is out of range
     * @throws IllegalStateException if there is no direct memory left, see {@code -XX:MaxDirectMemorySize};
     *             for five seconds afterwards without asking again, unless one was released meanwhile
     */
    public ByteBuffer acquire(int minBytes) {
        if (minBytes < 1 || minBytes > MAX_BYTES) {
            throw new IllegalArgumentException("minBytes must be 1 to " + MAX_BYTES + ", not " + minBytes);
        }
        int sizeClass = sizeClass(minBytes);
        ByteBuffer buffer = free[sizeClass].pop();
        if (buffer == null) {
            buffer = allocate(MIN_BYTES << sizeClass);
        } else {
            keptBytes -= buffer.capacity();
        }
        outstanding++;
        return buffer.clear().order(ByteOrder.BIG_ENDIAN); // whatever the last borrower did to it
    }

    /**
     * Takes a buffer back.
     *
     * @param buffer one that {@link #acquire} returned and that was not released since; must not be used
     *             afterwards
     * @throws IllegalArgumentException if the buffer cannot have come from a pool
     * @throws IllegalStateException if more is released than was acquired
     */
    public void release(ByteBuffer buffer) {
        Objects.requireNonNull(buffer, "buffer");
        int bytes = buffer.capacity();
        if (!buffer.isDirect() || bytes < MIN_BYTES || bytes > MAX_BYTES || Integer.bitCount(bytes) != 1) {
            throw new IllegalArgumentException("not a buffer of this pool: " + buffer);
        }
        if (outstanding == 0) {
            throw new IllegalStateException("released twice: nothing is outstanding, yet got " + buffer);
        }
        Stack stack = free[sizeClass(bytes)];
        assert !stack.holds(buffer) : "released twice: " + buffer;
        outstanding--;
        if (keptBytes + bytes <= KEEP_BYTES || stack.isEmpty()) {
            keptBytes += bytes;
            stack.push(buffer);
        }
    }

    /**
     * Buffers acquired and not yet released.
     *
     * @return the count; 0 when nothing leaks and nothing is queued
     */
    public int outstanding() {
        return outstanding;
    }

    /**
     * Free memory this pool keeps for later, without the scratch buffers.
     *
     * @return bytes, at most 8 MiB and one buffer of each size
     */
    public long keptBytes() {
        return keptBytes;
    }

    /** Drops all free buffers and the scratch buffers; what is outstanding may still be released. */
    public void clear() {
        for (int i = 0; i < CLASSES; i++) {
            free[i] = new Stack();
        }
        keptBytes = 0;
        scratch = null;
        heapScratch = null;
    }

    @Override
    public String toString() {
        return "BufferPool[" + outstanding + " outstanding, " + (keptBytes >> 10) + " KiB kept]";
    }

    /**
     * The JDK counts direct memory itself and throws the same error as for an exhausted heap. But this one
     * means only that one buffer is not to be had, so it must not end a loop with all its connections.
     */
    private ByteBuffer allocate(int bytes) {
        if (exhausted && nanoClock.getAsLong() - exhaustedAtNanos < REFUSED_NANOS) {
            throw noMemory(bytes, null);
        }
        try {
            ByteBuffer buffer = memory.apply(bytes);
            exhausted = false;
            return buffer;
        } catch (OutOfMemoryError e) {
            exhausted = true;
            exhaustedAtNanos = nanoClock.getAsLong();
            throw noMemory(bytes, e);
        }
    }

    private static IllegalStateException noMemory(int bytes, OutOfMemoryError cause) {
        return new IllegalStateException("no direct memory left for a buffer of " + bytes + " bytes", cause);
    }

    private static int sizeClass(int bytes) {
        int shift = Integer.SIZE - Integer.numberOfLeadingZeros(bytes - 1); // ceil(log2(bytes))
        return Math.max(0, shift - MIN_SHIFT);
    }

    /** A stack, so that the buffer used last, whose memory is still in the cache, is lent first. */
    private static final class Stack {
        private ByteBuffer[] elements = new ByteBuffer[4];
        private int size;

        void push(ByteBuffer buffer) {
            if (size == elements.length) {
                elements = Arrays.copyOf(elements, size * 2);
            }
            elements[size++] = buffer;
        }

        ByteBuffer pop() {
            if (size == 0) {
                return null;
            }
            ByteBuffer buffer = elements[--size];
            elements[size] = null;
            return buffer;
        }

        boolean isEmpty() {
            return size == 0;
        }

        boolean holds(ByteBuffer buffer) {
            for (int i = 0; i < size; i++) {
                if (elements[i] == buffer) {
                    return true;
                }
            }
            return false;
        }
    }
}
