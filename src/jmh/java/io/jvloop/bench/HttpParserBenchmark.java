package io.jvloop.bench;

import io.jvloop.http.codec.HttpEvent;
import io.jvloop.http.codec.HttpLimits;
import io.jvloop.http.codec.HttpParseException;
import io.jvloop.http.codec.RequestParser;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What it costs to parse requests: the score is requests in a microsecond, {@code gigabytes} the same as
 * bytes, in thousands for a microsecond. With {@code -prof gc} also the garbage of each.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
public class HttpParserBenchmark {
    private static final String BROWSER = "GET /articles/2026/reactors.html?page=2 HTTP/1.1\r\n"
            + "Host: www.example.org\r\nConnection: keep-alive\r\nCache-Control: max-age=0\r\n"
            + "Upgrade-Insecure-Requests: 1\r\n"
            + "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
            + "Chrome/140.0\r\n"
            + "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;"
            + "q=0.8\r\n"
            + "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\n"
            + "Sec-Fetch-Dest: document\r\nReferer: https://www.example.org/articles/2026/index.html\r\n"
            + "Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
            + "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=all\r\n\r\n";

    private static final String SMALL = "GET /1024 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";

    /** What is parsed. */
    public enum Kind { SMALL, BROWSER, CHUNKS }

    /** Of a request. */
    @Param
    public Kind kind;

    private final RequestParser parser = new RequestParser(HttpLimits.DEFAULT);
    private ByteBuffer request;

    /** Thousands of bytes. */
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Bytes {
        /** In a microsecond, that is gigabytes in a second. */
        public double gigabytes;
    }

    /** Makes the request. */
    @Setup
    public void make() {
        String text = switch (kind) {
            case SMALL -> SMALL;
            case BROWSER -> BROWSER;
            case CHUNKS -> "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + ("400\r\n" + "x".repeat(1024) + "\r\n").repeat(16) + "0\r\n\r\n";
        };
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        request = ByteBuffer.allocateDirect(bytes.length).put(bytes);
    }

    /** From the first byte to the end. */
    @Benchmark
    public int parse(Bytes bytes) throws HttpParseException {
        request.flip();
        int content = 0;
        for (HttpEvent event = parser.next(request); event != HttpEvent.END; event = parser.next(request)) {
            content += event == HttpEvent.CONTENT ? parser.contentBytes() : 0;
        }
        bytes.gigabytes += request.limit() / 1000.0;
        return content + parser.headers().size();
    }
}
