package io.jvloop.transport;

import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** How far a peer has come. */
@Timeout(60)
@ExtendWith(LoopExtension.class)
class SentBytesTest {
    private static final int FILE_BYTES = 3_000_000;

    @TempDir
    Path folder;

    @Test
    @Contract(section = TRANSPORT,
            value = "sentBytes counts what the socket has taken, whichever way it was written, files too")
    void everyWayIsCounted(EventLoop loop) throws IOException {
        Path path = Files.write(folder.resolve("file"), new byte[FILE_BYTES]);
        try (FileChannel file = FileChannel.open(path);
                Connection connection = Connection.open(loop, new Recorder())) {
            CompletableFuture<Long> sent = connection.ask(transport -> {
                transport.write(new byte[100_000]);
                transport.write(ByteBuffer.allocateDirect(20_000));
                transport.writeAll(ByteBuffer.allocate(300), ByteBuffer.allocateDirect(7));
                transport.writeAll(ByteBuffer.allocateDirect(500), ByteBuffer.allocateDirect(50));
                CompletableFuture<Long> future = transport.sendFile(file);
                assertThat(transport.hasUnsent()).as("all of it").isTrue();
                transport.write(new byte[1_000]);
                return future;
            });
            int total = 100_000 + 20_000 + 307 + 550 + FILE_BYTES + 1_000;
            connection.peer().read(total);
            Await.result(sent);
            assertThat(connection.ask(Transport::sentBytes)).isEqualTo(total);
            assertThat(connection.ask(Transport::hasUnsent)).isFalse();
        }
    }

    @Test
    void whatWaitsIsNotCounted(EventLoop loop) {
        try (Connection connection = Connection.narrow(loop, new Recorder())) {
            long written = connection.fill();
            connection.run(transport -> {
                assertThat(transport.writeBufferSize()).isPositive();
                assertThat(transport.sentBytes() + transport.writeBufferSize()).isEqualTo(written);
            });
            connection.peer().read((int) written);
            Await.until("an empty queue", () -> connection.ask(Transport::writeBufferSize) == 0);
            assertThat(connection.ask(Transport::sentBytes)).isEqualTo(written);
            connection.run(Transport::abort);
            assertThat(connection.ask(Transport::sentBytes)).as("after the end").isEqualTo(written);
        }
    }
}
