package io.jvloop.transport;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.CLIENTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Several addresses: which is tried when, and which wins. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class ConnectOrderTest {
    private static final Duration SOON = Duration.ofMillis(20);
    private static final Duration NEVER = Duration.ofDays(1);

    private final Recorders recorders = new Recorders();
    private ServerSocket server;

    @BeforeEach
    void listen() {
        server = Peer.listen();
    }

    @AfterEach
    void close() throws IOException {
        server.close();
    }

    private InetSocketAddress good() {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    private CompletableFuture<Transport> connect(EventLoop loop, ConnectConfig config,
            InetSocketAddress... addresses) {
        return Net.connect(loop, Arrays.asList(addresses), recorders, config);
    }

    private static ConnectConfig eyeballs(Duration delay) {
        return ConnectConfig.DEFAULT.withHappyEyeballs(delay);
    }

    /** Connects, and looks that nothing else is left of the race. */
    private void assertConnects(EventLoop loop, CompletableFuture<Transport> connecting,
            InetSocketAddress winner) {
        Transport transport = loop.runUntilComplete(connecting);
        assertThat(transport.remoteAddress()).isEqualTo(winner);
        assertThat(loop.stats().channels()).isEqualTo(1);
        assertThat(loop.stats().timers()).isZero();
        assertThat(recorders.count()).isEqualTo(1);
        recorders.all().clear();
        transport.abort();
        Turns.run(loop, 2);
        assertThat(loop.stats().channels()).isZero();
    }

    private static Throwable failure(EventLoop loop, CompletableFuture<Transport> connecting) {
        Throwable thrown = catchThrowable(() -> loop.runUntilComplete(connecting));
        assertThat(thrown).isNotNull();
        assertThat(loop.stats().channels()).isZero();
        assertThat(loop.stats().timers()).isZero();
        return thrown.getCause();
    }

    @Test
    @Contract(section = CLIENTS,
            value = "Addresses are tried one after the other until one connects")
    void nextAddressIsTriedWhenOneIsRefused(EventLoop loop) {
        assertConnects(loop,
                connect(loop, ConnectConfig.DEFAULT, Peer.refusing(), Peer.refusing(), good()), good());
    }

    @Test
    void firstAddressThatConnectsEndsTheSearch(EventLoop loop) throws IOException {
        try (ServerSocket unused = Peer.listen()) {
            InetSocketAddress second = (InetSocketAddress) unused.getLocalSocketAddress();
            assertConnects(loop, connect(loop, ConnectConfig.DEFAULT, good(), second), good());
            assertConnects(loop, connect(loop, eyeballs(NEVER), good(), second), good());
            unused.setSoTimeout(1);
            assertThat(catchThrowable(unused::accept)).isInstanceOf(SocketTimeoutException.class);
        }
    }

    @Test
    @Contract(section = CLIENTS, value = "If all addresses fail the failure lists each message, and carries "
            + "each failure as a suppressed one")
    void allFailuresAreListed(EventLoop loop) {
        InetSocketAddress first = Peer.refusing();
        InetSocketAddress second = Peer.refusing();
        for (ConnectConfig config : List.of(ConnectConfig.DEFAULT, eyeballs(SOON), eyeballs(NEVER))) {
            Throwable thrown = failure(loop, connect(loop, config, first, second));
            assertThat(thrown).isInstanceOf(ConnectException.class)
                    .hasMessageContainingAll("Multiple exceptions", first.toString(), second.toString());
            assertThat(thrown.getSuppressed()).hasSize(2).allMatch(ConnectException.class::isInstance);
            assertThat(thrown.getSuppressed()[0]).hasMessageContaining(first.toString());
            assertThat(thrown.getSuppressed()[1]).hasMessageContaining(second.toString());
        }
        assertThat(recorders.count()).isZero();
    }

    @Test
    @Contract(section = CLIENTS,
            value = "If all addresses fail with the same message the failure is the first")
    void equalFailuresAreToldOnce(EventLoop loop) {
        InetSocketAddress nobody = Peer.refusing();
        Throwable thrown = failure(loop, connect(loop, ConnectConfig.DEFAULT, nobody, nobody, nobody));
        assertThat(thrown).isInstanceOf(ConnectException.class).hasMessageContaining(nobody.toString())
                .hasNoSuppressedExceptions();
        assertThat(thrown.getMessage()).doesNotContain("Multiple");
    }

    @Test
    @Contract(section = BETTER, value = "With happy eyeballs a first address that does not answer costs only "
            + "the delay; the sockets that lose are closed")
    void silentFirstAddressIsOvertaken(EventLoop loop) {
        try (BlackHole hole = BlackHole.open()) {
            assertConnects(loop, connect(loop, eyeballs(SOON), hole.address(), good()), good());
        }
    }

    @Test
    void severalSilentAddressesAreOvertaken(EventLoop loop) {
        try (BlackHole first = BlackHole.open();
                BlackHole second = BlackHole.open()) {
            assertConnects(loop,
                    connect(loop, eyeballs(SOON), first.address(), second.address(), good()), good());
            assertConnects(loop,
                    connect(loop, eyeballs(Duration.ZERO), first.address(), second.address(), good()),
                    good());
        }
    }

    @Test
    @Contract(section = CLIENTS,
            value = "With happy eyeballs the next address is tried at once when one fails")
    void failureDoesNotWaitForTheDelay(EventLoop loop) {
        assertConnects(loop, connect(loop, eyeballs(NEVER), Peer.refusing(), Peer.refusing(), good()),
                good());
    }

    @Test
    void failureOfALaterAddressDoesNotWaitForAnEarlierOne(EventLoop loop) {
        try (BlackHole hole = BlackHole.open()) {
            assertConnects(loop, connect(loop, eyeballs(SOON), hole.address(), Peer.refusing(), good()),
                    good());
        }
    }

    @Test
    void withoutHappyEyeballsNothingOvertakes(EventLoop loop) {
        try (BlackHole hole = BlackHole.open()) {
            for (ConnectConfig config : List.of(ConnectConfig.DEFAULT, eyeballs(NEVER))) {
                CompletableFuture<Transport> connecting = connect(loop, config, hole.address(), good());
                loop.callLater(50_000_000, loop::stop);
                loop.runForever();
                assertThat(connecting).isNotDone();
                assertThat(loop.stats().channels()).isEqualTo(1);
                connecting.cancel(false);
                assertThat(loop.stats().channels()).isZero();
                assertThat(loop.stats().timers()).isZero();
            }
        }
    }

    @Test
    @Contract(section = CLIENTS, value = "interleave makes the address families take turns")
    void interleavedFamiliesTakeTurns(EventLoop loop) throws IOException {
        InetAddress v6 = InetAddress.getByName("::1");
        Throwable noV6 = catchThrowable(() -> new ServerSocket(0, 1, v6).close());
        assumeTrue(noV6 == null, () -> "this machine has no IPv6 loopback: " + noV6);
        InetSocketAddress firstV4 = Peer.refusing();
        InetSocketAddress secondV4 = Peer.refusing();
        InetSocketAddress firstV6 = new InetSocketAddress(v6, firstV4.getPort());
        ConnectConfig keeping = ConnectConfig.DEFAULT;
        assertOrder(failure(loop, connect(loop, keeping, firstV4, secondV4, firstV6)), firstV4, secondV4,
                firstV6);
        assertOrder(failure(loop, connect(loop, keeping.withInterleave(1), firstV4, secondV4, firstV6)),
                firstV4, firstV6, secondV4);
        assertOrder(failure(loop, connect(loop, eyeballs(NEVER), firstV4, secondV4, firstV6)), firstV4,
                firstV6, secondV4);
        assertOrder(
                failure(loop, connect(loop, eyeballs(NEVER).withInterleave(0), firstV4, secondV4, firstV6)),
                firstV4, secondV4, firstV6);
    }

    private static void assertOrder(Throwable combined, InetSocketAddress... addresses) {
        assertThat(combined.getSuppressed()).hasSize(addresses.length);
        for (int i = 0; i < addresses.length; i++) {
            assertThat(combined.getSuppressed()[i]).hasMessageContaining(addresses[i].toString());
        }
    }
}
