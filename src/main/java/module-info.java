/**
 * jvloop: a single-threaded reactor over {@code java.nio}, and the transports and protocols on top of it.
 *
 * <pre>
 *    io.jvloop.http  ──▶ io.jvloop.http.codec       HTTP/1.1 servers; the codec does no I/O
 *         │
 *         │    io.jvloop.process     children, signals, shutdown
 *         │         │
 *         │         ▼
 *         │    io.jvloop.stream      readers and writers in place of protocols
 *         │         │
 *         │         ▼
 *         │    io.jvloop.tls         TLS between a transport and a protocol
 *         │         │
 *         ▼         ▼
 *    io.jvloop.transport   protocols, transports, servers, clients
 *         │        │
 *         │   io.jvloop.dns   names to addresses, off the loop
 *         ▼        ▼
 *    io.jvloop.loop        the reactor: callbacks, timers, channels   ──▶ org.jctools.core
 *         │
 *         ▼
 *    io.jvloop.buffer      direct memory
 * </pre>
 *
 * <p>Start reading at {@link io.jvloop.loop}.
 */
module io.jvloop {
    requires org.jctools.core;
    requires static transitive java.instrument; // for SignalAgent only

    exports io.jvloop.buffer;
    exports io.jvloop.dns;
    exports io.jvloop.http;
    exports io.jvloop.http.codec;
    exports io.jvloop.loop;
    exports io.jvloop.process;
    exports io.jvloop.stream;
    exports io.jvloop.tls;
    exports io.jvloop.transport;
}
