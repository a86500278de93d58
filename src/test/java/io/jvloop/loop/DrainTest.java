package io.jvloop.loop;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.LOOP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.ReportedFailures;
import io.jvloop.support.SocketPair;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A loop that is asked to end in order. */
@Timeout(60)
@ExtendWith(LoopExtension.class)
class DrainTest {
    private static final Duration HOUR = Duration.ofHours(1);

    private final List<String> log = new ArrayList<>();

    /** A handler whose answer to draining is given by the test. */
    private final class Told implements IoHandler {
        private final String name;
        private final Runnable whenDraining;

        Told(String name, Runnable whenDraining) {
            this.name = name;
            this.whenDraining = whenDraining;
        }

        @Override
        public void ready(int ops) {
            throw new AssertionError("nothing is ready");
        }

        @Override
        public void draining() {
            log.add(name);
            whenDraining.run();
        }

        @Override
        public void loopClosing() {
            log.add(name + " cut off");
        }
    }

    private Registration told(EventLoop loop, String name, Runnable whenDraining) {
        try {
            SocketPair pair = SocketPair.open();
            pair.far().close();
            return loop.register(pair.near(), 0, new Told(name, whenDraining));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    @Contract(section = LOOP,
            value = "draining a loop without channels is done in a few turns that do not wait")
    void loopWithoutChannelsIsDrainedAtOnce(EventLoop loop) {
        assertThat(loop.runUntilComplete(loop.drain(HOUR))).isTrue();
        assertThat(loop.runUntilComplete(loop.drain(Duration.ZERO.minusDays(1)))).isTrue();
        assertThat(loop.stats().timers()).isZero();
        loop.runUntilComplete(loop.runInExecutor(() -> log.add("the loop still works")));
        assertThat(log).hasSize(1);
    }

    @Test
    @Contract(section = LOOP,
            value = "drain tells each handler once, and is done when the last channel has been closed")
    void handlersAreToldAndTheLastOneEndsTheWait(EventLoop loop) {
        Registration[] all = new Registration[2];
        all[0] = told(loop, "quick", () -> all[0].close());
        all[1] = told(loop, "slow", () -> loop.callLater(1_000_000, () -> {
            log.add("closes");
            all[1].close();
        }));
        CompletableFuture<Boolean> drained = loop.drain(HOUR);
        drained.thenRun(() -> log.add("drained, in loop=" + loop.inLoop()));
        assertThat(log).isEmpty();
        assertThat(loop.runUntilComplete(drained)).isTrue();
        assertThat(log).containsExactlyInAnyOrder("quick", "slow", "closes", "drained, in loop=true")
                .endsWith("closes", "drained, in loop=true");
        assertThat(loop.stats().timers()).isZero();
    }

    @Test
    @Contract(section = LOOP,
            value = "drain is false at its deadline; the loop and its channels go on, the caller decides")
    void deadlineEndsTheWaitAndNothingElse(EventLoop loop) {
        Registration stays = told(loop, "stays", () -> {});
        assertThat(loop.runUntilComplete(loop.drain(Duration.ofMillis(1)))).isFalse();
        assertThat(loop.runUntilComplete(loop.drain(Duration.ZERO))).isFalse();
        assertThat(log).containsExactly("stays");
        assertThat(stays.isOpen()).isTrue();
        CompletableFuture<Boolean> third = loop.drain(HOUR);
        loop.callSoon(stays::close);
        assertThat(loop.runUntilComplete(third)).isTrue();
        assertThat(log).containsExactly("stays");
    }

    @Test
    @Contract(section = LOOP,
            value = "Each drain waits with its own deadline; one that is cancelled leaves nothing behind")
    void everyCallIsAWaitOfItsOwn(EventLoop loop) {
        Registration stays = told(loop, "stays", () -> {});
        CompletableFuture<Boolean> lasting = loop.drain(HOUR);
        CompletableFuture<Boolean> quick = loop.drain(Duration.ofMillis(1));
        CompletableFuture<Boolean> cancelled = loop.drain(HOUR);
        assertThat(loop.runUntilComplete(quick)).isFalse();
        assertThat(lasting).isNotDone();
        assertThat(loop.stats().timers()).isEqualTo(2);
        cancelled.cancel(false);
        assertThat(loop.stats().timers()).isEqualTo(1);
        stays.close();
        assertThat(loop.runUntilComplete(lasting)).isTrue();
        assertThat(loop.stats().timers()).isZero();
    }

    @Test
    @Contract(section = LOOP,
            value = "A handler that comes while the loop drains, with a channel or in another's place, "
                    + "is told in the next turn")
    void whoeverComesLaterIsToldInTheNextTurn(EventLoop loop) {
        Registration stays = told(loop, "stays", () -> {});
        CompletableFuture<Boolean> drained = loop.drain(HOUR);
        loop.callSoon(() -> loop.callSoon(() -> {
            Registration[] late = new Registration[1];
            late[0] = told(loop, "late", () -> late[0].close());
            Registration handedTwice = told(loop, "passed over", () -> {});
            handedTwice.handler(new Told("passed over too", () -> {}));
            handedTwice.handler(new Told("heir", handedTwice::close));
            Registration closed = told(loop, "closed at once", () -> {});
            closed.close();
            stays.handler(new Told("successor", stays::close));
            log.add("registered");
        }));
        assertThat(loop.runUntilComplete(drained)).isTrue();
        assertThat(log).containsExactly("stays", "registered", "late", "heir", "successor");
    }

    @Test
    void handlerThatHandsItsNeighboursChannelOverWhileBeingToldMakesTheHeirToldOnce(EventLoop loop) {
        List<Registration> all = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            all.add(told(loop, "old", () -> all.forEach(each -> {
                if (each.handler() instanceof Told old && old.name.equals("old")) {
                    each.handler(new Told("heir", each::close));
                }
            })));
        }
        assertThat(loop.runUntilComplete(loop.drain(HOUR))).isTrue();
        assertThat(log).containsExactly("old", "heir", "heir");
    }

    @Test
    void neighbourClosedByTheFirstOneToldIsNotTold(EventLoop loop) {
        List<Registration> all = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            all.add(told(loop, "told", () -> all.forEach(Registration::close)));
        }
        assertThat(loop.runUntilComplete(loop.drain(HOUR))).isTrue();
        assertThat(log).containsExactly("told");
    }

