package io.jvloop.transport;

import io.jvloop.loop.EventLoop;

/** Runs a loop in the calling thread for a few turns that do not wait. */
final class Turns {
    private Turns() {
    }

    static void run(EventLoop loop, int count) {
        for (int i = 0; i < count; i++) {
            loop.stop();
            loop.runForever();
        }
    }
}
