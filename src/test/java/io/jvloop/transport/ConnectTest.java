package io.jvloop.transport;

import static io.jvloop.support.Section.CHOICES;
import static io.jvloop.support.Section.CLIENTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Outgoing connections. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class ConnectTest {
    private final Recorders recorders = new Recorders();

    private static Throwable failure(EventLoop loop, CompletableFuture<Transport> connecting) {
        Throwable thrown = catchThrowable(() -> loop.runUntilComplete(connecting));
        assertThat(thrown).isNotNull();
        return thrown.getCause();
    }

    private static InetSocketAddress addressOf(ServerSocket server) {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    @Test
    @Contract(section = CLIENTS,
            value = "A refused connection fails with a ConnectException that names the address")
    void refusalNamesTheAddress(EventLoop loop) {
        InetSocketAddress nobody = Peer.refusing();
        assertThat(failure(loop, Net.connect(loop, nobody, recorders))).isInstanceOf(ConnectException.class)
                .hasMessageContaining(nobody.toString()).hasMessageContaining("refused")
                .hasCauseInstanceOf(ConnectException.class).hasNoSuppressedExceptions();
    }

    @Test
    @Contract(section = CHOICES,
            value = "The protocol factory is called once the connection stands, not before (as in asyncio)")
    void factoryIsNotCalledForAFailedConnect(EventLoop loop) {
        failure(loop, Net.connect(loop, Peer.refusing(), recorders));
        assertThat(recorders.count()).isZero();
    }

    @Test
    @Contract(section = CLIENTS, value = "An unknown host fails with UnknownHostException")
    void unknownHostIsTold(EventLoop loop) {
        String tooLong = "x".repeat(300);
        assertThat(failure(loop, Net.connect(loop, tooLong, 80, recorders)))
                .isInstanceOf(UnknownHostException.class);
        InetSocketAddress unresolved = InetSocketAddress.createUnresolved(tooLong, 80);
        assertThat(failure(loop, Net.connect(loop, unresolved, recorders)))
                .isInstanceOf(UnknownHostException.class);
        assertThat(recorders.count()).isZero();
    }

    @Test
    @Contract(section = CLIENTS,
            value = "A host name is looked up, also that of an address that was not looked up before")
    void namesAreLookedUp(EventLoop loop) throws IOException {
        try (ServerSocket server = Peer.listen();
                LoopThread thread = LoopThread.start(loop)) {
            int port = server.getLocalPort();
            List<Supplier<CompletableFuture<Transport>>> ways = List.of(
                    () -> Net.connect(loop, "127.0.0.1", port, recorders),
                    () -> Net.connect(loop, "localhost", port, recorders),
                    () -> Net.connect(loop, InetSocketAddress.createUnresolved("localhost", port),
                            recorders));
            for (Supplier<CompletableFuture<Transport>> way : ways) {
                Transport transport = Await.result(thread.call(way::get));
                try (Peer peer = Peer.accept(server)) {
                    thread.run(() -> transport.write(Bytes.heap("hello")));
                    assertThat(peer.readText(5)).isEqualTo("hello");
                    thread.run(transport::close);
                }
            }
            assertThat(recorders.count()).isEqualTo(3);
        }
    }

    @Test
    void senselessArgumentsAreRefused(EventLoop loop) {
        InetSocketAddress address = Peer.refusing();
        ConnectConfig config = ConnectConfig.DEFAULT;
        assertThatNullPointerException().isThrownBy(() -> Net.connect(loop, address, null));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Net.connect(loop, List.of(), recorders, config));
        InetSocketAddress unresolved = InetSocketAddress.createUnresolved("localhost", 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Net.connect(loop, List.of(address, unresolved), recorders, config));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Net.connect(loop, "127.0.0.1", 65_536, recorders));
        assertThatIllegalArgumentException().isThrownBy(() -> Net.connect(loop, "127.0.0.1", -1, recorders));
        assertThat(loop.stats().channels()).isZero();
    }

    @Test
    @Contract(section = CLIENTS, value = "If the protocol factory throws or returns null the connect fails "
            + "with that, and the socket is closed")
    void failingFactoryFailsTheConnect(EventLoop loop) throws IOException {
        Error broken = new LinkageError("broken on purpose");
        try (ServerSocket server = Peer.listen()) {
            assertThat(failure(loop, Net.connect(loop, addressOf(server), () -> {
                throw broken;
            }))).isSameAs(broken);
            assertThat(failure(loop, Net.connect(loop, addressOf(server), () -> null)))
                    .isInstanceOf(NullPointerException.class).hasMessageContaining("factory");
            for (int i = 0; i < 2; i++) {
                try (Peer peer = Peer.accept(server)) {
                    assertThat(peer.readAll()).isEmpty();
                }
            }
            assertThat(loop.stats().channels()).isZero();
        }
    }

    @Test
    @Contract(section = CLIENTS, value = "A hundred connections may be made and used at the same time")
    void hundredConcurrentRequestsGetTheirOwnAnswers(EventLoop loop) throws IOException {
        int count = 100;
        try (ServerSocket server = Peer.listen();
                LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<Void> serving = Peer.background(() -> {
                List<CompletableFuture<Void>> answers = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    Peer peer = Peer.accept(server);
                    answers.add(Peer.background(() -> answer(peer)));
                }
                answers.forEach(Await::result);
                return null;
            });
            List<Recorder> clients = new ArrayList<>();
            thread.run(() -> {
                for (int i = 0; i < count; i++) {
                    int number = i;
                    Recorder client = new Recorder().onMade(transport -> {
                        transport.write(Bytes.heap(String.format("request %03d", number)));
                        transport.writeEof();
                    });
                    clients.add(client);
                    Net.connect(loop, addressOf(server), () -> client);
                }
            });
            Await.result(serving);
            for (int i = 0; i < count; i++) {
                assertThat(clients.get(i).awaitLost()).isNull();
                assertThat(clients.get(i).text()).isEqualTo(String.format("answer to request %03d", i));
            }
        }
    }

    private static Void answer(Peer peer) {
        String request = peer.readAllText();
        peer.send("answer to " + request);
        peer.close();
        return null;
    }

    @Test
    @Contract(section = CLIENTS,
            value = "A peer that closes early is heard of as eofReceived after the bytes "
                    + "that did arrive")
    void peerThatClosesEarlyIsHeardOfEveryTime(EventLoop loop) throws IOException {
        try (ServerSocket server = Peer.listen();
                LoopThread thread = LoopThread.start(loop)) {
            for (int i = 0; i < 100; i++) {
                Recorder client = new Recorder();
                CompletableFuture<Transport> connecting =
                        thread.call(() -> Net.connect(loop, addressOf(server), () -> client));
                Peer peer = Peer.accept(server);
                peer.send("not all that you");
                peer.close();
                Await.result(connecting);
                assertThat(client.awaitLost()).isNull();
                assertThat(client.calls()).containsExactly("made", "data", "eof", "lost");
                assertThat(client.text()).isEqualTo("not all that you");
            }
        }
    }

    @Test
    void connectionStandsBeforeTheFactoryIsCalled(EventLoop loop) throws IOException {
        try (ServerSocket server = Peer.listen();
                LoopThread thread = LoopThread.start(loop)) {
            CompletableFuture<Transport> connecting =
                    thread.call(() -> Net.connect(loop, addressOf(server), () -> {
                        try (Peer accepted = Peer.accept(server)) { // would wait for ever if it did not
                            accepted.send("welcome");
                        }
                        return recorders.get();
                    }));
            Await.result(connecting);
            assertThat(recorders.await(0).awaitLost()).isNull();
            assertThat(recorders.await(0).text()).isEqualTo("welcome");
        }
    }
}
