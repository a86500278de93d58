package io.jvloop.tls;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.LoopThread;
import io.jvloop.transport.Net;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Server;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/**
 * Two echo servers that should be told apart by nothing: the JDK's own, blocking, and ours. Both end the
 * connection when they have received {@link #BYE}, or the peer's end.
 */
final class EchoServers implements AutoCloseable {
    /** The last byte that a server answers. */
    static final byte BYE = 0x07;

    private static final int NONE = -1;

    private final LinkedBlockingQueue<String> jdkEnds = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<String> ourEnds = new LinkedBlockingQueue<>();
    private final SSLServerSocket jdk;
    private final CompletableFuture<Void> serving;
    private final LoopThread thread;
    private final Server ours;

    EchoServers(EventLoop loop, LoopThread thread, SSLContext context, TlsConfig config) throws IOException {
        this.thread = thread;
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        jdk = (SSLServerSocket) context.getServerSocketFactory().createServerSocket();
        jdk.bind(any);
        jdk.setSSLParameters(
                new TlsSetup(context, null, config.withContexts(null).withSessionResumption(false))
                        .newEngine(null, null)
                        .getSSLParameters());
        serving = Peer.background(this::serve);
        TlsConfig told = config.withHandshakeFailed((below, cause) -> ourEnds.add("failed"));
        ours = thread.call(() -> Net.listen(loop, any, Tls.server(context, OurEcho::new, told)));
    }

    SocketAddress jdkAddress() {
        return jdk.getLocalSocketAddress();
    }

    SocketAddress ourAddress() {
        return ours.addresses().get(0);
    }

    /** How the server's side of the next connection ended: {@code clean} or {@code failed}. */
    String jdkEnd() {
        return next(jdkEnds);
    }

    String ourEnd() {
        return next(ourEnds);
    }

    private static String next(LinkedBlockingQueue<String> ends) {
        try {
            String end = ends.poll(Await.PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (end == null) {
                throw new AssertionError("the server's side does not end");
            }
            return end;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private Void serve() throws IOException {
        while (!jdk.isClosed()) {
            try (SSLSocket socket = (SSLSocket) jdk.accept()) {
                jdkEnds.add(jdkEcho(socket));
            } catch (IOException closed) {
                if (!jdk.isClosed()) {
                    throw closed;
                }
            }
        }
        return null;
    }

    private static String jdkEcho(SSLSocket socket) {
        byte[] buffer = new byte[32 * 1024];
        try (socket) {
            socket.setTcpNoDelay(true);
            socket.startHandshake();
            int count;
            do {
                count = socket.getInputStream().read(buffer);
                if (count > 0) {
                    socket.getOutputStream().write(buffer, 0, count);
                }
            } while (count != NONE && !(count > 0 && buffer[count - 1] == BYE));
            return "clean";
        } catch (IOException e) {
            return "failed";
        }
    }

    @Override
    public void close() throws IOException {
        jdk.close();
        Await.result(serving);
        thread.run(ours::close);
        Await.until("the end of all", () -> thread.call(ours::activeConnections) == 0);
    }

    private final class OurEcho implements Protocol {
        private Transport transport;

        @Override
        public void connectionMade(Transport opened) {
            transport = opened;
        }

        @Override
        public void dataReceived(ByteBuffer data) {
            boolean bye = data.get(data.limit() - 1) == BYE;
            transport.write(data);
            if (bye) {
                transport.close();
            }
        }

        @Override
        public void connectionLost(Throwable cause) {
            ourEnds.add(cause == null ? "clean" : "failed");
        }
    }
}
