package io.jvloop.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.EventLoop;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

class LoopThreadTest {
    @Test
    @ExtendWith(LoopExtension.class)
    void callReturnsTheResultAndPassesOnTheFailure(EventLoop loop) {
        LoopThread thread = LoopThread.start(loop);
        assertThat(loop.isRunning()).isTrue();
        assertThat(thread.call(Thread::currentThread)).isSameAs(thread.thread());
        IOException failure = new IOException("made by the test");
        assertThatThrownBy(() -> thread.call(() -> {
            throw failure;
        })).isInstanceOf(AssertionError.class).hasCause(failure);
        thread.close();
        assertThat(loop.isRunning()).isFalse();
        assertThat(thread.thread().isAlive()).isFalse();
    }

    @Test
    @ExtendWith(LoopExtension.class)
    void closeThrowsWhatTheRunThrew(EventLoop loop) {
        LoopThread thread = LoopThread.start(loop);
        thread.post(() -> {
            throw new OutOfMemoryError("made by the test");
        });
        assertThatThrownBy(thread::close).isInstanceOf(AssertionError.class)
                .hasCauseInstanceOf(OutOfMemoryError.class);
    }
}
