package io.jvloop.loop;

import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.Selector;
import java.util.Collection;
import java.util.function.Supplier;

/**
 * A real loop on selectors of the test's making. A poller needs its loop and a loop its poller, hence the
 * detour.
 */
final class LatePoller implements Poller {
    private SelectorPoller real;

    private LatePoller() {
    }

    /** A loop whose selectors come from here; its poller reports failures to the given handler. */
    static EventLoop loop(Supplier<Selector> selectors, ExceptionHandler failures) {
        LatePoller late = new LatePoller();
        EventLoop loop = new EventLoop(Clock.SYSTEM, late);
        Diagnostics diagnostics = new Diagnostics(loop);
        diagnostics.handler(failures);
        loop.setExceptionHandler(failures);
        late.real = new SelectorPoller(loop, diagnostics, selectors);
        return loop;
    }

    @Override
    public void poll(long timeoutNanos) {
        real.poll(timeoutNanos);
    }

    @Override
    public void wakeup() {
        real.wakeup();
    }

    @Override
    public Registration register(SelectableChannel channel, int ops, IoHandler handler) throws IOException {
        return real.register(channel, ops, handler);
    }

    @Override
    public Collection<Registration> registrations() {
        return real.registrations();
    }

    @Override
    public void spinNanos(long nanos) {
        real.spinNanos(nanos);
    }

    @Override
    public long rebuilds() {
        return real.rebuilds();
    }

    @Override
    public void close() {
        real.close();
    }
}
