package io.jvloop.stream;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.CONSTANTS;
import static io.jvloop.support.Section.STREAMS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A reader that is fed by hand: every contract at every split of the input. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class StreamReaderTest {
    /** A read. */
    private interface Read extends Function<StreamReader, CompletableFuture<byte[]>> {
    }

    private static final Read LINE = StreamReader::readLine;
    private static final Read REST = StreamReader::read;

    private static Read exactly(int count) {
        return reader -> reader.readExactly(count);
    }

    private static Read until(String... separators) {
        return reader -> reader
                .readUntil(Arrays.stream(separators).map(StreamReaderTest::bytes).toArray(byte[][]::new));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void feed(StreamReader reader, String text) {
        reader.feedData(ByteBuffer.wrap(bytes(text)));
    }

    /** Whatever the pieces are, the reads give the same. */
    private static void check(EventLoop loop, int limit, String input, List<Read> reads, String... outcomes) {
        for (List<String> pieces : FedReader.splits(input)) {
            assertThat(FedReader.outcome(loop, limit, pieces, List.copyOf(reads))).as("%s", pieces)
                    .containsExactly(outcomes);
        }
    }

    @Test
    @Contract(section = STREAMS,
            value = "readLine gives lines with their line feed, then what is left, then nothing, however cut")
    void linesKeepTheirEndAndTheLastMayHaveNone(EventLoop loop) {
        check(loop, 100, "one\n\ntwo\r\nrest", List.of(LINE, LINE, LINE, LINE, LINE), "one\n", "\n",
                "two\r\n", "rest", "");
    }

    @Test
    @Contract(section = STREAMS,
            value = "A line may be as long as the limit, without its end; a longer one fails and is dropped")
    void longLineFailsAndTheNextCanBeRead(EventLoop loop) {
        check(loop, 7, "1234567\nab\n", List.of(LINE, LINE, LINE), "1234567\n", "ab\n", "");
        for (List<String> pieces : FedReader.splits("12345678\nab\n")) {
            List<String> outcomes = FedReader.outcome(loop, 7, pieces, List.of(LINE, LINE, LINE, LINE));
            assertThat(outcomes.get(0)).as("%s", pieces).isEqualTo("LimitOverrunException");
            // its end may come later than the failure: then what is left of it is the next line
            assertThat(String.join("", outcomes.subList(1, 4))).as("%s", pieces).endsWith("ab\n");
        }
    }

    @Test
    @Contract(section = STREAMS,
            value = "readExactly gives that many bytes, more than the limit too, or the partial")
    void exactCountsAreGivenOrThePartial(EventLoop loop) {
        check(loop, 2, "abcdefgh", List.of(exactly(0), exactly(3), exactly(4), exactly(3), exactly(1)), "",
                "abc", "defg", "incomplete(h,3)", "incomplete(,1)");
    }

    @Test
    @Contract(section = STREAMS,
            value = "Of several separators the one that ends first wins, even if another begins first")
    void separatorThatEndsFirstWins(EventLoop loop) {
        check(loop, 100, "a--b", List.of(until("--"), REST), "a--", "b");
        check(loop, 100, "xABCDy", List.of(until("ABCD", "BC"), REST), "xABC", "Dy");
        check(loop, 100, "xABCy", List.of(until("BC", "ABC"), REST), "xABC", "y");
        check(loop, 100, "aab", List.of(until("ab"), REST), "aab", "");
        check(loop, 100, "one;two,three", List.of(until(";", ","), until(";", ","), until(";", ",")), "one;",
                "two,", "incomplete(three,-1)");
    }

    @Test
    @Contract(section = STREAMS,
            value = "readUntil fails beyond the limit, says how far it has looked, and takes nothing")
    void overrunLeavesTheDataInPlace(EventLoop loop) {
        check(loop, 4, "1234--56789--", List.of(until("--"), until("--"), REST), "1234--",
                "LimitOverrunException", "56789--");
        StreamReader reader = StreamReader.create(loop, 4);
        feed(reader, "56789--");
        assertThatThrownBy(() -> loop.runUntilComplete(reader.readUntil("--"))).cause()
                .isInstanceOfSatisfying(LimitOverrunException.class,
                        overrun -> assertThat(overrun.consumed()).isEqualTo(5))
                .hasMessageContaining("limit is 4");
        assertThat(loop.runUntilComplete(reader.readExactly(5))).isEqualTo(bytes("56789"));
        assertThat(loop.runUntilComplete(reader.readUntil("--"))).isEqualTo(bytes("--"));
    }

    @Test
    @Contract(section = STREAMS,
            value = "read gives what there is, at most so much; 0 gives nothing, a negative number all")
    void readGivesWhatThereIs(EventLoop loop) {
        StreamReader reader = StreamReader.create(loop, 4);
        assertThat(loop.runUntilComplete(reader.read(0))).isEmpty();
        feed(reader, "abcdefgh");
        assertThat(loop.runUntilComplete(reader.read(3))).isEqualTo(bytes("abc"));
        assertThat(loop.runUntilComplete(reader.read(100))).isEqualTo(bytes("defgh"));
        CompletableFuture<byte[]> all = reader.read(-1);
        feed(reader, "longer than ");
        feed(reader, "the limit");
        assertThat(reader.atEof()).isFalse();
        reader.feedEof();
        assertThat(loop.runUntilComplete(all)).isEqualTo(bytes("longer than the limit"));
        assertThat(reader.atEof()).isTrue();
        assertThat(loop.runUntilComplete(reader.read(5))).isEmpty();
        assertThatIllegalStateException().isThrownBy(() -> feed(reader, "x"))
                .withMessageContaining("after feedEof");
    }

    @Test
    void linesAsTextHaveNoEndAndTheEndIsNull(EventLoop loop) {
        StreamReader reader = StreamReader.create(loop, 100);
        feed(reader, "gr\u00fcn\r\n\nlast");
        reader.feedEof();
        assertThat(loop.runUntilComplete(reader.readLine(StandardCharsets.UTF_8))).isEqualTo("gr\u00fcn");
        assertThat(loop.runUntilComplete(reader.readLine(StandardCharsets.UTF_8))).isEmpty();
        assertThat(loop.runUntilComplete(reader.readLine(StandardCharsets.UTF_8))).isEqualTo("last");
        assertThat(loop.runUntilComplete(reader.readLine(StandardCharsets.UTF_8))).isNull();
    }

    @Test
    @Contract(section = STREAMS,
            value = "An exception is sticky: every read fails with it, whatever is buffered")
    void failureIsSticky(EventLoop loop) {
        StreamReader reader = StreamReader.create(loop, 100);
        CompletableFuture<byte[]> waiting = reader.readLine();
        loop.callSoon(() -> {
            feed(reader, "partial");
            reader.setException(new IOException("broken"));
            reader.setException(new IOException("second"));
        });
        assertThatThrownBy(() -> loop.runUntilComplete(waiting)).cause().hasMessage("broken");
        for (Read read : List.of(LINE, REST, exactly(1), until("x"))) {
            assertThatThrownBy(() -> loop.runUntilComplete(read.apply(reader))).cause().hasMessage("broken");
        }
        assertThat(reader.exception()).hasMessage("broken");
    }

    @Test
    @Contract(section = STREAMS, value = "A second reader is refused while one waits")
    void secondReaderIsRefused(EventLoop loop) {
        StreamReader reader = StreamReader.create(loop, 100);
        CompletableFuture<byte[]> first = reader.readLine();
        assertThatThrownBy(() -> loop.runUntilComplete(reader.read(1))).cause()
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("another read waits");
        loop.callSoon(() -> feed(reader, "line\n"));
        assertThat(loop.runUntilComplete(first)).isEqualTo(bytes("line\n"));
    }

    @Test
    void badArgumentsAreRefusedAtOnce(EventLoop loop) {
        assertThatIllegalArgumentException().isThrownBy(() -> StreamReader.create(loop, 0))
                .withMessageContaining("positive");
        StreamReader reader = StreamReader.create(loop, 1);
        assertThatIllegalArgumentException().isThrownBy(() -> reader.readExactly(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> reader.forEachPiece(0, piece -> null));
        assertThatIllegalArgumentException().isThrownBy(() -> reader.readUntil(""));
        assertThatIllegalArgumentException().isThrownBy(() -> reader.readUntil(new byte[0][]));
    }

    @Test
    @Contract(section = CONSTANTS,
            value = "A reader pauses its transport above twice the limit and resumes it at the limit")
    void transportIsPausedAndResumed(EventLoop loop) {
        List<String> log = new ArrayList<>();
        StreamReader reader = StreamReader.create(loop, 10);
        reader.setTransport(FedReader.transport(log, true));
        feed(reader, "x".repeat(20));
        assertThat(log).isEmpty();
        feed(reader, "y");
        assertThat(log).containsExactly("pauseReading");
        loop.runUntilComplete(reader.readExactly(10));
        assertThat(log).hasSize(1);
        loop.runUntilComplete(reader.readExactly(1));
        assertThat(log).containsExactly("pauseReading", "resumeReading");
        feed(reader, "z".repeat(30));
        CompletableFuture<byte[]> more = reader.readExactly(50); // more than may ever wait
        loop.callSoon(() -> feed(reader, "z".repeat(100)));
        assertThat(loop.runUntilComplete(more)).hasSize(50);
        assertThat(log).containsExactly("pauseReading", "resumeReading", "pauseReading", "resumeReading",
                "pauseReading");
    }

    @Test
    @Contract(section = STREAMS, value = "A transport that cannot pause is tolerated")
    void transportThatCannotPauseIsTolerated(EventLoop loop) {
        StreamReader reader = StreamReader.create(loop, 10);
        reader.setTransport(FedReader.transport(new ArrayList<>(), false));
        feed(reader, "x".repeat(100));
        assertThat(loop.runUntilComplete(reader.readExactly(100))).hasSize(100);
    }

    @Test
    @Contract(section = BETTER, value = "A read that is cancelled or times out loses nothing, on any thread")
    void cancelledReadLosesNothing(EventLoop loop) {
        StreamReader reader = StreamReader.create(loop, 1 << 20);
        int total = 20_000;
        StringBuilder got = new StringBuilder();
        try (LoopThread thread = LoopThread.start(loop)) {
            for (int i = 0; i < total; i++) {
                char letter = (char) ('a' + i % 26);
                CompletableFuture<byte[]> read = reader.read(1);
                thread.post(() -> feed(reader, String.valueOf(letter)));
                if (ThreadLocalRandom.current().nextBoolean()) {
                    Thread.onSpinWait();
                }
                read.cancel(false);
                if (!read.isCancelled()) {
                    got.append(FedReader.text(read.join()));
                }
            }
            thread.run(reader::feedEof);
            got.append(FedReader.text(reader.read().join()));
        }
        StringBuilder expected = new StringBuilder();
        for (int i = 0; i < total; i++) {
            expected.append((char) ('a' + i % 26));
        }
        assertThat(got.toString()).isEqualTo(expected.toString());
    }

    @Test
    @Contract(section = STREAMS, value = "Lines can be iterated over, each after the stage of the one before")
    void linesAreIteratedOver(EventLoop loop) {
        StreamReader reader = StreamReader.create(loop, 100);
        List<String> lines = new ArrayList<>();
        CompletableFuture<Void> end = reader.forEachLine(line -> {
            lines.add(FedReader.text(line));
            return line[0] == '2' ? null : loop.runInExecutor(() -> lines.add("after"));
        });
        loop.callSoon(() -> feed(reader, "1\n2\n3"));
        loop.callSoon(reader::feedEof);
        loop.runUntilComplete(end);
        assertThat(lines).containsExactly("1\n", "after", "2\n", "3", "after");
    }

    @Test
    void millionBufferedLinesAreNotAMillionFramesDeep(EventLoop loop) {
        StreamReader reader = StreamReader.create(loop, 100);
        feed(reader, "\n".repeat(1_000_000));
        reader.feedEof();
        int[] count = new int[1];
        loop.runUntilComplete(reader.forEachLine(line -> {
            count[0]++;
            return count[0] % 2 == 0 ? null : CompletableFuture.completedFuture(null);
        }));
        assertThat(count[0]).isEqualTo(1_000_000);
    }

    @Test
    void iterationEndsWithTheFailureOfWhateverFails(EventLoop loop) {
        assertFails(loop, line -> {
            throw new IllegalStateException("of the action");
        }, "of the action");
        assertFails(loop, line -> CompletableFuture.failedFuture(new IOException("of the stage")),
                "of the stage");
        assertFails(loop, line -> loop.runInExecutor(() -> {
            throw new IOException("of the executor");
        }), "of the executor");
        StreamReader reader = StreamReader.create(loop, 100);
        CompletableFuture<Void> cancelled = reader.forEachLine(line -> null);
        loop.callSoon(() -> cancelled.cancel(false));
        loop.callSoon(() -> feed(reader, "kept\n"));
        loop.runUntilComplete(loop.runInExecutor(() -> 1));
        byte[] next = loop.runUntilComplete(reader.readLine());
        assertThat(next).isEqualTo(bytes("kept\n"));
    }

    private static void assertFails(EventLoop loop, Function<byte[], CompletableFuture<?>> action,
            String message) {
        StreamReader reader = StreamReader.create(loop, 100);
        feed(reader, "line\nnext\n");
        assertThatThrownBy(() -> loop.runUntilComplete(reader.forEachLine(action)))
                .isInstanceOf(CompletionException.class).cause().hasMessage(message);
        assertThat(loop.runUntilComplete(reader.readLine())).isEqualTo(bytes("next\n"));
    }

    @Test
    void readingOnALoopThatIsBeingClosedDoesNotHang() {
        EventLoop closing = EventLoop.create();
        StreamReader reader = StreamReader.create(closing, 100);
        reader.setException(new IOException("closed with the loop"));
        CompletableFuture<byte[]> queued = reader.readLine();
        closing.close();
        assertThatThrownBy(queued::join).cause().hasMessage("closed with the loop");
    }

    @Test
    void readingOnAClosedLoopFailsInsteadOfHanging() {
        EventLoop closed = EventLoop.create();
        StreamReader reader = StreamReader.create(closed, 100);
        closed.close();
        assertThatThrownBy(() -> reader.readLine().join()).cause().isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> reader.forEachLine(line -> null).join()).cause()
                .isInstanceOf(IllegalStateException.class);
    }
}
