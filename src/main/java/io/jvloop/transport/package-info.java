/**
 * Connections: protocols, transports, servers, clients.
 *
 * <pre>
 *                     Net.listen ──▶ Server ── Acceptor ─┐                    ┌── Protocol           (yours)
 *                                                        ├▶ SocketTransport ──┤
 *   Net.connect ──▶ ConnectRace ── ConnectAttempt ───────┘     │     │        └── BufferedProtocol   (yours)
 *                                                              │     └── WriteSide, WriteQueue, FlowControl
 *                                                              ▼
 *                                              io.jvloop.loop: Registration, EventLoop
 * </pre>
 *
 * <p>The way of a byte: {@code SocketTransport.ready → read → Protocol.dataReceived → write → socket}, with
 * nothing in between. The other boxes are life before a connection and what happens when a peer is slow.
 *
 * <p>Reading order: {@code Protocol} (the contract as a grammar), {@code Transport}, {@code SocketTransport};
 * then {@code WriteSide}, {@code WriteQueue} and {@code FlowControl}; then {@code Acceptor}, {@code
 * ConnectRace} and {@code Net}. Then the examples.
 */
package io.jvloop.transport;
