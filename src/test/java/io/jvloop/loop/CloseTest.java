package io.jvloop.loop;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.LOOP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.ReportedFailures;
import io.jvloop.support.SocketPair;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture.AsynchronousCompletionTask;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The end of a loop. */
@ExtendWith(LoopExtension.class)
class CloseTest {
    private static final Runnable NOTHING = () -> {};

    private final List<String> log = new ArrayList<>();

    @Test
    @Contract(section = LOOP,
            value = "close is idempotent; a closed loop neither runs nor takes callbacks, and says so")
    void closedLoopRefusesEverything(EventLoop loop) {
        assertThat(loop.isClosed()).isFalse();
        loop.close();
        loop.close();
        loop.close();
        assertThat(loop.isClosed()).isTrue();
        assertThat(loop.toString()).contains("closed");
        List<Runnable> calls = List.of(loop::runForever, () -> loop.callSoon(NOTHING),
                () -> loop.callSoonThreadsafe(NOTHING), () -> loop.callLater(1, NOTHING),
                () -> loop.callAt(1, NOTHING));
        for (Runnable call : calls) {
            assertThatIllegalStateException().isThrownBy(call::run).withMessage("Event loop is closed");
        }
        assertThatExceptionOfType(RejectedExecutionException.class).isThrownBy(() -> loop.execute(NOTHING))
                .withMessage("Event loop is closed");
    }

    @Test
    @Contract(section = LOOP,
            value = "A running loop cannot be closed, neither by a callback nor by another thread")
    void runningLoopCannotBeClosed(EventLoop loop) {
        try (LoopThread thread = LoopThread.start(loop)) {
            assertThatIllegalStateException().isThrownBy(loop::close).withMessageContaining("running");
            thread.run(() -> assertThatIllegalStateException().isThrownBy(loop::close)
                    .withMessageContaining("stop()"));
            assertThat(loop.isClosed()).isFalse();
        }
        loop.close();
        assertThat(loop.isClosed()).isTrue();
    }

    @Test
    @Contract(section = LOOP, value = "close cancels queued callbacks and timers")
    void closeCancelsCallbacksAndTimers(EventLoop loop) {
        Handle soon = loop.callSoon(() -> log.add("soon"));
        Handle threadsafe = loop.callSoonThreadsafe(() -> log.add("threadsafe"));
        TimerHandle later = loop.callLater(0, () -> log.add("later"));
        loop.close();
        assertThat(List.of(soon, threadsafe, later)).allMatch(Handle::isCancelled);
        later.cancel();
        assertThat(later.when()).isPositive();
        assertThat(log).isEmpty();
    }

    @Test
    @Contract(section = LOOP, value = "close closes channels that are still open, with one warning")
    void closeClosesOpenChannelsWithAWarning(EventLoop loop, ExpectedLogs logs) throws IOException {
        SocketPair pair = SocketPair.open();
        Registration near = loop.register(pair.near(), SelectionKey.OP_READ, ops -> log.add("ready"));
        Registration far = loop.register(pair.far(), 0, ops -> log.add("ready"));
        loop.close();
        assertThat(near.isOpen()).isFalse();
        assertThat(far.isOpen()).isFalse();
        assertThat(pair.near().isOpen()).isFalse();
        assertThat(logs.takeText()).contains("2 open channel(s)").contains("SocketChannel");
        assertThat(log).isEmpty();
    }

    @Test
    void closeOfATidyLoopDoesNotWarn(EventLoop loop, ExpectedLogs logs) throws IOException {
        Pipe pipe = Pipe.open();
        loop.register(pipe.source(), SelectionKey.OP_READ, ops -> log.add("ready")).close();
        pipe.sink().close();
        loop.close();
        assertThat(logs.count()).isZero();
    }