    @Test
    @Contract(section = LOOP, value = "What is queued when the last channel closes runs before drain is done")
    void whatTheLastOneQueuesRunsBefore(EventLoop loop) {
        Registration[] last = new Registration[1];
        last[0] = told(loop, "last", () -> {
            last[0].close();
            loop.callSoon(() -> log.add("connectionLost"));
        });
        CompletableFuture<Boolean> drained = loop.drain(HOUR);
        drained.thenRun(() -> log.add("drained"));
        loop.runUntilComplete(drained);
        assertThat(log).containsExactly("last", "connectionLost", "drained");
    }

    @Test
    void newChannelInPlaceOfTheLastOneGoesOnWithTheWait(EventLoop loop) {
        Registration[] channel = new Registration[2];
        channel[0] = told(loop, "first try", () -> {
            channel[0].close();
            channel[1] = told(loop, "second try", () -> loop.callLater(1, () -> {
                log.add("over");
                channel[1].close();
            }));
        });
        CompletableFuture<Boolean> drained = loop.drain(HOUR);
        drained.thenRun(() -> log.add("drained"));
        loop.runUntilComplete(drained);
        assertThat(log).containsExactly("first try", "second try", "over", "drained");
    }

    @Test
    void closingARegistrationTwiceCountsOnce(EventLoop loop) {
        Registration stays = told(loop, "stays", () -> {});
        Registration[] twice = new Registration[1];
        twice[0] = told(loop, "twice", () -> {
            twice[0].close();
            twice[0].close();
            twice[0].interest(SelectionKey.OP_READ);
            assertThat(twice[0].interest()).isZero();
        });
        assertThat(loop.runUntilComplete(loop.drain(Duration.ofMillis(5)))).isFalse();
        stays.close();
        assertThat(loop.runUntilComplete(loop.drain(HOUR))).isTrue();
    }

    @Test
    void channelClosedWithoutItsRegistrationIsNoReasonForAFalseAnswer(EventLoop loop) throws IOException {
        told(loop, "closed before", () -> {}).channel().close();
        assertThat(loop.runUntilComplete(loop.drain(HOUR))).isTrue();
        Registration later = told(loop, "closed later", () -> {});
        CompletableFuture<Boolean> drained = loop.drain(Duration.ofMillis(1));
        later.channel().close();
        assertThat(loop.runUntilComplete(drained)).isTrue();
        assertThat(log).isEmpty();
    }

