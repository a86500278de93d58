package io.jvloop.tls;

import io.jvloop.buffer.BufferPool;
import io.jvloop.loop.EventLoop;
import io.jvloop.transport.LayeredProtocol;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;

/**
 * The lower face of TLS: what the transport below calls. Bytes arrive here, are cut into records, decrypted
 * and delivered to the application above. The states are drawn at {@link TlsState}. Hot; loop thread.
 *
 * <p>The way of a byte: {@link #dataReceived} → {@link RecordReader} → {@link TlsEngine#open} → {@link
 * TlsReadHalf#deliver} → the application → {@link TlsTransport#write} → {@link RecordWriter} → the transport
 * below. Everything that one read has brought is delivered with one call.
 *
 * <p>Memory is borrowed: ciphertext is decrypted where it was read to, plaintext goes through a buffer of the
 * pool that is given back before this returns. What stays is the beginning of a record, or what the
 * application does not want yet; an idle connection holds no buffer.
 *
 * <p>Read next: {@link TlsConnection} and {@link TlsEnding}, which know how it begins and ends.
 */
final class TlsProtocol implements LayeredProtocol {
    /** The most plaintext in a record (RFC 8446, 5.1). */
    private static final int RECORD_BYTES = 16 * 1024;

    private static final int HANDSHAKE_RECORD = 22;
    private static final int ALERT_RECORD = 21;
    private static final byte POISON = (byte) 0xDB;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final TlsConnection connection;
    private EventLoop loop;
    private BufferPool pool;
    private RecordReader reader;
    private Transport below;
    private boolean decrypting;
    private boolean belowEnded;
    private boolean belowPaused;

    TlsProtocol(TlsSetup setup, Supplier<? extends Protocol> factory) {
        connection = new TlsConnection(this, setup, factory);
    }

    TlsConnection connection() {
        return connection;
    }

    @Override
    public Transport upper() {
        return connection.isMade() ? connection.upper() : null;
    }

    // ------------------------------------------------------------------------------------ from below

    @Override
    public void connectionMade(Transport transport) {
        begin(transport);
    }

    /** The same for a transport that is in use already. */
    void begin(Transport transport) {
        below = transport;
        loop = transport.loop();
        pool = loop.buffers();
        reader = new RecordReader(pool);
        connection.begin(transport);
    }

    @Override
    public void dataReceived(ByteBuffer data) {
        if (reader == null) {
            throw new IllegalStateException("TLS has not begun: use Tls.upgrade, not setProtocol");
        }
        if (decrypting) {
            reader.hold(data);
            return;
        }
        try {
            decrypt(data);
            if (connection.isPeerClosed()) {
                reader.clear(); // what follows is to be ignored (RFC 8446, 6.1)
                connection.ending().peerClosed();
            } else if (!connection.state().isOver() && data.hasRemaining()) {
                reader.hold(data);
            }
            if (belowEnded && !canDecryptLater()) {
                connection.ending().belowEnded();
            }
        } catch (IOException e) {
            connection.ending().fail(e);
        } catch (RuntimeException e) {
            connection.ending().fatal(e);
        }
        paceBelow();
    }

    /** Something that was in the way of decrypting is gone. */
    void goOn() {
        if (reader != null && !connection.state().isOver()) {
            dataReceived(NOTHING);
        }
    }

    @Override
    public boolean eofReceived() {
        belowEnded = true;
        goOn();
        return true; // who closes the transport below, and when, is decided by the state, not by this answer
    }

    /** Whether there is something that only waits to be allowed. */
    private boolean canDecryptLater() {
        boolean needsMore = connection.state() == TlsState.UNWRAPPED; // half a hello: nothing can be done
        return connection.holdsPlaintext() || connection.isTaskRunning()
                || reader.heldBytes() > 0 && !mayDecrypt() && !connection.isPeerClosed() && !needsMore;
    }

    @Override
    public void pauseWriting() {
        connection.belowFull(true);
    }

    @Override
    public void resumeWriting() {
        connection.belowFull(false);
        goOn(); // decrypting had to wait if it owed the peer an answer
    }

    @Override
    public boolean idleTimeout() {
        return connection.idleTimeout();
    }

    @Override
    public boolean draining() {
        return connection.draining();
    }