    @Test
    @Contract(section = BETTER,
            value = "close tells the owners of open channels, and what they queue then still runs")
    void handlersHearThatTheLoopIsClosingAndTheirCallbacksRun(EventLoop loop, ExpectedLogs logs)
            throws IOException {
        Pipe pipe = Pipe.open();
        loop.callSoon(() -> log.add("never"));
        loop.register(pipe.source(), SelectionKey.OP_READ, new Closing(loop, () -> {
            log.add("closing, open=" + pipe.source().isOpen() + ", in loop=" + loop.inLoop());
            assertThat(EventLoop.current()).isSameAs(loop);
            loop.callSoon(() -> {
                log.add("first");
                loop.callSoon(() -> log.add("second, open=" + pipe.source().isOpen()));
            });
            loop.callLater(0, () -> log.add("no timers any more"));
        }));
        loop.close();
        assertThat(log).containsExactly("closing, open=true, in loop=true", "first", "second, open=true");
        assertThat(pipe.source().isOpen()).isFalse();
        assertThatIllegalStateException().isThrownBy(EventLoop::current);
        pipe.sink().close();
        logs.takeOne();
    }

    @Test
    void callbacksThatNeverCeaseDoNotKeepCloseFromReturning(EventLoop loop, ExpectedLogs logs)
            throws IOException {
        Pipe pipe = Pipe.open();
        Runnable endless = new Runnable() {
            @Override
            public void run() {
                log.add("again");
                loop.callSoon(this);
            }
        };
        loop.register(pipe.source(), 0, new Closing(loop, endless));
        loop.close();
        assertThat(loop.isClosed()).isTrue();
        assertThat(log).hasSizeBetween(2, 100);
        pipe.sink().close();
        logs.takeOne();
    }

    @Test
    void failureWhileClosingIsReportedAndTheOthersAreStillTold(EventLoop loop, ReportedFailures failures,
            ExpectedLogs logs) throws IOException {
        Pipe pipe = Pipe.open();
        Runnable failing = () -> {
            log.add("told");
            throw new IllegalStateException("made by the test");
        };
        loop.register(pipe.source(), 0, new Closing(loop, failing));
        loop.register(pipe.sink(), 0, new Closing(loop, failing));
        loop.close();
        assertThat(log).containsExactly("told", "told");
        assertThat(failures.takeAll()).hasSize(2).allMatch(context -> context.message().contains("closes"));
        assertThat(pipe.sink().isOpen()).isFalse();
        logs.takeOne();
    }

    @Test
    void channelCannotBeRegisteredWhileTheLoopCloses(EventLoop loop, ExpectedLogs logs) throws IOException {
        Pipe pipe = Pipe.open();
        loop.register(pipe.source(), 0, new Closing(loop, () -> {
            assertThatIllegalStateException()
                    .isThrownBy(() -> loop.register(pipe.sink(), 0, ops -> log.add("ready")))
                    .withMessage("Event loop is closed");
            log.add("refused");
        }));
        loop.close();
        assertThat(log).containsExactly("refused");
        assertThat(pipe.sink().isRegistered()).isFalse();
        pipe.sink().close();
        logs.takeOne();
    }

    @Test
    void handlerThatCannotPrintItselfDoesNotKeepTheLoopFromClosing(EventLoop loop, ExpectedLogs logs)
            throws IOException {
        Pipe pipe = Pipe.open();
        loop.register(pipe.source(), 0, new IoHandler() {
            @Override
            public void ready(int ops) {
                log.add("ready");
            }

            @Override
            public String toString() {
                throw new UnsupportedOperationException("no name");
            }
        });
        pipe.sink().close();
        try {
            loop.close();
        } finally {
            pipe.source().close();
        }
        assertThat(loop.isClosed()).isTrue();
        assertThat(logs.takeText()).contains("open channel");
    }

