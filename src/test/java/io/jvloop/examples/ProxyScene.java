package io.jvloop.examples;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.LoopThread;
import io.jvloop.transport.ListenConfig;
import io.jvloop.transport.Net;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Server;
import io.jvloop.transport.SocketConfig;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A proxy on a running loop, its backend, and everybody who is connected to either. */
final class ProxyScene implements AutoCloseable {
    private final EventLoop loop;
    private final LoopThread thread;
    private final ServerSocketChannel backend;
    private final Server server;
    private final SocketAddress address;
    private final List<Wire> wires = new ArrayList<>();
    private final List<Watched> accepted = new CopyOnWriteArrayList<>();

    /** Starts the loop. */
    ProxyScene(EventLoop loop, SocketAddress from, ServerSocketChannel backend) throws IOException {
        this(loop, from, backend, SocketConfig.DEFAULT);
    }

    /** With options for the connections that clients make. */
    ProxyScene(EventLoop loop, SocketAddress from, ServerSocketChannel backend, SocketConfig config)
            throws IOException {
        this.loop = loop;
        this.backend = backend;
        SocketAddress to = backend.getLocalAddress();
        thread = LoopThread.start(loop);
        server = thread.call(() -> Net.listen(loop, from, () -> watch(Proxy.to(to)),
                ListenConfig.DEFAULT.withSocket(config)));
        address = thread.call(() -> server.addresses().get(0));
    }

    private Protocol watch(Proxy proxy) {
        Watched watched = new Watched(proxy);
        accepted.add(watched);
        return watched;
    }

    Wire client() {
        return keep(Wire.connect(address));
    }

    Wire narrowClient() {
        return keep(Wire.connectNarrow(address));
    }

    /** The proxy's next connection to the backend. */
    Wire backend() {
        return keep(Wire.accept(backend));
    }

    private Wire keep(Wire wire) {
        wires.add(wire);
        return wire;
    }

    LoopThread thread() {
        return thread;
    }

    /** The proxy's end of the last client's connection, once it has begun. */
    Watched accepted() {
        Await.until("a client", () -> !accepted.isEmpty());
        Watched last = accepted.get(accepted.size() - 1);
        Await.until("its beginning", () -> last.transport != null);
        return last;
    }

    /** Pooled buffers lent out at the moment: what is queued on all connections. */
    int buffers() {
        return thread.call(() -> loop.stats().buffers());
    }

    /** Waits until the proxy has let go of both ends of every connection. */
    void awaitNobody() {
        Await.until("the end of all connections", () -> thread.call(() -> loop.stats().channels()) == 1);
    }

    /** Closes the loop underneath. */
    void closeLoop() {
        thread.close();
        loop.close();
    }

    @Override
    public void close() throws IOException {
        wires.forEach(Wire::close);
        backend.close();
        if (loop.isClosed()) {
            return;
        }
        thread.run(() -> {
            server.close();
            server.abortClients();
        });
        Await.until("the end of all channels", () -> thread.call(() -> loop.stats().channels()) == 0);
        thread.close();
    }

    /** The proxy's accepted end; what it asks of its transport is noted. */
    static final class Watched implements Protocol {
        private final Proxy proxy;
        private final List<String> calls = new CopyOnWriteArrayList<>();
        private volatile Transport transport;

        Watched(Proxy proxy) {
            this.proxy = proxy;
        }

        Transport transport() {
            return transport;
        }

        /** Waits until the proxy has called this method of its transport. */
        void awaitCall(String method) {
            Await.until("the call of " + method, () -> calls.contains(method));
        }

        @Override
        public void connectionMade(Transport made) {
            transport = made;
            proxy.connectionMade((Transport) java.lang.reflect.Proxy.newProxyInstance(
                    Transport.class.getClassLoader(), new Class<?>[] {Transport.class},
                    (self, method, arguments) -> {
                        try {
                            Object result = method.invoke(made, arguments);
                            calls.add(method.getName());
                            return result;
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    }));
        }

        @Override
        public void dataReceived(ByteBuffer data) {
            proxy.dataReceived(data);
        }

        @Override
        public void pauseWriting() {
            proxy.pauseWriting();
        }

        @Override
        public void resumeWriting() {
            proxy.resumeWriting();
        }

        @Override
        public boolean eofReceived() {
            return proxy.eofReceived();
        }

        @Override
        public void connectionLost(Throwable cause) {
            proxy.connectionLost(cause);
        }
    }
}
