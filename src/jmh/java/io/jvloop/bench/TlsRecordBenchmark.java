package io.jvloop.bench;

import io.jvloop.tls.SelfSigned;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the JDK's engine costs to encrypt and decrypt a message, and where its records had better be: in
 * direct memory, where the socket has them, or on the heap, with a copy to and from there. {@code
 * RecordWriter} and {@code TlsProtocol} go by way of the heap because of this.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class TlsRecordBenchmark {
    private static final int WIRE_BYTES = 256 * 1024;
    private static final int RECORD_BYTES = 64 * 1024;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    /** Where records are made and opened. */
    public enum Memory { DIRECT, HEAP_AND_COPY }

    /** Where they are. */
    @Param
    public Memory memory;

    /** Of a message. */
    @Param({"1024", "10240", "102400"})
    public int bytes;

    /** Offered by the client. */
    @Param({"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"})
    public String suite;

    private final ByteBuffer wire = ByteBuffer.allocateDirect(WIRE_BYTES);
    private final ByteBuffer plain = ByteBuffer.allocateDirect(WIRE_BYTES);
    private final ByteBuffer record = ByteBuffer.allocate(RECORD_BYTES);
    private SSLEngine client;
    private SSLEngine server;
    private ByteBuffer message;

    /** Shakes hands in memory. */
    @Setup
    public void shakeHands() throws SSLException {
        SSLContext context = SelfSigned.of("localhost").context();
        client = context.createSSLEngine("localhost", 1);
        client.setUseClientMode(true);
        client.setEnabledCipherSuites(new String[] {suite});
        server = context.createSSLEngine();
        server.setUseClientMode(false);
        message = ByteBuffer.allocateDirect(bytes);
        client.beginHandshake();
        server.beginHandshake();
        ByteBuffer toServer = ByteBuffer.allocate(RECORD_BYTES).flip();
        ByteBuffer toClient = ByteBuffer.allocate(RECORD_BYTES).flip();
        boolean moved = true;
        while (moved) {
            moved = step(client, toClient, toServer) | step(server, toServer, toClient);
        }
    }

    private boolean step(SSLEngine engine, ByteBuffer in, ByteBuffer out) throws SSLException {
        switch (engine.getHandshakeStatus()) {
            case NEED_TASK -> {
                engine.getDelegatedTask().run();
                return true;
            }
            case NEED_WRAP -> {
                engine.wrap(NOTHING, out.compact());
                out.flip();
                return true;
            }
            default -> {
                SSLEngineResult result = engine.unwrap(in, plain.clear());
                return result.bytesConsumed() > 0;
            }
        }
    }

    /** One message from plaintext to plaintext: both sides' work. */
    @Benchmark
    public ByteBuffer roundTrip() throws SSLException {
        message.clear();
        wire.clear();
        plain.clear();
        if (memory == Memory.DIRECT) {
            while (message.hasRemaining()) {
                client.wrap(message, wire);
            }
            wire.flip();
            while (wire.hasRemaining()) {
                server.unwrap(wire, plain);
            }
        } else {
            byWayOfTheHeap();
        }
        return plain;
    }

    private void byWayOfTheHeap() throws SSLException {
        while (message.hasRemaining()) {
            client.wrap(message, record.clear());
            wire.put(record.flip());
        }
        wire.flip();
        while (wire.hasRemaining()) {
            int length = 5 + (wire.getShort(wire.position() + 3) & 0xFFFF);
            record.clear().put(0, wire, wire.position(), length).limit(length);
            wire.position(wire.position() + length);
            server.unwrap(record, plain);
        }
    }
}
