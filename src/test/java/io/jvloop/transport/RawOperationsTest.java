package io.jvloop.transport;

import static io.jvloop.support.Section.RAW_CHANNELS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What holds for every operation on every kind of channel. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class RawOperationsTest {
    @ParameterizedTest
    @EnumSource
    @Contract(section = RAW_CHANNELS, value = "An operation waits until the channel is ready for it")
    void completesAfterWaiting(RawScene scene, EventLoop loop) throws IOException {
        try (RawScene.Stage stage = scene.open(loop)) {
            CompletableFuture<?> future = stage.begin();
            Turns.run(loop, 3);
            assertThat(future).isNotDone();
            finish(loop, stage, future);
        }
    }

    @ParameterizedTest
    @EnumSource
    @Contract(section = RAW_CHANNELS,
            value = "An operation whose channel is ready is complete when it is returned")
    void completesAtOnceIfItCan(RawScene scene, EventLoop loop) throws IOException {
        try (RawScene.Stage stage = scene.open(loop)) {
            if (scene.isInput()) {
                stage.peerActs();
                awaitReadiness(loop, stage);
                CompletableFuture<?> future = stage.begin();
                assertThat(future).isCompleted();
                check(stage, future);
            } else {
                assertThat(stage.beginOther()).isCompleted();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @Contract(section = RAW_CHANNELS,
            value = "A cancelled operation is over at once: the same one can be started in the next line")
    void cancelledOneCanBeStartedAgainAtOnce(RawScene scene, EventLoop loop) throws IOException {
        try (RawScene.Stage stage = scene.open(loop)) {
            stage.begin().cancel(false); // before the loop has seen it
            CompletableFuture<?> waiting = stage.begin();
            Turns.run(loop, 3);
            waiting.cancel(false);
            CompletableFuture<?> next = stage.begin();
            assertThat(waiting).isCancelled();
            Turns.run(loop, 3);
            finish(loop, stage, next);
        }
    }

    @ParameterizedTest
    @EnumSource
    @Contract(section = RAW_CHANNELS,
            value = "What arrives before a cancel is there for the next operation")
    void cancelBetweenReadinessAndReadLosesNothing(RawScene scene, EventLoop loop) throws IOException {
        try (RawScene.Stage stage = scene.open(loop)) {
            CompletableFuture<?> waiting = stage.begin();
            Turns.run(loop, 2);
            if (scene.isInput()) {
                stage.peerActs();
                waiting.cancel(false);
                CompletableFuture<?> next = stage.begin();
                loop.runUntilComplete(next);
                check(stage, next);
            } else {
                stage.peerActs(); // now there is room
                waiting.cancel(false);
                long before = stage.sent();
                finish(loop, stage, stage.begin());
                stage.peerReads(before + RawScene.MUCH);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @Contract(section = RAW_CHANNELS,
            value = "Another thread may cancel an operation; the loop can then start the next")
    void anotherThreadMayCancel(RawScene scene, EventLoop loop) throws IOException {
        try (RawScene.Stage stage = scene.open(loop)) {
            try (LoopThread thread = LoopThread.start(loop)) {
                CompletableFuture<?> waiting = thread.call(stage::begin);
                waiting.cancel(false);
                CompletableFuture<?> next = thread.call(stage::begin);
                finish(stage, next, () -> {});
                thread.run(() -> check(stage, next));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void timeoutFreesTheDirection(RawScene scene, EventLoop loop) throws IOException {
        try (RawScene.Stage stage = scene.open(loop)) {
            CompletableFuture<?> waiting = stage.begin().orTimeout(1, TimeUnit.MILLISECONDS);
            assertThatThrownBy(() -> loop.runUntilComplete(waiting))
                    .hasCauseInstanceOf(TimeoutException.class);
            finish(loop, stage, stage.begin());
        }
    }

    @ParameterizedTest
    @EnumSource
    @Contract(section = RAW_CHANNELS, value = "Each direction of a channel has one pending operation or one "
            + "callback at a time; the refusal of a second says which")
    void secondOfTheSameDirectionIsRefused(RawScene scene, EventLoop loop) throws IOException {
        try (RawScene.Stage stage = scene.open(loop)) {
            CompletableFuture<?> waiting = stage.begin();
            assertThatIllegalStateException().isThrownBy(stage::beginOther).withMessageContaining("pending")
                    .withMessageContaining("cancel");
            assertThatIllegalStateException().isThrownBy(() -> stage.addCallback(() -> {}))
                    .withMessageContaining("pending");
            assertThat(stage.removeCallback()).isFalse();
            assertThat(stage.raw.toString()).contains("pending");
            waiting.cancel(false);
            stage.addCallback(() -> {});
            assertThatIllegalStateException().isThrownBy(stage::begin).withMessageContaining("remove it");
            assertThat(stage.removeCallback()).isTrue();
            finish(loop, stage, stage.begin());
        }
    }

    @ParameterizedTest
    @EnumSource
    @Contract(section = RAW_CHANNELS,
            value = "Closing a raw channel fails what is pending with ClosedChannelException")
    void closeFailsWhatIsPending(RawScene scene, EventLoop loop) throws IOException {
        try (RawScene.Stage stage = scene.open(loop)) {
            CompletableFuture<?> waiting = stage.begin();
            Turns.run(loop, 2);
            stage.raw.close();
            assertThatThrownBy(waiting::get).isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(ClosedChannelException.class);
            stage.raw.close();
            CompletableFuture<?> late = stage.begin();
            assertThatThrownBy(late::get).hasCauseInstanceOf(ClosedChannelException.class);
            assertThatIllegalStateException().isThrownBy(() -> stage.addCallback(() -> {}))
                    .withMessageContaining("closed");
            assertThat(stage.removeCallback()).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource
    @Contract(section = RAW_CHANNELS, value = "Closing the channel itself on the loop's thread fails what is "
            + "pending in that turn, even if the loop has nothing else to do")
    void closingTheChannelItselfFailsWhatIsPending(RawScene scene, EventLoop loop) throws IOException {
        try (RawScene.Stage stage = scene.open(loop)) {
            CompletableFuture<?> waiting = stage.begin();
            loop.callSoon(() -> loop.callSoon(() -> close(stage)));
            assertThatThrownBy(() -> loop.runUntilComplete(waiting))
                    .hasCauseInstanceOf(ClosedChannelException.class);
            assertThat(loop.stats().turns()).isLessThan(6);
        }
    }

    @ParameterizedTest
    @EnumSource
    @Contract(section = RAW_CHANNELS, value = "If another thread closes the channel itself, what is pending "
            + "fails when the loop next wakes up")
    void closingTheChannelOnAnotherThreadFailsWhatIsPending(RawScene scene, EventLoop loop)
            throws IOException {
        try (RawScene.Stage stage = scene.open(loop)) {
            try (LoopThread thread = LoopThread.start(loop)) {
                CompletableFuture<?> waiting = thread.call(stage::begin);
                stage.raw.channel().close();
                thread.post(() -> {});
                assertThatThrownBy(() -> waiting.get(Await.PATIENCE_SECONDS, TimeUnit.SECONDS))
                        .hasCauseInstanceOf(ClosedChannelException.class);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @Contract(section = RAW_CHANNELS,
            value = "Closing the loop fails what is pending, and closes the channel")
    void closingTheLoopFailsWhatIsPending(RawScene scene, EventLoop loop, ExpectedLogs logs)
            throws IOException {
        try (RawScene.Stage stage = scene.open(loop)) {
            CompletableFuture<?> waiting = stage.begin();
            Turns.run(loop, 1);
            List<CompletableFuture<?>> again = new ArrayList<>();
            waiting.whenComplete((value, failure) -> again.add(stage.beginOther()));
            loop.close();
            assertThat(logs.takeText()).contains("1 open channel");
            assertThatThrownBy(waiting::get).hasCauseInstanceOf(ClosedChannelException.class)
                    .hasRootCauseMessage("Event loop is closed");
            assertThat(again.get(0)).isCompletedExceptionally();
            assertThat(stage.raw.channel().isOpen()).isFalse();
            assertThat(stage.beginOther()).isCompletedExceptionally();
            assertThat(stage.removeCallback()).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.MATCH_ANY, names = {"RECV(_INTO)?_(TCP|UNIX|PIPE)", "SEND.*"})
    @Contract(section = RAW_CHANNELS,
            value = "If the peer goes, reading ends with nothing, and sending fails with an IOException")
    void peerThatGoesEndsTheWait(RawScene scene, EventLoop loop) throws IOException {
        try (RawScene.Stage stage = scene.open(loop)) {
            CompletableFuture<?> waiting = stage.begin();
            Turns.run(loop, 2);
            stage.far.close();
            if (scene.isInput()) {
                Object result = loop.runUntilComplete(waiting);
                assertThat(stage.received(result)).isEmpty();
                assertThat(result).satisfiesAnyOf(empty -> assertThat(empty).isEqualTo(0),
                        empty -> assertThat(empty).isEqualTo(new byte[0]));
            } else {
                assertThatThrownBy(() -> loop.runUntilComplete(waiting))
                        .hasCauseInstanceOf(IOException.class);
                assertThat(stage.sent()).isGreaterThan(0).isLessThan(RawScene.MUCH);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @Contract(section = RAW_CHANNELS,
            value = "Whoever hears of the end of an operation can at once start the next")
    void nextOneCanBeStartedWhereTheEndIsHeard(RawScene scene, EventLoop loop) throws IOException {
        try (RawScene.Stage stage = scene.open(loop)) {
            List<CompletableFuture<?>> next = new ArrayList<>();
            CompletableFuture<?> first = stage.begin();
            first.whenComplete((value, failure) -> next.add(stage.beginOther()));
            finish(loop, stage, first);
            if (scene.isInput()) {
                assertThat(next.get(0)).isNotDone();
            }
            next.get(0).whenComplete((value, failure) -> next.add(stage.beginOther()));
            next.get(0).cancel(false);
            assertThat(next).hasSize(2);
            next.get(1).cancel(false);
        }
    }

    /** Lets the peer act until the operation is complete, and looks at its result. */
    private static void finish(EventLoop loop, RawScene.Stage stage, CompletableFuture<?> future)
            throws IOException {
        finish(stage, future, () -> Turns.run(loop, 1));
        check(stage, future);
    }

    private static void finish(RawScene.Stage stage, CompletableFuture<?> future, Runnable step)
            throws IOException {
        if (stage.scene().isInput()) {
            stage.peerActs();
        }
        Await.until("the operation", () -> {
            if (!stage.scene().isInput()) {
                act(stage);
            }
            step.run();
            return future.isDone();
        });
    }

    private static void check(RawScene.Stage stage, CompletableFuture<?> future) {
        Object result = future.join();
        stage.closeLater(result);
        if (result instanceof SocketChannel accepted) {
            assertThat(accepted.isBlocking()).isFalse();
            assertThat(accepted.isRegistered()).isFalse();
        } else if (stage.scene().isInput()) {
            assertThat(stage.received(result)).isEqualTo(RawScene.MESSAGE);
        } else {
            assertThat(stage.sent()).isEqualTo(RawScene.MUCH);
        }
    }

    private static void awaitReadiness(EventLoop loop, RawScene.Stage stage) {
        stage.addCallback(loop::stop);
        loop.runForever();
        stage.removeCallback();
    }

    private static void act(RawScene.Stage stage) {
        try {
            stage.peerActs();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void close(RawScene.Stage stage) {
        try {
            stage.raw.channel().close();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
