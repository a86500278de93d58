package io.jvloop.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.ClockedLoop;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.transport.Net;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Server;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** A server with the default timeouts on a clock that a test sets; it runs in the test's thread, in turns. */
final class ClockedScene implements AutoCloseable {
    /** Of the server's deadlines, with the defaults. */
    static final Duration TICK = Duration.ofMillis(500);

    private static final int TICKS_OF_SECOND = 2;

    /** What a callback queues, and what that queues, is done after so many turns. */
    private static final int SOME = 5;

    private final ClockedLoop clocked = new ClockedLoop();
    private final EventLoop loop = clocked.loop();
    private final Server server;

    ClockedScene(HttpHandler handler) throws IOException {
        this(HttpServer.protocols(handler));
    }

    /** The same for whatever serves clients, through TLS for example. */
    ClockedScene(Supplier<? extends Protocol> protocols) throws IOException {
        server = Net.listen(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), protocols);
    }

    EventLoop loop() {
        return loop;
    }

    int connections() {
        return server.activeConnections();
    }

    /** A new client, which is being served. */
    Peer connect() throws IOException {
        return connect(new Socket());
    }

    /** The same with a socket that has its options. */
    Peer connect(Socket socket) throws IOException {
        int before = connections();
        socket.connect(server.addresses().get(0));
        turnsUntil(() -> connections() == before + 1);
        turns(SOME);
        return new Peer(socket);
    }

    void turns(int count) {
        for (int i = 0; i < count; i++) {
            loop.callSoon(loop::stop);
            loop.runForever();
        }
    }

    /** Runs the loop while its time stands still. */
    void turnsUntil(BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
            turns(1);
        }
    }

    /** A tick's time passes; what follows from it waits for the next turn. */
    void advance() {
        clocked.advance(TICK);
    }

    void tick() {
        advance();
        turns(SOME);
    }

    void pass(int seconds) {
        for (int i = 0; i < seconds * TICKS_OF_SECOND; i++) {
            tick();
        }
    }

    void sendAndServe(Peer peer, String text) {
        peer.send(text);
        turns(SOME);
    }

    /** Whether there is something to be read. */
    static boolean hears(Peer peer) {
        try {
            return peer.socket().getInputStream().available() > 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The result of what a client does meanwhile. */
    <T> T result(Callable<T> task) {
        var running = Peer.background(task);
        turnsUntil(running::isDone);
        return Await.result(running);
    }

    @Override
    public void close() {
        server.close();
        server.abortClients();
        turns(SOME);
        assertThat(loop.stats().buffers()).as("buffers that were not released").isZero();
        assertThat(loop.stats().timers()).as("timers left armed").isZero();
        loop.close();
    }
}
