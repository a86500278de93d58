package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Transport;
import io.jvloop.transport.WriteBufferLimits;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Whose thread does what. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class TlsThreadsTest {
    @Test
    @Contract(section = TLS,
            value = "Another thread than the loop's gets an IllegalStateException from a TLS "
                    + "transport, and nothing has happened")
    void otherThreadsAreRefused(EventLoop loop) {
        Map<String, Consumer<Transport>> calls = new LinkedHashMap<>();
        calls.put("write", transport -> transport.write(new byte[1]));
        calls.put("writeAll", transport -> transport.writeAll(ByteBuffer.allocate(1)));
        calls.put("sendFile", transport -> transport.sendFile(null));
        calls.put("writeEof", Transport::writeEof);
        calls.put("close", Transport::close);
        calls.put("abort", Transport::abort);
        calls.put("pauseReading", Transport::pauseReading);
        calls.put("resumeReading", Transport::resumeReading);
        calls.put("setProtocol", transport -> transport.setProtocol(new Recorder()));
        calls.put("setWriteBufferLimits",
                transport -> transport.setWriteBufferLimits(WriteBufferLimits.DEFAULT));
        calls.put("setIdleTimeout", transport -> transport.setIdleTimeout(Duration.ofDays(1)));
        Recorder recorder = Recorder.echo();
        try (TlsLink link = TlsLink.plan(loop).open(recorder)) {
            calls.forEach((name, call) -> assertThatIllegalStateException().as(name)
                    .isThrownBy(() -> call.accept(link.transport())).withMessageContaining(name));
            link.peer().send("sound");
            assertThat(link.peer().readText(5)).isEqualTo("sound");
            assertThat(link.transport().isClosing()).isFalse();
        }
    }

    @Test
    @Contract(section = TLS, value = "All callbacks, the protocol factory and the handshake's future run on "
            + "the loop's thread, though the tasks of a handshake do not")
    void callbacksRunOnTheLoop(EventLoop loop) {
        Set<Thread> callers = ConcurrentHashMap.newKeySet();
        Set<Thread> workers = ConcurrentHashMap.newKeySet();
        Recorder client = new Recorder().onMade(transport -> callers.add(Thread.currentThread()))
                .onData((transport, data) -> callers.add(Thread.currentThread()))
                .onLost(cause -> callers.add(Thread.currentThread()));
        Recorder server = Recorder.echo().onMade(transport -> callers.add(Thread.currentThread()));
        try (TlsPair pair = TlsPair.open(loop, client, server, config -> config.withTaskExecutor(task -> {
            Thread worker = new Thread(task, "worker");
            workers.add(worker);
            worker.start();
        }))) {
            pair.thread().run(() -> pair.client().write(new byte[1]));
            client.awaitBytes(1);
            pair.thread().run(pair.client()::close);
            client.awaitLost();
            server.awaitLost();
            assertThat(callers).containsExactly(pair.thread().thread());
            assertThat(workers).isNotEmpty().doesNotContain(pair.thread().thread());
        }
    }

    @Test
    void tasksMayRunOnTheLoop(EventLoop loop) {
        Recorder client = new Recorder();
        try (TlsPair pair = TlsPair.open(loop, client, Recorder.echo(), TlsThreadsTest::inline)) {
            pair.thread().run(() -> pair.client().write(new byte[1]));
            client.awaitBytes(1);
        }
    }

    private static TlsConfig inline(TlsConfig config) {
        return config.withTaskExecutor(task -> {
            throw new AssertionError("not inline");
        }).withInlineTasks();
    }
}
