package io.jvloop.transport;

import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.SocketPair;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The loop is closed under living servers and connections. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class LoopCloseTest {
    private static final InetSocketAddress ANY_PORT =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @Test
    @Contract(section = TRANSPORT,
            value = "Closing the loop ends every connection and server: protocols hear "
                    + "connectionLost, and futures complete")
    void closingTheLoopEndsServersAndConnections(EventLoop loop, ExpectedLogs logs) throws IOException {
        Recorders recorders = new Recorders(() -> new Recorder()
                .onMade(transport -> transport.write(new byte[20_000_000]))); // more than the kernel takes
        Server server = Net.listen(loop, ANY_PORT, recorders);
        CompletableFuture<Void> serving = server.serveForever();
        CompletableFuture<Void> closed = server.closed();
        InetSocketAddress address = (InetSocketAddress) server.addresses().get(0);
        Recorder client = new Recorder();
        CompletableFuture<Transport> connected = Net.connect(loop, address, () -> client);
        try (Peer peer = Peer.connect(address)) {
            try (LoopThread thread = LoopThread.start(loop)) {
                recorders.await(1);
                client.awaitCall("made");
                assertThat(thread.call(() -> loop.stats().channels()).intValue()).isEqualTo(4);
            }
            loop.close();
            assertThat(logs.takeText()).contains("4 open channel");
            assertThat(recorders.all()).allSatisfy(recorder -> {
                assertThat(recorder.calls()).endsWith("lost");
                assertThat(recorder.awaitLost()).isNull();
            });
            assertThat(client.calls()).endsWith("lost");
            assertThat(connected).isCompleted();
            assertThat(serving).isCompleted();
            assertThat(closed).isCompleted();
            assertThat(server.isServing()).isFalse();
            assertThat(server.activeConnections()).isZero();
            assertThat(loop.buffers().outstanding()).isZero();
            peer.drain();
            assertThat(connected.join().isClosing()).isTrue();
            connected.join().write(new byte[1]); // dropped
            connected.join().close();
        }
    }

    @Test
    void serverThatWasNotStartedIsClosedToo(EventLoop loop, ExpectedLogs logs) throws IOException {
        Server server =
                Net.listen(loop, ANY_PORT, Recorder::new, ListenConfig.DEFAULT.withStartServing(false));
        loop.close();
        assertThat(logs.takeText()).contains("1 open channel");
        assertThat(server.closed()).isCompleted();
        assertThat(server.addresses()).isEmpty();
        server.close();
    }

    @Test
    @Contract(section = TRANSPORT, value = "Closing the loop fails a connect that is still under way, and "
            + "closes its socket")
    void connectUnderWayFails(EventLoop loop, ExpectedLogs logs) {
        Recorders recorders = new Recorders();
        try (BlackHole hole = BlackHole.open()) {
            CompletableFuture<Transport> connecting = Net.connect(loop, hole.address(), recorders);
            Turns.run(loop, 3);
            assertThat(connecting).isNotDone();
            loop.close();
            assertThat(logs.takeText()).contains("1 open channel");
            assertThat(connecting).isCompletedExceptionally();
            assertThat(recorders.count()).isZero();
        }
    }

    @Test
    void connectionThatHadNotBegunFails(EventLoop loop, ExpectedLogs logs) throws IOException {
        Recorder recorder = new Recorder();
        try (SocketPair pair = SocketPair.open()) {
            CompletableFuture<Transport> adopted = Net.adopt(loop, pair.near(), () -> recorder);
            loop.close();
            assertThat(logs.takeText()).contains("1 open channel");
            assertThat(adopted).isCompletedExceptionally();
            assertThat(recorder.calls()).isEmpty();
            assertThat(pair.near().isOpen()).isFalse();
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "connectionLost is heard even if the loop is stopped and closed in "
                    + "the turn of the abort or the close")
    void connectionLostThatWaitsWhileTheLoopIsClosedIsHeard(EventLoop loop) throws IOException {
        Recorder aborted = new Recorder().onMade(Transport::abort);
        Recorder closed = new Recorder().onMade(Transport::close);
        try (SocketPair one = SocketPair.open(); SocketPair two = SocketPair.open()) {
            CompletableFuture<Transport> first = Net.adopt(loop, one.near(), () -> aborted);
            Net.adopt(loop, two.near(), () -> closed).thenRun(loop::stop);
            loop.runForever();
            loop.close();
            assertThat(first).isCompleted();
            assertThat(aborted.calls()).containsExactly("made", "lost");
            assertThat(closed.calls()).containsExactly("made", "lost");
        }
    }

    @Test
    void lookUpUnderWayLeavesNothingBehind(EventLoop loop, ExpectedLogs logs) {
        CompletableFuture<Transport> connecting = Net.connect(loop, "localhost", 1, Recorder::new);
        CompletableFuture<Server> listening =
                Net.listen(loop, List.of("localhost"), 0, Recorder::new, ListenConfig.DEFAULT);
        loop.close();
        Await.until("the end of both", () -> connecting.isDone() && listening.isDone());
        assertThat(connecting).isCompletedExceptionally();
        assertThat(listening.handle((server, failure) -> failure != null || server.closed().isDone()).join())
                .isTrue();
        logs.takeAll(); // if the answers came just in time, two channels were open for a moment
    }

    @Test
    @Contract(section = TRANSPORT, value = "A protocol may try to connect or listen again while the loop "
            + "closes; that fails, and leaves nothing behind")
    void newAttemptsWhileTheLoopClosesFail(EventLoop loop, ExpectedLogs logs) throws IOException {
        CompletableFuture<CompletableFuture<Transport>> again = new CompletableFuture<>();
        CompletableFuture<CompletableFuture<Void>> listening = new CompletableFuture<>();
        try (ServerSocket server = Peer.listen();
                SocketPair pair = SocketPair.open()) {
            InetSocketAddress address = (InetSocketAddress) server.getLocalSocketAddress();
            Recorder recorder = new Recorder().onLost(cause -> {
                again.complete(attempt(() -> Net.connect(loop, address, Recorder::new)));
                listening.complete(attempt(() -> Net.listen(loop, ANY_PORT, Recorder::new).closed()));
            });
            loop.runUntilComplete(Net.adopt(loop, pair.near(), () -> recorder));
            loop.close();
            assertThat(logs.takeText()).contains("1 open channel");
            assertThat(recorder.calls()).containsExactly("made", "lost");
            assertThat(again.join()).isCompletedExceptionally();
            assertThat(listening.join()).isDone();
        }
    }

    /** To fail at once is as good as to fail later. */
    private static <T> CompletableFuture<T> attempt(Callable<CompletableFuture<T>> call) {
        try {
            return call.call();
        } catch (Exception refused) {
            return CompletableFuture.failedFuture(refused);
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "A closed loop refuses new connections")
    void closedLoopRefusesNewConnections() {
        EventLoop loop = EventLoop.create();
        loop.close();
        Recorders recorders = new Recorders();
        CompletableFuture<Transport> connecting;
        try {
            connecting = Net.connect(loop, Peer.refusing(), recorders);
        } catch (IllegalStateException refused) {
            connecting = CompletableFuture.failedFuture(refused);
        }
        assertThat(connecting).isCompletedExceptionally();
        assertThat(recorders.count()).isZero();
    }
}
