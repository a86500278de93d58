package io.jvloop.http;

import io.jvloop.loop.EventLoop;
import java.util.Map;
import java.util.Objects;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** What the connections of one factory have in common, on whatever loop they are. Any thread. */
final class Service {
    private final HttpHandler handler;
    private final HttpConfig config;
    private final AtomicInteger connections = new AtomicInteger();

    /** Weak: a factory may outlive the loops that it was used on. */
    private final Map<EventLoop, Workspace> workspaces = new WeakHashMap<>();

    Service(HttpHandler handler, HttpConfig config) {
        this.handler = Objects.requireNonNull(handler, "handler");
        this.config = Objects.requireNonNull(config, "config");
    }

    HttpHandler handler() {
        return handler;
    }

    HttpConfig config() {
        return config;
    }

    synchronized Workspace workspace(EventLoop loop) {
        return workspaces.computeIfAbsent(loop, any -> new Workspace(loop, this));
    }

    /** Counts a new connection, unless it is one too many. */
    boolean enter() {
        boolean room = connections.incrementAndGet() <= config.maxConnections();
        if (!room) { // nor must those that are refused, and take their time to go, keep others out
            leave();
        }
        return room;
    }

    void leave() {
        connections.decrementAndGet();
    }

    @Override
    public String toString() {
        return "HTTP service with " + connections + " connections";
    }
}
