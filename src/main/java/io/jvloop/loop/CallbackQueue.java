package io.jvloop.loop;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.Consumer;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;

/**
 * The callbacks waiting for a loop, from its own thread and from any other, in one FIFO order; and the
 * wake-up handshake, the only concurrent algorithm in jvloop.
 *
 * <h2>The handshake</h2>
 *
 * <pre>
 *   loop thread                                   any producer
 *   ───────────                                   ────────────
 *   L1  asleep = true                             P1  foreign.offer(handle)
 *   L2  foreign empty? no: poll without waiting    P2  if asleep and CAS(asleep, true → false)
 *   L3  select(timeout)                           P3      selector.wakeup()
 *   L4  asleep = false
 * </pre>
 *
 * <p><b>No lost wake-up.</b> L1 and P1 are writes, L2 and P2 reads of the other side's variable, all with
 * volatile semantics, which means they fall into one total order. If L2 does not see P1's element then L2
 * came before P1, hence L1 before P2, hence P2 sees {@code asleep == true}: the producer wakes the selector,
 * and a selector that is woken before it selects returns from that select at once. If L2 does see it, the
 * loop does not wait. (With plain writes both sides could read the old value: the store buffer of x86 allows
 * exactly this. That is Dekker's pattern, and why L1 costs a full fence, once per sleep.)
 *
 * <p><b>One wake-up per sleep.</b> Only the producer that wins the CAS calls {@code wakeup()}, a system
 * call; a thousand posts to a sleeping loop make one. While the loop is busy {@code asleep} is false and
 * posting is only an {@code offer}.
 *
 * <p><b>L4 needs no fence.</b> A producer that still reads true makes one superfluous wake-up, which costs
 * one empty select.
 *
 * <p>The handshake was preferred to Netty's (a flag reset before the select), which needs an extra wake-up to
 * be safe. {@code WakeUpStressTest} hammers it from eight threads.
 *
 * <h2>Two queues, one order</h2>
 *
 * <p>Callbacks of the loop's own thread, nearly all in practice, need no atomic operation, so they have a
 * plain deque; {@code QueueBenchmark} shows what that saves. The order stays that
 * of one queue: whoever queues on the loop first moves over what others have completely queued by then. So if
 * A was queued before B in any way the program can tell, A runs before B.
 *
 * <p>The shared one is JCTools' <em>atomic</em> MPSC queue: the default one uses {@code sun.misc.Unsafe}, for
 * which JDK 25 prints a warning. Its elements are the {@link Handle}s themselves, in chunks of 1024.
 */
final class CallbackQueue {
    private static final int CHUNK = 1024;
    private static final VarHandle ASLEEP;

    static {
        try {
            ASLEEP = MethodHandles.lookup().findVarHandle(CallbackQueue.class, "asleep", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final HandleFifo local = new HandleFifo();
    private final MpscUnboundedAtomicArrayQueue<Handle> foreign = new MpscUnboundedAtomicArrayQueue<>(CHUNK);
    private final Poller poller;
    private volatile boolean asleep;

    CallbackQueue(Poller poller) {
        this.poller = poller;
    }

    /** Appends from the loop's own thread, which cannot be asleep. */
    void add(Handle handle) {
        if (!foreign.isEmpty()) {
            transfer();
        }
        local.add(handle);
    }

    /** Appends from another thread and wakes the loop if it sleeps. */
    void addThreadsafe(Handle handle) {
        foreign.offer(handle); // P1
        if (asleep && ASLEEP.compareAndSet(this, true, false)) { // P2
            poller.wakeup(); // P3
        }
    }

    /** The next callback or null. What is foreign still is younger than all that is local. Loop thread. */
    Handle poll() {
        return local.isEmpty() ? foreign.poll() : local.poll();
    }

    /**
     * Cancels what is queued now; but completions, which somebody counts on, are still to be run. Loop
     * thread.
     */
    void drop(Consumer<Handle> completions) {
        for (int left = size(); left > 0; left--) {
            Handle handle = poll();
            if (handle.isCompletion()) {
                completions.accept(handle);
            } else {
                handle.cancel();
            }
        }
    }

    /** Any thread's estimate, the loop thread's exact number. */
    int size() {
        return foreign.isEmpty() ? local.size() : local.size() + foreign.size();
    }

    /** Loop thread. */
    boolean isEmpty() {
        return local.isEmpty() && foreign.isEmpty();
    }

    /** As many as are there now: producers that never rest must not keep the loop from its turn. */
    private void transfer() {
        for (int left = foreign.size(); left > 0; left--) {
            local.add(foreign.poll());
        }
    }

    /**
     * L1 and L2: announces that the loop is about to wait; false if it must not, because something is queued.
     * Loop thread.
     */
    boolean prepareSleep() {
        asleep = true;
        if (foreign.isEmpty()) {
            return true;
        }
        awake();
        return false;
    }

    /**
     * L4. Loop thread; also called for every channel served, so that posts made during I/O do not wake a loop
     * that is awake.
     */
    void awake() {
        ASLEEP.setOpaque(this, false);
    }
}
