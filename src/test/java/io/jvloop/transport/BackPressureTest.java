package io.jvloop.transport;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.SocketPair;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** pauseWriting and resumeWriting, with a kernel that is full. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class BackPressureTest {
    private static final WriteBufferLimits ZERO = new WriteBufferLimits(0, 0);

    @Test
    @Contract(section = TRANSPORT,
            value = "pauseWriting is called from inside the write that takes the queue "
                    + "above the high mark")
    void pauseWritingComesFromInsideTheWriteThatExceedsTheHighMark(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.narrow(loop, recorder)) {
            connection.fill();
            connection.run(transport -> {
                int high = (int) transport.writeBufferSize() + 1_000;
                transport.setWriteBufferLimits(new WriteBufferLimits(0, high));
                transport.write(new byte[1_000]);
                assertThat(transport.writeBufferSize()).isEqualTo(high);
                assertThat(recorder.calls()).containsExactly("made");
                transport.write(new byte[1]);
                assertThat(recorder.calls()).containsExactly("made", "pause");
                transport.write(new byte[100_000]);
                assertThat(recorder.calls()).containsExactly("made", "pause");
            });
        }
    }

    @Test
    void writeAllPausesToo(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.narrow(loop, recorder)) {
            connection.fill();
            connection.run(transport -> {
                transport.writeAll(Bytes.heap("a"), ByteBuffer.allocate(70_000));
                assertThat(recorder.calls()).containsExactly("made", "pause");
            });
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "resumeWriting is called by the loop once the queue has sunk to the low mark")
    void resumeWritingComesAtTheLowMark(EventLoop loop) {
        int low = 50_000;
        List<Long> sizes = new CopyOnWriteArrayList<>();
        Recorder recorder = new Recorder().onResume(transport -> sizes.add(transport.writeBufferSize()));
        try (Connection connection = Connection.narrow(loop, recorder)) {
            connection.run(transport -> {
                transport.setWriteBufferLimits(new WriteBufferLimits(low, 60_000));
                transport.write(new byte[1_000_000]);
                assertThat(recorder.calls()).containsExactly("made", "pause");
            });
            connection.peer().read(900_000); // more than 50,000 are still on their way
            connection.run(transport -> {
                boolean resumed = recorder.calls().contains("resume");
                assertThat(resumed).isEqualTo(transport.writeBufferSize() <= low);
            });
            connection.peer().read(100_000);
            recorder.awaitCall("resume");
            assertThat(sizes).hasSize(1).allMatch(size -> size <= low);
            assertThat(recorder.calls()).containsExactly("made", "pause", "resume");
        }
    }

    @Test
    @Contract(section = BETTER, value = "New marks take effect at once, also when they end a pause (asyncio "
            + "and uvloop only begin one)")
    void newMarksTakeEffectAtOnceInBothDirections(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (Connection connection = Connection.narrow(loop, recorder)) {
            connection.fill();
            connection.run(transport -> {
                int size = (int) transport.writeBufferSize();
                transport.setWriteBufferLimits(new WriteBufferLimits(0, size - 1));
                assertThat(recorder.calls()).containsExactly("made", "pause");
                transport.setWriteBufferLimits(new WriteBufferLimits(size - 1, size * 10));
                assertThat(recorder.calls()).containsExactly("made", "pause");
                transport.setWriteBufferLimits(new WriteBufferLimits(size, size * 10));
                assertThat(recorder.calls()).containsExactly("made", "pause", "resume");
                assertThat(transport.writeBufferLimits()).isEqualTo(new WriteBufferLimits(size, size * 10));
            });
        }
    }

    @Test
    void nullIsNoMark(EventLoop loop) {
        try (Connection connection = Connection.open(loop, new Recorder())) {
            connection.run(transport -> {
                assertThatNullPointerException().isThrownBy(() -> transport.setWriteBufferLimits(null));
                assertThat(transport.writeBufferLimits()).isEqualTo(WriteBufferLimits.DEFAULT);
            });
        }
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "With a high mark of 0 a protocol is paused as soon as anything is "
                    + "queued, and resumed when everything is sent")
    void highMarkOfZeroPausesAsSoonAsAnythingIsQueued(EventLoop loop) {
        List<Long> sizes = new CopyOnWriteArrayList<>();
        Recorder recorder = new Recorder().onResume(transport -> sizes.add(transport.writeBufferSize()));
        try (Connection connection = Connection.narrow(loop, recorder)) {
            connection.run(transport -> {
                transport.setWriteBufferLimits(ZERO);
                transport.write(new byte[1]); // goes straight through
                assertThat(recorder.calls()).containsExactly("made");
            });
            long filled = connection.fill();
            assertThat(recorder.calls()).containsExactly("made", "pause");
            connection.peer().read((int) filled + 1);
            recorder.awaitCall("resume");
            connection.run(transport -> assertThat(sizes).containsExactly(0L));
        }
    }

    @Test
    void marksOfTheConfigurationAreThoseOfTheTransport(EventLoop loop) throws Exception {
        WriteBufferLimits marks = new WriteBufferLimits(5, 50);
        try (SocketPair pair = SocketPair.open()) {
            Transport transport = loop.runUntilComplete(Net.adopt(loop, pair.near(), Recorder::new,
                    SocketConfig.DEFAULT.withWriteBufferLimits(marks)));
            assertThat(transport.writeBufferLimits()).isEqualTo(marks);
            transport.abort();
            Turns.run(loop, 2);
            transport.setWriteBufferLimits(ZERO); // harmless
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "pauseWriting and resumeWriting strictly alternate, pause first")
    void callsAlternateAndFitTheMarksInARandomSchedule(EventLoop loop) {
        Random random = new Random(23);
        List<String> violations = new CopyOnWriteArrayList<>();
        Recorder recorder = new Recorder();
        recorder.onPause(transport -> {
            if (transport.writeBufferSize() <= transport.writeBufferLimits().highBytes()) {
                violations.add("paused at " + transport);
            }
        }).onResume(transport -> {
            if (transport.writeBufferSize() > transport.writeBufferLimits().lowBytes()) {
                violations.add("resumed at " + transport);
            }
        });
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        try (Connection connection = Connection.narrow(loop, recorder)) {
            for (int round = 0; round < 400; round++) {
                connection.run(transport -> writeOrChangeMarks(transport, random, written));
                int outstanding = written.size() - read.size();
                int wanted = random.nextInt(4) == 0 ? outstanding : random.nextInt(outstanding + 1);
                read.writeBytes(connection.peer().read(wanted));
            }
            read.writeBytes(connection.peer().read(written.size() - read.size()));
            Await.until("an empty queue", () -> connection.ask(Transport::writeBufferSize) == 0);
            assertThat(read.toByteArray()).isEqualTo(written.toByteArray());
        }
        List<String> calls = new ArrayList<>(recorder.calls());
        calls.removeAll(List.of("made", "lost"));
        assertThat(violations).isEmpty();
        assertThat(calls).hasSizeGreaterThan(50);
        assertThat(calls.size() % 2).isZero();
        for (int i = 0; i < calls.size(); i++) {
            assertThat(calls.get(i)).isEqualTo(i % 2 == 0 ? "pause" : "resume");
        }
    }

    private static void writeOrChangeMarks(Transport transport, Random random,
            ByteArrayOutputStream written) {
        if (random.nextInt(6) == 0) {
            int high = random.nextInt(100_000);
            transport.setWriteBufferLimits(new WriteBufferLimits(random.nextInt(high + 1), high));
        }
        for (int i = random.nextInt(5); i > 0; i--) {
            byte[] data = Bytes.noise(1 + random.nextInt(30_000));
            written.writeBytes(data);
            transport.write(data);
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "resumeWriting may write to any transport, its own included")
    void resumeWritingMayWriteToAnotherTransport(EventLoop loop) {
        ByteArrayOutputStream[] written = {new ByteArrayOutputStream(), new ByteArrayOutputStream()};
        Transport[] transports = new Transport[2];
        int[] left = {500};
        Recorder[] recorders = {new Recorder(), new Recorder()};
        for (int i = 0; i < 2; i++) {
            int self = i;
            recorders[i].onMade(transport -> {
                transports[self] = transport;
                transport.setWriteBufferLimits(ZERO);
            }).onResume(transport -> {
                if (left[0]-- > 0) {
                    write(transports[1 - self], written[1 - self], left[0]);
                    write(transports[self], written[self], left[0] + 1);
                }
            });
        }
        try (Connection first = Connection.narrow(loop, recorders[0]);
                Connection second = first.narrowBeside(recorders[1])) {
            CompletableFuture<byte[]> firstRead = Peer.background(first.peer()::readAll);
            CompletableFuture<byte[]> secondRead = Peer.background(second.peer()::readAll);
            first.run(transport -> {
                write(transports[0], written[0], 1);
                write(transports[1], written[1], 2);
            });
            Await.until("the end of the game", () -> first.ask(transport -> left[0] <= 0));
            first.run(Transport::close);
            second.run(Transport::close);
            assertThat(Await.result(firstRead)).isEqualTo(written[0].toByteArray());
            assertThat(Await.result(secondRead)).isEqualTo(written[1].toByteArray());
        }
    }

    /** More than the kernel takes, so that the transport is paused by it. */
    private static void write(Transport transport, ByteArrayOutputStream written, int seed) {
        byte[] data = Bytes.noise(50_000 + seed);
        written.writeBytes(data);
        transport.write(data);
    }

    @Test
    void pauseWritingMayEndTheConnection(EventLoop loop) {
        for (boolean abort : new boolean[] {true, false}) {
            Recorder recorder = new Recorder()
                    .onPause(abort ? Transport::abort : Transport::close);
            try (Connection connection = Connection.narrow(loop, recorder)) {
                connection.run(transport -> transport.write(new byte[1_000_000]));
                int arrived = connection.peer().readAll().length;
                assertThat(arrived == 1_000_000).isEqualTo(!abort);
                assertThat(recorder.awaitLost()).isNull();
            }
        }
    }

    @Test
    void resumeWritingMayEndTheConnection(EventLoop loop) {
        for (boolean abort : new boolean[] {true, false}) {
            Recorder recorder = new Recorder().onMade(transport -> transport.setWriteBufferLimits(ZERO))
                    .onResume(abort ? Transport::abort : Transport::close);
            try (Connection connection = Connection.narrow(loop, recorder)) {
                connection.run(transport -> transport.write(new byte[1_000_000]));
                assertThat(connection.peer().readAll()).hasSize(1_000_000);
                assertThat(recorder.awaitLost()).isNull();
                assertThat(recorder.calls()).containsExactly("made", "pause", "resume", "lost");
            }
        }
    }
}
