package io.jvloop.transport;

import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The buffer that dataReceived gets belongs to the loop. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class BorrowedBufferTest {
    @Test
    @Contract(section = TRANSPORT,
            value = "In debug mode a buffer that a protocol keeps after dataReceived is "
                    + "overwritten at once")
    void debugModeOverwritesTheBufferAfterUse(EventLoop loop) {
        loop.setDebug(true);
        loop.setSlowCallbackDuration(Duration.ofHours(1));
        AtomicReference<ByteBuffer> kept = new AtomicReference<>();
        Recorder recorder = new Recorder().onData((transport, data) -> kept.set(data.duplicate()));
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.peer().send("secret");
            recorder.awaitBytes(6);
            byte[] seenLater = connection.ask(transport -> {
                byte[] bytes = new byte[6];
                kept.get().get(bytes);
                return bytes;
            });
            assertThat(recorder.text()).isEqualTo("secret");
            assertThat(seenLater).containsOnly(0xDB);
        }
    }

    @Test
    void debugModeDoesNotSpoilWhatIsSentOrReceived(EventLoop loop) {
        loop.setDebug(true);
        loop.setSlowCallbackDuration(Duration.ofHours(1));
        byte[] message = Bytes.noise(1_000_000);
        Recorder recorder = Recorder.echo();
        try (Connection connection = Connection.narrow(loop, recorder)) {
            Peer.background(() -> connection.peer().send(message));
            assertThat(connection.peer().read(message.length)).isEqualTo(message);
            assertThat(recorder.bytes()).isEqualTo(message);
            connection.peer().end();
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "dataReceived gets a buffer with at least one byte, in big-endian order")
    void bufferIsTheSameForEveryCallWhateverWasDoneToItBefore(EventLoop loop) {
        Recorder rude = new Recorder().onData((transport, data) -> data.order(ByteOrder.LITTLE_ENDIAN)
                .position(data.limit()).limit(data.capacity()));
        AtomicReference<ByteOrder> order = new AtomicReference<>();
        Recorder next = new Recorder().onData((transport, data) -> {
            order.set(data.order());
            transport.write(data);
        });
        try (Connection connection = Connection.open(loop, rude);
                Connection beside = connection.beside(next)) {
            connection.peer().send("rude");
            rude.awaitBytes(4);
            beside.peer().send("polite");
            assertThat(beside.peer().readText(6)).isEqualTo("polite");
            assertThat(order.get()).isEqualTo(ByteOrder.BIG_ENDIAN);
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "What dataReceived leaves unread in its buffer is not delivered again")
    void whatIsNotConsumedIsNotDeliveredAgain(EventLoop loop) {
        Recorder recorder = new Recorder().onData((transport, data) -> data.get());
        try (Connection connection = Connection.open(loop, recorder)) {
            connection.peer().send("abc");
            recorder.awaitBytes(3);
            connection.peer().send("def");
            recorder.awaitBytes(6);
            assertThat(recorder.text()).isEqualTo("abcdef");
        }
    }
}
