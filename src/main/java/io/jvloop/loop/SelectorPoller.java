package io.jvloop.loop;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The one real poller, over a {@link Selector}. Hot: every byte passes through {@link #accept}.
 *
 * <p>It is its own {@code Consumer<SelectionKey>}: {@code select(Consumer, …)} calls it for each ready key
 * straight from the JDK's loop over the epoll results, with no selected-key set, no iterator and no garbage,
 * which is what Netty replaces a private field of the selector by reflection for.
 *
 * <h2>Traps of the selector, each met here</h2>
 * <ul>
 * <li>{@code select(action, 0)} means for ever, so a zero timeout must be {@code selectNow(action)}.
 * <li>Timeouts are whole milliseconds: they are rounded up, so that no timer fires early.
 * <li>With the interrupt flag set every select returns at once and the loop would spin: the flag is cleared
 * and reported.
 * <li>An exception from the action ends the batch: {@link #accept} catches, so neighbours do not lose their
 * turn.
 * <li>A selector may start to return early for nothing (netty#327 and after). {@value #PREMATURE_LIMIT} such
 * returns in a row replace it; the number is Netty's.
 * </ul>
 *
 * <p>Read next: {@link Registration}, {@link YieldPacing}.
 */
final class SelectorPoller implements Poller, Consumer<SelectionKey> {
    private static final int PREMATURE_LIMIT = 512;
    private static final long NANOS_PER_MILLI = 1_000_000;

    static {
        try { // JDK 17 needs descriptors to close its first selector: at a time when there are some
            Selector.open().close();
        } catch (IOException e) {
            // then the first loop cannot be made either, and says so
        }
    }

    private final EventLoop loop;
    private final Diagnostics diagnostics;
    private final Supplier<Selector> selectors;
    private final YieldPacing yielding;
    private final CloseWatch closeWatch = new CloseWatch();

    /** Here and not in the registration, since at most one in a process is so. */
    private final Map<Registration, Closeable> keptOpen = new HashMap<>();

    private Selector selector;
    private long spinNanos;
    private int premature;
    private long rebuilds;

    /** Bumped before each wake-up, to tell a select that was woken from one that returned for nothing. */
    private volatile int wakeups;
    private int wakeupsSeen;

    SelectorPoller(EventLoop loop, Diagnostics diagnostics) {
        this(loop, diagnostics, SelectorPoller::open);
    }

    /** For tests: on selectors that behave as bad ones do. */
    SelectorPoller(EventLoop loop, Diagnostics diagnostics, Supplier<Selector> selectors) {
        this(loop, diagnostics, selectors, new YieldPacing(Clock.SYSTEM, Thread::yield));
    }

    SelectorPoller(EventLoop loop, Diagnostics diagnostics, Supplier<Selector> selectors,
            YieldPacing yielding) {
        this.loop = loop;
        this.diagnostics = diagnostics;
        this.selectors = selectors;
        this.yielding = yielding;
        this.selector = selectors.get();
    }

    @Override
    public void poll(long timeoutNanos) {
        try {
            if (timeoutNanos == 0) {
                look();
            } else if (!lookForClosed() && !spin(timeoutNanos)) {
                block(timeoutNanos);
            }
            tellOfClosed();
        } catch (IOException e) {
            // epoll_wait itself failed; without a new selector the loop would be deaf or spin (uvloop dies
            // silently here)
            diagnostics.report(ExceptionContext.of("The selector failed and is replaced", e));
            rebuild();
        }
    }

    /** Without waiting. */
    private int look() throws IOException {
        int found = selector.selectNow(this);
        if (found > 0) {
            yielding.found(found);
        }
        return found;
    }

    /** One ready channel: from here it is two calls to the user's {@code dataReceived}. */
    @Override
    public void accept(SelectionKey key) {
        Registration registration = (Registration) key.attachment();
        loop.reactor().awake();
        try {
            IoHandler handler = registration.handler();
            if (diagnostics.debug()) {
                diagnostics.timed(CallbackNames.of(handler), () -> handler.ready(key.readyOps()));
            } else {
                handler.ready(key.readyOps());
            }
        } catch (Throwable t) { // one handler's failure must not cost the rest of the batch their turn
            if (key.isValid() || !(t instanceof CancelledKeyException)) { // else: just closed by a neighbour
                diagnostics.failed("Exception in I/O handler", t, "channel", registration);
            }
        }
    }

    @Override
    public void wakeup() {
        wakeups++; // not atomic on purpose: even a lost count differs from the value seen last
        selector.wakeup();
    }

    @Override
    public Registration register(SelectableChannel channel, int ops, IoHandler handler) throws IOException {
        Objects.requireNonNull(handler, "handler");
        if (channel.isRegistered() && channel.isOpen()) {
            throw new IllegalStateException("one registration per channel, and this one is taken: " + channel
                    + " is used by " + owner(channel));
        }
        channel.configureBlocking(false);
        Registration registration = new Registration(this, channel, handler);
        registration.bind(selector, ops);
        closeWatch.opened();
        loop.reactor().ending().registered(registration);
        return registration;
    }

    private String owner(SelectableChannel channel) {
        SelectionKey key = channel.keyFor(selector);
        return key == null ? "another selector" : ((Registration) key.attachment()).handler().toString();
    }

    EventLoop loop() {
        return loop;
    }

    /** A registration is about to close its channel; returns what it is to do instead, usually null. */
    Closeable closing(Registration registration) {
        closeWatch.closing(registration);
        loop.reactor().ending().gone();
        return keptOpen.isEmpty() ? null : keptOpen.remove(registration);
    }

    void closeBy(Registration registration, Closeable action) {
        keptOpen.put(registration, action);
    }

    void watchClosing(Registration registration, boolean on) {
        closeWatch.watch(registration, on);
    }

    @Override
    public Collection<Registration> registrations() {
        List<Registration> open = new ArrayList<>();
        for (SelectionKey key : selector.isOpen() ? selector.keys() : Set.<SelectionKey>of()) {
            if (key.isValid()) {
                open.add((Registration) key.attachment());
            }
        }
        return open;
    }

    /** Without a list of ten thousand to find one. */
    @Override
    public boolean hasRegistrations() {
        if (selector.isOpen()) {
            for (SelectionKey key : selector.keys()) {
                if (key.isValid()) {
                    return true;
                }
            }
        }
        return false;
    }

    @Override
    public void spinNanos(long nanos) {
        spinNanos = nanos;
    }

    @Override
    public long rebuilds() {
        return rebuilds;
    }

    @Override
    public void close() {
        try {
            selector.close();
        } catch (IOException e) {
            diagnostics.report(ExceptionContext.of("Closing the selector failed", e));
        }
    }

    /**
     * Before a sleep: a selector drops what this turn has closed during a select, and the next would not
     * return. So if anybody wants to know, one that does not wait comes first.
     *
     * @return true if there is no reason to block any more
     */
    private boolean lookForClosed() throws IOException {
        return !closeWatch.isIdle() && (look() > 0 || woken() || tellOfClosed());
    }

    private boolean tellOfClosed() {
        return !closeWatch.isIdle() && closeWatch.isShortOf(selector.keys().size()) && tellTheWatchers();
    }

    private boolean tellTheWatchers() {
        List<Registration> closed = closeWatch.takeClosed();
        for (Registration registration : closed) {
            loop.reactor().awake();
            try {
                registration.handler().channelClosed();
            } catch (Throwable t) { // the other watchers must hear of it too
                diagnostics.failed("Exception in I/O handler", t, "channel", registration);
            }
        }
        return !closed.isEmpty();
    }

    /**
     * Looks without waiting for as long as the spin budget lasts. A thread that blocks is woken by another
     * core only after many microseconds; spinning avoids that for the price of a busy core ({@code
     * EchoBenchmark} shows both). Hence opt-in.
     *
     * @return true if there is no reason to block any more
     */
    private boolean spin(long timeoutNanos) throws IOException {
        if (spinNanos == 0) {
            return false;
        }
        long start = System.nanoTime();
        long budget = Math.min(spinNanos, timeoutNanos);
        do {
            if (look() > 0 || woken()) {
                return true;
            }
            Thread.onSpinWait();
        } while (System.nanoTime() - start < budget);
        return budget == timeoutNanos;
    }

    private void block(long longestNanos) throws IOException {
        long yieldNanos = spinNanos == 0 ? yielding.beforeSleep(longestNanos) : 0;
        long timeoutNanos = longestNanos == FOREVER ? FOREVER : Math.max(1, longestNanos - yieldNanos);
        long start = timeoutNanos == FOREVER ? 0 : System.nanoTime();
        long millis = millis(timeoutNanos);
        int found = selector.select(this, millis);
        yielding.found(found);
        if (found > 0) {
            premature = 0;
        } else {
            returnedForNothing(start,
                    timeoutNanos == FOREVER ? FOREVER : Math.min(timeoutNanos, millis * NANOS_PER_MILLI));
        }
    }

    /**
     * Rounded up, so that a timer is never early; 0, which the selector takes for "for ever", only when that
     * is meant.
     */
    private long millis(long timeoutNanos) {
        if (timeoutNanos == FOREVER) {
            return 0;
        }
        long whole = timeoutNanos / NANOS_PER_MILLI;
        if (spinNanos > 0 && whole > 0) {
            return whole; // the part below a millisecond is spun away in the next turn
        }
        return timeoutNanos % NANOS_PER_MILLI == 0 ? whole : whole + 1;
    }

    private void returnedForNothing(long start, long waitNanos) {
        if (Thread.interrupted()) {
            diagnostics.report(ExceptionContext.of(
                    "The loop's thread was interrupted; the flag was cleared because a "
                            + "selector never waits with it set. To end a loop call stop()",
                    new InterruptedException()));
        } else if (woken() || waitNanos != FOREVER && System.nanoTime() - start >= waitNanos) {
            premature = 0;
        } else if (++premature >= PREMATURE_LIMIT && isChannelBeingClosed()) {
            premature = 0;
        } else if (premature >= PREMATURE_LIMIT) {
            diagnostics.report(ExceptionContext.of("The selector returned " + premature
                    + " times in a row for nothing and is replaced", null));
            rebuild();
        }
    }

    /**
     * A thread that closes a channel marks it as closed, shuts the socket down, and only then cancels the
     * key. As long as it is kept from running in between, epoll reports the socket again and again, and the
     * JDK ignores that.
     */
    private boolean isChannelBeingClosed() {
        return selector.keys().stream().anyMatch(key -> !key.channel().isOpen());
    }

    private boolean woken() {
        int now = wakeups;
        boolean changed = now != wakeupsSeen;
        wakeupsSeen = now;
        return changed;
    }

    private void rebuild() {
        Selector old = selector;
        Collection<Registration> open = registrations();
        premature = 0;
        try {
            selector = selectors.get();
        } catch (UncheckedIOException e) { // out of descriptors: the old one has to do
            diagnostics.report(ExceptionContext.of("Cannot open a new selector; keeping the old one", e));
            return;
        }
        rebuilds++;
        for (Registration registration : open) {
            try {
                registration.bind(selector, registration.interest());
            } catch (IOException e) {
                diagnostics.report(
                        ExceptionContext.of("Could not move " + registration + " to a new selector", e));
                registration.close();
            }
        }
        try {
            old.close();
        } catch (IOException e) {
            diagnostics.report(ExceptionContext.of("Closing the old selector failed", e));
        }
        closeWatch.recount(selector.keys().size());
        tellTheWatchers(); // of what was closed and therefore not moved
    }

    private static Selector open() {
        try {
            return Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot open a selector", e);
        }
    }
}
