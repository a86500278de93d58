package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.transport.BufferedProtocol;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.Net;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Recorder;
import io.jvloop.transport.Server;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What must not happen any more once one side has ended, although there is much left to read or write. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class TlsAbortTest {
    private static final SelfSigned CERTIFICATE = SelfSigned.of("localhost");
    private static final int MUCH = 3_000_000;

    private static EnginePeer client(EventLoop loop, LoopThread thread, String version,
            Supplier<Protocol> factory) throws IOException {
        Server server = thread.call(() -> Net.listen(loop,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                Tls.server(CERTIFICATE.context(), factory)));
        SSLEngine engine = CERTIFICATE.clientContext().createSSLEngine();
        engine.setUseClientMode(true);
        engine.setEnabledProtocols(new String[] {version});
        EnginePeer client = new EnginePeer(SocketChannel.open(server.addresses().get(0)), engine,
                Chunking.WHOLE, Tamper.NONE);
        assertThat(client.handshake()).isTrue();
        client.flush();
        thread.run(server::close);
        return client;
    }

    @Test
    @Contract(section = TLS, value = "After abort nothing more is received, however much is there already")
    void nothingIsReceivedAfterAbort(EventLoop loop) throws IOException {
        Recorder recorder = new Recorder().onMade(Transport::pauseReading).onData((transport, data) -> {
            transport.abort();
            assertThat(transport.isReading()).isFalse();
        });
        try (LoopThread thread = LoopThread.start(loop);
                EnginePeer client = client(loop, thread, "TLSv1.3", () -> recorder)) {
            recorder.awaitCall("made");
            client.send(new byte[600_000]);
            CompletableFuture<Void> sent = Peer.background(() -> {
                client.flush();
                return null;
            });
            Await.until("what is read ahead", () -> thread.call(() -> loop.stats().buffers()) >= 5);
            thread.run(() -> recorder.transport().resumeReading());
            assertThat(recorder.awaitLost()).isNull();
            assertThat(recorder.byteCount()).isLessThanOrEqualTo(256 * 1024); // one call
            Await.result(sent);
        }
    }

    @Test
    void bufferedProtocolIsNotFilledAfterAbort(EventLoop loop) throws IOException {
        int[] filled = {0};
        CompletableFuture<Throwable> lost = new CompletableFuture<>();
        BufferedProtocol protocol = new BufferedProtocol() {
            private Transport transport;

            @Override
            public void connectionMade(Transport opened) {
                transport = opened;
            }

            @Override
            public ByteBuffer getBuffer(int sizeHint) {
                return ByteBuffer.allocate(1);
            }

            @Override
            public void bufferUpdated(int count) {
                filled[0]++;
                transport.abort();
            }

            @Override
            public void connectionLost(Throwable cause) {
                lost.complete(cause);
            }
        };
        try (LoopThread thread = LoopThread.start(loop);
                EnginePeer client = client(loop, thread, "TLSv1.3", () -> protocol)) {
            client.send(new byte[100]);
            client.flush();
            assertThat(Await.result(lost)).isNull();
            assertThat(filled[0]).isEqualTo(1);
        }
    }

    @Test
    @Contract(section = TLS, value = "With TLS 1.2 a peer that closes before it has read everything ends the "
            + "connection; what it did not get is a failure for connectionLost")
    void peerThatClosesInTheMiddleOfAnAnswerEndsTheConnection(EventLoop loop) throws IOException {
        Recorder recorder = new Recorder().onData((transport, data) -> transport.write(new byte[MUCH * 10]));
        try (LoopThread thread = LoopThread.start(loop);
                EnginePeer client = client(loop, thread, "TLSv1.2", () -> recorder)) {
            client.send(new byte[1]);
            client.flush();
            recorder.awaitCall("pause");
            client.closeNotify();
            client.flush();
            recorder.awaitCall("eof");
            client.toEnd();
            assertThat(recorder.awaitLost()).isInstanceOf(SSLException.class)
                    .hasMessageContaining("before everything was sent");
            assertThat(client.plaintext().length).isLessThan(MUCH * 10);
        }
    }

    @Test
    @Contract(section = TLS, value = "With TLS 1.2 the answer to what came just before close_notify is sent")
    void answerIsSentBeforeTheEnd(EventLoop loop) throws IOException {
        Recorder recorder = Recorder.echo();
        try (LoopThread thread = LoopThread.start(loop);
                EnginePeer client = client(loop, thread, "TLSv1.2", () -> recorder)) {
            client.send(Bytes.noise(100_000));
            client.closeNotify();
            client.flush(); // together
            client.toEnd();
            assertThat(client.plaintext()).isEqualTo(Bytes.noise(100_000));
            assertThat(client.isClosed()).isTrue();
            assertThat(recorder.awaitLost()).isNull();
        }
    }

    @Test
    @Contract(section = TLS, value = "With TLS 1.2 nothing can be written after the peer's close_notify, and "
            + "connectionLost says that something was")
    void writeInsideEofReceivedIsAFailureBeforeTls13(EventLoop loop) throws IOException {
        Recorder recorder = new Recorder().onEof(transport -> {
            transport.write(Bytes.heap("goodbye"));
            return false;
        });
        try (LoopThread thread = LoopThread.start(loop);
                EnginePeer client = client(loop, thread, "TLSv1.2", () -> recorder)) {
            client.closeNotify();
            client.toEnd();
            assertThat(client.plaintext()).isEmpty();
            assertThat(client.isClosed()).isTrue();
            assertThat(recorder.awaitLost()).isInstanceOf(SSLException.class)
                    .hasMessageContaining("before everything was sent");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @Contract(section = TLS, value = "Data that a failure has cut short never ends with close_notify")
    void tornFileDoesNotLookComplete(String version, @TempDir Path folder, EventLoop loop)
            throws IOException {
        Path path = Files.write(folder.resolve("file"), new byte[MUCH * 5]);
        CompletableFuture<Long> sent = new CompletableFuture<>();
        FileChannel file = FileChannel.open(path);
        Recorder recorder = new Recorder().onMade(transport -> transport.sendFile(file).whenComplete(
                (count, failure) -> sent.complete(failure == null ? count : -1)));
        try (LoopThread thread = LoopThread.start(loop);
                EnginePeer client = client(loop, thread, version, () -> recorder)) {
            recorder.awaitCall("made");
            file.close();
            client.toEnd();
            assertThat(recorder.awaitLost()).isInstanceOf(IOException.class);
            assertThat(Await.result(sent)).isEqualTo(-1);
            assertThat(client.isClosed()).isFalse();
            assertThat(client.plaintext().length).isLessThan(MUCH * 5);
        }
    }
}
