package io.jvloop.loop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelector;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** A real selector that notes how it is asked, and on demand misbehaves as selectors are known to do. */
final class ScriptedSelector extends AbstractSelector {
    /** Decides whether a select that may wait returns at once with nothing. */
    @FunctionalInterface
    interface Script {
        boolean returnsForNothing(long timeoutMillis) throws IOException;
    }

    /** The timeouts of all selects that may wait; 0 is for ever. */
    final List<Long> waits = new ArrayList<>();

    /** How many selects did not wait. */
    int looks;

    /** How often it was woken. */
    final AtomicInteger wakeups = new AtomicInteger();

    /** What selects that may wait do. */
    Script script = millis -> false;

    private final Selector real;

    ScriptedSelector() {
        this(openReal());
    }

    private ScriptedSelector(Selector real) {
        super(real.provider());
        this.real = real;
    }

    private static Selector openReal() {
        try {
            return Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public int select(Consumer<SelectionKey> action, long timeout) throws IOException {
        waits.add(timeout);
        return script.returnsForNothing(timeout) ? 0 : real.select(action, timeout);
    }

    @Override
    public int selectNow(Consumer<SelectionKey> action) throws IOException {
        looks++;
        return real.selectNow(action);
    }

    @Override
    protected SelectionKey register(AbstractSelectableChannel channel, int ops, Object attachment) {
        try {
            return channel.register(real, ops, attachment);
        } catch (ClosedChannelException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    protected void implCloseSelector() throws IOException {
        real.close();
    }

    @Override
    public Set<SelectionKey> keys() {
        return real.keys();
    }

    @Override
    public Selector wakeup() {
        wakeups.incrementAndGet();
        real.wakeup();
        return this;
    }

    @Override
    public Set<SelectionKey> selectedKeys() {
        return real.selectedKeys();
    }

    @Override
    public int selectNow() throws IOException {
        return real.selectNow();
    }

    @Override
    public int select(long timeout) throws IOException {
        return real.select(timeout);
    }

    @Override
    public int select() throws IOException {
        return real.select();
    }
}
