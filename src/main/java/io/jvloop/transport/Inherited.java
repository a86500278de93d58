package io.jvloop.transport;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.Registration;
import java.io.IOException;
import java.nio.channels.Channel;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * The socket that another program has opened and handed to this one as standard input: a listening one
 * (systemd's socket activation, inetd's {@code wait}) or a connection (inetd's {@code nowait}).
 *
 * <p><b>Never closed.</b> The channel is a duplicate of descriptor 0, and the JDK takes its {@code close} for
 * the end of the whole service: descriptors 0, 1 and 2 all become /dev/null, wherever they led, and what the
 * program prints afterwards is lost without a word. So a connection is shut down in both directions, which
 * its peer sees as an end, and a listener is only left alone: whoever opened it may go on listening. The
 * descriptor stays open until the process ends. That is right too where standard output is the same
 * connection, as under inetd: what is printed after the end fails there, and reaches nobody.
 */
final class Inherited {
    private Inherited() {
    }

    static Server serve(EventLoop loop, Channel inherited, Supplier<? extends Protocol> factory,
            ListenConfig config) throws IOException {
        loop.requireLoopThread("inherited");
        Objects.requireNonNull(factory, "factory");
        if (inherited instanceof ServerSocketChannel listening) {
            return listen(loop, listening, factory, config);
        }
        if (inherited instanceof SocketChannel connection) {
            return serveOne(loop, connection, factory, config);
        }
        throw refusal("a listening or connected stream socket", inherited);
    }

    private static IllegalStateException refusal(String expected, Channel inherited) {
        return new IllegalStateException("standard input must be " + expected + ", not "
                + (inherited == null ? "a file, pipe or terminal" : inherited)
                + "; start the program by inetd, by systemd with StandardInput=socket, or by a shell that has"
                + " the socket as its descriptor 3 with: java … <&3 3<&-");
    }

    private static Server listen(EventLoop loop, ServerSocketChannel channel,
            Supplier<? extends Protocol> factory, ListenConfig config) throws IOException {
        Server server = new Server(loop, factory, config.socket(), List.of(new Listener(channel, null)));
        server.keepSocketsOpen();
        if (config.startServing()) {
            server.startServing();
        }
        return server;
    }

    /** A server that is closed already and has one connection. */
    private static Server serveOne(EventLoop loop, SocketChannel channel,
            Supplier<? extends Protocol> factory, ListenConfig config) throws IOException {
        Server server = new Server(loop, factory, config.socket(), List.of());
        config.socket().apply(channel);
        Registration registration = server.serve(channel);
        if (registration == null) {
            throw new IllegalStateException("Event loop is closed");
        }
        registration.closeBy(() -> shutDown(channel));
        server.close();
        return server;
    }

    /** For a UDP socket (inetd's {@code dgram wait}); it too stays open. */
    static DatagramTransport receive(EventLoop loop, Channel inherited,
            Supplier<? extends DatagramProtocol> factory, DatagramConfig config) throws IOException {
        if (inherited instanceof DatagramChannel channel) {
            return Datagrams.adopt(loop, channel, factory, config,
                    registration -> registration.closeBy(() -> {}));
        }
        throw refusal("a UDP socket", inherited);
    }

    private static void shutDown(SocketChannel channel) {
        try {
            channel.shutdownOutput();
            channel.shutdownInput();
        } catch (IOException peerIsGone) {
            // then it knows
        }
    }
}
