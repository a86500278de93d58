package io.jvloop.tls;

import io.jvloop.support.Await;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;

/**
 * One end of a TLS conversation of which a test controls every byte: what the engine says is tampered with,
 * cut into pieces and sent; what the other end says is decrypted and kept. It writes nothing before it has to
 * read, so that whole conversations can leave with one write. One thread.
 */
final class EnginePeer implements AutoCloseable {
    private static final long PATIENCE_MILLIS = TimeUnit.SECONDS.toMillis(Await.PATIENCE_SECONDS);
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final SocketChannel channel;
    private final Selector selector = Selector.open();
    private final SSLEngine engine;
    private final Chunking.Cutter cutter;
    private final Tamper tamper;
    private final ByteArrayOutputStream outgoing = new ByteArrayOutputStream();
    private final ByteArrayOutputStream plain = new ByteArrayOutputStream();
    private final ByteBuffer record = ByteBuffer.allocate(64 * 1024);
    private final ByteBuffer opened = ByteBuffer.allocate(64 * 1024);
    private ByteBuffer in = ByteBuffer.allocate(128 * 1024).limit(0);
    private int records;
    private boolean cut;
    private boolean broken;
    private boolean ended;
    private boolean closed;
    private String failure;

    EnginePeer(SocketChannel channel, SSLEngine engine, Chunking chunking, Tamper tamper) throws IOException {
        this.channel = channel;
        this.engine = engine;
        this.cutter = new Chunking.Cutter(chunking);
        this.tamper = tamper;
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.configureBlocking(false);
        channel.register(selector, SelectionKey.OP_READ);
    }

    SSLEngine engine() {
        return engine;
    }

    /** Shakes hands; false if that failed. */
    boolean handshake() {
        try {
            engine.beginHandshake();
        } catch (SSLException e) {
            throw new UncheckedIOException(e);
        }
        return follow();
    }

    /** Does what the engine asks for, until it has nothing to ask for. */
    boolean follow() {
        while (failure == null && !closed) {
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK -> engine.getDelegatedTask().run();
                case NEED_WRAP -> wrap(NOTHING.duplicate());
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                    if (!unwrap()) {
                        return false;
                    }
                }
                default -> {
                    return true;
                }
            }
        }
        return false;
    }

    /** Encrypts and, sooner or later, sends; nothing makes a record without content. */
    void send(byte[] data) {
        ByteBuffer source = ByteBuffer.wrap(data);
        do {
            wrap(source);
        } while (source.hasRemaining() && !engine.isOutboundDone());
    }

    /** Sends bytes that are none of the engine's. */
    void sendRaw(byte[] bytes) {
        outgoing.writeBytes(bytes);
    }

    /** Says the first word of the handshake, and waits for the first bytes of the answer. */
    void hello() {
        try {
            engine.beginHandshake();
        } catch (SSLException e) {
            throw new UncheckedIOException(e);
        }
        wrap(NOTHING.duplicate());
        flush();
        read();
    }

    /** Goes without a word. */
    void reset() throws IOException {
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        selector.close(); // else the channel would be closed in its next selection only
        channel.close();
        ended = true;
    }

    /** Says close_notify. */
    void closeNotify() {
        engine.closeOutbound();
        while (wrap(NOTHING.duplicate())) {
            // its goodbye
        }
    }

    /** Ends the stream. */
    void end() {
        flush();
        try {
            channel.shutdownOutput();
        } catch (IOException e) {
            broken = true;
        }
    }

    /** Decrypts until so much plaintext has come in all, or the end. */
    void receive(int count) {
        while (plain.size() < count && failure == null && unwrap()) {
            follow();
        }
    }

    /** Reads all there is, to the end of the stream. */
    void toEnd() {
        while (failure == null && !closed && unwrap()) {
            follow();
        }
        flush();
        while (!ended) {
            in.position(in.limit());
            read();
        }
    }

    byte[] plaintext() {
        return plain.toByteArray();
    }

    /** What the engine did not like, such as an alert; null for nothing. */
    String failure() {
        return failure;
    }

    /** Whether the other end has said close_notify. */
    boolean isClosed() {
        return closed;
    }

    // ------------------------------------------------------------------------------------- engine

    /** Makes one record; false if the engine made none. */
    private boolean wrap(ByteBuffer source) {
        try {
            SSLEngineResult result = engine.wrap(source, record.clear());
            emit(Arrays.copyOf(record.array(), record.position()));
            return result.bytesProduced() > 0;
        } catch (SSLException e) {
            note(e);
            return false;
        }
    }

    private void emit(byte[] made) {
        if (made.length == 0 || cut) {
            return;
        }
        byte[] sent = tamper.change().of(records, made);
        outgoing.writeBytes(sent);
        cut = records == tamper.last();
        if (cut) {
            end();
        }
        records++;
    }

    /** Takes one record in; false if there is none any more. */
    private boolean unwrap() {
        try {
            SSLEngineResult result = engine.unwrap(in, opened.clear());
            plain.write(opened.array(), 0, opened.position());
            if (result.getStatus() == Status.BUFFER_UNDERFLOW) {
                flush();
                return !ended && read();
            }
            if (result.getStatus() == Status.CLOSED) {
                closed = true;
            }
            return !closed && isMoving(result);
        } catch (SSLException e) {
            note(e);
            return false;
        }
    }

    private static boolean isMoving(SSLEngineResult result) {
        return result.bytesConsumed() + result.bytesProduced() > 0
                || result.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING;
    }

    private void note(SSLException e) {
        if (failure == null) {
            failure = e.getMessage().replaceFirst("^\\(\\w+\\) ", ""); // newer JDKs begin with the alert
            while (wrap(NOTHING.duplicate())) {
                // the alert
            }
        }
    }

    // ------------------------------------------------------------------------------------- socket

    /** Sends what waits; reads meanwhile, since the other end may need that to go on. */
    void flush() {
        ByteBuffer waiting = ByteBuffer.wrap(outgoing.toByteArray());
        outgoing.reset();
        try {
            while (waiting.hasRemaining() && !broken) {
                int end = waiting.position() + cutter.next(waiting.remaining());
                ByteBuffer piece = waiting.duplicate().limit(end);
                while (channel.write(piece) == 0 || piece.hasRemaining()) {
                    readSome();
                }
                waiting.position(end);
            }
        } catch (IOException e) {
            broken = true; // what it still has to say can be read nevertheless
        }
    }

    /** Waits for bytes; false at the end of the stream. */
    private boolean read() {
        try {
            while (!readSome()) {
                if (selector.select(PATIENCE_MILLIS) == 0) {
                    throw new AssertionError("nothing comes: " + engine.getHandshakeStatus());
                }
                selector.selectedKeys().clear();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return !ended;
    }

    /** True if there was something to read, if only the end. */
    private boolean readSome() {
        makeRoom();
        int start = in.limit();
        in.limit(in.capacity());
        int count;
        try {
            count = ended ? -1 : channel.read(in.slice(start, in.capacity() - start));
        } catch (IOException reset) {
            count = -1;
        }
        in.limit(start + Math.max(0, count));
        ended |= count < 0;
        return count != 0;
    }

    private void makeRoom() {
        if (in.capacity() - in.limit() < in.capacity() / 2) {
            int size = in.remaining() > in.capacity() / 2 ? in.capacity() * 2 : in.capacity();
            in = ByteBuffer.allocate(size).put(in).flip();
        }
    }

    @Override
    public void close() throws IOException {
        selector.close();
        channel.close();
    }
}
