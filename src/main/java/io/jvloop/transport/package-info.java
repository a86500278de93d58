/**
 * Connections: protocols, transports, servers, clients; datagrams, pipes and raw channels.
 *
 * <pre>
 *   Net.listen ──▶ Server ── Acceptor ─────────┐                       ┌── Protocol           (yours)
 *     (on a group: GroupServer, one each)      ├─▶ SocketTransport ────┤
 *   Net.connect ─▶ ConnectRace, ConnectAttempt ┘    │                  └── BufferedProtocol   (yours)
 *                                                   │
 *   Pipes ───────▶ ReadPipe, WritePipe ─────────────┤ made of: Lifecycle (beginning, end, states)
 *                                                   │          ReadHalf   (readiness → dataReceived)
 *                                                   │          WriteHalf  (write → channel, or queue)
 *                                                   │            └── WriteSide, ByteQueue, FileSend
 *   Net.bind ────▶ UdpTransport ── Lifecycle ───────┤                  ┌── DatagramProtocol   (yours)
 *                    └── UdpSender, DatagramQueue   │
 *   RawChannel ─── RawSide, RawOperation ───────────┤
 *                                                   ▼
 *                                   io.jvloop.loop: Registration, EventLoop
 * </pre>
 *
 * <p>The way of a byte: {@code SocketTransport.ready → ReadHalf → read → Protocol.dataReceived → write →
 * WriteHalf → WriteSide → socket}, with no queue, no copy and no object in between. The other boxes are life
 * before a connection and what happens when a peer is slow.
 *
 * <p>Reading order: {@code Protocol} (the contract as a grammar), {@code Transport}, {@code SocketTransport}
 * with {@code ReadHalf}, {@code WriteHalf} and {@code Lifecycle}; then {@code WriteSide}, {@code ByteQueue},
 * {@code FlowControl} and {@code FileSend}; then {@code Acceptor}, {@code ConnectRace} and {@code Net}; then
 * the same bricks again in {@code UdpTransport}, {@code ReadPipe} and {@code WritePipe}; last {@code
 * RawChannel}. Then the examples.
 */
package io.jvloop.transport;
