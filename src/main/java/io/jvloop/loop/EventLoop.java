package io.jvloop.loop;

import io.jvloop.buffer.BufferPool;
import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;

/**
 * A single-threaded reactor. It knows three things only: a channel is ready, a deadline has passed, a
 * callback is queued.
 *
 * <h2>One turn</h2> Queued callbacks; wait for channels, and serve each ready one at once; timers that are
 * due. What a callback queues, or a timer arms, waits for the next turn.
 *
 * <h2>Thread</h2> The thread that calls {@link #runForever} or {@link #runUntilComplete} owns the loop until
 * that returns. While it runs, other threads may call only what says "Any thread" or "from any thread", first
 * of all {@link #callSoonThreadsafe}. Before and between runs any one thread may set things up.
 *
 * <h2>Errors</h2> What a callback throws goes to the {@link #setExceptionHandler exception handler}, and the
 * loop goes on; this includes {@code AssertionError}, {@code LinkageError} and {@code StackOverflowError},
 * which are the fault of that one callback. Any other {@code VirtualMachineError} (no memory, a broken VM)
 * leaves {@code run…} at once; the loop may be run again, or closed.
 *
 * <p>Read next: {@link Reactor}, the turn itself.
 */
public final class EventLoop implements Executor, AutoCloseable {
    private final Clock clock;
    private final Poller poller;
    private final Reactor reactor;
    private final Diagnostics diagnostics = new Diagnostics(this);
    private final BufferPool buffers = new BufferPool();
    private final DefaultExecutor executor = new DefaultExecutor(this);

    /** For tests: time and readiness are scripted; without a poller it gets the real one. */
    EventLoop(Clock clock, Poller poller) {
        this.clock = clock;
        this.poller = poller == null ? new SelectorPoller(this, diagnostics) : poller;
        this.reactor = new Reactor(this, clock, this.poller, diagnostics);
    }

    /**
     * Makes a loop; close it when done. {@code -Djvloop.debug=true} starts it in debug mode.
     *
     * @return a loop that does not run yet
     * @throws java.io.UncheckedIOException if no selector can be opened, usually for want of descriptors
     */
    public static EventLoop create() {
        return new EventLoop(Clock.SYSTEM, null);
    }

    /**
     * {@return the loop that runs in the calling thread}
     *
     * @throws IllegalStateException if none does
     */
    public static EventLoop current() {
        return Reactor.current();
    }

    /**
     * Runs until {@link #stop} is called.
     *
     * @throws IllegalStateException if the loop is closed or running, or this thread runs another
     */
    public void runForever() {
        reactor.run();
    }

    /**
     * Runs until a future is complete.
     *
     * @param <T> type of the result
     * @param stage what to wait for
     * @return its result
     * @throws java.util.concurrent.CompletionException with the cause, if it failed, as from {@code join}
     * @throws java.util.concurrent.CancellationException if it was cancelled
     * @throws IllegalStateException as for {@link #runForever}, or if the loop was stopped before
     * @throws IllegalArgumentException if another loop's {@link #createFuture} made it
     */
    public <T> T runUntilComplete(CompletionStage<T> stage) {
        CompletableFuture<T> future = stage.toCompletableFuture();
        reactor.runUntil(future);
        return future.join();
    }

    /**
     * Ends the run: everything already queued still runs, what that queues waits for the next run. Called
     * before a run, it makes that one turn that does not wait. Any thread.
     */
    public void stop() {
        reactor.stop();
    }

    /**
     * Queues a callback for the next turn; FIFO, exactly once, never inside this call. A foreign thread's
     * call is one to {@link #callSoonThreadsafe}, or in debug mode refused as a mistake.
     *
     * @param callback what to run on the loop's thread
     * @return a handle to cancel it
     * @throws IllegalStateException if the loop is closed, or in debug mode runs in another thread
     */
    public Handle callSoon(Runnable callback) {
        return reactor.callSoon(callback);
    }

    /**
     * Queues a callback from any thread, in order with everything that thread queued before, and wakes the
     * loop if it sleeps.
     *
     * @param callback what to run on the loop's thread
     * @return a handle to cancel it
     * @throws IllegalStateException if the loop is closed; then the callback will certainly not run
     */
    public Handle callSoonThreadsafe(Runnable callback) {
        return reactor.callSoonThreadsafe(callback);
    }

