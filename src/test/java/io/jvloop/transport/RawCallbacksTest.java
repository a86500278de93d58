package io.jvloop.transport;

import static io.jvloop.support.Section.RAW_CHANNELS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.support.ReportedFailures;
import io.jvloop.support.SocketPair;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Readers and writers: what they hear, when they end, and what they may do. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class RawCallbacksTest {
    private final List<String> log = new ArrayList<>();
    private EventLoop loop;
    private SocketPair pair;
    private RawChannel raw;

    @BeforeEach
    void open(EventLoop fresh) throws IOException {
        loop = fresh;
        pair = SocketPair.open();
        raw = RawChannel.of(loop, pair.near());
    }

    @AfterEach
    void close() throws IOException {
        raw.close();
        pair.close();
    }

    @Test
    @Contract(section = RAW_CHANNELS,
            value = "A reader or writer is called in every turn in which the channel is ready")
    void callbacksAreCalledAsLongAsTheChannelIsReady() throws IOException {
        raw.addWriter(() -> log.add("write"));
        Turns.run(loop, 2);
        assertThat(log).containsExactly("write", "write");
        assertThat(raw.removeWriter()).isTrue();
        raw.addReader(() -> log.add("read"));
        log.clear();
        Turns.run(loop, 2);
        assertThat(log).isEmpty();
        send("x");
        awaitCall("read");
        log.clear();
        Turns.run(loop, 2);
        assertThat(log).containsExactly("read", "read");
        assertThat(pair.near().read(ByteBuffer.allocate(10))).isEqualTo(1);
        Turns.run(loop, 2);
        assertThat(log).hasSize(2);
    }

    @Test
    @Contract(section = RAW_CHANNELS, value = "A second reader or writer replaces the first, and one removal "
            + "removes it; removing tells whether there was one")
    void secondCallbackReplacesTheFirst() {
        for (int i = 1; i <= 3; i++) {
            int number = i;
            raw.addWriter(() -> log.add("writer " + number));
            raw.addReader(() -> log.add("reader " + number));
        }
        send("x");
        awaitCall("reader 3");
        assertThat(log).containsOnly("reader 3", "writer 3");
        assertThat(raw.removeReader()).isTrue();
        assertThat(raw.removeReader()).isFalse();
        assertThat(raw.removeWriter()).isTrue();
        assertThat(raw.removeWriter()).isFalse();
        log.clear();
        Turns.run(loop, 2);
        assertThat(log).isEmpty();
    }

    @Test
    @Contract(section = RAW_CHANNELS, value = "A reader may remove itself and the writer, which is then not "
            + "called any more in that turn")
    void readerMayRemoveBoth() {
        send("x");
        awaitReadable();
        raw.addReader(() -> {
            log.add("read");
            raw.removeReader();
            raw.removeWriter();
        });
        raw.addWriter(() -> log.add("write"));
        Turns.run(loop, 3);
        assertThat(log).containsExactly("read");
    }

    @Test
    void readerMayCloseTheChannelUnderTheWriter() {
        send("x");
        awaitReadable();
        raw.addReader(() -> {
            log.add("read");
            raw.close();
        });
        raw.addWriter(() -> log.add("write"));
        Turns.run(loop, 3);
        assertThat(log).containsExactly("read");
        assertThat(raw.removeReader()).isFalse();
        assertThat(raw.removeWriter()).isFalse();
    }

    @Test
    @Contract(section = RAW_CHANNELS,
            value = "A reader or writer that throws is reported and stays; the other is called all the same")
    void callbackThatThrowsIsReportedAndStays(ReportedFailures failures) {
        send("x");
        awaitReadable();
        raw.addReader(() -> {
            throw new IllegalArgumentException("reader");
        });
        raw.addWriter(() -> {
            throw new AssertionError("writer");
        });
        Turns.run(loop, 2);
        List<ExceptionContext> reported = failures.takeAll();
        assertThat(reported).extracting(context -> context.exception().getMessage())
                .containsExactly("reader", "writer", "reader", "writer");
        assertThat(reported.get(0).message()).contains("reader callback");
        assertThat(reported.get(0).toString()).contains("RawChannel[");
        assertThat(raw.removeReader()).isTrue();
        assertThat(raw.removeWriter()).isTrue();
    }

    @Test
    @Contract(section = RAW_CHANNELS, value = "A hang-up is heard by reader and writer alike")
    void hangUpIsHeardByBoth() throws IOException {
        raw.addReader(() -> log.add("read"));
        new Peer(pair.far().socket()).reset();
        awaitCall("read");
        raw.addWriter(() -> log.add("write"));
        log.clear();
        Turns.run(loop, 1);
        assertThat(log).containsExactly("read", "write");
    }

    @Test
    void writerOfAPipeHearsThatTheReaderIsGone() throws IOException {
        Pipe pipe = Pipe.open();
        try (RawChannel sink = RawChannel.of(loop, pipe.sink())) {
            while (pipe.sink().write(ByteBuffer.allocate(1000)) > 0) {
                log.add("filled");
            }
            log.clear();
            sink.addWriter(() -> log.add("write"));
            Turns.run(loop, 2);
            assertThat(log).isEmpty();
            pipe.source().close();
            Turns.run(loop, 1);
            assertThat(log).containsExactly("write");
        }
    }

    @Test
    @Contract(section = RAW_CHANNELS,
            value = "A callback that is removed costs the loop nothing, however ready the channel is")
    void loopSleepsWhenTheCallbackIsRemoved() {
        send("x");
        awaitReadable();
        raw.addWriter(() -> log.add("write"));
        raw.removeWriter();
        long before = loop.stats().turns();
        loop.callLater(20_000_000, loop::stop);
        loop.runForever();
        assertThat(loop.stats().turns() - before).isLessThan(5);
        assertThat(log).isEmpty();
    }

    @Test
    @Contract(section = RAW_CHANNELS,
            value = "A callback may be removed and the channel closed at once, and a new channel with "
                    + "the same descriptor inherits nothing")
    void channelMayBeClosedRightAfterTheRemoval() throws IOException {
        for (int round = 0; round < 50; round++) {
            Pipe first = Pipe.open();
            first.sink().write(ByteBuffer.allocate(1));
            RawChannel gone = RawChannel.of(loop, first.source());
            gone.addReader(() -> log.add("first"));
            if (round % 2 == 0) {
                Turns.run(loop, 1);
                log.clear();
            }
            assertThat(gone.removeReader()).isTrue();
            first.source().close();
            first.sink().close();
            Pipe second = Pipe.open();
            try (RawChannel stays = RawChannel.of(loop, second.source())) {
                stays.addReader(() -> log.add("second"));
                Turns.run(loop, 2);
                assertThat(log).isEmpty();
                second.sink().write(ByteBuffer.allocate(1));
                Turns.run(loop, 1);
                assertThat(log).containsExactly("second");
                log.clear();
            }
            second.sink().close();
            assertThat(gone.removeReader()).isFalse();
            gone.close();
        }
    }

    @Test
    void callbackOfAChannelClosedByItselfIsNotCalledAndCanBeRemoved() throws IOException {
        raw.addReader(() -> log.add("read"));
        raw.addWriter(() -> log.add("write"));
        pair.near().close();
        Turns.run(loop, 2);
        assertThat(log).isEmpty();
        assertThat(raw.removeReader()).isTrue();
        assertThat(raw.removeWriter()).isTrue();
        assertThatIllegalStateException().isThrownBy(() -> raw.addReader(() -> {}))
                .withMessageContaining("closed");
    }

    @Test
    @Contract(section = RAW_CHANNELS, value = "A writer also hears that a connection can be finished")
    void writerHearsThatAConnectionCanBeFinished() throws IOException {
        try (ServerSocketChannel server = loopback();
                SocketChannel client = SocketChannel.open();
                RawChannel connecting = RawChannel.of(loop, client)) {
            assertThat(client.connect(server.getLocalAddress())).isFalse();
            connecting.addWriter(() -> {
                log.add("connected " + finish(client));
                if (log.size() == 2) { // as a plain writer it goes on
                    connecting.removeWriter();
                    loop.stop();
                }
            });
            loop.runForever();
            assertThat(log).containsExactly("connected true", "connected true");
            server.accept().close();
        }
    }

    private static boolean finish(SocketChannel client) {
        try {
            return client.finishConnect();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void readerOfAListeningSocketHearsOfConnections() throws IOException {
        try (ServerSocketChannel server = loopback(); RawChannel listening = RawChannel.of(loop, server)) {
            listening.addReader(() -> {
                try {
                    server.accept().close();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
                loop.stop();
            });
            Turns.run(loop, 2);
            try (SocketChannel client = SocketChannel.open(server.getLocalAddress())) {
                loop.runForever();
                assertThat(client.isConnected()).isTrue();
            }
        }
    }

    @Test
    @Contract(section = RAW_CHANNELS,
            value = "What a kind of channel cannot do is refused with a message that names the channel")
    void directionsThatDoNotExistAreRefused() throws IOException {
        Pipe pipe = Pipe.open();
        try (ServerSocketChannel server = loopback();
                RawChannel listening = RawChannel.of(loop, server);
                RawChannel source = RawChannel.of(loop, pipe.source());
                RawChannel sink = RawChannel.of(loop, pipe.sink())) {
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> listening.addWriter(() -> {}))
                    .withMessageContaining(server.toString());
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> source.addWriter(() -> {}));
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> sink.addReader(() -> {}));
            assertThatNullPointerException().isThrownBy(() -> source.addReader(null));
            assertThat(sink.removeReader()).isFalse();
        }
    }

    @Test
    void foreignThreadsAreRefused() {
        try (LoopThread thread = LoopThread.start(loop)) {
            assertThatIllegalStateException().isThrownBy(() -> raw.addReader(() -> {}))
                    .withMessageContaining("callSoonThreadsafe");
            assertThatIllegalStateException().isThrownBy(raw::removeWriter);
            assertThatIllegalStateException().isThrownBy(() -> raw.recv(1));
            assertThatIllegalStateException().isThrownBy(raw::close);
            assertThat(thread.call(raw::removeReader)).isFalse();
        }
    }

    private static ServerSocketChannel loopback() throws IOException {
        return ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    private void send(String text) {
        try {
            pair.far().write(Bytes.heap(text));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void awaitCall(String call) {
        Await.until(call, () -> {
            Turns.run(loop, 1);
            return log.contains(call);
        });
    }

    /** Then it is readable in every turn from now on. */
    private void awaitReadable() {
        List<String> calls = new ArrayList<>();
        raw.addReader(() -> calls.add("read"));
        Await.until("readiness", () -> {
            Turns.run(loop, 1);
            return !calls.isEmpty();
        });
        raw.removeReader();
    }
}
