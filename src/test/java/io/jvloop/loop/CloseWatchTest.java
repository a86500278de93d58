package io.jvloop.loop;

import static io.jvloop.support.Section.BETTER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.ReportedFailures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Who hears that a channel was closed behind the back of its registration. */
@ExtendWith(LoopExtension.class)
class CloseWatchTest {
    private final List<String> log = new ArrayList<>();
    private final List<Pipe> pipes = new ArrayList<>();
    private final List<ScriptedSelector> selectors = new ArrayList<>();

    @AfterEach
    void closePipes() throws IOException {
        for (Pipe pipe : pipes) {
            pipe.source().close();
            pipe.sink().close();
        }
    }

    @Test
    @Contract(section = BETTER, value = "Who waits for a channel may ask to be told when somebody closes the "
            + "channel itself, which a selector keeps to itself")
    void watcherIsToldOnceThatItsChannelIsClosed(EventLoop loop) throws IOException {
        Registration watched = register(loop, "watched");
        Registration other = register(loop, "other");
        watched.watchClosing(true);
        watched.watchClosing(true);
        turnThatWaits(loop);
        assertThat(log).isEmpty();
        watched.channel().close();
        turnThatWaits(loop);
        assertThat(log).containsExactly("watched closed");
        turnThatWaits(loop);
        assertThat(log).hasSize(1);
        watched.close();
        other.close();
    }

    @Test
    void whoDidNotAskOrCeasedToAskIsNotTold(EventLoop loop) throws IOException {
        Registration silent = register(loop, "silent");
        Registration ceased = register(loop, "ceased");
        Registration watched = register(loop, "watched");
        ceased.watchClosing(true);
        watched.watchClosing(true);
        ceased.watchClosing(false);
        silent.channel().close();
        ceased.channel().close();
        turnThatWaits(loop);
        assertThat(log).isEmpty();
        watched.close();
        turnThatWaits(loop);
        assertThat(log).as("its own closing is no news").isEmpty();
    }