    @Override
    public void connectionLost(Throwable cause) {
        if (reader != null) { // else it was given to setProtocol
            reader.clear();
            connection.ending().lost(cause);
        }
    }

    // ------------------------------------------------------------------------------------ decrypting

    private void decrypt(ByteBuffer data) throws SSLException {
        if (connection.state() == TlsState.UNWRAPPED) {
            reader.hold(data);
            chooseContext();
        }
        if (!mayDecrypt()) {
            return;
        }
        decrypting = true; // an application that pumps its own loop must not get here again
        ByteBuffer plain = pool.acquire(BufferPool.MAX_BYTES);
        try {
            decrypt(data, plain);
        } finally {
            decrypting = false;
            pool.release(plain);
        }
    }

    private void decrypt(ByteBuffer data, ByteBuffer plain) throws SSLException {
        TlsEngine engine = connection.engine();
        try {
            while (mayDecrypt()) {
                if (isTurningPoint(reader.nextType(data))) {
                    if (plain.position() > 0) {
                        deliver(plain); // it may be answered, and reading may be paused
                        continue;
                    }
                    beforeTurningPoint(reader.nextType(data));
                    if (!mayDecrypt()) {
                        break;
                    }
                }
                ByteBuffer record = pool.heapScratch();
                if (reader.next(data, record) == 0) {
                    break;
                }
                int consumed = engine.open(record, plain);
                if (consumed != TlsEngine.NO_ROOM) {
                    reader.advance(data, consumed);
                    connection.proceed();
                } else if (plain.position() == 0) {
                    throw new SSLException("a record of more than " + plain.capacity() + " bytes");
                }
                if (consumed == TlsEngine.NO_ROOM || plain.remaining() < RECORD_BYTES) {
                    deliver(plain);
                }
            }
        } finally {
            deliver(plain); // also what came before a record that is broken
        }
    }

    private boolean mayDecrypt() {
        return connection.mayDecrypt();
    }

    /**
     * TLS 1.2: after such a record nothing that was written before may be possible any more. Its type can be
     * seen from outside; in 1.3 it cannot, and there is no need to.
     */
    private boolean isTurningPoint(int type) {
        return (type == ALERT_RECORD || type == HANDSHAKE_RECORD) && connection.engine().isHandshakeDone()
                && !connection.isTls13();
    }

    private void beforeTurningPoint(int type) throws SSLException {
        if (type == HANDSHAKE_RECORD) {
            connection.ending().refuseRenegotiation();
        } else {
            connection.ending().flushBeforeAlert();
        }
    }

    private void deliver(ByteBuffer plain) {
        if (plain.position() > 0) {
            connection.deliver(plain.flip());
            if (loop.isDebug()) {
                for (int i = 0; i < plain.limit(); i++) {
                    plain.put(i, POISON); // whoever keeps what was borrowed shall notice at once
                }
            }
            plain.clear();
        }
    }

    private void chooseContext() throws SSLException {
        ByteBuffer received = pool.heapScratch();
        reader.peek(received);
        boolean more = received.hasRemaining();
        String name = ClientHello.serverName(received.flip());
        if (ClientHello.REFUSED.equals(name)) {
            throw new SSLHandshakeException("a ClientHello in more pieces than anybody needs");
        }
        if (name == null || !name.equals(ClientHello.INCOMPLETE) || !more) {
            connection.start(name == null || name.isEmpty() ? null : name);
        }
    }

    // ----------------------------------------------------------------------------------- back-pressure

    /**
     * Reads no more from below than will be decrypted some day soon. If decrypting is allowed and did not go
     * on, the rest of a record is missing, and must be read however low the marks are.
     */
    private void paceBelow() {
        boolean incomplete = mayDecrypt() || connection.state() == TlsState.UNWRAPPED;
        if (belowPaused) {
            if (incomplete || reader.heldBytes() <= connection.readLimits().lowBytes()) {
                belowPaused = false;
                below.resumeReading();
            }
        } else if (!incomplete && reader.heldBytes() > 0
                && reader.heldBytes() >= connection.readLimits().highBytes()) {
            belowPaused = true;
            below.pauseReading();
        }
    }

    @Override
    public String toString() {
        return "TlsProtocol[" + connection + (reader == null ? "" : ", " + reader) + "]";
    }
}
