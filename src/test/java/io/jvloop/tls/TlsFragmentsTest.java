package io.jvloop.tls;

import static io.jvloop.support.Section.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Contract;
import io.jvloop.support.LoopExtension;
import io.jvloop.support.LoopThread;
import io.jvloop.transport.BufferedProtocol;
import io.jvloop.transport.Bytes;
import io.jvloop.transport.ListenConfig;
import io.jvloop.transport.Net;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Server;
import io.jvloop.transport.SocketConfig;
import io.jvloop.transport.Transport;
import io.jvloop.transport.WriteBufferLimits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Random;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The same bytes come out, in order, however the application reads and the ciphertext is cut. */
@Timeout(120)
@ExtendWith(LoopExtension.class)
class TlsFragmentsTest {
    private static final SelfSigned CERTIFICATE = SelfSigned.of("localhost");
    private static final int NARROW_BYTES = 8 * 1024;
    private static final WriteBufferLimits SMALL = new WriteBufferLimits(1_000, 20_000);

    /** Less than any record has. */
    private static final WriteBufferLimits TINY = new WriteBufferLimits(0, 1);

    /** How the application reads. */
    enum Reader {
        PAUSING(200_000), ONE_BYTE(10_000), SEVEN_BYTES(30_000), THOUSAND_BYTES(200_000),
        CHANGING(100_000);

        private final int bytes;

        Reader(int bytes) {
            this.bytes = bytes;
        }

        Protocol protocol() {
            return switch (this) {
                case PAUSING -> new Plain(new Scene(false), true);
                case ONE_BYTE -> new Buffered(new Scene(false), 1);
                case SEVEN_BYTES -> new Buffered(new Scene(false), 7);
                case THOUSAND_BYTES -> new Buffered(new Scene(false), 1_000);
                case CHANGING -> new Plain(new Scene(true), false);
            };
        }
    }

    @ParameterizedTest
    @CsvSource({"PAUSING, TLSv1.2", "PAUSING, TLSv1.3", "ONE_BYTE, TLSv1.3", "SEVEN_BYTES, TLSv1.2",
        "THOUSAND_BYTES, TLSv1.3", "CHANGING, TLSv1.2", "CHANGING, TLSv1.3"})
    @Contract(section = TLS, value = "Bytes arrive complete and in order, however the application pauses, "
            + "fills buffers of its own or changes protocols meanwhile")
    void bytesComeBack(Reader reader, String version, EventLoop loop) throws IOException {
        for (boolean debug : new boolean[] {false, true}) {
            loop.setDebug(debug);
            for (Chunking chunking : Chunking.values()) {
                TlsConfig config =
                        TlsConfig.DEFAULT.withProtocols(version).withReadBufferLimits(debug ? SMALL : TINY)
                                .withWriteBufferLimits(SMALL);
                assertEcho(loop, reader, chunking, debug ? config : config.withInlineTasks());
            }
        }
    }

    private static void assertEcho(EventLoop loop, Reader reader, Chunking chunking, TlsConfig config)
            throws IOException {
        byte[] data = Bytes.noise(reader.bytes);
        Supplier<Protocol> factory = reader::protocol;
        ListenConfig narrow = ListenConfig.DEFAULT
                .withSocket(SocketConfig.DEFAULT.withKernelBuffers(NARROW_BYTES, NARROW_BYTES));
        Server server = Net.listen(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                Tls.server(CERTIFICATE.context(), factory, config), narrow);
        SSLEngine engine = CERTIFICATE.clientContext().createSSLEngine();
        engine.setUseClientMode(true);
        try (LoopThread thread = LoopThread.start(loop);
                EnginePeer client = new EnginePeer(SocketChannel.open(server.addresses().get(0)), engine,
                        chunking, Tamper.NONE)) {
            assertThat(client.handshake()).isTrue();
            client.send(data);
            client.receive(data.length);
            client.closeNotify();
            client.toEnd();
            assertThat(client.plaintext()).isEqualTo(data);
            assertThat(client.isClosed()).isTrue();
            thread.run(server::close);
        }
    }

    /** What the protocols of one connection share. */
    private static final class Scene {
        private final Random random = new Random(1);
        private final boolean changes;
        private Transport transport;

        Scene(boolean changes) {
            this.changes = changes;
        }

        void echo(ByteBuffer data) {
            transport.write(data);
            if (changes) {
                transport.setProtocol(random.nextBoolean() ? new Plain(this, false)
                        : new Buffered(this, 1 + random.nextInt(5_000)));
            }
        }
    }

    private static final class Plain implements Protocol {
        private final Scene scene;
        private final boolean pauses;

        Plain(Scene scene, boolean pauses) {
            this.scene = scene;
            this.pauses = pauses;
        }

        @Override
        public void connectionMade(Transport opened) {
            scene.transport = opened;
        }

        @Override
        public void dataReceived(ByteBuffer data) {
            assertThat(scene.transport.isReading()).isTrue();
            scene.echo(data);
            if (pauses && scene.random.nextBoolean()) {
                scene.transport.pauseReading();
                resumeLater(scene.random.nextInt(3));
            }
        }

        private void resumeLater(int turns) {
            scene.transport.loop().callSoon(() -> {
                if (turns == 0) {
                    scene.transport.resumeReading();
                } else {
                    resumeLater(turns - 1);
                }
            });
        }
    }

    private static final class Buffered implements BufferedProtocol {
        private final Scene scene;
        private final ByteBuffer buffer;

        Buffered(Scene scene, int bytes) {
            this.scene = scene;
            this.buffer = ByteBuffer.allocate(bytes);
        }

        @Override
        public void connectionMade(Transport opened) {
            scene.transport = opened;
        }

        @Override
        public ByteBuffer getBuffer(int sizeHint) {
            return buffer.clear();
        }

        @Override
        public void bufferUpdated(int count) {
            scene.echo(buffer.flip());
        }
    }
}
