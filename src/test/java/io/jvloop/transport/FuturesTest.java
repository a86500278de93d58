package io.jvloop.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.Async;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LoopExtension.class)
class FuturesTest {
    private final List<String> ran = new ArrayList<>();

    @Test
    void actionRunsAtOnceWhereThatIsAllowed(EventLoop loop) {
        Futures.onLoop(loop, () -> ran.add("before the run"));
        assertThat(ran).containsExactly("before the run");
        loop.callSoon(() -> {
            Futures.onLoop(loop, () -> ran.add("on the loop"));
            ran.add("after that");
        });
        Turns.run(loop, 1);
        assertThat(ran).containsExactly("before the run", "on the loop", "after that");
    }

    @Test
    void actionOfAForeignThreadRunsOnTheLoop(EventLoop loop) {
        try (LoopThread thread = LoopThread.start(loop)) {
            Futures.onLoop(loop, () -> ran.add(Thread.currentThread().getName()));
            thread.run(() -> assertThat(ran).containsExactly(thread.thread().getName()));
        }
    }

    @Test
    void closedLoopRunsNothing() {
        EventLoop loop = EventLoop.create();
        loop.close();
        Futures.onLoop(loop, () -> ran.add("late"));
        assertThat(ran).isEmpty();
    }

    @Test
    void causeIsWhatReallyHappened() {
        IOException failure = new IOException("broken on purpose");
        assertThat(Async.cause(failure)).isSameAs(failure);
        assertThat(Async.cause(new CompletionException(failure))).isSameAs(failure);
        CompletionException bare = new CompletionException("no cause", null);
        assertThat(Async.cause(bare)).isSameAs(bare);
    }
}