    @Test
    @Contract(section = LOOP,
            value = "A fatal error while a loop is closed is thrown when everything has been closed")
    void fatalErrorWhileClosingIsThrownWhenEverythingIsClosed(EventLoop loop, ExpectedLogs logs)
            throws IOException {
        Pipe pipe = Pipe.open();
        Runnable fatal = () -> {
            log.add("told");
            loop.callSoon(() -> log.add("queued then"));
            throw new InternalError("error " + log.size());
        };
        loop.register(pipe.source(), 0, new Closing(loop, fatal));
        loop.register(pipe.sink(), 0, new Closing(loop, fatal));
        Handle dropped = loop.callSoon(NOTHING);
        loop.buffers().release(loop.buffers().acquire(1));
        assertThatThrownBy(loop::close).isInstanceOf(InternalError.class).hasMessage("error 1")
                .satisfies(first -> assertThat(first.getSuppressed()).singleElement()
                        .extracting(Throwable::getMessage).isEqualTo("error 2"));
        assertThat(log).containsExactly("told", "told", "queued then", "queued then");
        assertThat(loop.isRunning()).isFalse();
        assertThat(loop.isClosed()).isTrue();
        assertThat(dropped.isCancelled()).isTrue();
        assertThat(pipe.source().isOpen() || pipe.sink().isOpen()).isFalse();
        assertThat(loop.buffers().keptBytes()).isZero();
        loop.close();
        logs.takeOne();
    }

    @Test
    void fatalErrorOfACompletionDoesNotKeepTheOthersFromBeingRun(EventLoop loop) {
        for (int i = 0; i < 3; i++) {
            Fatal completion = () -> {
                log.add("completion");
                throw new InternalError("made by the test");
            };
            loop.callSoon(completion);
            loop.callSoon(() -> log.add("what was queued does not run"));
        }
        assertThatThrownBy(loop::close).isInstanceOf(InternalError.class);
        assertThat(log).containsExactly("completion", "completion", "completion");
        assertThat(loop.isClosed()).isTrue();
        assertThat(loop.stats().callbacks()).isZero();
    }

    private interface Fatal extends Runnable, AsynchronousCompletionTask {
    }

    @Test
    void loopMayBeClosedInsideACallbackOfAnotherLoop(EventLoop loop, ExpectedLogs logs) throws IOException {
        Pipe pipe = Pipe.open();
        EventLoop inner = EventLoop.create();
        inner.register(pipe.source(), 0,
                new Closing(inner, () -> log.add("current " + (EventLoop.current() == inner))));
        loop.callSoon(() -> {
            inner.close();
            log.add("back in the outer loop " + (EventLoop.current() == loop));
            loop.stop();
        });
        loop.runForever();
        assertThat(log).containsExactly("current true", "back in the outer loop true");
        pipe.sink().close();
        logs.takeOne();
    }

    @Test
    void memoryIsGivenBack(EventLoop loop) {
        loop.buffers().release(loop.buffers().acquire(1));
        loop.buffers().scratch();
        assertThat(loop.buffers().keptBytes()).isPositive();
        loop.close();
        assertThat(loop.buffers().keptBytes()).isZero();
    }

    @Test
    @Contract(section = LOOP, value = "stats() of a closed loop can be read, and shows nothing left")
    void statsOfAClosedLoopShowNothingLeft(EventLoop loop) {
        loop.callSoon(NOTHING);
        loop.callLater(1_000_000, NOTHING);
        loop.close();
        LoopStats stats = loop.stats();
        assertThat(stats.channels() + stats.timers() + stats.callbacks() + stats.buffers()).isZero();
    }

    @Test
    void bytesWrittenBeforeCloseArriveAtThePeer(EventLoop loop, ExpectedLogs logs) throws IOException {
        SocketPair pair = SocketPair.open();
        loop.register(pair.near(), SelectionKey.OP_READ, ops -> log.add("ready"));
        pair.near().write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
        loop.close();
        logs.takeOne();
        ByteBuffer received = ByteBuffer.allocate(10);
        while (pair.far().read(received) >= 0) {
            assertThat(received.position()).isLessThanOrEqualTo(3);
        }
        assertThat(received.position()).isEqualTo(3);
        pair.close();
    }

    private record Closing(EventLoop loop, Runnable whenClosing) implements IoHandler {
        @Override
        public void ready(int ops) {
            throw new AssertionError("nothing is ready");
        }

        @Override
        public void loopClosing() {
            whenClosing.run();
        }
    }
}
