package io.jvloop.transport;

import static io.jvloop.support.Section.BETTER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the loop's thread allocates while bytes come and go. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class NoAllocationTest {
    /** The JDK's selector boxes a descriptor above 127. */
    private static final double MOST_BYTES_PER_EVENT = 16;

    private static final int MESSAGE_BYTES = 100;
    private static final int ROUND_TRIPS = 20_000;

    private static final class Echo implements Protocol {
        private final Duration idleTimeout;
        private Transport transport;

        Echo(Duration idleTimeout) {
            this.idleTimeout = idleTimeout;
        }

        @Override
        public void connectionMade(Transport opened) {
            transport = opened;
            transport.setIdleTimeout(idleTimeout);
        }

        @Override
        public void dataReceived(ByteBuffer data) {
            transport.write(data);
        }
    }

    private static final class BufferedEcho implements BufferedProtocol {
        private final ByteBuffer buffer;
        private Transport transport;

        BufferedEcho(ByteBuffer buffer) {
            this.buffer = buffer;
        }

        @Override
        public void connectionMade(Transport opened) {
            transport = opened;
        }

        @Override
        public ByteBuffer getBuffer(int sizeHint) {
            return buffer.clear();
        }

        @Override
        public void bufferUpdated(int count) {
            transport.write(buffer.flip());
        }
    }

    /** Answers with a gathering write. */
    private static final class GatheringEcho implements Protocol {
        private final ByteBuffer[] parts = new ByteBuffer[2];
        private final ByteBuffer nothing = ByteBuffer.allocate(0);
        private Transport transport;

        @Override
        public void connectionMade(Transport opened) {
            transport = opened;
        }

        @Override
        public void dataReceived(ByteBuffer data) {
            parts[0] = nothing;
            parts[1] = data;
            transport.writeAll(parts);
        }
    }

    static Stream<Named<Supplier<Protocol>>> echoes() {
        return Stream.of(Named.of("plain", () -> new Echo(null)),
                Named.of("with an idle timeout", () -> new Echo(Duration.ofHours(1))),
                Named.of("buffered, direct", () -> new BufferedEcho(ByteBuffer.allocateDirect(1_000))),
                Named.of("buffered, heap", () -> new BufferedEcho(ByteBuffer.allocate(1_000))),
                Named.of("gathering", GatheringEcho::new));
    }

    @ParameterizedTest
    @MethodSource("echoes")
    @Contract(section = BETTER,
            value = "An echo allocates at most 16 bytes on the loop's thread, and those are "
                    + "the JDK's")
    void echoAllocatesNothing(Supplier<Protocol> echo, EventLoop loop) throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        assumeTrue(threads.isThreadAllocatedMemorySupported(), "this JVM does not count allocations");
        threads.setThreadAllocatedMemoryEnabled(true);
        loop.setDebug(false);
        try (Connection connection = Connection.open(loop, echo.get())) {
            long id = connection.thread().thread().getId();
            roundTrips(connection.peer(), ROUND_TRIPS / 2);
            long before = threads.getThreadAllocatedBytes(id);
            roundTrips(connection.peer(), ROUND_TRIPS);
            long allocated = threads.getThreadAllocatedBytes(id) - before;
            assertThat((double) allocated / ROUND_TRIPS).as("bytes per echo")
                    .isLessThanOrEqualTo(MOST_BYTES_PER_EVENT);
        }
    }

    private static void roundTrips(Peer peer, int count) throws Exception {
        byte[] message = Bytes.noise(MESSAGE_BYTES);
        byte[] answer = new byte[MESSAGE_BYTES];
        var out = peer.socket().getOutputStream();
        var in = peer.socket().getInputStream();
        for (int i = 0; i < count; i++) {
            out.write(message);
            assertThat(in.readNBytes(answer, 0, MESSAGE_BYTES)).isEqualTo(MESSAGE_BYTES);
        }
        assertThat(answer).isEqualTo(message);
    }
}
