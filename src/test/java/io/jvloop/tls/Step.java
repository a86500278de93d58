package io.jvloop.tls;

import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;

/**
 * What one call of a {@link ScriptedEngine}'s wrap or unwrap does. Immutable.
 *
 * @param status of the result
 * @param handshake of the result
 * @param after what getHandshakeStatus says from then on
 * @param consumes bytes of the source at most, of what there is
 * @param produces bytes, if there is room for {@code needs}; else the result is BUFFER_OVERFLOW and nothing
 *            has happened
 * @param needs room in the target
 * @param failure thrown instead, or null
 */
record Step(Status status, HandshakeStatus handshake, HandshakeStatus after, int consumes, int produces,
        int needs, Throwable failure) {

    /** What an engine puts into its targets. */
    static final byte CONTENT = 'p';

    static Step of(Status status, HandshakeStatus handshake) {
        HandshakeStatus after =
                handshake == HandshakeStatus.FINISHED ? HandshakeStatus.NOT_HANDSHAKING : handshake;
        return new Step(status, handshake, after, 0, 0, 0, null);
    }

    static Step ok(HandshakeStatus handshake) {
        return of(Status.OK, handshake);
    }

    static Step throwing(Throwable failure, HandshakeStatus after) {
        return new Step(Status.OK, after, after, 0, 0, 0, failure);
    }

    Step consumes(int bytes) {
        return new Step(status, handshake, after, bytes, produces, needs, failure);
    }

    Step consumesAll() {
        return consumes(Integer.MAX_VALUE);
    }

    Step produces(int bytes) {
        return new Step(status, handshake, after, consumes, bytes, bytes, failure);
    }

    Step needs(int bytes) {
        return new Step(status, handshake, after, consumes, produces, bytes, failure);
    }

    Step then(HandshakeStatus later) {
        return new Step(status, handshake, later, consumes, produces, needs, failure);
    }

    boolean overflows(ByteBuffer target) {
        return target.remaining() < needs;
    }

    SSLEngineResult play(ByteBuffer[] sources, int offset, int length, ByteBuffer target)
            throws SSLException {
        if (failure instanceof SSLException e) {
            throw e;
        } else if (failure instanceof RuntimeException e) {
            throw e;
        }
        int consumed = 0;
        for (int i = offset; i < offset + length; i++) {
            int part = Math.min(consumes - consumed, sources[i].remaining());
            sources[i].position(sources[i].position() + part);
            consumed += part;
        }
        for (int i = 0; i < produces; i++) {
            target.put(CONTENT);
        }
        return new SSLEngineResult(status, handshake, consumed, produces);
    }
}
