/**
 * A single-threaded NIO reactor: buffers, the event loop, a DNS client and transports.
 */
module io.jvloop {
    requires org.jctools.core;
    // For sun.misc.Unsafe: JCTools needs it at run time, but declares it as "requires static" only.
    requires jdk.unsupported;

    exports io.jvloop.buffer;
    exports io.jvloop.loop;
    exports io.jvloop.dns;
    exports io.jvloop.transport;
}
