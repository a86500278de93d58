package io.jvloop.loop;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.Objects;

/**
 * One channel, one selection key, one handler, for the life of the channel.
 *
 * <p><b>Why never {@code key.cancel()}.</b> A cancelled key stays in the selector until the next select;
 * registering the channel again before that throws {@code CancelledKeyException}. So pausing is {@code
 * interest(0)} (the JDK then takes the descriptor out of epoll) and only closing the channel ends a
 * registration. The one exception is a channel that must not be closed, see {@link #closeBy}.
 *
 * <p><b>Thread.</b> The loop's, or any one thread while the loop does not run.
 */
public final class Registration {
    private final SelectableChannel channel;
    private final SelectorPoller poller;
    private SelectionKey key;
    private IoHandler handler;

    /**
     * What the key's interest set is; kept here because asking the key is a volatile read behind two checks.
     */
    private int interest;

    Registration(SelectorPoller poller, SelectableChannel channel, IoHandler handler) {
        this.poller = poller;
        this.channel = channel;
        this.handler = handler;
    }

    /**
     * The operations waited for.
     *
     * @return a set of {@code SelectionKey.OP_*} bits
     */
    public int interest() {
        return interest;
    }

    /**
     * Waits for these operations from now on, in this turn already: a channel whose interest a neighbour's
     * handler sets to 0 is not called any more. Setting what is set costs nothing; a real change costs one
     * {@code epoll_ctl} at the next poll.
     *
     * @param ops a set of {@code SelectionKey.OP_*} bits; 0 pauses
     * @throws IllegalArgumentException if the channel does not support an operation
     */
    public void interest(int ops) {
        if (ops == interest) {
            return;
        }
        poller.loop().requireLoopThread("Registration.interest");
        if (key == null) {
            return; // closed
        }
        try {
            key.interestOps(ops);
            interest = ops;
        } catch (CancelledKeyException closedBehindOurBack) {
            // Somebody closed the channel itself. That is an end like any other: the next read or write
            // reports it. Whoever does not read or write but waits asks for it with watchClosing.
            interest = 0;
        }
    }

    /**
     * The channel.
     *
     * @return the one that was registered
     */
    public SelectableChannel channel() {
        return channel;
    }

    /**
     * Who is called when the channel is ready.
     *
     * @return the present handler
     */
    public IoHandler handler() {
        return handler;
    }

    /**
     * Hands the channel over to another handler, effective at once; this is how a connection attempt becomes
     * a transport without a second registration.
     *
     * @param handler the new handler
     */
    public void handler(IoHandler handler) {
        this.handler = Objects.requireNonNull(handler, "handler");
        poller.loop().reactor().ending().handed(this);
    }

    /**
     * Closes the channel, which ends the registration. Idempotent. On Linux the peer sees the end at once;
     * the JDK gives the descriptor back at the next poll, which is in this turn.
     */
    public void close() {
        if (key == null) {
            return;
        }
        SelectionKey last = key;
        interest = 0;
        key = null; // says that this end has been counted; a field more would cost each channel 8 bytes
        Closeable instead = poller.closing(this);
        try {
            if (instead == null) {
                channel.close();
            } else {
                last.cancel(); // the only one: nobody will register this channel again
                instead.close();
            }
        } catch (IOException e) {
            poller.loop().callExceptionHandler(
                    ExceptionContext.of("Closing " + channel + " failed", e).with("channel", channel));
        }
    }

    /**
     * Says whether {@link IoHandler#channelClosed} is called when somebody closes the channel itself instead
     * of calling {@link #close()}: for those who would wait for ever. While anybody on the loop asks for it,
     * each sleep costs one system call more, because only a select finds out what a turn has closed.
     *
     * @param on whether to be told; not at first
     */
    public void watchClosing(boolean on) {
        poller.loop().requireLoopThread("Registration.watchClosing");
        poller.watchClosing(this, on);
    }

    /**
     * Lets {@link #close} do something else than close the channel: it ends the registration, and runs this.
     * For {@link System#inheritedChannel}, whose {@code close} turns standard input, output and error into
     * /dev/null.
     *
     * @param action what to do once, instead
     */
    public void closeBy(Closeable action) {
        poller.closeBy(this, Objects.requireNonNull(action, "action"));
    }

    /**
     * Whether the channel can still become ready.
     *
     * @return false once the registration or the channel was closed
     */
    public boolean isOpen() {
        return key != null && key.isValid();
    }

    @Override
    public String toString() {
        return "Registration[" + channel + ", interest=" + interest + ", " + handler + "]";
    }

    /** Registers, or after a selector was replaced registers again, with what is waited for at present. */
    void bind(Selector selector, int ops) throws IOException {
        key = channel.register(selector, ops, this);
        interest = ops;
    }
}
