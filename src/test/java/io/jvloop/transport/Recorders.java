package io.jvloop.transport;

import io.jvloop.support.Await;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/** A protocol factory that remembers what it made. */
final class Recorders implements Supplier<Protocol> {
    private final Supplier<Recorder> maker;
    private final List<Recorder> made = new CopyOnWriteArrayList<>();

    Recorders() {
        this(Recorder::new);
    }

    Recorders(Supplier<Recorder> maker) {
        this.maker = maker;
    }

    @Override
    public Protocol get() {
        Recorder recorder = maker.get();
        made.add(recorder);
        return recorder;
    }

    int count() {
        return made.size();
    }

    /** Waits for the connection with this number, from 0, and for its connectionMade. */
    Recorder await(int index) {
        Await.until("connection " + index, () -> made.size() > index);
        made.get(index).awaitCall("made");
        return made.get(index);
    }

    /** Waits until every connection made so far has heard of its end. */
    void awaitAllLost() {
        made.forEach(Recorder::awaitLost);
    }

    List<Recorder> all() {
        return made;
    }
}
