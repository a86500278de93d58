/**
 * TLS: a protocol below and a transport above, on the JDK's {@code SSLEngine}.
 *
 * <pre>
 *                      your Protocol
 *        dataReceived ▲              │ write
 *                     │              ▼
 *            TlsTransport ───────────┐           the upper face
 *                 ▲                  │
 *                 │ deliver          │ WriteSide: what has to wait
 *                 │                  ▼
 *            TlsReadHalf             │
 *                 ▲                  ▼
 *            TlsProtocol        RecordWriter
 *              RecordReader          │
 *                 │ open             │ seal
 *                 └──▶ TlsEngine ◀───┘           sans-IO, around SSLEngine
 *                          │
 *            TlsConnection ┴ HandshakeWatch      state, beginning
 *            TlsEnding                           end, timers
 *                 ▲
 *                 │ dataReceived, connectionLost …
 *        the Transport below: TCP, UNIX, TLS again
 * </pre>
 *
 * <p>{@link io.jvloop.tls.Tls} has the verbs, {@link io.jvloop.tls.TlsConfig} the choices, {@link
 * io.jvloop.tls.TlsContexts} and {@link io.jvloop.tls.SelfSigned} make contexts.
 *
 * <p>Reading order: {@code Tls}, {@code TlsState} (the life as a picture), {@code TlsProtocol} (the way in),
 * {@code TlsTransport} and {@code RecordWriter} (the way out), {@code TlsEngine} (the traps of {@code
 * SSLEngine}), {@code TlsConnection}, {@code TlsEnding}; then the odds and ends: {@code RecordReader}, {@code
 * ClientHello}, {@code TlsSetup}.
 */
package io.jvloop.tls;