    /**
     * {@link #callSoonThreadsafe}: makes a loop the executor of {@code CompletableFuture}s. Any thread.
     *
     * @throws RejectedExecutionException if the loop is closed
     */
    @Override
    public void execute(Runnable command) {
        try {
            callSoonThreadsafe(command);
        } catch (IllegalStateException e) {
            throw new RejectedExecutionException(e.getMessage(), e);
        }
    }

    /**
     * Runs a callback once the delay has passed, never earlier; without a spin budget up to 1 ms later. The
     * clock is read afresh, so code that blocked before this call does not shorten the delay.
     *
     * @param delayNanos nanoseconds; negative counts as 0, more than 100 years as 100 years
     * @param callback what to run on the loop's thread
     * @return a handle to cancel or move it
     * @throws IllegalStateException as for {@link #callSoon}
     */
    public TimerHandle callLater(long delayNanos, Runnable callback) {
        return callAt(clock.after(delayNanos), callback);
    }

    /**
     * {@link #callLater(long, Runnable)}.
     *
     * @param delay of any length
     * @param callback what to run on the loop's thread
     * @return a handle to cancel or move it
     */
    public TimerHandle callLater(Duration delay, Runnable callback) {
        return callLater(Clock.nanos(delay), callback);
    }

    /**
     * Runs a callback at a point of {@link #time()}; equal points in the order of these calls.
     *
     * @param deadlineNanos when, on the loop's clock; the past is the coming turn
     * @param callback what to run on the loop's thread
     * @return a handle to cancel or move it
     * @throws IllegalStateException as for {@link #callSoon}
     */
    public TimerHandle callAt(long deadlineNanos, Runnable callback) {
        return reactor.arm(callback, deadlineNanos);
    }

    /**
     * {@return the loop's clock in nanoseconds: monotonic, read afresh at every call, with an arbitrary zero
     * that all loops of the process share} Any thread.
     */
    public long time() {
        return clock.nanoTime();
    }

    /**
     * A future at home on this loop: its {@code …Async} stages run on the loop; {@code join()} and {@code
     * get()} on the loop's thread throw {@code IllegalStateException} instead of waiting for ever.
     *
     * @param <T> type of the result
     * @return an incomplete future; complete it on the loop
     */
    public <T> CompletableFuture<T> createFuture() {
        return new LoopFuture<>(this);
    }

    /**
     * Runs blocking work on the default executor. Any thread.
     *
     * @param <T> type of the result
     * @param task what to run off the loop; cancelling does not interrupt it once begun
     * @return its result, completed on the loop
     * @throws IllegalStateException after {@link #shutdownDefaultExecutor}
     */
    public <T> CompletableFuture<T> runInExecutor(Callable<T> task) {
        return executor.run(null, task);
    }

    /**
     * {@link #runInExecutor(Callable)} on an executor of the caller's.
     *
     * @param <T> type of the result
     * @param pool where to run it
     * @param task what to run off the loop
     * @return its result, completed on the loop
     */
    public <T> CompletableFuture<T> runInExecutor(Executor pool, Callable<T> task) {
        return executor.run(Objects.requireNonNull(pool, "pool"), task);
    }

    /**
     * Replaces the default executor, a pool of at most min(32, processors + 4) daemon threads.
     *
     * @param pool the new default; told to shut down when the loop is closed
     * @throws IllegalStateException after {@link #shutdownDefaultExecutor}
     */
    public void setDefaultExecutor(ExecutorService pool) {
        executor.replace(pool);
    }

    /**
     * Lets the default executor finish and end; {@link #runInExecutor(Callable)} is refused from now on.
     *
     * @param timeout how long to wait before it is left to itself with a warning
     * @return completed on the loop when its threads have ended or the timeout has passed
     */
    public CompletableFuture<Void> shutdownDefaultExecutor(Duration timeout) {
        return executor.shutdown(Clock.nanos(timeout));
    }

    /**
     * Binds a channel to its handler, for the channel's life; puts it into non-blocking mode. Loop thread.
     *
     * @param channel an open channel that no selector knows yet
     * @param ops what to wait for, {@code SelectionKey.OP_*} bits; 0 for nothing yet
     * @param handler called when the channel is ready
     * @return the registration
     * @throws IOException if the channel is closed or refuses to be non-blocking
     * @throws IllegalStateException if the channel is registered, the loop closed, or run by another thread
     */
    public Registration register(SelectableChannel channel, int ops, IoHandler handler) throws IOException {
        return reactor.register(channel, ops, handler);
    }

