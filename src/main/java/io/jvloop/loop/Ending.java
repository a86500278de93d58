package io.jvloop.loop;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * How a loop comes to its end: in order, if it is given the time, or at once.
 *
 * <pre>
 *   OPEN ──drain()──▶ DRAINING ──close()──▶ CLOSING ──▶ closed
 *     └─────────────────close()────────────────┘
 * </pre>
 * <ul>
 * <li><b>DRAINING</b>: every handler has been told once to finish by itself. There is no way back, and the
 * loop works as before: it is for its owner to stop it. Whoever comes now, as a new channel or as the new
 * handler of an old one, is told in the next turn: a connection that was accepted a moment ago, for example.
 * <li><b>CLOSING</b>: the last turn. Nothing queued runs any more, but those whose channels are still open
 * hear of it, and what they queue then does run: {@code connectionLost} is promised to them, too.
 * </ul>
 *
 * <p><b>When all are gone.</b> A counter of registrations says so, not a timer that looks. The channel that
 * goes last has usually queued its {@code connectionLost}, or will before its callback returns; so the word
 * is given two turns later, to a waiter who then finds everything done; and not if there is a new channel by
 * then, for example of a client that tries the next address.
 *
 * <p><b>Thread.</b> The loop's, unless said otherwise.
 */
final class Ending {
    /** A protocol that queues a callback from every callback must not keep a loop from closing. */
    private static final int LAST_BATCHES = 16;

    private final EventLoop loop;
    private final Reactor reactor;
    private final Poller poller;
    private final Diagnostics diagnostics;
    private final List<CompletableFuture<Boolean>> waiting = new ArrayList<>();
    private final Set<Attachment> attached = new LinkedHashSet<>();
    private int registered; // attachments too
    private boolean draining;
    private boolean closing;
    private boolean lookQueued;

    Ending(EventLoop loop, Reactor reactor, Poller poller, Diagnostics diagnostics) {
        this.loop = loop;
        this.reactor = reactor;
        this.poller = poller;
        this.diagnostics = diagnostics;
    }

    // ------------------------------------------------------------------------------------------- draining

    /** Any thread. The request is a completion, so that a loop closed before it gets there still answers. */
    CompletableFuture<Boolean> drain(long deadlineNanos) {
        CompletableFuture<Boolean> ended = loop.createFuture();
        Completion request = () -> begin(ended, deadlineNanos);
        reactor.addThreadsafe(new Handle(request, null));
        return ended;
    }

    private void begin(CompletableFuture<Boolean> ended, long deadlineNanos) {
        if (closing) {
            ended.complete(allGone());
            return;
        }
        TimerHandle deadline = reactor.arm(() -> ended.complete(allGone()), deadlineNanos);
        ended.whenComplete((inOrder, cancelled) -> deadline.cancel());
        waiting.removeIf(CompletableFuture::isDone); // those that were too late, or cancelled
        waiting.add(ended);
        if (allGone()) {
            lookSoon();
        }
        if (!draining) {
            draining = true;
            tellAll();
        }
    }

    /** Whom to tell is settled first: one may hand his channel over, and the new handler is told in time. */
    private void tellAll() {
        List<Runnable> calls = new ArrayList<>(poller.registrations().stream().map(this::call).toList());
        attached.forEach(attachment -> calls.add(call(attachment)));
        Attempts attempts = new Attempts();
        calls.forEach(attempts::add);
        attempts.throwFirst();
    }

    /** What tells the present handler, unless by then he or the channel is gone. */
    private Runnable call(Registration registration) {
        IoHandler handler = registration.handler();
        return () -> {
            if (registration.isOpen() && registration.handler() == handler) {
                tell(handler, "channel", registration);
            }
        };
    }

    private Runnable call(Attachment attachment) {
        return () -> {
            if (attached.contains(attachment)) {
                tell(attachment.handler(), "attachment", attachment);
            }
        };
    }

    private void tell(IoHandler handler, String kind, Object concerned) {
        try {
            handler.draining();
        } catch (Throwable t) { // the other owners must hear of it too
            diagnostics.failed("Exception while the loop drains", t, kind, concerned);
        }
    }

    /** A channel was registered. */
    void registered(Registration registration) {
        registered++;
        handed(registration);
    }

    /** A channel has a new handler. */
    void handed(Registration registration) {
        if (draining && !closing) {
            reactor.add(new Handle(call(registration), null));
        }
    }

    /** A registration has ended. */
    void gone() {
        registered--;
        if (!waiting.isEmpty()) {
            lookSoon();
        }
    }

    /** Counts as a channel from now on. */
    Attachment attach(IoHandler handler) {
        refuseNewChannels();
        Attachment attachment = new Attachment(this, handler);
        attached.add(attachment);
        registered++;
        if (draining) {
            reactor.add(new Handle(call(attachment), null));
        }
        return attachment;
    }

    void detach(Attachment attachment) {
        if (attached.remove(attachment)) {
            gone();
        }
    }

    int attachments() {
        return attached.size();
    }

    private void lookSoon() {
        if (!lookQueued && !closing) {
            lookQueued = true;
            Handle look = new Handle(this::look, null);
            reactor.add(new Handle(() -> reactor.add(look), null));
        }
    }

    private void look() {
        lookQueued = false;
        if (allGone()) {
            answer(true);
        }
    }

    /** The counter does not know of channels that somebody closed himself instead of their registration. */
    private boolean allGone() {
        return registered == 0 || attached.isEmpty() && !poller.hasRegistrations();
    }

    private void answer(boolean inOrder) {
        List<CompletableFuture<Boolean>> all = List.copyOf(waiting);
        waiting.clear(); // first: whoever is answered may ask again
        all.forEach(ended -> ended.complete(inOrder));
    }

    // -------------------------------------------------------------------------------------------- closing

    /** What would be registered during the last turn would not hear of the end. */
    void refuseNewChannels() {
        if (closing) {
            throw new IllegalStateException("Event loop is closed");
        }
    }

    void lastTurn(Attempts attempts) {
        closing = true;
        reactor.dropCallbacks(attempts);
        Collection<Registration> open = poller.registrations();
        boolean inOrder = open.isEmpty() && attached.isEmpty();
        if (!open.isEmpty()) {
            Diagnostics.warn("Closing an event loop with " + open.size() + " open channel(s), for example "
                    + open.iterator().next().channel()); // a handler might not print
        }
        for (Registration registration : open) {
            attempts.add(() -> diagnostics.closing(registration));
        }
        for (Attachment attachment : List.copyOf(attached)) {
            attempts.add(() -> diagnostics.closing(attachment));
        }
        for (int batch = 0; batch < LAST_BATCHES && reactor.hasCallbacks(); batch++) {
            attempts.add(reactor::runCallbacks);
        }
        poller.registrations().forEach(registration -> attempts.add(registration::close));
        attached.clear();
        attempts.add(() -> answer(inOrder));
    }
}
