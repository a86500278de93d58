package io.jvloop.http;

import io.jvloop.buffer.BufferPool;
import io.jvloop.http.codec.Headers;
import io.jvloop.http.codec.HttpDate;
import io.jvloop.http.codec.MessageWriter;
import io.jvloop.http.codec.RequestParser;
import io.jvloop.http.codec.StringCache;
import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import io.jvloop.loop.TimerHandle;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the connections of a server on one loop share: strings that come again, a writer for heads, the date,
 * dialogues to lend, and one clock for all timeouts. Loop thread.
 *
 * <p><b>Dialogues.</b> Most connections are between two requests most of the time. Such a one gives its
 * dialogue back: so an idle connection is small, and what reads and writes for the next one is still in the
 * processor's cache.
 *
 * <p><b>One timer for all.</b> It ticks as long as there are connections, and looks at each. A timer of each
 * connection's own would have to be moved with each request; so a request costs a look at the number of
 * ticks, and ten thousand connections cost some ten thousand looks a second.
 */
final class Workspace {
    private static final Duration LONGEST_TICK = Duration.ofMillis(500); // the date shows whole seconds
    private static final Duration SHORTEST_TICK = Duration.ofMillis(1);
    private static final int TICKS_OF_SHORTEST = 8;
    private static final int MOST_SPARE = 256;
    private static final long MILLIS_OF_SECOND = 1_000;

    private final WeakReference<EventLoop> loop; // the key of the weak map this is a value of
    private final StringCache strings = new StringCache();
    private final MessageWriter writer = new MessageWriter();
    private final List<HttpConnection> connections = new ArrayList<>();
    private final Service service;
    private final Deadlines deadlines;
    private final long tickNanos;
    private final List<Dialogue> spareDialogues = new ArrayList<>();
    private final Closing closing = new Closing();
    private int tick;
    private TimerHandle timer;
    private long dateSecond = -1;
    private byte[] date;
    private Headers spareHeaders;
    private RequestHead head; // of the last request, null at first

    Workspace(EventLoop loop, Service service) {
        this.loop = new WeakReference<>(loop);
        this.service = service;
        HttpConfig config = service.config();
        Duration shortest = Stream.of(config.headerTimeout(), config.bodyTimeout(), config.keepAliveTimeout(),
                config.writeTimeout()).min(Duration::compareTo).get().dividedBy(TICKS_OF_SHORTEST);
        tickNanos = shortest.compareTo(LONGEST_TICK) > 0 ? LONGEST_TICK.toNanos()
                : Math.max(SHORTEST_TICK.toNanos(), shortest.toNanos());
        deadlines = Deadlines.of(config, tickNanos);
    }

    /** What carries on with a connection, until it is taken back. */
    Dialogue lend() {
        int last = spareDialogues.size() - 1;
        return last < 0 ? new Dialogue(this, service) : spareDialogues.remove(last);
    }

    /** Takes one back that is idle. The one used last is lent first. */
    void takeBack(Dialogue idle) {
        idle.of(null); // also if nobody gets it again: whoever is at work in it has to see that
        if (spareDialogues.size() < MOST_SPARE) {
            spareDialogues.add(idle);
        }
    }

    Closing closing() {
        return closing;
    }

    BufferPool buffers() {
        return loop.get().buffers();
    }

    StringCache strings() {
        return strings;
    }

    MessageWriter writer() {
        return writer;
    }

    Deadlines deadlines() {
        return deadlines;
    }

    /** How often the timer has ticked. */
    int tick() {
        return tick;
    }

    /** The whole line of the field Date. */
    byte[] date() {
        return date;
    }

    void add(HttpConnection connection) {
        connection.index(connections.size());
        connections.add(connection);
        if (connections.size() == 1) {
            refreshDate();
            timer = loop.get().callLater(tickNanos, this::ticked);
        }
    }

    /** Puts the last one in its place. */
    void remove(HttpConnection connection) {
        closing.forget(connection);
        int index = connection.index();
        HttpConnection last = connections.remove(connections.size() - 1);
        if (last != connection) {
            connections.set(index, last);
            last.index(index);
        }
        if (connections.isEmpty()) {
            timer.cancel();
            timer = null; // it knows the loop
        }
    }

    private void ticked() {
        timer = loop.get().callLater(tickNanos, this::ticked); // first: whatever fails, time goes on
        tick++;
        refreshDate();
        for (int i = connections.size() - 1; i >= 0; i--) {
            if (i < connections.size()) { // who is told may take others along
                tick(connections.get(i));
            }
        }
    }

    private void tick(HttpConnection connection) {
        try {
            connection.ticked();
        } catch (Throwable t) { // no memory for an answer, for example: must not cost the others their turn
            loop.get().callExceptionHandler(
                    ExceptionContext.of("A deadline could not be told", t).with("connection", connection));
            Closing.reset(connection.transport());
        }
    }

    private void refreshDate() {
        long second = System.currentTimeMillis() / MILLIS_OF_SECOND;
        if (second != dateSecond) {
            dateSecond = second;
            date = ("Date: " + HttpDate.format(Instant.ofEpochSecond(second)) + "\r\n")
                    .getBytes(StandardCharsets.US_ASCII);
        }
    }

    /** What a parser has read; the last one again, if it is the same. */
    RequestHead head(RequestParser parser) {
        if (head == null || !head.isThatOf(parser)) {
            head = RequestHead.of(parser);
        }
        return head;
    }

    /** An empty list, mostly the one that the last answer has given back. */
    Headers takeHeaders() {
        Headers headers = spareHeaders == null ? new Headers() : spareHeaders;
        spareHeaders = null;
        return headers;
    }

    /** Takes a list back that nobody else has. */
    void giveBack(Headers headers) {
        headers.clear();
        spareHeaders = headers;
    }
}
