package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Transport;
import io.jvloop.transport.WriteBufferLimits;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A side that is faster than the other, in both directions. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class TlsBackPressureTest {
    private static final int HIGH = 512 * 1024;
    private static final int LOW = 128 * 1024;
    private static final int READ_HIGH = 256 * 1024;

    @Test
    @Contract(section = TLS,
            value = "pauseWriting is called when 512 KiB of plaintext wait, resumeWriting at "
                    + "128 KiB")
    void pausesWhenTheHighMarkIsReached(EventLoop loop) {
        List<Long> sizes = new ArrayList<>();
        Recorder recorder = new Recorder().onPause(transport -> sizes.add(transport.writeBufferSize()))
                .onResume(transport -> sizes.add(transport.writeBufferSize()));
        try (TlsLink link = TlsLink.plan(loop).narrow().open(recorder)) {
            assertThat(link.transport().writeBufferLimits()).isEqualTo(new WriteBufferLimits(LOW, HIGH));
            long written = link.fill();
            long rest = link.ask(transport -> {
                long missing = HIGH - transport.writeBufferSize();
                transport.write(new byte[(int) missing - 1]);
                assertThat(transport.writeBufferSize()).isEqualTo(HIGH - 1);
                assertThat(recorder.calls()).containsExactly("made");
                transport.write(new byte[1]);
                assertThat(recorder.calls()).containsExactly("made", "pause");
                transport.write(new byte[1]);
                return missing + 1;
            });
            assertThat(link.peer().read((int) (written + rest))).hasSize((int) (written + rest));
            recorder.awaitCall("resume");
            assertThat(recorder.calls()).containsExactly("made", "pause", "resume");
            assertThat(sizes.get(0)).isEqualTo(HIGH);
            assertThat(sizes.get(1)).isLessThanOrEqualTo(LOW);
            assertThat(link.ask(Transport::writeBufferSize)).isZero();
        }
    }

    @Test
    @Contract(section = TLS, value = "setWriteBufferLimits takes effect at once in both directions, with a "
            + "high mark of 0 as soon as anything waits")
    void limitsWorkAtOnceInBothDirections(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).narrow().open(recorder)) {
            link.fill();
            link.run(transport -> {
                long size = transport.writeBufferSize();
                transport.setWriteBufferLimits(new WriteBufferLimits(0, (int) size + 1));
                assertThat(recorder.calls()).containsExactly("made");
                transport.setWriteBufferLimits(new WriteBufferLimits(0, (int) size));
                assertThat(recorder.calls()).containsExactly("made", "pause");
                transport.setWriteBufferLimits(new WriteBufferLimits((int) size - 1, (int) size));
                assertThat(recorder.calls()).containsExactly("made", "pause");
                transport.setWriteBufferLimits(new WriteBufferLimits((int) size, 2 * (int) size));
                assertThat(recorder.calls()).containsExactly("made", "pause", "resume");
                transport.setWriteBufferLimits(new WriteBufferLimits(0, 0));
                assertThat(recorder.calls()).containsExactly("made", "pause", "resume", "pause");
                assertThat(transport.writeBufferLimits()).isEqualTo(new WriteBufferLimits(0, 0));
            });
        }
    }

    @Test
    void highMarkOfZeroPausesAndResumes(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).narrow()
                .config(config -> config.withWriteBufferLimits(new WriteBufferLimits(0, 0))).open(recorder)) {
            link.run(transport -> transport.write(new byte[10]));
            assertThat(recorder.calls()).containsExactly("made");
            long written = 10 + link.fill();
            assertThat(recorder.calls()).containsExactly("made", "pause");
            link.peer().read((int) written);
            recorder.awaitCall("resume");
            assertThat(link.ask(Transport::writeBufferSize)).isZero();
        }
    }

    @Test
    @Contract(section = TLS, value = "While a connection is closing nobody is told to pause or resume")
    void nothingIsSignalledWhileClosing(EventLoop loop) {
        Recorder recorder = new Recorder();
        try (TlsLink link = TlsLink.plan(loop).narrow().open(recorder)) {
            long written = link.fill();
            link.run(transport -> {
                transport.close();
                transport.setWriteBufferLimits(new WriteBufferLimits(0, 0));
            });
            assertThat(link.peer().readAll()).hasSize((int) written);
            link.peer().end();
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.calls()).containsExactly("made", "lost");
        }
    }

    @Test
    @Contract(section = TLS,
            value = "While reading is paused, no more is taken from the kernel than the high "
                    + "mark of the read buffer, 256 KiB, and one read; resumeReading delivers everything in "
                    + "order")
    void pausedReaderHoldsLittle(EventLoop loop) {
        byte[] data = Bytes.noise(20_000_000);
        Recorder recorder = new Recorder().onMade(Transport::pauseReading);
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            CompletableFuture<Peer> sending = Peer.background(() -> link.peer().send(data));
            Await.until("the transport below is paused",
                    () -> link.thread().call(() -> !link.below().isReading()));
            assertThat(recorder.calls()).containsExactly("made");
            assertThat(undecrypted(link)).isBetween(READ_HIGH, 2 * READ_HIGH);
            link.run(Transport::resumeReading);
            assertThat(recorder.awaitBytes(data.length)).isEqualTo(data);
            Await.result(sending);
            assertThat(link.thread().call(() -> link.below().isReading())).isTrue();
        }
    }

    /** What TLS says of itself. */
    private static int undecrypted(TlsLink link) {
        String text = link.thread().call(() -> link.below().protocol().toString());
        Matcher matcher = Pattern.compile("(\\d+) bytes undecrypted").matcher(text);
        assertThat(matcher.find()).isTrue();
        return Integer.parseInt(matcher.group(1));
    }

    @Test
    void readingIsPausedAndResumedManyTimes(EventLoop loop) {
        byte[] data = Bytes.noise(5_000_000);
        Recorder recorder = new Recorder().onData((transport, bytes) -> {
            transport.pauseReading();
            transport.pauseReading();
            assertThat(transport.isReading()).isFalse();
            loop.callSoon(() -> {
                transport.resumeReading();
                transport.resumeReading();
            });
        });
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            CompletableFuture<Peer> sending = Peer.background(() -> link.peer().send(data).end());
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.bytes()).isEqualTo(data);
            Await.result(sending);
            assertThat(recorder.calls()).containsExactly("made", "data", "eof", "lost");
        }
    }

    @Test
    void pauseAndResumeInOneTurnChangeNothing(EventLoop loop) {
        byte[] data = Bytes.noise(1_000_000);
        Recorder recorder = new Recorder().onData((transport, bytes) -> {
            transport.pauseReading();
            transport.resumeReading();
            assertThat(transport.isReading()).isTrue();
        });
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            link.peer().send(data);
            assertThat(recorder.awaitBytes(data.length)).isEqualTo(data);
        }
    }

    @Test
    @Contract(section = TLS, value = "An echo server that pauses reading while its writes wait keeps little "
            + "in memory, however slowly its client reads")
    void echoToASlowReaderKeepsLittle(EventLoop loop) {
        byte[] data = Bytes.noise(20_000_000);
        AtomicLong most = new AtomicLong();
        Recorder recorder = new Recorder().onPause(Transport::pauseReading)
                .onResume(Transport::resumeReading).onData((transport, bytes) -> {
                    transport.write(bytes);
                    most.accumulateAndGet(transport.writeBufferSize(), Math::max);
                });
        try (TlsLink link = TlsLink.plan(loop).narrow().server().open(recorder)) {
            CompletableFuture<Peer> sending = Peer.background(() -> link.peer().send(data));
            recorder.awaitCall("pause");
            assertThat(link.peer().read(data.length)).isEqualTo(data);
            Await.result(sending);
            assertThat(most.get()).isLessThan(HIGH + 2L * READ_HIGH);
            assertThat(recorder.calls()).contains("resume");
        }
    }
}
