package io.jvloop.transport;

import static io.jvloop.support.Section.CLIENTS;
import static io.jvloop.support.Section.SERVERS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.SocketPair;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A connect or a listen is given up; that nothing is left behind or reported is for the extension to see. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class ConnectCancelTest {
    private static final String CONTRACT = "A connect may be cancelled or timed out at any moment, on any "
            + "thread; it leaves no socket behind, and nothing is reported";

    private final Recorders recorders = new Recorders();
    private ServerSocket server;
    private InetSocketAddress address;

    @BeforeEach
    void listen() {
        server = Peer.listen();
        address = (InetSocketAddress) server.getLocalSocketAddress();
    }

    @AfterEach
    void close() throws IOException {
        server.close();
    }

    private void assertNothingLeft(EventLoop loop) {
        assertThat(loop.stats().channels()).isZero();
        assertThat(loop.stats().timers()).isZero();
        assertThat(recorders.all()).allSatisfy(unused -> assertThat(unused.calls()).isEmpty());
    }

    @Test
    @Contract(section = CLIENTS, value = CONTRACT)
    void cancelledAtOnce(EventLoop loop) {
        assertThat(Net.connect(loop, address, recorders).cancel(false)).isTrue();
        Turns.run(loop, 5);
        assertNothingLeft(loop);
    }

    @Test
    @Contract(section = CLIENTS, value = CONTRACT)
    void cancelledDuringTheLookUp(EventLoop loop) {
        CompletableFuture<Transport> connecting =
                Net.connect(loop, "localhost", address.getPort(), recorders);
        connecting.cancel(false);
        loop.callLater(50_000_000, loop::stop); // the look-up itself goes on for a while
        loop.runForever();
        assertNothingLeft(loop);
        assertThat(recorders.count()).isZero();
    }

    @Test
    @Contract(section = CLIENTS, value = CONTRACT)
    void cancelledWhileConnecting(EventLoop loop) {
        try (BlackHole hole = BlackHole.open()) {
            CompletableFuture<Transport> connecting = Net.connect(loop, hole.address(), recorders);
            Turns.run(loop, 3);
            assertThat(loop.stats().channels()).isEqualTo(1);
            loop.callSoon(() -> connecting.cancel(false));
            Turns.run(loop, 3);
            assertThat(connecting).isCancelled();
            assertNothingLeft(loop);
            assertThat(recorders.count()).isZero();
        }
    }

    @Test
    @Contract(section = CLIENTS, value = CONTRACT)
    void cancelledDuringARace(EventLoop loop) {
        ConnectConfig config = ConnectConfig.DEFAULT.withHappyEyeballs(Duration.ofMillis(1));
        try (BlackHole first = BlackHole.open();
                BlackHole second = BlackHole.open()) {
            CompletableFuture<Transport> connecting = Net.connect(loop,
                    List.of(first.address(), second.address(), first.address()), recorders, config);
            loop.callLater(5_000_000, loop::stop);
            loop.runForever();
            assertThat(loop.stats().channels()).isBetween(2, 3);
            connecting.cancel(false);
            assertNothingLeft(loop);
            assertThat(recorders.count()).isZero();
        }
    }

    @Test
    @Contract(section = CLIENTS, value = CONTRACT)
    void cancelledOnAForeignThread(EventLoop loop) {
        try (BlackHole hole = BlackHole.open();
                LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<Transport> connecting =
                    thread.call(() -> Net.connect(loop, hole.address(), recorders));
            assertThat(thread.call(() -> loop.stats().channels()).intValue()).isEqualTo(1);
            connecting.cancel(false);
            Await.until("a closed socket", () -> thread.call(() -> loop.stats().channels()) == 0);
            assertThat(recorders.count()).isZero();
        }
    }

    @Test
    @Contract(section = CLIENTS, value = CONTRACT)
    void cancelledOnAForeignThreadAtAnyMoment(EventLoop loop) {
        try (LoopThread thread = LoopThread.start(loop)) {
            for (int i = 0; i < 300; i++) {
                AtomicReference<CompletableFuture<Transport>> connecting = new AtomicReference<>();
                thread.post(() -> connecting.set(Net.connect(loop, address, recorders)));
                while (connecting.get() == null) {
                    Thread.onSpinWait();
                }
                Await.block(i * 300L); // 0 to 90 µs: before, during, after
                if (!connecting.get().cancel(false)) {
                    thread.run(connecting.get().join()::abort);
                }
                Peer.accept(server).close();
            }
            Await.until("closed sockets", () -> thread.call(() -> loop.stats().channels()) == 0);
            for (Recorder recorder : recorders.all()) {
                assertThat(recorder.calls()).isIn(List.of(), List.of("made", "lost"),
                        List.of("made", "eof", "lost"));
            }
        }
    }

    @Test
    @Contract(section = SERVERS, value = "Cancelling a listen leaves nothing behind")
    void listenCancelledOnAForeignThreadAtAnyMoment(EventLoop loop) {
        try (LoopThread thread = LoopThread.start(loop)) {
            for (int i = 0; i < 300; i++) {
                AtomicReference<CompletableFuture<Server>> listening = new AtomicReference<>();
                thread.post(() -> listening.set(
                        Net.listen(loop, List.of("localhost"), 0, recorders, ListenConfig.DEFAULT)));
                while (listening.get() == null) {
                    Thread.onSpinWait();
                }
                Await.block(i * 2_000L); // 0 to 600 µs: before, during, after the look-up
                if (!listening.get().cancel(false)) {
                    thread.run(listening.get().join()::close);
                }
            }
            Await.until("closed sockets", () -> thread.call(() -> loop.stats().channels()) == 0);
        }
    }

    @Test
    @Contract(section = CLIENTS, value = CONTRACT)
    void timedOutWhileConnecting(EventLoop loop) {
        try (BlackHole hole = BlackHole.open();
                LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<Transport> connecting = thread.call(() -> Net
                    .connect(loop, hole.address(), recorders).orTimeout(30, TimeUnit.MILLISECONDS));
            Await.until("the timeout", connecting::isCompletedExceptionally);
            Await.until("a closed socket", () -> thread.call(() -> loop.stats().channels()) == 0);
            assertThat(recorders.count()).isZero();
        }
    }

    @Test
    @Contract(section = CLIENTS, value = CONTRACT)
    void cancelledInsideTheFactory(EventLoop loop) {
        AtomicReference<CompletableFuture<Transport>> connecting = new AtomicReference<>();
        connecting.set(Net.connect(loop, address, () -> {
            connecting.get().cancel(false);
            return recorders.get();
        }));
        Peer.accept(server).close();
        loop.callLater(20_000_000, loop::stop);
        loop.runForever();
        assertThat(connecting.get()).isCancelled();
        assertThat(recorders.count()).isEqualTo(1);
        assertNothingLeft(loop);
    }

    @Test
    @Contract(section = CLIENTS,
            value = "A connect cancelled inside connectionMade ends the connection; connectionLost is heard")
    void cancelledInsideConnectionMade(EventLoop loop) {
        AtomicReference<CompletableFuture<Transport>> connecting = new AtomicReference<>();
        Recorder recorder = new Recorder().onMade(transport -> {
            connecting.get().cancel(false);
            assertThat(transport.isClosing()).isTrue();
        }).onLost(cause -> loop.stop());
        connecting.set(Net.connect(loop, address, () -> recorder));
        try (Peer peer = Peer.accept(server)) {
            loop.runForever();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "lost");
            assertThat(peer.readAll()).isEmpty();
            assertNothingLeft(loop);
        }
    }

    @Test
    @Contract(section = CLIENTS, value = "Cancelling a connect that has succeeded changes nothing")
    void cancelAfterSuccessChangesNothing(EventLoop loop) {
        try (LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<Transport> connecting =
                    thread.call(() -> Net.connect(loop, address, Recorder::echo));
            Transport transport = Await.result(connecting);
            assertThat(connecting.cancel(true)).isFalse();
            try (Peer peer = Peer.accept(server)) {
                peer.send("alive");
                assertThat(peer.readText(5)).isEqualTo("alive");
                thread.run(transport::abort);
            }
        }
    }

    @Test
    void adoptionCancelledOnAForeignThreadClosesTheChannel(EventLoop loop) throws IOException {
        try (SocketPair pair = SocketPair.open();
                LoopThread thread = LoopThread.start(loop)) {
            AtomicReference<CompletableFuture<Transport>> adopted = new AtomicReference<>();
            thread.run(() -> {
                adopted.set(adopt(loop, pair));
                Await.result(Peer.background(() -> adopted.get().cancel(false)));
            });
            Await.until("a closed channel", () -> !pair.near().isOpen());
            assertThat(adopted.get()).isCancelled();
            recorders.all().forEach(recorder -> assertThat(recorder.calls()).isIn(List.of(),
                    List.of("made"), List.of("made", "lost")));
        }
    }

    private CompletableFuture<Transport> adopt(EventLoop loop, SocketPair pair) {
        try {
            return Net.adopt(loop, pair.near(), recorders);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