    /**
     * Makes known what lives on the loop without a channel, a child process for example. Loop thread.
     *
     * @param handler hears {@code draining} and {@code loopClosing}, as a channel's does
     * @return to be detached when it is over; a drain waits for that
     * @throws IllegalStateException if the loop is closed, or run by another thread
     */
    public Attachment attach(IoHandler handler) {
        return reactor.attach(Objects.requireNonNull(handler, "handler"));
    }

    /** {@return the loop's buffers} Loop thread. */
    public BufferPool buffers() {
        return buffers;
    }

    /**
     * Says where failures go that nobody waits for.
     *
     * @param handler called on the loop's thread; null to log to {@code System.Logger} "io.jvloop"
     */
    public void setExceptionHandler(ExceptionHandler handler) {
        diagnostics.handler(handler);
    }

    /** {@return the handler set, or null for the default} Loop thread. */
    public ExceptionHandler exceptionHandler() {
        return diagnostics.handler();
    }

    /**
     * Reports a failure, as the loop does for callbacks. A fatal error is thrown on. Loop thread.
     *
     * @param context what happened
     */
    public void callExceptionHandler(ExceptionContext context) {
        diagnostics.report(context);
    }

    /**
     * What happens without a handler: one log record. Loop thread.
     *
     * @param context what happened
     */
    public void defaultExceptionHandler(ExceptionContext context) {
        diagnostics.log(context);
    }

    /**
     * Switches debug mode: foreign-thread calls are refused, slow callbacks logged with their name, handles
     * remember who scheduled them, and the read buffer is overwritten after each use. Any thread.
     *
     * @param on true to switch it on
     */
    public void setDebug(boolean on) {
        diagnostics.debug(on);
    }

    /** {@return whether debug mode is on} Any thread. */
    public boolean isDebug() {
        return diagnostics.debug();
    }

    /**
     * Says how long a callback may take before debug mode reports it.
     *
     * @param threshold 100 ms unless set
     */
    public void setSlowCallbackDuration(Duration threshold) {
        diagnostics.slowNanos(Clock.nanos(threshold));
    }

    /**
     * How long the loop looks for work before it sleeps, for those who want latency over CPU.
     *
     * @param budget zero, the default, sleeps at once, unless it pays to yield first; 1 ms makes timers finer
     */
    public void setSpinBudget(Duration budget) {
        poller.spinNanos(Clock.nanos(budget));
    }

    /** {@return a snapshot of the loop's counters} Loop thread. */
    public LoopStats stats() {
        return reactor.stats(buffers.outstanding());
    }

    /** {@return whether a thread is inside {@code run…} now} Any thread. */
    public boolean isRunning() {
        return reactor.isRunning();
    }

    /** {@return whether {@link #close} has been called} Any thread. */
    public boolean isClosed() {
        return reactor.isClosed();
    }

    /** {@return whether the calling thread is the one that runs this loop} Any thread. */
    public boolean inLoop() {
        return reactor.inLoop();
    }

    /**
     * Guards what belongs to the loop's thread; one comparison.
     *
     * @param operation for the message
     * @throws IllegalStateException if another thread runs the loop
     */
    public void requireLoopThread(String operation) {
        reactor.requireLoopThread(operation);
    }

    /**
     * Asks everybody on the loop to end in order: each handler registered or attached now or later hears
     * {@link IoHandler#draining}. The loop goes on; stop it when the answer is there. Any thread.
     *
     * @param deadline how long to wait, from this call, which is a wait of its own
     * @return completed on the loop: true when no channel is left, and what their owners queued in the end
     *         has run; false when the deadline comes first, or {@link #close} cuts somebody off
     * @throws IllegalStateException if the loop is closed
     */
    public CompletableFuture<Boolean> drain(Duration deadline) {
        return reactor.ending().drain(clock.after(Clock.nanos(deadline)));
    }

    /**
     * Closes the loop for good: queued callbacks and timers will not run, only completions of futures.
     * Channels still open are closed, with a warning, and their protocols hear {@code connectionLost} before
     * this returns. The default executor is told to end. Idempotent.
     *
     * @throws IllegalStateException if the loop is running
     */
    @Override
    public void close() {
        reactor.close(() -> {
            buffers.clear();
            executor.abandon();
        });
    }

    @Override
    public String toString() {
        return "EventLoop[" + reactor + "]";
    }

    /** For those inside, and for the poller, which is made before it. */
    Reactor reactor() {
        return reactor;
    }
}
