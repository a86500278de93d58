package io.jvloop.transport;

/**
 * A protocol that is itself a transport for another protocol above it, as TLS is. What ends connections in
 * order, {@link Server#closeClients} for example, speaks to the uppermost transport, so that each layer can
 * say goodbye in its own way. Loop thread.
 */
public interface LayeredProtocol extends Protocol {
    /** {@return the transport above, null while there is none: before a handshake is over, for example} */
    Transport upper();
}
