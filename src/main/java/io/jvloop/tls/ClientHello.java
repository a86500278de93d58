package io.jvloop.tls;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Locale;
import javax.net.ssl.SNIHostName;

/**
 * Finds the server name (SNI) in a client's first message, before an engine is made: which certificate to
 * show, and whom to trust, depends on it, and an engine cannot change its context any more (RFC 8446, 4.1.2
 * and RFC 6066, 3). Sans-IO.
 *
 * <p>It judges nothing: what it does not understand has no name, and the engine, which gets the same bytes
 * afterwards, will say what is wrong.
 */
final class ClientHello {
    /** What is there is not enough to tell. */
    static final String INCOMPLETE = "";

    /** It is longer than anybody needs; what the engine would find in it must not be decided without. */
    static final String REFUSED = "\0";

    private static final int HANDSHAKE_RECORD = 22;
    private static final int CLIENT_HELLO = 1;
    private static final int MESSAGE_HEADER_BYTES = 4;
    private static final int VERSION_AND_RANDOM_BYTES = 2 + 32;
    private static final int SERVER_NAME_EXTENSION = 0;
    private static final int HOST_NAME = 0;
    private static final int BYTE = 0xFF;
    private static final int SHORT = 0xFFFF;

    /** Nobody needs more records for a hello; what comes in crumbs must not be put together for ever. */
    private static final int MOST_RECORDS = 16;

    /** The most that the JDK's engine takes in one record, and in one message. */
    private static final int MOST_RECORD_BYTES = 33_093 - RecordReader.HEADER_BYTES;
    private static final int MOST_MESSAGE_BYTES =
            Integer.getInteger("jdk.tls.maxHandshakeMessageSize", 32 * 1024);

    private ClientHello() {
    }

    /**
     * Looks for the name.
     *
     * @param received everything since the beginning; its position is moved
     * @return the name in lower case, null if there is none, {@link #INCOMPLETE} or {@link #REFUSED}
     */
    static String serverName(ByteBuffer received) {
        ByteBuffer message = ByteBuffer.allocate(received.remaining());
        for (int records = 0; records < MOST_RECORDS; records++) {
            if (received.remaining() < RecordReader.HEADER_BYTES) {
                return INCOMPLETE;
            }
            if (received.get() != HANDSHAKE_RECORD) {
                return null;
            }
            received.getShort(); // the record's version
            int length = received.getShort() & SHORT;
            if (length > MOST_RECORD_BYTES) {
                return null;
            }
            if (received.remaining() < length) {
                return INCOMPLETE;
            }
            message.put(received.slice().limit(length));
            received.position(received.position() + length);
            if (isComplete(message)) {
                return nameIn(message.flip());
            }
            if (length(message) > MOST_MESSAGE_BYTES) {
                return null;
            }
        }
        return REFUSED;
    }

    private static boolean isComplete(ByteBuffer message) {
        return message.position() >= MESSAGE_HEADER_BYTES
                && message.position() >= MESSAGE_HEADER_BYTES + length(message);
    }

    /** What the message says of itself, as soon as it says so. */
    private static int length(ByteBuffer message) {
        return message.position() < MESSAGE_HEADER_BYTES ? 0 : message.getInt(0) & 0xFF_FFFF;
    }

    private static String nameIn(ByteBuffer message) {
        try {
            if (message.getInt() >>> 24 != CLIENT_HELLO) {
                return null;
            }
            skip(message, VERSION_AND_RANDOM_BYTES);
            skip(message, message.get() & BYTE); // session id
            skip(message, message.getShort() & SHORT); // cipher suites
            skip(message, message.get() & BYTE); // compression methods
            return nameAmong(part(message, message.getShort() & SHORT));
        } catch (BufferUnderflowException | IllegalArgumentException malformed) {
            return null;
        }
    }

    private static String nameAmong(ByteBuffer extensions) {
        while (extensions.hasRemaining()) {
            int type = extensions.getShort() & SHORT;
            ByteBuffer content = part(extensions, extensions.getShort() & SHORT);
            if (type == SERVER_NAME_EXTENSION) {
                return hostName(part(content, content.getShort() & SHORT));
            }
        }
        return null;
    }

    private static String hostName(ByteBuffer list) {
        while (list.hasRemaining()) {
            int type = list.get();
            ByteBuffer name = part(list, list.getShort() & SHORT);
            if (type == HOST_NAME) {
                return asTheEngineReadsIt(name);
            }
        }
        return null;
    }

    /** Or the choice would be made for one name, and the session tell of another. */
    private static String asTheEngineReadsIt(ByteBuffer name) {
        byte[] bytes = new byte[name.remaining()];
        name.get(bytes);
        return new SNIHostName(bytes).getAsciiName().toLowerCase(Locale.ROOT);
    }

    private static void skip(ByteBuffer from, int bytes) {
        from.position(from.position() + bytes);
    }

    private static ByteBuffer part(ByteBuffer from, int bytes) {
        ByteBuffer part = from.slice().limit(bytes);
        skip(from, bytes);
        return part;
    }
}
