package io.jvloop.transport;

import static io.jvloop.support.Section.RAW_CHANNELS;
import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.NonReadableChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Files sent into streams with tiny buffers. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class RawFileTest {
    private static final int BYTES = 3_000_001;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource
    @Contract(section = TLS,
            value = "sendFile on a raw channel sends exactly the bytes asked for; the file's "
                    + "position is then the offset plus what was sent")
    void sendsWholeFilesAndParts(RawStreams kind, EventLoop loop) throws IOException {
        byte[] content = Bytes.noise(BYTES);
        try (FileChannel file = file(content)) {
            long[][] parts = {{0, Long.MAX_VALUE}, {0, BYTES}, {1, BYTES - 2}, {BYTES - 5, 100}, {4096, 1},
                {BYTES, 10}, {BYTES + 10L, 10}, {1L << 40, Long.MAX_VALUE}};
            for (long[] part : parts) {
                int from = (int) Math.min(BYTES, part[0]);
                int to = (int) Math.min(BYTES, from + Math.min(BYTES, part[1]));
                byte[] expected = Arrays.copyOfRange(content, from, to);
                assertThat(transfer(kind, loop, file, part)).as(Arrays.toString(part)).isEqualTo(expected);
                assertThat(file.position()).isEqualTo(part[0] + expected.length);
            }
        }
    }

    /** What arrives; checks that the result is its length. */
    private static byte[] transfer(RawStreams kind, EventLoop loop, FileChannel file, long[] part)
            throws IOException {
        try (RawStreams.Output ends = kind.output();
                RawChannel raw = RawChannel.of(loop, ends.near());
                InputStream in = Channels.newInputStream(ends.far())) {
            CompletableFuture<byte[]> arrived = Peer.background(in::readAllBytes);
            Long sent = loop.runUntilComplete(raw.sendFile(file, part[0], part[1]));
            raw.channel().close();
            Turns.run(loop, 1); // only a poll gives a pipe's descriptor back
            byte[] bytes = Await.result(arrived);
            assertThat(sent).isEqualTo(bytes.length);
            return bytes;
        }
    }

    @ParameterizedTest
    @EnumSource
    void emptyFileIsSentAtOnce(RawStreams kind, EventLoop loop) throws IOException {
        try (RawStreams.Output ends = kind.output();
                RawChannel raw = RawChannel.of(loop, ends.near());
                FileChannel file = file(new byte[0])) {
            assertThat(raw.sendFile(file, 0, Long.MAX_VALUE)).isCompletedWithValue(0L);
            assertThat(file.position()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    @Contract(section = TLS, value = "sendFile ends where the file ends, even if that was cut meanwhile")
    void fileThatIsCutMeanwhileEndsThere(RawStreams kind, EventLoop loop) throws IOException {
        byte[] content = Bytes.noise(BYTES);
        try (RawStreams.Output ends = kind.output();
                RawChannel raw = RawChannel.of(loop, ends.near());
                FileChannel file = file(content);
                InputStream in = Channels.newInputStream(ends.far())) {
            CompletableFuture<Long> sending = raw.sendFile(file, 0, BYTES);
            Turns.run(loop, 3);
            assertThat(sending).isNotDone();
            file.truncate(1_000_000);
            CompletableFuture<byte[]> arrived = Peer.background(in::readAllBytes);
            assertThat(loop.runUntilComplete(sending)).isEqualTo(1_000_000);
            raw.channel().close();
            Turns.run(loop, 1); // only a poll gives a pipe's descriptor back
            assertThat(Await.result(arrived)).isEqualTo(Arrays.copyOf(content, 1_000_000));
            assertThat(file.position()).isEqualTo(1_000_000);
        }
    }

    @ParameterizedTest
    @EnumSource
    @Contract(section = TLS,
            value = "If the peer goes or the future is cancelled during sendFile, the file's "
                    + "position tells how much was sent")
    void positionTellsHowFarItGot(RawStreams kind, EventLoop loop) throws IOException {
        byte[] content = Bytes.noise(BYTES);
        try (RawStreams.Output ends = kind.output();
                RawChannel raw = RawChannel.of(loop, ends.near());
                FileChannel file = file(content);
                InputStream in = Channels.newInputStream(ends.far())) {
            CompletableFuture<Long> cancelled = raw.sendFile(file, 10, BYTES);
            byte[] first = in.readNBytes(1);
            Turns.run(loop, 3);
            cancelled.cancel(false);
            long sent = file.position() - 10;
            assertThat(sent).isGreaterThan(0).isLessThan(BYTES - 10);
            assertThat(first[0]).isEqualTo(content[10]);
            byte[] rest = in.readNBytes((int) sent - 1);
            assertThat(rest).isEqualTo(Arrays.copyOfRange(content, 11, (int) sent + 10));
            CompletableFuture<Long> broken = raw.sendFile(file, 10, BYTES);
            Turns.run(loop, 3);
            ends.far().close();
            assertThatThrownBy(() -> loop.runUntilComplete(broken)).hasCauseInstanceOf(IOException.class);
            assertThat(file.position()).isGreaterThan(10).isLessThan(BYTES);
        }
    }

    @Test
    @Contract(section = RAW_CHANNELS, value = "A file that cannot be read is refused at once")
    void fileThatCannotBeReadIsRefusedAtOnce(EventLoop loop) throws IOException {
        Path path = folder.resolve("unreadable");
        Files.write(path, new byte[10]);
        try (RawStreams.Output ends = RawStreams.TCP.output();
                RawChannel raw = RawChannel.of(loop, ends.near());
                FileChannel writable = FileChannel.open(path, StandardOpenOption.WRITE)) {
            FileChannel closed = FileChannel.open(path);
            closed.close();
            assertThatIllegalArgumentException().isThrownBy(() -> raw.sendFile(closed, 0, 10))
                    .withCauseInstanceOf(ClosedChannelException.class);
            assertThatThrownBy(() -> raw.sendFile(writable, 0, 10))
                    .isInstanceOf(NonReadableChannelException.class);
            assertThat(raw.sendAll(Bytes.heap("still works"))).isCompleted();
        }
    }

    @Test
    void positionThatTheSystemRefusesIsNoTrouble(EventLoop loop) throws IOException {
        try (RawStreams.Output ends = RawStreams.TCP.output();
                RawChannel raw = RawChannel.of(loop, ends.near());
                FileChannel file = file(new byte[10])) {
            assertThat(raw.sendFile(file, Long.MAX_VALUE, 1)).isCompletedWithValue(0L);
        }
    }

    private FileChannel file(byte[] content) throws IOException {
        Path path = Files.write(folder.resolve("file"), content);
        return FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }
}
