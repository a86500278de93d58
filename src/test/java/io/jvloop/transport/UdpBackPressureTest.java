package io.jvloop.transport;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.UDP;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Sending while the socket is full, by an outlet that does what the test says; the channel is real. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class UdpBackPressureTest {
    private static final InetSocketAddress SOMEBODY = new InetSocketAddress("127.0.0.1", 9);
    private static final int OVERHEAD = DatagramQueue.OVERHEAD_BYTES;

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
    @Contract(section = UDP, value = "Datagrams leave at once while the socket takes them, and in the order "
            + "they were sent in any case")
    void whatTheSocketRefusesIsSentInOrderLater() {
        begin();
        outlet.room(2);
        List<byte[]> expected = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            byte[] bytes = Bytes.noise(100 + i);
            expected.add(bytes);
            ByteBuffer data = i % 2 == 0 ? ByteBuffer.wrap(bytes.clone()) : Bytes.direct(bytes);
            transport.sendTo(data, new InetSocketAddress("127.0.0.1", 1 + i));
            assertThat(data.hasRemaining()).isFalse();
            data.clear().put(new byte[bytes.length]); // it may be used again
        }
        assertThat(outlet.taken()).hasSize(2);
        assertThat(outlet.calls()).as("calls of a socket known to be full").isEqualTo(3);
        outlet.room(3);
        Turns.run(loop, 1);
        assertThat(outlet.taken()).hasSize(5);
        outlet.room(100);
        Turns.run(loop, 1);
        assertThat(outlet.taken()).hasSize(10);
        for (int i = 0; i < 10; i++) {
            assertThat(outlet.taken().get(i).bytes()).isEqualTo(expected.get(i));
            assertThat(outlet.taken().get(i).to().getPort()).isEqualTo(1 + i);
        }
        assertThat(transport.writeBufferSize()).isZero();
        int calls = outlet.calls();
        Turns.run(loop, 3);
        assertThat(outlet.calls()).isEqualTo(calls);
    }

    @Test
    @Contract(section = UDP, value = "Queued datagrams count towards pauseWriting and resumeWriting, each "
            + "with eight bytes more than its content, and with as many when it leaves the queue")
    void pausesAboveTheHighMarkAndResumesAtTheLowOne() {
        begin();
        transport.setWriteBufferLimits(new WriteBufferLimits(2 * (100 + OVERHEAD), 4 * (100 + OVERHEAD)));
        outlet.room(0);
        for (int i = 0; i < 4; i++) {
            send(100);
        }
        assertThat(transport.writeBufferSize()).isEqualTo(4 * (100 + OVERHEAD));
        assertThat(recorder.calls()).containsExactly("made");
        send(100);
        assertThat(recorder.calls()).containsExactly("made", "pause");
        outlet.room(2);
        Turns.run(loop, 1);
        assertThat(recorder.calls()).containsExactly("made", "pause");
        outlet.room(1);
        Turns.run(loop, 1);
        assertThat(recorder.calls()).containsExactly("made", "pause", "resume");
        outlet.room(100);
        Turns.run(loop, 1);
        assertThat(transport.writeBufferSize()).isZero();
        assertThat(recorder.calls()).containsExactly("made", "pause", "resume");
    }

    @Test
    @Contract(section = UDP,
            value = "With a high mark of 0 a single queued datagram pauses, even an empty one")
    void emptyDatagramPausesAtAHighMarkOfZero() {
        begin();
        transport.setWriteBufferLimits(new WriteBufferLimits(0, 0));
        send(0);
        assertThat(recorder.calls()).containsExactly("made", "pause");
        Turns.run(loop, 1);
        assertThat(recorder.calls()).containsExactly("made", "pause", "resume");
    }

    @Test
    void newMarksTakeEffectAtOnce() {
        begin();
        outlet.room(0);
        send(1_000);
        transport.setWriteBufferLimits(new WriteBufferLimits(10, 100));
        assertThat(transport.writeBufferLimits()).isEqualTo(new WriteBufferLimits(10, 100));
        assertThat(recorder.calls()).containsExactly("made", "pause");
        transport.setWriteBufferLimits(WriteBufferLimits.DEFAULT);
        assertThat(recorder.calls()).containsExactly("made", "pause", "resume");
    }

    @Test
    void whatIsSentBeforeConnectionMadePausesAfterIt() {
        transport.setWriteBufferLimits(new WriteBufferLimits(10, 100));
        outlet.room(0);
        send(1_000);
        transport.setWriteBufferLimits(new WriteBufferLimits(10, 99));
        assertThat(recorder.calls()).isEmpty();
        Turns.run(loop, 1);
        assertThat(recorder.calls()).containsExactly("made", "pause");
        outlet.room(1);
        Turns.run(loop, 1);
        assertThat(recorder.calls()).containsExactly("made", "pause", "resume");
    }

    @Test
    @Contract(section = BETTER, value = "An empty datagram is not lost in a full socket, although the JDK "
            + "returns 0 for both")
    void emptyDatagramWaitsUntilThereIsRoomForCertain() {
        begin();
        send(0);
        assertThat(outlet.taken()).isEmpty();
        send(5);
        send(0);
        send(0);
        send(7);
        Turns.run(loop, 1);
        assertThat(outlet.takenSizes()).containsExactly(0, 5);
        Turns.run(loop, 1);
        assertThat(outlet.takenSizes()).containsExactly(0, 5, 0);
        Turns.run(loop, 1);
        assertThat(outlet.takenSizes()).containsExactly(0, 5, 0, 0, 7);
    }

    @Test
    void readinessEventSendsNotMoreThanABatch() {
        begin();
        outlet.room(0);
        for (int i = 0; i < 50; i++) {
            send(10);
        }
        outlet.room(100);
        Turns.run(loop, 1);
        assertThat(outlet.taken()).hasSize(UdpSender.BATCH);
        Turns.run(loop, 1);
        assertThat(outlet.taken()).hasSize(50);
    }

    @Test
    @Contract(section = UDP, value = "A failure to send costs that one datagram; what is behind it in the "
            + "queue is sent, and the marks hold")
    void failureInTheMiddleOfTheQueueCostsOneDatagram() {
        begin();
        transport.setWriteBufferLimits(new WriteBufferLimits(0, 1));
        outlet.room(0);
        send(1);
        send(2);
        send(3);
        IOException failure = new IOException("No buffer space available");
        outlet.room(1);
        Turns.run(loop, 1);
        outlet.fail(failure).room(100);
        Turns.run(loop, 2);
        assertThat(outlet.takenSizes()).containsExactly(1, 3);
        assertThat(recorder.errors()).containsExactly(failure);
        assertThat(recorder.calls()).containsExactlyInAnyOrder("made", "pause", "resume", "error");
        assertThat(transport.writeBufferSize()).isZero();
    }

    @Test
    void failureOfTheLastQueuedDatagramResumesToo() {
        begin();
        transport.setWriteBufferLimits(new WriteBufferLimits(0, 1));
        outlet.room(0);
        send(1);
        outlet.room(1).fail(new IOException("scripted"));
        Turns.run(loop, 2);
        assertThat(recorder.calls()).containsExactlyInAnyOrder("made", "pause", "resume", "error");
    }

    @Test
    @Contract(section = UDP, value = "errorReceived never comes from inside a send of the application's own")
    void failureOfASendIsToldInALaterTurn() {
        begin();
        outlet.fail(new IOException("scripted"));
        send(1);
        assertThat(recorder.calls()).containsExactly("made");
        send(2);
        assertThat(outlet.takenSizes()).containsExactly(2);
        Turns.run(loop, 1);
        assertThat(recorder.calls()).containsExactly("made", "error");
    }

    @Test
    @Contract(section = BETTER, value = "A port-unreachable message about an earlier datagram does not cost "
            + "the one whose sending brought it up")
    void unreachablePortOfAnEarlierDatagramDoesNotCostThisOne() {
        begin();
        outlet.fail(new PortUnreachableException());
        send(1);
        outlet.room(0);
        send(2);
        outlet.fail(new PortUnreachableException()).room(1);
        Turns.run(loop, 1);
        assertThat(outlet.takenSizes()).containsExactly(1, 2);
        Turns.run(loop, 1);
        assertThat(recorder.calls()).containsExactly("made", "error", "error");
    }

    @Test
    void unreachablePortTwiceInARowCostsTheDatagram() {
        begin();
        outlet.fail(new PortUnreachableException()).fail(new PortUnreachableException());
        send(1);
        send(2);
        Turns.run(loop, 1);
        assertThat(outlet.takenSizes()).containsExactly(2);
        assertThat(recorder.calls()).containsExactly("made", "error", "error");
    }

    @Test
    void sendingInsidePauseAndResumeKeepsTheOrder() {
        recorder.onPause(() -> send(10)).onResume(() -> send(20));
        begin();
        transport.setWriteBufferLimits(new WriteBufferLimits(0, 0));
        outlet.room(0);
        send(1);
        send(2);
        outlet.room(100);
        Turns.run(loop, 2);
        assertThat(outlet.takenSizes()).containsExactly(1, 10, 2, 20);
        assertThat(recorder.calls()).containsExactly("made", "pause", "resume");
    }

    @Test
    @Contract(section = UDP, value = "What pauseWriting, resumeWriting or errorReceived throw is reported, "
            + "and the endpoint goes on")
    void whatTheCallsThrowIsReported(ReportedFailures failures) {
        recorder.onPause(() -> {
            throw new IllegalStateException("in pause");
        }).onResume(() -> {
            throw new AssertionError("in resume");
        }).onError(failure -> {
            throw new IllegalStateException("in error");
        });
        begin();
        transport.setWriteBufferLimits(new WriteBufferLimits(0, 0));
        outlet.room(0);
        send(1);
        outlet.room(100);
        Turns.run(loop, 1);
        outlet.fail(new IOException("scripted"));
        send(2);
        Turns.run(loop, 1);
        assertThat(failures.takeAll()).extracting(context -> context.exception().getMessage())
                .containsExactly("in pause", "in resume", "in error");
        send(3);
        assertThat(outlet.takenSizes()).containsExactly(1, 3);
    }

    /** Whatever happens: in the end nothing is counted, nothing is held, and nobody is left paused. */
    @RepeatedTest(10)
    void accountIsEvenAfterAnyHistory(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        begin();
        transport.setWriteBufferLimits(new WriteBufferLimits(1_000, 4_000));
        int sent = 0;
        int failed = 0;
        for (int i = 0; i < 500; i++) {
            outlet.room(random.nextInt(6));
            for (int n = random.nextInt(8); n > 0; n--) {
                send(random.nextInt(5) == 0 ? 0 : random.nextInt(1_500));
                sent++;
            }
            if (random.nextInt(10) == 0) {
                outlet.fail(new IOException("scripted"));
                failed++;
            }
            outlet.room(1 + random.nextInt(10)); // a socket that is reported ready has room
            Turns.run(loop, 1);
        }
        outlet.room(Integer.MAX_VALUE);
        while (transport.writeBufferSize() > 0) {
            Turns.run(loop, 1);
        }
        Turns.run(loop, 1);
        send(1); // whatever failure is still to come
        assertThat(transport.writeBufferSize()).isZero();
        assertThat(loop.buffers().outstanding()).isZero();
        assertThat(recorder.count("pause")).isPositive().isEqualTo(recorder.count("resume"));
        assertThat(outlet.taken()).hasSizeBetween(sent - failed, sent + 1);
    }
}
