package io.jvloop.loop;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Notices that somebody closed a channel itself instead of its {@link Registration}. A selector forgets such
 * a channel without a word, and whoever waits for it would wait for ever.
 *
 * <p><b>How.</b> By counting: a selector that after a select has fewer keys than there should be has lost a
 * channel, and then those who asked look whether it was theirs. {@link #live} may be too high for a while,
 * which costs a look for nothing, but never too low: only a channel that was still open is subtracted.
 *
 * <p><b>What it costs.</b> A connection nobody watches: two additions in its whole life, and no memory. A
 * loop without watchers: one look at an empty set per poll. Asking every watched channel after every poll
 * was rejected, since ten thousand that wait would be ten thousand questions a turn.
 */
final class CloseWatch {
    private final Set<Registration> watched = new HashSet<>();

    /** The keys the selector should have at least. */
    private int live;

    boolean isIdle() {
        return watched.isEmpty();
    }

    void opened() {
        live++;
    }

    /** A registration is about to close its channel. */
    void closing(Registration registration) {
        if (registration.channel().isOpen()) { // else the channel is one of those that are missing
            live--;
            watch(registration, false);
        }
    }

    void watch(Registration registration, boolean on) {
        if (on) {
            watched.add(registration);
        } else {
            watched.remove(registration);
        }
    }

    /** Whether the selector has lost channels since the last time. */
    boolean isShortOf(int keys) {
        boolean missing = keys < live;
        live = missing ? keys : live;
        return missing;
    }

    /** A selector has been replaced by one that has so many keys. */
    void recount(int keys) {
        live = keys;
    }

    /** Watched channels that are closed; they are not watched any more. */
    List<Registration> takeClosed() {
        List<Registration> closed =
                watched.stream().filter(registration -> !registration.isOpen()).toList();
        closed.forEach(watched::remove);
        return closed;
    }
}
