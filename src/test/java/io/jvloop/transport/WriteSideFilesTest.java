package io.jvloop.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.LoopExtension;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Files between bytes on their way out of a scripted channel, so through copies. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class WriteSideFilesTest {
    private static final int EVERYTHING = Integer.MAX_VALUE;

    private EventLoop loop;
    private WriteSide side;
    private ScriptedChannel channel;

    @BeforeEach
    void keep(EventLoop own) {
        loop = own;
    }

    @AfterEach
    void everyBufferIsBack() {
        side.clear(null);
        assertThat(side.hasQueued()).isFalse();
        assertThat(side.queuedBytes()).isZero();
        assertThat(loop.buffers().outstanding()).isZero();
    }

    private void appetites(Integer... appetites) {
        Iterator<Integer> next = List.of(appetites).iterator();
        channel = new ScriptedChannel(next::next);
        side = new WriteSide(loop.buffers(), channel);
    }

    private FileSend send(byte[] content) {
        return new FileSend(loop, new TestFile(content), 0, FilePart.TO_THE_END);
    }

    private CompletableFuture<Long> sendFile(byte[] content) throws IOException {
        FileSend file = send(content);
        side.sendFile(file);
        return file.result();
    }

    private static Throwable failure(CompletableFuture<Long> result) {
        assertThat(result).isCompletedExceptionally();
        try {
            return new AssertionError("a result: " + result.get());
        } catch (ExecutionException e) {
            return e.getCause();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void theResultComesInALaterTurn() throws IOException {
        appetites(EVERYTHING);
        CompletableFuture<Long> result = sendFile(Bytes.noise(1_000));
        assertThat(side.hasQueued()).isFalse();
        assertThat(channel.takenCount()).isEqualTo(1_000);
        assertThat(result).isNotDone();
        Turns.run(loop, 1);
        assertThat(result).isCompletedWithValue(1_000L);
    }

    @Test
    void bytesOfFilesAreNotCounted() throws IOException {
        appetites(0, 0, EVERYTHING, EVERYTHING, EVERYTHING, 0);
        sendFile(Bytes.noise(100));
        assertThat(side.hasQueued()).isTrue();
        assertThat(side.queuedBytes()).isZero();
        side.write(Bytes.heap("behind"));
        side.write(Bytes.heap(""));
        sendFile(Bytes.noise(200));
        side.writeAll(Bytes.heap(" and"), Bytes.heap(""), Bytes.heap(" further"));
        assertThat(side.queuedBytes()).isEqualTo(18);
        assertThat(side).hasToString("18 bytes queued, 2 file(s) queued");
        side.flush();
        assertThat(side.queuedBytes()).isEqualTo(18);
        side.flush();
        assertThat(side.queuedBytes()).isEqualTo(12);
        assertThat(channel.takenCount()).isEqualTo(306);
    }

    @Test
    void moreThanAMegabyteWaitsForTheNextEvent() throws IOException {
        channel = ScriptedChannel.takesEverything();
        side = new WriteSide(loop.buffers(), channel);
        sendFile(new byte[3_000_000]);
        assertThat(channel.takenCount()).isEqualTo(1024 * 1024);
        side.flush();
        assertThat(channel.takenCount()).isEqualTo(2 * 1024 * 1024);
        side.flush();
        assertThat(side.hasQueued()).isFalse();
    }

    @Test
    void manySmallFilesAreSentAFewAtATime() throws IOException {
        int[] calls = new int[1];
        channel = new ScriptedChannel(() -> calls[0]++ == 0 ? 0 : EVERYTHING);
        side = new WriteSide(loop.buffers(), channel);
        side.write(Bytes.heap("first "));
        for (int i = 0; i < 40; i++) {
            sendFile(new byte[1]);
        }
        side.write(Bytes.heap(" last"));
        for (int sent : List.of(16, 32)) {
            side.flush();
            assertThat(channel.takenCount()).isEqualTo(6 + sent);
            assertThat(side.hasQueued()).isTrue();
        }
        side.flush();
        assertThat(channel.takenCount()).isEqualTo(6 + 40 + 5);
        assertThat(side.hasQueued()).isFalse();
    }

    @Test
    void aFileThatCannotBeReadAnyMoreFailsTheFlush() throws IOException {
        appetites(0, EVERYTHING);
        TestFile file = new TestFile(Bytes.noise(200_000));
        FileSend send = new FileSend(loop, file, 0, FilePart.TO_THE_END);
        side.sendFile(send);
        file.close();
        assertThatIOException().isThrownBy(side::flush)
                .withMessage("the file was closed while it was being sent");
    }

    @Test
    void whateverTheFileThrowsIsAFailureOfTheConnection() throws IOException {
        appetites(0);
        TestFile file = new TestFile(new byte[10]);
        side.sendFile(new FileSend(loop, file, 0, FilePart.TO_THE_END));
        file.onUse(position -> {
            throw new IllegalStateException("no such luck");
        });
        assertThatIOException().isThrownBy(side::flush)
                .withMessageContaining("cannot send the file").withMessageContaining("no such luck");
    }

    /** The channel fails at its first call, at its second, and so on to the last. */
    @Test
    void aFailureAtAnyCallFailsTheFilesThatAreLeft() {
        byte[] large = Bytes.noise(150_000);
        int failed = 0;
        for (int calls = 0; calls < 30; calls++) {
            List<Integer> appetites = new ArrayList<>();
            for (int i = 0; i < calls; i++) {
                appetites.add(i % 3 == 0 ? 0 : 40_000);
            }
            appetites.add(ScriptedChannel.FAIL);
            appetites(appetites.toArray(Integer[]::new));
            List<FileSend> sends = List.of(send(large), send(Bytes.noise(1)), send(large));
            IOException cause = failureOf(sends);
            if (cause != null) {
                failed++;
                side.clear(cause);
            }
            Turns.run(loop, 1);
            assertThat(loop.buffers().outstanding()).isZero();
            long sent = sends.stream().map(FileSend::result).mapToLong(WriteSideFilesTest::sent).sum();
            assertThat(channel.takenCount() - sent).as("bytes that are not of files").isBetween(0L, 150_020L);
        }
        assertThat(failed).isBetween(10, 29);
    }

    /** Writes, sends all files with something after each, and flushes; null if all went well. */
    private IOException failureOf(List<FileSend> sends) {
        try {
            side.write(Bytes.heap("first"));
            for (FileSend send : sends) {
                side.sendFile(send);
                side.writeAll(Bytes.heap("then "), Bytes.direct(new byte[50_000]));
            }
            while (side.hasQueued()) {
                side.flush();
            }
            return null;
        } catch (IOException e) {
            assertThat(e).hasMessage("scripted failure");
            return e;
        }
    }

    /** What a file's future says of how much was sent; one that was never handed over says nothing. */
    private static long sent(CompletableFuture<Long> result) {
        if (!result.isDone()) {
            return 0;
        }
        return result.isCompletedExceptionally() ? ((SendFileException) failure(result)).sent()
                : result.join();
    }

    @Test
    void clearFailsEveryFileWithWhatWasTakenOfIt() throws IOException {
        appetites(EVERYTHING, 30_000, 5);
        side.write(Bytes.heap("begin"));
        CompletableFuture<Long> first = sendFile(Bytes.noise(100_000));
        CompletableFuture<Long> second = sendFile(Bytes.noise(10));
        side.write(Bytes.heap("end"));
        side.flush();
        IOException cause = new IOException("no peer");
        side.clear(cause);
        Turns.run(loop, 1);
        assertThat(failure(first)).isInstanceOfSatisfying(SendFileException.class, e -> {
            assertThat(e.sent()).isEqualTo(30_005);
            assertThat(e).hasCause(cause).hasMessageContaining("30005 bytes")
                    .hasMessageContaining("no peer");
        });
        assertThat(failure(second)).isInstanceOfSatisfying(SendFileException.class,
                e -> assertThat(e.sent()).isZero());
    }

    /** Against an array of bytes as the model; some files are cancelled before. */
    @RepeatedTest(20)
    void randomScheduleGivesTheSameAsAnArrayOfBytes(RepetitionInfo repetition) throws IOException {
        Random random = new Random(repetition.getCurrentRepetition());
        channel = new ScriptedChannel(() -> random.nextInt(4) == 0 ? 0 : random.nextInt(200_000));
        side = new WriteSide(loop.buffers(), channel);
        ByteArrayOutputStream model = new ByteArrayOutputStream();
        List<CompletableFuture<Long>> results = new ArrayList<>();
        List<Long> expected = new ArrayList<>();
        for (int step = 0; step < 200; step++) {
            byte[] data = new byte[random.nextInt(random.nextBoolean() ? 500 : 150_000)];
            random.nextBytes(data);
            switch (random.nextInt(5)) {
                case 0 -> side.write(Bytes.direct(data));
                case 1 -> side.writeAll(Bytes.direct(data));
                case 2 -> data = sendCancelled(data);
                case 3 -> {
                    data = sendPart(random, data, results);
                    expected.add((long) data.length);
                }
                default -> {
                    side.flush();
                    data = new byte[0];
                }
            }
            model.writeBytes(data);
        }
        while (side.hasQueued()) {
            side.flush();
        }
        assertThat(channel.taken()).isEqualTo(model.toByteArray());
        Turns.run(loop, 1);
        assertThat(results.stream().map(CompletableFuture::join)).isEqualTo(expected);
    }

    private byte[] sendCancelled(byte[] data) throws IOException {
        FileSend file = send(data);
        file.result().cancel(false);
        side.sendFile(file);
        return new byte[0];
    }

    /** A part that may begin or end behind the file; the bytes that will be sent. */
    private byte[] sendPart(Random random, byte[] data, List<CompletableFuture<Long>> results)
            throws IOException {
        int offset = random.nextInt(data.length + 10);
        int count = 1 + random.nextInt(data.length + 10);
        FileSend file = new FileSend(loop, new TestFile(data), offset, count);
        results.add(file.result());
        side.sendFile(file);
        return offset >= data.length ? new byte[0]
                : Arrays.copyOfRange(data, offset, Math.min(data.length, offset + count));
    }
}
