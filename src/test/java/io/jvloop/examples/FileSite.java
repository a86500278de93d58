package io.jvloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.http.HttpServer;
import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.LoopThread;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Server;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** The file server on a loop that runs, and a client that sends what it is told to. */
final class FileSite implements AutoCloseable {
    private static final int NOT_MODIFIED = 304;
    private static final String HEAD_END = "\r\n\r\n";

    private final LoopThread thread;
    private final Server server;

    FileSite(EventLoop loop, Path folder) throws IOException {
        FileHandler files = new FileHandler(folder);
        thread = LoopThread.start(loop);
        server = thread.call(() -> HttpServer.listen(loop,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), files));
    }

    /**
     * What has come.
     *
     * @param status the code
     * @param fields of the header, in any case
     * @param content behind it
     */
    record Answer(int status, Map<String, String> fields, byte[] content) {
        static Answer parse(byte[] bytes) {
            String whole = new String(bytes, StandardCharsets.ISO_8859_1);
            int end = whole.indexOf(HEAD_END);
            assertThat(end).as(whole).isPositive();
            Map<String, String> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            String[] lines = whole.substring(0, end).split("\r\n");
            for (int i = 1; i < lines.length; i++) {
                String[] parts = lines[i].split(": ?", 2);
                assertThat(fields.put(parts[0], parts[1])).as(parts[0] + " is there twice").isNull();
            }
            assertThat(lines[0]).startsWith("HTTP/1.1 ");
            String content = whole.substring(end + HEAD_END.length());
            return new Answer(Integer.parseInt(lines[0].split(" ")[1]), fields,
                    content.getBytes(StandardCharsets.ISO_8859_1));
        }

        /** Null if it is not there. */
        String field(String name) {
            return fields.get(name);
        }

        String text() {
            return new String(content, StandardCharsets.UTF_8);
        }
    }

    static String request(String method, String target, String... fields) {
        StringBuilder request = new StringBuilder(method + " " + target + " HTTP/1.1\r\nHost: here\r\n");
        for (String field : fields) {
            request.append(field).append("\r\n");
        }
        return request.append("\r\n").toString();
    }

    Peer connect() {
        return Peer.connect(server.addresses().get(0));
    }

    /** Asks on a connection of its own; the answer's length is what it says. */
    Answer ask(String method, String target, String... fields) {
        try (Peer peer = connect()) {
            peer.send(request(method, target, fields).replaceFirst("\r\n", "\r\nConnection: close\r\n"));
            Answer answer = Answer.parse(peer.readAll());
            if (method.equals("HEAD") || answer.status() == NOT_MODIFIED) {
                assertThat(answer.content()).isEmpty();
            } else {
                assertThat(answer.field("Content-Length"))
                        .isEqualTo(String.valueOf(answer.content().length));
            }
            return answer;
        }
    }

    Answer get(String target, String... fields) {
        return ask("GET", target, fields);
    }

    String url(String path) {
        InetSocketAddress address = (InetSocketAddress) server.addresses().get(0);
        return "http://127.0.0.1:" + address.getPort() + path;
    }

    /** How many clients are connected. */
    int connections() {
        return thread.call(server::activeConnections);
    }

    @Override
    public void close() {
        try {
            thread.run(() -> {
                server.close();
                server.abortClients();
            });
            Await.result(server.closed());
        } finally {
            thread.close();
        }
    }
}
