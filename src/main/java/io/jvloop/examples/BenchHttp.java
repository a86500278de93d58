package io.jvloop.examples;

import io.jvloop.http.HttpRequest;
import io.jvloop.http.HttpResponse;
import io.jvloop.http.HttpServer;
import io.jvloop.loop.EventLoop;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/** Answers {@code GET /N} with N bytes: what HTTP servers are compared with. */
final class BenchHttp {
    static final String USAGE = "bench-http ADDRESS    GET /N answers N bytes of x; for benchmarks";

    private static final int MOST_BYTES = 64 * 1024 * 1024;
    private static final int MOST_SIZES = 64;
    private static final int NOT_FOUND = 404;
    private static final int GARBAGE_BYTES = 64 * 1024;

    private static byte[] garbage; // a field, or the compiler would make none

    /** By path, as one would keep files in memory. */
    private final Map<String, ByteBuffer> bodies = new HashMap<>();

    private void answer(HttpRequest request, HttpResponse response) {
        ByteBuffer body = bodies.get(request.target());
        if (body == null) {
            body = body(request.path());
            if (body == null) {
                response.status(NOT_FOUND).end("GET /N, where N is 0 to " + MOST_BYTES + "\n");
                return;
            }
            if (bodies.size() < MOST_SIZES) {
                bodies.put(request.target(), body);
            }
        }
        response.header("Content-Type", "text/plain").end(body.rewind());
    }

    private static ByteBuffer body(String path) {
        try {
            int bytes = Integer.parseInt(path.substring(1));
            if (bytes < 0 || bytes > MOST_BYTES || path.charAt(1) == '+') {
                return null;
            }
            ByteBuffer body = ByteBuffer.allocateDirect(bytes);
            while (body.hasRemaining()) {
                body.put((byte) 'x');
            }
            return body;
        } catch (NumberFormatException | StringIndexOutOfBoundsException e) {
            return null;
        }
    }

    /**
     * Makes garbage until it is collected, up to half of the heap.
     *
     * <p>Each page of a heap costs a page fault when it is first used. A server that has been up for a while
     * has that behind it, and one that makes much garbage soon has. This one makes so little that it would
     * pay for pages all the time it is measured. In production {@code -XX:+AlwaysPreTouch} does the same.
     */
    private static void touchYoungGeneration() {
        WeakReference<Object> sign = new WeakReference<>(new Object());
        long most = Runtime.getRuntime().maxMemory() / 2;
        for (long made = 0; sign.get() != null && made < most; made += GARBAGE_BYTES) {
            garbage = new byte[GARBAGE_BYTES];
        }
        garbage = null;
    }

    static void main(String... arguments) throws IOException {
        touchYoungGeneration();
        try (EventLoop loop = EventLoop.create()) {
            BenchHttp bench = new BenchHttp();
            var address = Arguments.stream(Arguments.only(arguments, USAGE), USAGE);
            var server = HttpServer.listen(loop, address, bench::answer);
            System.out.println("listening on " + server.addresses());
            loop.runForever();
        }
    }
}