    /** The numbers of both must not be mixed up: one key more gone than we know of is one too many. */
    @Test
    void closingInOrderDoesNotHideClosingTheChannelItself(EventLoop loop) throws IOException {
        List<Registration> ordinary = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            ordinary.add(register(loop, "ordinary"));
        }
        Registration watched = register(loop, "watched");
        watched.watchClosing(true);
        loop.callSoon(() -> {
            ordinary.get(0).close();
            close(ordinary.get(1));
            ordinary.get(1).close();
            close(ordinary.get(2));
            close(watched);
            ordinary.get(3).close();
            ordinary.add(register(loop, "late"));
        });
        turnThatWaits(loop);
        assertThat(log).containsExactly("watched closed");
        Registration next = register(loop, "next");
        next.watchClosing(true);
        close(next);
        turnThatWaits(loop);
        assertThat(log).containsExactly("watched closed", "next closed");
        ordinary.forEach(Registration::close);
    }

    @Test
    void handlerMayCloseChannelsInTheBatchThatReadsThem(EventLoop loop) throws IOException {
        Registration watched = register(loop, "watched");
        watched.watchClosing(true);
        for (int i = 0; i < 3; i++) {
            Pipe pipe = open();
            pipe.sink().write(ByteBuffer.allocate(1));
            Registration[] own = new Registration[1];
            own[0] = loop.register(pipe.source(), SelectionKey.OP_READ, ops -> {
                own[0].close();
                if (watched.isOpen()) {
                    close(watched);
                }
            });
        }
        turnThatWaits(loop);
        turnThatWaits(loop);
        assertThat(log).containsExactly("watched closed");
    }

    @Test
    void watcherIsToldWhenAnotherThreadClosedItAndTheLoopWakesUp(EventLoop loop) throws Exception {
        Registration watched = register(loop, "watched");
        try (LoopThread thread = LoopThread.start(loop)) {
            thread.run(() -> watched.watchClosing(true));
            assertThatIllegalStateException().isThrownBy(() -> watched.watchClosing(false))
                    .withMessageContaining("watchClosing");
            watched.channel().close();
            thread.run(() -> {});
            thread.run(() -> {});
        }
        assertThat(log).containsExactly("watched closed");
    }

    @Test
    void watcherThatThrowsIsReportedAndTheOthersAreToldAllTheSame(EventLoop loop, ReportedFailures failures)
            throws IOException {
        for (int i = 0; i < 3; i++) {
            Registration failing = loop.register(open().source(), 0, new IoHandler() {
                @Override
                public void ready(int ops) {
                    log.add("ready");
                }

                @Override
                public void channelClosed() {
                    log.add("told");
                    throw new IllegalArgumentException("made by the test");
                }
            });
            failing.watchClosing(true);
            failing.channel().close();
        }
        turnThatWaits(loop);
        assertThat(log).containsExactly("told", "told", "told");
        assertThat(failures.takeAll()).hasSize(3);
    }

    @Test
    void wakeUpIsNotLostInTheLookBeforeTheSleep(EventLoop loop) throws IOException {
        Registration watched = register(loop, "watched");
        watched.watchClosing(true);
        try (LoopThread thread = LoopThread.start(loop)) {
            for (int i = 0; i < 5_000; i++) {
                int number = i;
                assertThat(thread.call(() -> number)).isEqualTo(number);
            }
            assertThat(thread.call(loop::stats).selectorRebuilds()).isZero();
        }
        watched.close();
    }

    @Test
    void loopWithoutWatchersLooksOnlyOnce(ReportedFailures failures) throws IOException {
        try (EventLoop loop = LatePoller.loop(this::next, failures)) {
            Registration registration = register(loop, "channel");
            selectors.get(0).script = millis -> {
                loop.stop();
                return true;
            };
            loop.runForever();
            assertThat(selectors.get(0).waits).hasSize(1);
            assertThat(selectors.get(0).looks).as("the turn that stops").isEqualTo(1);
            registration.watchClosing(true);
            loop.runForever();
            assertThat(selectors.get(0).waits).hasSize(2);
            assertThat(selectors.get(0).looks).isEqualTo(3);
            registration.close();
        }
    }

    @Test
    void watcherIsToldWhenTheSelectorIsReplaced(ReportedFailures failures) throws IOException {
        ExceptionHandler stopping = (loop, context) -> {
            failures.handle(loop, context);
            loop.stop();
        };
        try (EventLoop loop = LatePoller.loop(this::next, stopping)) {
            Registration gone = register(loop, "gone");
            Registration stays = register(loop, "stays");
            gone.watchClosing(true);
            stays.watchClosing(true);
            selectors.get(0).script = millis -> {
                close(gone);
                throw new IOException("epoll is broken");
            };
            loop.runForever();
            assertThat(log).containsExactly("gone closed");
            assertThat(failures.takeOne().message()).contains("replaced");
            close(stays);
            turnThatWaits(loop);
            assertThat(log).containsExactly("gone closed", "stays closed");
        }
    }

    @Test
    void selectorIsNotReplacedBecauseAnotherThreadTakesItsTimeToCloseAChannel(ReportedFailures failures)
            throws IOException {
        try (EventLoop loop = LatePoller.loop(this::next, failures)) {
            ScriptedSelector selector = selectors.get(0);
            selector.script = millis -> {
                if (selector.waits.size() == 2_000) {
                    loop.stop();
                }
                return true; // without a look, so the selector does not get to know of the closing
            };
            register(loop, "half closed").channel().close();
            loop.runForever();
            assertThat(loop.stats().selectorRebuilds()).isZero();
        }
    }

    private Registration register(EventLoop loop, String name) {
        try {
            return loop.register(open().source(), 0, new IoHandler() {
                @Override
                public void ready(int ops) {
                    log.add(name + " ready");
                }

                @Override
                public void channelClosed() {
                    log.add(name + " closed");
                }
            });
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Pipe open() throws IOException {
        Pipe pipe = Pipe.open();
        pipes.add(pipe);
        return pipe;
    }

    private static void close(Registration registration) {
        try {
            registration.channel().close();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Selector next() {
        ScriptedSelector selector = new ScriptedSelector();
        selectors.add(selector);
        return selector;
    }

    /** Turns of a loop that has nothing to do but wait, ended by a timer. */
    private static void turnThatWaits(EventLoop loop) {
        loop.callLater(1_000_000, loop::stop);
        loop.runForever();
    }
}
