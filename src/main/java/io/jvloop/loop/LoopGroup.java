package io.jvloop.loop;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Several loops, each on a thread of its own, with nothing shared between them: how one process uses all its
 * cores. A channel and all that belongs to it live on one loop; {@link #next} chooses it.
 *
 * <p>The threads are named {@code jvloop-<group>-<loop>} and are not daemons: a server's {@code main} may
 * return, and the process lives until the group is {@linkplain #shutdown shut down}.
 *
 * <h2>Errors</h2> A loop that ends by itself, through a fatal error ({@link EventLoop}, "Errors") or since
 * somebody called its {@code stop()}, is reported to its exception handler and closed. The other loops go on,
 * {@code next()} passes it over, and the end of the group counts as not in order. When all have ended so, the
 * group has, too.
 *
 * <p><b>Thread.</b> Any.
 */
public final class LoopGroup implements AutoCloseable {
    private static final AtomicInteger GROUPS = new AtomicInteger();

    private final String name;
    private final List<GroupThread> threads;
    private final List<EventLoop> loops;
    private final AtomicInteger turn = new AtomicInteger();
    private final CompletableFuture<Boolean> outcome = new CompletableFuture<>();

    private LoopGroup(String name, List<GroupThread> threads) {
        this.name = name;
        this.threads = threads;
        this.loops = threads.stream().map(GroupThread::loop).toList();
    }

    /**
     * Starts a group; its loops run when this returns.
     *
     * @param loops how many
     * @return the group
     * @throws IllegalArgumentException if there is to be none
     * @throws IllegalStateException with the cause, if not all can be started; then none is left
     */
    public static LoopGroup start(int loops) {
        return start(loops, loop -> {});
    }

    /**
     * Starts a group; its loops run when this returns.
     *
     * @param loops how many
     * @param setUp called for one loop after the other, on its thread, before it runs: to set an exception
     *            handler, for example; what it throws ends the start
     * @return the group
     * @throws IllegalArgumentException if there is to be none
     * @throws IllegalStateException with the cause, if not all can be started; then none is left
     */
    public static LoopGroup start(int loops, Consumer<EventLoop> setUp) {
        Objects.requireNonNull(setUp, "setUp");
        if (loops < 1) {
            throw new IllegalArgumentException("a group has at least one loop, not " + loops);
        }
        String name = "jvloop-" + GROUPS.incrementAndGet();
        List<GroupThread> threads = new ArrayList<>();
        try {
            for (int i = 0; i < loops; i++) {
                GroupThread thread = new GroupThread(name + "-" + i, setUp);
                thread.start();
                threads.add(thread);
            }
        } catch (Throwable t) { // no descriptors, no thread, no memory, or the hook's
            threads.forEach(GroupThread::stop);
            threads.forEach(GroupThread::join);
            throw t;
        }
        LoopGroup group = new LoopGroup(name, List.copyOf(threads));
        group.awaitTheEnd();
        return group;
    }

    /** {@return the loops, always the same, in the order of their threads} */
    public List<EventLoop> loops() {
        return loops;
    }

    /** {@return how many loops the group was started with} */
    public int size() {
        return loops.size();
    }

    /**
     * One loop after the other in turn, without those that have ended. Costs one atomic addition.
     *
     * @return a loop
     * @throws IllegalStateException if all have ended
     */
    public EventLoop next() {
        int first = turn.getAndIncrement();
        for (int i = 0; i < loops.size(); i++) {
            EventLoop loop = loops.get(Math.floorMod(first + i, loops.size()));
            if (!loop.isClosed()) {
                return loop;
            }
        }
        throw new IllegalStateException("All loops of the group have ended: " + this);
    }

    /**
     * Ends the group in order: all loops {@linkplain EventLoop#drain drain} at once; when they have, or at
     * the deadline, they are stopped and closed, which cuts off who is left. May be called again; then the
     * earlier deadline counts. What runs on a loop's executor is not waited for. A callback that never
     * returns keeps its thread, and so the answer, beyond the deadline, but no other loop.
     *
     * @param deadline how long to wait at most, from this call
     * @return completed, on no loop's thread, when all threads have ended: true if every loop ended in this
     *         way and with no channel open; the same answer for each call
     */
    public CompletableFuture<Boolean> shutdown(Duration deadline) {
        long deadlineNanos = Clock.SYSTEM.after(Clock.nanos(deadline));
        CompletableFuture<?>[] drained =
                threads.stream().map(thread -> thread.drain(deadlineNanos)).toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(drained)
                .whenComplete((done, failure) -> threads.forEach(GroupThread::stop));
        return outcome.copy(); // a caller's orTimeout or cancel is not the others'
    }

    /** {@return completed, on no loop's thread, when all threads have ended, for whatever reason} */
    public CompletableFuture<Void> closed() {
        return outcome.thenAccept(inOrder -> {});
    }

    /**
     * {@link #shutdown} with no time to drain, and waits until all threads have ended. To let connections
     * finish, wait for a {@code shutdown} of your own before.
     *
     * @throws IllegalStateException on a thread of one of the loops, which would wait for its own end
     */
    @Override
    public void close() {
        if (threads.stream().anyMatch(GroupThread::isCurrent)) {
            throw new IllegalStateException("LoopGroup.close() on one of the group's own threads, "
                    + Thread.currentThread().getName()
                    + ", would wait for its own end; call shutdown(Duration.ZERO), which does not wait");
        }
        shutdown(Duration.ZERO).join();
    }

    /** The last thread that ends cannot wait for its own end: so another one does. */
    private void awaitTheEnd() {
        CompletableFuture<?>[] endings =
                threads.stream().map(GroupThread::ending).toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(endings).thenRun(() -> {
            Thread last = new Thread(this::ended, name + "-end");
            last.setDaemon(false);
            try {
                last.start();
            } catch (OutOfMemoryError noThreadLeft) {
                complete(); // here, where the thread still lives, is better than never
            }
        });
    }

    private void ended() {
        threads.forEach(GroupThread::join);
        complete();
    }

    private void complete() {
        outcome.complete(threads.stream().allMatch(GroupThread::endedInOrder));
    }

    @Override
    public String toString() {
        long ended = loops.stream().filter(EventLoop::isClosed).count();
        return "LoopGroup[" + name + ", " + loops.size() + " loops, " + ended + " ended]";
    }
}
