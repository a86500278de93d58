package io.jvloop.support;

import java.lang.ref.Reference;
import java.util.Collection;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Waits for an event of another thread; half a minute without it is a failure, since a test must not hang.
 */
public final class Await {
    /** Long enough for any machine, short enough to notice. */
    public static final long PATIENCE_SECONDS = 30;

    private static final long LOOK_EVERY_NANOS = 200_000;

    private Await() {
    }

    /** Looks again and again until the condition holds. */
    public static void until(BooleanSupplier condition) {
        until("the condition", condition);
    }

    /**
     * Looks again and again until the condition holds; {@code what} says in a failure what was waited for.
     */
    public static void until(String what, BooleanSupplier condition) {
        if (!within(TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS), condition)) {
            throw new AssertionError("not within " + PATIENCE_SECONDS + " s: " + what);
        }
    }

    /** Looks again and again; false if the condition did not hold in time. */
    public static boolean within(long nanos, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > nanos) {
                return false;
            }
            LockSupport.parkNanos(LOOK_EVERY_NANOS);
        }
        return true;
    }

    /** Waits until a latch is open. */
    public static void latch(CountDownLatch latch) {
        try {
            if (!latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError(
                        "not within " + PATIENCE_SECONDS + " s: latch at " + latch.getCount());
            }
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }

    /**
     * The result of a future; a failure of the future is thrown as the cause of an {@code AssertionError}.
     */
    public static <T> T result(Future<T> future) {
        try {
            return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("the future failed", e.getCause());
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError("not within " + PATIENCE_SECONDS + " s: " + future, e);
        }
    }

    /** Waits until a thread has ended. */
    public static void end(Thread thread) {
        until("the end of " + thread, () -> !thread.isAlive());
    }

    /** Waits until nothing refers to the objects any more. */
    public static void collected(Collection<? extends Reference<?>> references) {
        until("the collection of " + references.size() + " objects", () -> {
            System.gc();
            return references.stream().allMatch(reference -> reference.refersTo(null));
        });
    }

    /**
     * Keeps the calling thread busy, as code does that should not be on a loop; for not less than this time.
     */
    public static void block(long nanos) {
        long start = System.nanoTime();
        while (System.nanoTime() - start < nanos) {
            Thread.onSpinWait();
        }
    }
}
