package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.ReportedFailures;
import io.jvloop.transport.BufferedProtocol;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Transport;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS for protocols that supply their own buffer. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class TlsBufferedProtocolTest {
    private static final byte[] DATA = Bytes.noise(500_000);

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 16_384, 1 << 20})
    @Contract(section = TLS, value = "A BufferedProtocol gets all data through buffers of any size")
    void buffersOfAnySizeGetEverything(int size, EventLoop loop) {
        SmallBuffer small = new SmallBuffer(size);
        try (TlsLink link = TlsLink.plan(loop).open(small)) {
            CompletableFuture<Peer> sending = Peer.background(() -> link.peer().send(DATA).end());
            assertThat(small.recorder().awaitLost()).isNull();
            Await.result(sending);
            assertThat(small.recorder().bytes()).isEqualTo(DATA);
            assertThat(small.recorder().calls()).containsExactly("made", "data", "eof", "lost");
        }
    }

    @Test
    @Contract(section = TLS,
            value = "A BufferedProtocol that pauses in the middle gets the rest, and the end "
                    + "behind it, when it resumes")
    void pauseInTheMiddleLosesNothing(EventLoop loop) {
        SmallBuffer small = new SmallBuffer(1000);
        small.onUpdate(transport -> {
            transport.pauseReading();
            loop.callSoon(transport::resumeReading);
        });
        try (TlsLink link = TlsLink.plan(loop).open(small)) {
            CompletableFuture<Peer> sending = Peer.background(() -> link.peer().send(DATA).end());
            assertThat(small.recorder().awaitLost()).isNull();
            Await.result(sending);
            assertThat(small.recorder().bytes()).isEqualTo(DATA);
        }
    }

    @Test
    void endThatCameWithTheDataWaitsForThem(EventLoop loop) {
        SmallBuffer small = new SmallBuffer(4).onFirst(Transport::pauseReading);
        try (TlsLink link = TlsLink.plan(loop).open(small)) {
            link.together(() -> link.peer().send("hello world").end());
            small.recorder().awaitBytes(4);
            link.run(transport -> {});
            assertThat(small.recorder().calls()).containsExactly("made", "data");
            link.run(Transport::resumeReading);
            assertThat(small.recorder().awaitLost()).isNull();
            assertThat(small.recorder().text()).isEqualTo("hello world");
            assertThat(small.recorder().calls()).containsExactly("made", "data", "eof", "lost");
        }
    }

    @Test
    void closeInTheMiddleDropsTheRest(EventLoop loop) {
        SmallBuffer small = new SmallBuffer(4).onFirst(Transport::close);
        try (TlsLink link = TlsLink.plan(loop).open(small)) {
            link.together(() -> link.peer().send("hello world").end());
            assertThat(small.recorder().awaitLost()).isNull();
            assertThat(small.recorder().text()).isEqualTo("hell");
            assertThat(small.recorder().calls()).containsExactly("made", "data", "lost");
        }
    }

    @Test
    @Contract(section = TLS,
            value = "setProtocol works between protocols of both kinds, in the middle of data "
                    + "too")
    void protocolsOfBothKindsTakeTurns(EventLoop loop) {
        Recorder plain = new Recorder();
        SmallBuffer small = new SmallBuffer(5);
        small.onFirst(transport -> transport.setProtocol(plain));
        try (TlsLink link = TlsLink.plan(loop).open(small)) {
            link.peer().send("hello world");
            plain.awaitBytes(6);
            assertThat(small.recorder().text()).isEqualTo("hello");
            assertThat(plain.text()).isEqualTo(" world");
            link.run(transport -> {
                assertThat(transport.protocol()).isSameAs(plain);
                transport.setProtocol(small);
            });
            link.peer().send("again").end();
            assertThat(small.recorder().awaitLost()).isNull();
            assertThat(small.recorder().text()).isEqualTo("helloagain");
            assertThat(plain.calls()).containsExactly("data");
            link.run(transport -> {
                transport.setProtocol(plain);
                assertThat(transport.protocol()).isNull();
            });
        }
    }

    /** Its getBuffer is what the test says. */
    private static final class Faulty implements BufferedProtocol {
        private final Supplier<ByteBuffer> buffer;
        private final Recorder recorder = new Recorder();

        Faulty(Supplier<ByteBuffer> buffer) {
            this.buffer = buffer;
        }

        @Override
        public void connectionMade(Transport transport) {
            recorder.connectionMade(transport);
        }

        @Override
        public ByteBuffer getBuffer(int sizeHint) {
            return buffer.get();
        }

        @Override
        public void bufferUpdated(int count) {
            throw new IllegalStateException("by bufferUpdated");
        }

        @Override
        public void connectionLost(Throwable cause) {
            recorder.connectionLost(cause);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "full", "read-only", "throws", "updated"})
    @Contract(section = TLS, value = "A getBuffer that returns no room or throws, and a bufferUpdated that "
            + "throws, are fatal: connectionLost gets the failure, and it is reported once")
    void faultyBufferIsFatal(String fault, EventLoop loop, ReportedFailures failures) {
        Faulty faulty = new Faulty(() -> switch (fault) {
            case "null" -> null;
            case "full" -> ByteBuffer.allocate(0);
            case "read-only" -> ByteBuffer.allocate(100).asReadOnlyBuffer();
            case "updated" -> ByteBuffer.allocate(3);
            default -> throw new IllegalStateException("by getBuffer");
        });
        try (TlsLink link = TlsLink.plan(loop).open(faulty)) {
            link.peer().send("hello");
            assertThat(faulty.recorder.awaitLost()).isInstanceOf(RuntimeException.class);
            link.raw().drain();
            assertThat(faulty.recorder.calls()).containsExactly("made", "lost");
        }
        assertThat(failures.takeOne().message()).contains("Fatal error on transport");
    }
}
