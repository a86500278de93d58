package io.jvloop.http;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.LoopThread;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Server;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** A server on a loop that runs, and clients that speak to it in bytes. */
final class HttpScene implements AutoCloseable {
    private final LoopThread thread;
    private final Server server;

    private HttpScene(LoopThread thread, Server server) {
        this.thread = thread;
        this.server = server;
    }

    static HttpScene of(EventLoop loop, HttpHandler handler) throws IOException {
        return of(loop, handler, HttpConfig.DEFAULT);
    }

    static HttpScene of(EventLoop loop, HttpHandler handler, HttpConfig config) throws IOException {
        Server server = HttpServer.listen(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                handler, config);
        return new HttpScene(LoopThread.start(loop), server);
    }

    InetSocketAddress address() {
        return (InetSocketAddress) thread.call(() -> server.addresses().get(0));
    }

    Peer connect() {
        return Peer.connect(address());
    }

    LoopThread thread() {
        return thread;
    }

    /** Everything that comes for this, up to the end; without the date. */
    String exchange(String request) {
        try (Peer peer = connect()) {
            return withoutDate(peer.send(request).readAllText());
        }
    }

    /** A head of GET or so, with a Host. */
    static String head(String line, String... fields) {
        StringBuilder head = new StringBuilder(line).append(" HTTP/1.1\r\nHost: h\r\n");
        for (String field : fields) {
            head.append(field).append("\r\n");
        }
        return head.append("\r\n").toString();
    }

    /** A head after whose answer the connection is closed. */
    static String last(String line, String... fields) {
        return head(line, fields).replace("Host: h\r\n", "Host: h\r\nConnection: close\r\n");
    }

    static String withoutDate(String answers) {
        return answers.replaceAll("Date: [^\r]*\r\n", "");
    }

    /** The head of an answer, with a body of that length still to be read. */
    static String readHead(Peer peer) {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append(peer.readText(1));
        }
        return withoutDate(head.toString());
    }

    static String readAnswer(Peer peer) {
        String head = readHead(peer);
        int at = head.indexOf("Content-Length: ");
        int length = at < 0 ? 0
                : Integer
                        .parseInt(head.substring(at + "Content-Length: ".length(), head.indexOf("\r\n", at)));
        return head + new String(peer.read(length), StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() {
        thread.call(() -> {
            server.close();
            server.abortClients();
            return null;
        });
        Await.result(server.closed());
        thread.close();
    }
}
