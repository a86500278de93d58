package io.jvloop.transport;

import static io.jvloop.support.Section.UDP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.ExpectedLogs;
import io.jvloop.support.LoopExtension;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The end of an endpoint: at every moment, with and without something queued. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class UdpCloseTest {
    private static final InetSocketAddress SOMEBODY = new InetSocketAddress("127.0.0.1", 9);

    private final DatagramRecorder recorder = new DatagramRecorder();
    private final DatagramOutlet outlet = new DatagramOutlet();
    private EventLoop loop;
    private UdpTransport transport;

    @BeforeEach
    void bind(EventLoop ownLoop) throws IOException {
        loop = ownLoop;
        transport = outlet.bind(loop, recorder);
    }

    @AfterEach
    void end() {
        if (!loop.isClosed()) {
            transport.abort();
            Turns.run(loop, 2);
        }
    }

    private void begin() {
        Turns.run(loop, 1);
        assertThat(recorder.calls()).containsExactly("made");
    }

    private void send(int bytes) {
        ByteBuffer data = ByteBuffer.allocateDirect(bytes);
        transport.sendTo(data, SOMEBODY);
        assertThat(data.hasRemaining()).isFalse();
    }

    @Test
    @Contract(section = UDP, value = "An endpoint aborted before connectionMade calls nothing at all")
    void endpointAbortedBeforeItBeganIsSilent() {
        transport.close();
        transport.abort();
        Turns.run(loop, 3);
        assertThat(recorder.calls()).isEmpty();
    }

    @Test
    void endpointClosedInsideConnectionMadeEndsInOrder() {
        recorder.onMade(DatagramTransport::close);
        Turns.run(loop, 3);
        assertThat(recorder.calls()).containsExactly("made", "lost");
    }

    @Test
    void endpointClosedWithSomethingQueuedInsideConnectionMadeSendsIt() {
        recorder.onMade(made -> {
            send(0);
            made.close();
        });
        Turns.run(loop, 3);
        assertThat(outlet.takenSizes()).containsExactly(0);
        assertThat(recorder.calls()).containsExactly("made", "lost");
    }

    @Test
    void endpointAbortedInsideConnectionMadeEndsInOrder() {
        recorder.onMade(DatagramTransport::abort);
        transport.close();
        Turns.run(loop, 3);
        assertThat(recorder.calls()).containsExactly("made", "lost");
    }

    @Test
    void closeOfAnIdleEndpointEndsItInALaterTurn() {
        begin();
        transport.close();
        assertThat(recorder.calls()).containsExactly("made");
        Turns.run(loop, 1);
        assertThat(recorder.calls()).containsExactly("made", "lost");
        assertThatThrownBy(() -> transport.option(StandardSocketOptions.SO_RCVBUF))
                .isInstanceOf(IOException.class);
        assertThat(transport.localAddress().getPort()).isPositive();
    }

    @Test
    @Contract(section = UDP, value = "Draining the loop closes an endpoint, unless its protocol wants to "
            + "finish something first")
    void drainingClosesUnlessTheProtocolWantsToGoOn() {
        begin();
        recorder.goOnDraining(true);
        transport.draining();
        Turns.run(loop, 1);
        assertThat(transport.isReading()).isTrue();
        recorder.goOnDraining(false);
        transport.draining();
        Turns.run(loop, 1);
        assertThat(recorder.calls()).containsExactly("made", "lost");
    }

    @Test
    void failureBeforeConnectionMadeIsToldAfterIt() {
        outlet.fail(new IOException("scripted"));
        send(1);
        transport.close();
        Turns.run(loop, 3);
        assertThat(recorder.calls()).containsExactly("made", "error", "lost");
    }

    @Test
    void failureOfAnEndpointAbortedBeforeConnectionMadeIsNotTold() {
        outlet.fail(new IOException("scripted"));
        send(1);
        transport.abort();
        Turns.run(loop, 3);
        assertThat(recorder.calls()).isEmpty();
    }

    @Test
    @Contract(section = UDP, value = "close sends what is queued, then calls connectionLost(null) once; what "
            + "is sent after it is dropped")
    void closeSendsWhatIsQueued(ExpectedLogs logs) {
        begin();
        outlet.room(0);
        send(1);
        send(0);
        send(2);
        transport.close();
        transport.close();
        assertThat(transport.isClosing()).isTrue();
        assertThat(transport.isReading()).isFalse();
        Turns.run(loop, 2);
        assertThat(recorder.isLost()).isFalse();
        for (int i = 0; i < 4; i++) {
            send(99);
        }
        assertThat(logs.count()).isZero();
        send(99);
        assertThat(logs.takeText()).contains("5 writes", transport.toString());
        outlet.room(100);
        Turns.run(loop, 4);
        assertThat(outlet.takenSizes()).containsExactly(1, 0, 2);
        assertThat(recorder.calls()).containsExactly("made", "lost");
        assertThat(recorder.awaitLost()).isNull();
    }

    @Test
    void failureWhileClosingIsToldBeforeConnectionLost() {
        begin();
        outlet.room(0);
        send(1);
        transport.close();
        outlet.room(1).fail(new IOException("scripted"));
        Turns.run(loop, 3);
        assertThat(recorder.calls()).containsExactly("made", "error", "lost");
    }

    @Test
    @Contract(section = UDP, value = "An endpoint closed before connectionMade still sends what is queued, "
            + "and hears connectionMade and connectionLost")
    void closeBeforeConnectionMadeSendsWhatIsQueued() {
        send(0);
        transport.close();
        assertThat(transport.isClosing()).isTrue();
        send(77); // dropped
        Turns.run(loop, 4);
        assertThat(outlet.takenSizes()).containsExactly(0);
        assertThat(recorder.calls()).containsExactly("made", "lost");
    }

    @Test
    @Contract(section = UDP, value = "abort drops what is queued, and calls connectionLost(null) once")
    void abortDropsWhatIsQueued() {
        begin();
        outlet.room(0);
        send(1);
        transport.close();
        transport.abort();
        transport.abort();
        assertThat(loop.buffers().outstanding()).isZero();
        assertThat(transport.writeBufferSize()).isZero();
        transport.setWriteBufferLimits(new WriteBufferLimits(0, 0));
        outlet.room(100);
        Turns.run(loop, 3);
        assertThat(outlet.taken()).isEmpty();
        assertThat(recorder.calls()).containsExactly("made", "lost");
        assertThat(recorder.awaitLost()).isNull();
    }

    @Test
    void abortInsidePauseWritingEndsInOrder() {
        recorder.onPause(() -> transport.abort());
        begin();
        transport.setWriteBufferLimits(new WriteBufferLimits(0, 0));
        outlet.room(0);
        send(1);
        send(2);
        Turns.run(loop, 2);
        assertThat(recorder.calls()).containsExactly("made", "pause", "lost");
    }

    @Test
    @Contract(section = UDP, value = "If somebody else closes the channel, the protocol hears of it by "
            + "connectionLost with the cause")
    void channelClosedBehindOurBackIsTheEnd() {
        begin();
        outlet.room(0);
        send(1);
        outlet.room(1).fail(new ClosedChannelException());
        Turns.run(loop, 2);
        assertThat(recorder.calls()).containsExactly("made", "lost");
        assertThat(recorder.awaitLost()).isInstanceOf(ClosedChannelException.class);
        assertThat(loop.buffers().outstanding()).isZero();
    }

    @Test
    void closingTheLoopDropsWhatIsQueued(ExpectedLogs logs) {
        begin();
        outlet.room(0);
        send(1);
        loop.close();
        assertThat(logs.takeText()).contains("1 open channel");
        assertThat(recorder.calls()).containsExactly("made", "lost");
        assertThat(loop.buffers().outstanding()).isZero();
        send(2); // dropped
    }
}