    @Test
    @Contract(section = LOOP,
            value = "A handler that fails while being told is reported, and the others are told")
    void failureIsReportedAndTheOthersAreTold(EventLoop loop, ReportedFailures failures) {
        List<Registration> all = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            all.add(told(loop, "told", () -> {
                throw new IllegalStateException("made by the test");
            }));
        }
        assertThat(loop.runUntilComplete(loop.drain(Duration.ofMillis(1)))).isFalse();
        assertThat(log).containsExactly("told", "told");
        assertThat(failures.takeAll()).hasSize(2)
                .allMatch(context -> context.message().equals("Exception while the loop drains"));
        all.forEach(Registration::close);
    }

    @Test
    void fatalErrorOfOneHandlerLeavesTheRunWhenTheOthersAreTold(EventLoop loop) {
        List<Registration> all = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            all.add(told(loop, "told", () -> {
                throw new InternalError("made by the test");
            }));
        }
        CompletableFuture<Boolean> drained = loop.drain(HOUR);
        assertThatThrownBy(() -> loop.runUntilComplete(drained)).isInstanceOf(InternalError.class);
        assertThat(log).containsExactly("told", "told");
        all.forEach(Registration::close);
        assertThat(loop.runUntilComplete(drained)).isTrue();
    }

    @Test
    @Contract(section = LOOP,
            value = "A loop that is closed while it drains answers: true only if no channel was open")
    void closeAnswersThoseWhoWait(EventLoop loop, ExpectedLogs logs) throws IOException {
        Pipe pipe = Pipe.open();
        pipe.sink().close();
        loop.register(pipe.source(), 0, new Told("source", () -> {}));
        CompletableFuture<Boolean> begun = loop.drain(HOUR);
        loop.stop();
        loop.runForever();
        CompletableFuture<Boolean> notBegun = loop.drain(HOUR);
        loop.close();
        assertThat(List.of(begun.join(), notBegun.join())).containsOnly(false);
        assertThat(log).containsExactly("source", "source cut off");
        logs.takeOne();
        assertThatIllegalStateException().isThrownBy(() -> loop.drain(HOUR))
                .withMessage("Event loop is closed");
    }

    @Test
    void closeOfATidyLoopAnswersTrue(EventLoop loop) {
        Registration gone = told(loop, "gone", () -> {});
        CompletableFuture<Boolean> begun = loop.drain(HOUR);
        loop.stop();
        loop.runForever();
        CompletableFuture<Boolean> notBegun = loop.drain(HOUR);
        gone.close();
        loop.close();
        assertThat(List.of(begun.join(), notBegun.join())).containsOnly(true);
    }

    @Test
    void drainIsRefusedNothingButAMissingDeadline(EventLoop loop) {
        assertThatThrownBy(() -> loop.drain(null)).isInstanceOf(NullPointerException.class);
        Registration stays = told(loop, "stays", () -> {});
        CompletableFuture<Boolean> longest = loop.drain(Duration.ofSeconds(Long.MAX_VALUE));
        stays.close();
        assertThat(loop.runUntilComplete(longest)).isTrue();
    }

    @Test
    void dependentThatFailsDoesNotKeepTheOthersFromTheirAnswer(EventLoop loop) {
        CompletableFuture<Boolean> first = loop.drain(HOUR);
        CompletableFuture<Boolean> second = loop.drain(HOUR);
        CompletableFuture<Void> failed = first.thenRun(() -> {
            throw new IllegalStateException("made by the test");
        });
        assertThat(loop.runUntilComplete(second)).isTrue();
        assertThatThrownBy(failed::join).isInstanceOf(CompletionException.class);
    }

    @Test
    @Contract(section = BETTER,
            value = "A server is drained under its clients: they are served to their end, then it is done")
    void serverIsDrainedWhileClientsAreServed(EventLoop loop) throws Exception {
        loop.setDebug(true);
        ServerSocketChannel server = ServerSocketChannel.open().bind(new InetSocketAddress("127.0.0.1", 0));
        InetSocketAddress address = (InetSocketAddress) server.getLocalAddress();
        Registration[] listening = new Registration[1];
        listening[0] = loop.register(server, SelectionKey.OP_ACCEPT, new IoHandler() {
            @Override
            public void ready(int ops) {
                try {
                    new EchoConnection(loop, server.accept());
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }

            @Override
            public void draining() {
                listening[0].close();
            }
        });
        CompletableFuture<Boolean> drained;
        try (LoopThread thread = LoopThread.start(loop);
                SocketChannel one = SocketChannel.open(address);
                SocketChannel two = SocketChannel.open(address)) {
            assertEchoed(one);
            assertEchoed(two);
            drained = loop.drain(HOUR);
            thread.run(() -> assertThat(server.isOpen()).isFalse());
            assertEchoed(one); // still served
            one.shutdownOutput();
            assertEchoed(two);
            assertThat(drained).isNotDone();
            two.shutdownOutput();
            assertThat(Await.result(drained)).isTrue();
        }
    }

    private static void assertEchoed(SocketChannel client) throws IOException {
        client.write(ByteBuffer.wrap(new byte[] {42}));
        ByteBuffer answer = ByteBuffer.allocate(10);
        assertThat(client.read(answer)).isEqualTo(1);
    }

    /** Echoes until its peer closes. */
    private static final class EchoConnection implements IoHandler {
        private final SocketChannel channel;
        private final Registration registration;

        EchoConnection(EventLoop loop, SocketChannel channel) throws IOException {
            this.channel = channel;
            this.registration = loop.register(channel, SelectionKey.OP_READ, this);
        }

        @Override
        public void ready(int ops) {
            ByteBuffer data = ByteBuffer.allocate(100);
            try {
                if (channel.read(data) < 0) {
                    registration.close();
                } else {
                    channel.write(data.flip());
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }
}
