package io.jvloop.transport;

import static io.jvloop.support.Section.CLIENTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.jvloop.loop.Async;
import io.jvloop.loop.ClockedLoop;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** {@link ConnectConfig#withTimeout}, mostly on a clock that the test sets. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class ConnectTimeoutTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final ConnectConfig WITHIN_A_MINUTE = ConnectConfig.DEFAULT.withTimeout(MINUTE);

    private final Recorders recorders = new Recorders();

    private static Throwable failure(CompletableFuture<Transport> connecting) {
        assertThat(connecting).isCompletedExceptionally();
        return connecting.handle((transport, failure) -> Async.cause(failure)).join();
    }

    private static void assertNothingLeft(EventLoop loop) {
        assertThat(loop.stats().timers()).as("timers left").isZero();
        assertThat(loop.stats().channels()).as("channels left").isZero();
    }

    @Test
    @Contract(section = CLIENTS,
            value = "A connect with a timeout fails with a SocketTimeoutException when it "
                    + "has passed, names it, and leaves nothing behind")
    void whatTakesTooLongFails() {
        ClockedLoop clocked = new ClockedLoop();
        try (EventLoop loop = clocked.loop(); BlackHole hole = BlackHole.open()) {
            CompletableFuture<Transport> connecting =
                    Net.connect(loop, hole.address(), recorders, WITHIN_A_MINUTE);
            Turns.run(loop, 3);
            clocked.advance(MINUTE.minusNanos(1));
            Turns.run(loop, 3);
            assertThat(connecting).isNotDone();
            assertThat(loop.stats().channels()).isEqualTo(1);
            clocked.advance(Duration.ofNanos(1));
            Turns.run(loop, 2);
            assertThat(failure(connecting)).isInstanceOf(SocketTimeoutException.class)
                    .hasMessageContaining("within PT1M");
            assertNothingLeft(loop);
            assertThat(recorders.count()).isZero();
        }
    }

    @Test
    @Contract(section = CLIENTS, value = "A connect's timeout is for all addresses together")
    void theTimeIsForAllAddressesTogether() {
        ClockedLoop clocked = new ClockedLoop();
        ConnectConfig config = WITHIN_A_MINUTE.withHappyEyeballs(Duration.ofSeconds(25));
        try (EventLoop loop = clocked.loop();
                BlackHole first = BlackHole.open();
                BlackHole second = BlackHole.open()) {
            CompletableFuture<Transport> connecting = Net.connect(loop, List.of(first.address(),
                    second.address(), first.address(), second.address()), recorders, config);
            for (int seconds = 0; seconds < 60; seconds++) {
                assertThat(connecting).isNotDone();
                clocked.advance(Duration.ofSeconds(1));
                Turns.run(loop, 2);
            }
            assertThat(failure(connecting)).isInstanceOf(SocketTimeoutException.class);
            assertNothingLeft(loop);
        }
    }

    @Test
    void itAlsoHappensOnARealClock(EventLoop loop) {
        try (BlackHole hole = BlackHole.open(); LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<Transport> connecting =
                    thread.call(() -> Net.connect(loop, hole.address(), recorders,
                            ConnectConfig.DEFAULT.withTimeout(Duration.ofMillis(30))));
            Await.until("the timeout", connecting::isDone);
            assertThat(failure(connecting)).isInstanceOf(SocketTimeoutException.class);
            thread.run(() -> assertNothingLeft(loop));
        }
    }

    @Test
    @Contract(section = CLIENTS, value = "A connect's timeout counts the time to look the name up")
    void lookingUpCounts(EventLoop loop) throws IOException {
        try (ServerSocket server = Peer.listen()) {
            CompletableFuture<Transport> connecting = Net.connect(loop, "localhost", server.getLocalPort(),
                    recorders, ConnectConfig.DEFAULT.withTimeout(Duration.ofNanos(1)));
            Turns.run(loop, 1); // too short for any name to be looked up and connectionMade to be called
            assertThat(failure(connecting)).isInstanceOf(SocketTimeoutException.class);
            Turns.run(loop, 5);
            assertNothingLeft(loop);
            recorders.all().forEach(recorder -> assertThat(recorder.calls()).isEmpty());
        }
    }

    @Test
    void successLeavesNoTimer(EventLoop loop) throws IOException {
        try (ServerSocket server = Peer.listen()) {
            Transport transport = loop.runUntilComplete(Net.connect(loop, server.getLocalSocketAddress(),
                    recorders, WITHIN_A_MINUTE));
            assertThat(loop.stats().timers()).isZero();
            transport.abort();
            Turns.run(loop, 2);
            assertNothingLeft(loop);
        }
    }

    @Test
    void failureLeavesNoTimer(EventLoop loop) {
        CompletableFuture<Transport> connecting =
                Net.connect(loop, Peer.refusing(), recorders, WITHIN_A_MINUTE);
        Await.until("the failure", () -> {
            Turns.run(loop, 1);
            return connecting.isDone();
        });
        assertThat(failure(connecting)).isInstanceOf(ConnectException.class);
        assertNothingLeft(loop);
    }

    @Test
    void cancellingLeavesNoTimer(EventLoop loop) {
        try (BlackHole hole = BlackHole.open()) {
            CompletableFuture<Transport> connecting =
                    Net.connect(loop, hole.address(), recorders, WITHIN_A_MINUTE);
            Turns.run(loop, 3);
            assertThat(loop.stats().timers()).isEqualTo(1);
            connecting.cancel(false);
            assertNothingLeft(loop);
        }
    }

    @Test
    void cancellingOnAnotherThreadLeavesNoTimer(EventLoop loop) {
        try (BlackHole hole = BlackHole.open(); LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<Transport> connecting =
                    thread.call(() -> Net.connect(loop, hole.address(), recorders, WITHIN_A_MINUTE));
            connecting.cancel(false);
            Await.until("no timer", () -> thread.call(() -> loop.stats().timers()) == 0);
            thread.run(() -> assertNothingLeft(loop));
        }
    }

    @Test
    void aFactoryThatThrowsLeavesNoTimer(EventLoop loop) throws IOException {
        try (ServerSocket server = Peer.listen()) {
            CompletableFuture<Transport> connecting =
                    Net.connect(loop, server.getLocalSocketAddress(), () -> {
                        throw new IllegalStateException("no protocol");
                    }, WITHIN_A_MINUTE);
            Await.until("the failure", () -> {
                Turns.run(loop, 1);
                return connecting.isDone();
            });
            assertThat(failure(connecting)).hasMessage("no protocol");
            assertNothingLeft(loop);
        }
    }

    @Test
    void closingTheLoopIsNoTimeout(EventLoop loop, ExpectedLogs logs) {
        try (BlackHole hole = BlackHole.open()) {
            CompletableFuture<Transport> connecting =
                    Net.connect(loop, hole.address(), recorders, WITHIN_A_MINUTE);
            Turns.run(loop, 3);
            loop.close();
            assertThat(logs.takeText()).contains("1 open channel");
            assertThat(failure(connecting)).hasMessageContaining("the event loop was closed");
        }
    }

    @Test
    void afterTheConnectionIsMadeNothingTimesOut() throws IOException {
        ClockedLoop clocked = new ClockedLoop();
        try (EventLoop loop = clocked.loop(); ServerSocket server = Peer.listen()) {
            Transport transport = loop.runUntilComplete(Net.connect(loop, server.getLocalSocketAddress(),
                    recorders, WITHIN_A_MINUTE));
            clocked.advance(Duration.ofDays(1));
            Turns.run(loop, 3);
            assertThat(transport.isClosing()).isFalse();
            transport.abort();
            Turns.run(loop, 2);
            assertNothingLeft(loop);
        }
    }

    /** The socket has connected, but connectionMade waits for its turn. */
    @Test
    void theLastMomentToTimeOutIsBeforeConnectionMade() throws IOException {
        ClockedLoop clocked = new ClockedLoop();
        try (EventLoop loop = clocked.loop(); ServerSocket server = Peer.listen()) {
            CompletableFuture<Transport> connecting =
                    Net.connect(loop, server.getLocalSocketAddress(), () -> {
                        clocked.advance(MINUTE);
                        return recorders.get();
                    }, WITHIN_A_MINUTE);
            Await.until("the protocol", () -> {
                Turns.run(loop, 1);
                return recorders.count() == 1;
            });
            Turns.run(loop, 3);
            if (connecting.isCompletedExceptionally()) {
                assertThat(failure(connecting)).isInstanceOf(SocketTimeoutException.class);
                assertThat(recorders.all().get(0).calls()).isEmpty();
            } else { // it connected at once, before a turn had to look at the clock
                assertThat(recorders.all().get(0).calls()).containsExactly("made");
                connecting.join().abort();
                Turns.run(loop, 2);
            }
            assertNothingLeft(loop);
        }
    }

    @Test
    @Contract(section = CLIENTS,
            value = "A connect to a UNIX server whose queue is full ends with its timeout")
    void aFullUnixServerTimesOut(@TempDir Path folder) throws IOException {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("full"));
        ClockedLoop clocked = new ClockedLoop();
        List<SocketChannel> fillers = new ArrayList<>();
        try (EventLoop loop = clocked.loop();
                ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(address, 1);
            fill(address, fillers);
            CompletableFuture<Transport> connecting =
                    Net.connect(loop, address, recorders, WITHIN_A_MINUTE);
            for (int seconds = 0; seconds < 60; seconds++) {
                assertThat(connecting).isNotDone();
                clocked.advance(Duration.ofSeconds(1));
                Turns.run(loop, 2);
            }
            assertThat(failure(connecting)).isInstanceOf(SocketTimeoutException.class);
            assertNothingLeft(loop);
        } finally {
            for (SocketChannel filler : fillers) {
                filler.close();
            }
        }
    }

    private static void fill(UnixDomainSocketAddress address, List<SocketChannel> fillers)
            throws IOException {
        try {
            while (fillers.size() < 100) {
                SocketChannel filler = SocketChannel.open(StandardProtocolFamily.UNIX);
                fillers.add(filler);
                filler.configureBlocking(false);
                filler.connect(address);
            }
        } catch (IOException full) {
            return;
        }
        throw new AssertionError("the queue is never full");
    }

    @Test
    void aTimeThatIsNotPositiveIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ConnectConfig.DEFAULT.withTimeout(Duration.ZERO))
                .withMessageContaining("PT0S");
        assertThat(WITHIN_A_MINUTE.withTimeout(null)).isEqualTo(ConnectConfig.DEFAULT);
    }
}
