package io.jvloop.loop;

import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * The mechanism behind {@link EventLoop}: the turn, and who may do what when.
 *
 * <h2>One turn, in the order of {@link #runOnce}</h2>
 * <ol>
 * <li><b>Callbacks</b>: as many as are queued when the turn begins; what they queue waits for the next turn.
 * <li><b>Timeout</b>: none if a callback is queued or the loop is stopping, else until the earliest timer.
 * <li><b>Poll</b>: wait that long; each ready channel's handler runs now.
 * <li><b>Clock</b>: read once, and only if there are timers.
 * <li><b>Timers</b>: those due, earliest first; one armed meanwhile waits for the next turn.
 * </ol>
 * This is uvloop's order. asyncio instead queues I/O and timers behind the callbacks that are ready.
 *
 * <h2>States</h2>
 *
 * <pre>
 *   IDLE ──run…──▶ RUNNING ──stop(), fatal error──▶ IDLE ──close()──▶ CLOSED
 * </pre>
 * RUNNING is {@code thread != null}: the field is the lock that says who owns everything else here. How a
 * loop comes to its end, in order or at once, is in {@link Ending}.
 *
 * <p>Read next: {@link Handle}, {@link Timers}, {@link CallbackQueue}, {@link SelectorPoller},
 * {@link Ending}.
 */
final class Reactor {
    private static final ThreadLocal<EventLoop> CURRENT = new ThreadLocal<>();

    private final EventLoop loop;
    private final Clock clock;
    private final Poller poller;
    private final CallbackQueue callbacks;
    private final Timers timers;
    private final Ending ending;
    private final Diagnostics diagnostics;
    private final PollPacing pacing;

    private volatile Thread thread;
    private volatile boolean closed;
    private volatile boolean stopping;
    private Thread home = Thread.currentThread(); // the last thread that ran the loop, or that made it
    private long turns;

    Reactor(EventLoop loop, Clock clock, Poller poller, Diagnostics diagnostics) {
        this.loop = loop;
        this.clock = clock;
        this.poller = poller;
        this.callbacks = new CallbackQueue(poller);
        this.timers = new Timers(this, clock);
        this.ending = new Ending(loop, this, poller, diagnostics);
        this.diagnostics = diagnostics;
        this.pacing = new PollPacing(clock);
    }

    static EventLoop current() {
        EventLoop running = CURRENT.get();
        if (running == null) {
            throw new IllegalStateException("no running event loop in " + Thread.currentThread());
        }
        return running;
    }

    void run() {
        begin();
        try {
            boolean goOn;
            do {
                goOn = runOnce();
            } while (goOn);
        } finally {
            end();
        }
    }

    /** Runs until somebody completes the future, on whatever thread. */
    void runUntil(CompletableFuture<?> future) {
        if (future instanceof LoopFuture<?> own && own.loop() != loop) {
            throw new IllegalArgumentException("the future belongs to another loop: " + own.loop());
        }
        refuseToRun();
        Handle stopOnce = new Handle(this::stop, null);
        future.whenComplete((value, failure) -> postUnlessClosed(stopOnce::run));
        try {
            run();
        } finally {
            stopOnce.cancel(); // or a late completion would stop a later run
        }
        if (!future.isDone()) {
            throw new IllegalStateException("Event loop stopped before the future completed: " + future);
        }
    }

    /** One turn; false when it was the last. The numbers are those of the class comment. */
    private boolean runOnce() {
        turns++;
        int ran = runCallbacks(); // 1
        boolean last = stopping; // a stop() in 3 or 5 comes later: what is queued by then still runs
        if (last || callbacks.isEmpty() || pacing.pollIsDue(ran)) {
            poll(last || !callbacks.isEmpty() ? 0 : timers.timeoutNanos()); // 2, 3
        }
        timers.runDue(); // 4, 5
        return !last;
    }

    /** Runs those queued by now; says how many they were. */
    int runCallbacks() {
        int count = callbacks.size();
        for (int left = count; left > 0; left--) {
            run(callbacks.poll());
        }
        return count;
    }

    private void poll(long timeoutNanos) {
        if (timeoutNanos == 0 || !callbacks.prepareSleep()) {
            pacing.pollBegins();
            poller.poll(0);
            return;
        }
        pacing.ioSeen();
        try {
            poller.poll(timeoutNanos);
        } finally {
            callbacks.awake();
        }
    }

    void run(Handle handle) {
        if (diagnostics.debug()) {
            diagnostics.runWatched(handle);
            return;
        }
        try {
            handle.run();
        } catch (Throwable t) { // whatever a user's callback throws must not end the loop
            diagnostics.failed("Exception in callback", t, "handle", handle);
        }
    }

    // ------------------------------------------------------------------------------------------- scheduling

    Handle callSoon(Runnable callback) {
        Handle handle = new Handle(Objects.requireNonNull(callback, "callback"), diagnostics.trace());
        add(handle);
        return handle;
    }

    Handle callSoonThreadsafe(Runnable callback) {
        Handle handle = new Handle(Objects.requireNonNull(callback, "callback"), diagnostics.trace());
        addThreadsafe(handle);
        return handle;
    }

    /** Queues for the next turn; on a foreign thread the safe way, or in debug mode not at all. */
    void add(Handle handle) {
        if (inLoop()) {
            callbacks.add(handle); // a loop that runs is not closed
            return;
        }
        refuseIfClosed();
        if (isForeign()) {
            refuseInDebugMode("callSoon");
            addThreadsafe(handle);
        } else {
            callbacks.add(handle);
        }
    }

    void addThreadsafe(Handle handle) {
        refuseIfClosed();
        if (inLoop()) {
            callbacks.add(handle);
            return;
        }
        callbacks.addThreadsafe(handle);
        if (closed && handle.cancelUnlessRun()) {
            refuseIfClosed(); // closed between the check and the offer: nobody will look at the queue again
        }
    }

    TimerHandle arm(Runnable callback, long deadlineNanos) {
        return timers.arm(Objects.requireNonNull(callback, "callback"), deadlineNanos, diagnostics.trace());
    }

    void postUnlessClosed(Runnable callback) {
        try {
            addThreadsafe(new Handle(callback, null));
        } catch (IllegalStateException alreadyClosed) {
            // then there is nothing left to stop or to disarm
        }
    }

    /**
     * Ends the run with the present turn; from a foreign thread, with the turn that finds the request in the
     * queue.
     */
    void stop() {
        if (inLoop()) {
            stopping = true;
        } else { // also when the loop does not run: it might begin to at this moment, and sleep
            postUnlessClosed(() -> stopping = true);
        }
    }

    // ------------------------------------------------------------------------------------ states and closing

    boolean isRunning() {
        return thread != null;
    }

    boolean isClosed() {
        return closed;
    }

    boolean inLoop() {
        return thread == Thread.currentThread();
    }

    /**
     * Whether the calling thread may touch what is the loop's: it runs the loop, or while nobody does, was
     * the last that did.
     */
    boolean isHome() {
        return inLoop() || thread == null && Thread.currentThread() == home;
    }

    /**
     * Whether another thread owns the loop now; one comparison, so it is made on every call, debug mode or
     * not.
     */
    boolean isForeign() {
        Thread owner = thread;
        return owner != null && owner != Thread.currentThread();
    }

    void refuseInDebugMode(String operation) {
        if (diagnostics.debug()) {
            requireLoopThread(operation);
        }
    }

    void requireLoopThread(String operation) {
        if (isForeign()) {
            throw new IllegalStateException("Non-thread-safe operation: " + operation + " called on "
                    + Thread.currentThread() + ", but the loop runs on " + thread
                    + "; hand the call over with loop.callSoonThreadsafe");
        }
    }

    Registration register(SelectableChannel channel, int ops, IoHandler handler) throws IOException {
        requireLoopThread("register");
        ending.refuseNewChannels();
        return poller.register(channel, ops, handler);
    }

    Attachment attach(IoHandler handler) {
        requireLoopThread("attach");
        refuseIfClosed();
        return ending.attach(handler);
    }

    /** A channel is about to be served: the loop is awake, and I/O is going on. */
    void awake() {
        callbacks.awake();
        pacing.ioSeen();
    }

    LoopStats stats(int buffers) {
        int channels = poller.registrations().size() + ending.attachments();
        return new LoopStats(channels, timers.size(), callbacks.size(), buffers, turns,
                diagnostics.failures(), poller.rebuilds());
    }

    void refuseIfClosed() {
        if (closed) {
            throw new IllegalStateException("Event loop is closed");
        }
    }

    void refuseToRun() {
        refuseIfClosed();
        if (thread != null) {
            throw new IllegalStateException("This event loop is already running, on " + thread);
        }
        if (CURRENT.get() != null) {
            throw new IllegalStateException(
                    "Cannot run the event loop while another loop is running in this thread");
        }
    }

    private synchronized void begin() { // or two threads might both find the loop idle
        refuseToRun();
        home = thread = Thread.currentThread();
        CURRENT.set(loop);
    }

    private void end() {
        CURRENT.remove();
        stopping = false;
        thread = null;
    }

    Ending ending() {
        return ending;
    }

    Diagnostics diagnostics() {
        return diagnostics;
    }

    /**
     * Closes for good, unless that was done before; the release comes last. What fails fatally on the way is
     * thrown, but after everything: a loop that was half closed could neither be run nor let go.
     */
    synchronized void close(Runnable release) {
        if (closed) {
            return;
        }
        if (thread != null) {
            throw new IllegalStateException(
                    "Cannot close a running event loop; call stop() and close it when run… has returned");
        }
        Attempts attempts = new Attempts();
        attempts.add(() -> lastTurn(attempts));
        closed = true;
        dropCallbacks(attempts); // from now on nobody can add one
        attempts.add(poller::close);
        attempts.add(release);
        attempts.throwFirst();
    }

    private void lastTurn(Attempts attempts) {
        EventLoop outer = CURRENT.get();
        thread = Thread.currentThread();
        CURRENT.set(loop);
        try {
            ending.lastTurn(attempts);
        } finally {
            end();
            CURRENT.set(outer);
        }
    }

    /** Cancels what is queued; but completions run: a future's, and connectionLost. */
    void dropCallbacks(Attempts attempts) {
        callbacks.drop(completion -> attempts.add(() -> run(completion)));
        timers.cancelAll();
    }

    boolean hasCallbacks() {
        return !callbacks.isEmpty();
    }

    @Override
    public String toString() {
        Thread owner = thread;
        String state = closed ? "closed" : owner == null ? "idle" : "running on " + owner.getName();
        return state + ", " + callbacks.size() + " callbacks, " + timers.size() + " timers, turn " + turns;
    }
}
