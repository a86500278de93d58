package io.jvloop.transport;

import static io.jvloop.support.Section.BETTER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.jvloop.loop.ClockedLoop;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import io.jvloop.support.SocketPair;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections on which nothing happens, on a clock that the test sets. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class IdleTimeoutTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final ClockedLoop clocked = new ClockedLoop();
    private final EventLoop loop = clocked.loop();
    private final Watched protocol = new Watched();
    private SocketPair pair;
    private Transport transport;

    /** Writes down the calls, and answers idleTimeout as a test says. */
    private static final class Watched implements Protocol {
        final List<String> calls = new ArrayList<>();
        BooleanSupplier onIdle = () -> false;
        Throwable cause;
        int received;

        @Override
        public void dataReceived(ByteBuffer data) {
            received += data.remaining();
        }

        @Override
        public boolean idleTimeout() {
            calls.add("idle");
            return onIdle.getAsBoolean();
        }

        @Override
        public void connectionLost(Throwable reason) {
            calls.add("lost");
            cause = reason;
        }
    }

    @BeforeEach
    void connect(ReportedFailures failures) throws IOException {
        loop.setExceptionHandler(failures);
        pair = SocketPair.open();
        transport = loop.runUntilComplete(Net.adopt(loop, pair.near(), () -> protocol));
    }

    @AfterEach
    void close() throws IOException {
        transport.abort();
        Turns.run(loop, 2);
        assertThat(loop.stats().timers()).as("timers left").isZero();
        assertThat(loop.stats().channels()).as("channels left").isZero();
        assertThat(loop.stats().buffers()).as("buffers left").isZero();
        loop.close();
        pair.close();
    }

    private void pass(Duration time) {
        clocked.advance(time);
        Turns.run(loop, 2);
    }

    private void until(BooleanSupplier condition) {
        Await.until("the condition", () -> {
            Turns.run(loop, 1);
            return condition.getAsBoolean();
        });
    }

    @Test
    @Contract(section = BETTER,
            value = "With setIdleTimeout, a connection on which nothing is received or sent "
                    + "for so long ends with a SocketTimeoutException")
    void silenceEndsTheConnection() {
        transport.setIdleTimeout(MINUTE);
        pass(MINUTE.minusNanos(1));
        assertThat(protocol.calls).isEmpty();
        pass(Duration.ofNanos(1));
        assertThat(protocol.calls).containsExactly("idle", "lost");
        assertThat(protocol.cause).isInstanceOf(SocketTimeoutException.class)
                .hasMessageStartingWith("idle for PT1M: Transport[");
        assertThat(pair.near().isOpen()).isFalse();
        pass(MINUTE);
        assertThat(protocol.calls).containsExactly("idle", "lost");
    }

    @Test
    void withoutATimeoutNothingIsWatched() {
        assertThat(loop.stats().timers()).isZero();
        pass(Duration.ofDays(1_000));
        assertThat(protocol.calls).isEmpty();
    }

    @Test
    void itAlsoHappensOnARealClock(EventLoop real) {
        Recorder recorder = new Recorder().onMade(made -> made.setIdleTimeout(Duration.ofMillis(30)));
        try (Connection connection = Connection.open(real, recorder)) {
            assertThat(recorder.awaitLost()).isInstanceOf(SocketTimeoutException.class);
            connection.peer().drain();
        }
    }

    @Test
    @Contract(section = BETTER,
            value = "A protocol that returns true from idleTimeout goes on for another such "
                    + "time")
    void theProtocolMayObject() {
        transport.setIdleTimeout(MINUTE);
        protocol.onIdle = () -> protocol.calls.size() < 3;
        pass(MINUTE);
        pass(MINUTE.minusNanos(1));
        assertThat(protocol.calls).containsExactly("idle");
        pass(Duration.ofNanos(1));
        assertThat(protocol.calls).containsExactly("idle", "idle");
        pass(MINUTE);
        assertThat(protocol.calls).containsExactly("idle", "idle", "idle", "lost");
    }

    @Test
    @Contract(section = BETTER, value = "Whatever is received or sent begins the idle time anew")
    void trafficKeepsItAlive() throws IOException {
        transport.setIdleTimeout(MINUTE);
        for (int i = 1; i <= 5; i++) {
            pass(MINUTE.minus(SECOND));
            int expected = i;
            pair.far().write(ByteBuffer.allocate(1));
            until(() -> protocol.received == expected);
            pass(MINUTE.minus(SECOND));
            transport.write(new byte[1]);
            pass(MINUTE.minus(SECOND));
            transport.writeAll(ByteBuffer.allocate(1));
            pass(MINUTE.minus(SECOND));
            transport.sendFile(new TestFile(new byte[3]));
        }
        assertThat(protocol.calls).isEmpty();
        pass(MINUTE.minusNanos(1));
        assertThat(protocol.calls).isEmpty();
        pass(Duration.ofNanos(1));
        assertThat(protocol.calls).containsExactly("idle", "lost");
    }

    @Test
    void aWriteThatGoesOutInPartIsASignOfLife() {
        transport.setIdleTimeout(MINUTE);
        pass(MINUTE.minus(SECOND));
        transport.write(new byte[20_000_000]);
        assertThat(transport.writeBufferSize()).isBetween(1L, 19_999_999L);
        pass(MINUTE.minus(SECOND));
        assertThat(protocol.calls).isEmpty();
        pass(SECOND);
        assertThat(protocol.calls).containsExactly("idle", "lost");
    }

    @Test
    @Contract(section = BETTER,
            value = "Bytes that are only queued, since the peer does not read, do not count "
                    + "as sent")
    void aPeerThatDoesNotReadIsIdle() {
        Connection.fill(transport);
        transport.setIdleTimeout(MINUTE);
        for (int i = 0; i < 59; i++) {
            pass(SECOND);
            transport.write(new byte[10]);
            transport.writeAll(ByteBuffer.allocate(10));
            transport.sendFile(new TestFile(new byte[10]));
        }
        assertThat(protocol.calls).isEmpty();
        pass(SECOND);
        assertThat(protocol.calls).containsExactly("idle", "lost");
        assertThat(protocol.cause).hasMessageContaining("bytes queued");
    }

    @Test
    void aPeerThatReadsAgainIsNotIdle() throws IOException {
        long filled = Connection.fill(transport);
        long queued = transport.writeBufferSize();
        transport.setIdleTimeout(MINUTE);
        pass(MINUTE.minus(SECOND));
        skip(pair.far(), filled - queued);
        until(() -> transport.writeBufferSize() == 0);
        pass(MINUTE.minusNanos(1));
        assertThat(protocol.calls).isEmpty();
        pass(Duration.ofNanos(1));
        assertThat(protocol.calls).containsExactly("idle", "lost");
    }

    private static void skip(SocketChannel from, long bytes) throws IOException {
        ByteBuffer sink = ByteBuffer.allocate(64 * 1024);
        for (long left = bytes; left > 0;) {
            left -= from.read(sink.clear().limit((int) Math.min(left, sink.capacity())));
        }
    }

    @Test
    @Contract(section = BETTER,
            value = "A close that waits for a peer that does not read is ended by the idle "
                    + "timeout")
    void aStuckCloseIsEnded() {
        Connection.fill(transport);
        transport.setIdleTimeout(MINUTE);
        pass(SECOND);
        transport.close();
        pass(MINUTE.minus(SECOND).minusNanos(1));
        assertThat(protocol.calls).isEmpty();
        pass(Duration.ofNanos(1));
        assertThat(protocol.calls).containsExactly("idle", "lost");
        assertThat(protocol.cause).isInstanceOf(SocketTimeoutException.class);
    }

    @Test
    void itMayBeSetAfterClose() {
        Connection.fill(transport);
        transport.close();
        transport.setIdleTimeout(MINUTE);
        pass(MINUTE);
        assertThat(protocol.cause).isInstanceOf(SocketTimeoutException.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anotherTimeReplacesItAndBeginsNow(boolean shorter) {
        Duration other = shorter ? SECOND : Duration.ofHours(1);
        transport.setIdleTimeout(MINUTE);
        pass(Duration.ofSeconds(30));
        transport.setIdleTimeout(other);
        assertThat(loop.stats().timers()).isEqualTo(1);
        pass(other.minusNanos(1));
        assertThat(protocol.calls).isEmpty();
        pass(Duration.ofNanos(1));
        assertThat(protocol.calls).containsExactly("idle", "lost");
    }

    @Test
    @Contract(section = BETTER, value = "A null idle timeout switches it off")
    void nullSwitchesItOff() {
        transport.setIdleTimeout(null);
        transport.setIdleTimeout(MINUTE);
        transport.setIdleTimeout(null);
        assertThat(loop.stats().timers()).isZero();
        pass(Duration.ofDays(1));
        assertThat(protocol.calls).isEmpty();
    }

    @Test
    void aTimeThatIsNotPositiveIsRefused() {
        transport.setIdleTimeout(MINUTE);
        assertThatIllegalArgumentException().isThrownBy(() -> transport.setIdleTimeout(Duration.ZERO))
                .withMessageContaining("PT0S").withMessageContaining("null switches it off");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> transport.setIdleTimeout(Duration.ofNanos(-1)));
        pass(MINUTE.minusNanos(1));
        assertThat(protocol.calls).as("the time set before still holds").isEmpty();
        pass(Duration.ofNanos(1));
        assertThat(protocol.calls).containsExactly("idle", "lost");
    }

    @Test
    void theLongestTimeIsForEver() {
        transport.setIdleTimeout(Duration.ofSeconds(Long.MAX_VALUE));
        pass(Duration.ofDays(365 * 90));
        assertThat(protocol.calls).isEmpty();
    }

    @Test
    void theProtocolMaySetAnotherTimeWhenAsked() {
        transport.setIdleTimeout(MINUTE);
        protocol.onIdle = () -> {
            transport.setIdleTimeout(SECOND);
            return protocol.calls.size() < 2;
        };
        pass(MINUTE);
        assertThat(loop.stats().timers()).isEqualTo(1);
        pass(SECOND);
        assertThat(protocol.calls).containsExactly("idle", "idle", "lost");
    }

    @ParameterizedTest
    @ValueSource(strings = {"switch off", "close", "abort"})
    void theProtocolMayEndItWhenAsked(String how) {
        transport.setIdleTimeout(MINUTE);
        protocol.onIdle = () -> {
            switch (how) {
                case "close" -> transport.close();
                case "abort" -> transport.abort();
                default -> transport.setIdleTimeout(null);
            }
            return how.equals("switch off");
        };
        pass(MINUTE);
        if (how.equals("switch off")) {
            assertThat(protocol.calls).containsExactly("idle");
            assertThat(transport.isClosing()).isFalse();
        } else {
            assertThat(protocol.calls).containsExactly("idle", "lost");
            assertThat(protocol.cause).as("an end the protocol chose itself").isNull();
        }
        assertThat(loop.stats().timers()).isZero();
    }

    @Test
    void thePingOfAProtocolThatObjectsIsTraffic() {
        transport.setIdleTimeout(MINUTE);
        protocol.onIdle = () -> {
            transport.write(new byte[1]);
            return true;
        };
        for (int i = 1; i <= 10; i++) {
            pass(MINUTE);
            assertThat(protocol.calls).hasSize(i);
        }
    }

    @Test
    @Contract(section = BETTER, value = "What idleTimeout throws is fatal to its connection and reported")
    void anExceptionIsFatal(ReportedFailures failures) {
        transport.setIdleTimeout(MINUTE);
        IllegalStateException thrown = new IllegalStateException("in idleTimeout");
        protocol.onIdle = () -> {
            throw thrown;
        };
        pass(MINUTE);
        assertThat(protocol.calls).containsExactly("idle", "lost");
        assertThat(protocol.cause).isSameAs(thrown);
        assertThat(failures.takeOne().exception()).isSameAs(thrown);
    }

    @Test
    void afterTheEndItIsNoTimer() {
        transport.setIdleTimeout(MINUTE);
        transport.abort();
        assertThat(loop.stats().timers()).isZero();
        transport.setIdleTimeout(MINUTE);
        assertThat(loop.stats().timers()).isZero();
        assertThatIllegalArgumentException().isThrownBy(() -> transport.setIdleTimeout(Duration.ZERO));
    }

    @Test
    void anotherThreadIsRefused(EventLoop real) {
        try (Connection connection = Connection.open(real, new Recorder())) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> connection.transport().setIdleTimeout(MINUTE))
                    .withMessageContaining("setIdleTimeout");
        }
    }

    @Test
    void trafficArmsNoFurtherTimer() throws IOException {
        transport.setIdleTimeout(MINUTE);
        for (int i = 1; i <= 30; i++) {
            clocked.advance(SECOND);
            pair.far().write(ByteBuffer.allocate(1));
            int expected = i;
            until(() -> protocol.received == expected);
            assertThat(loop.stats().timers()).isEqualTo(1);
        }
        pass(Duration.ofSeconds(30)); // it fires, and finds that there was traffic 30 seconds ago
        assertThat(loop.stats().timers()).isEqualTo(1);
        pass(Duration.ofSeconds(29));
        assertThat(protocol.calls).isEmpty();
        pass(SECOND);
        assertThat(protocol.calls).containsExactly("idle", "lost");
    }
}
