package io.jvloop.http.codec;

import static io.jvloop.support.Section.HTTP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jvloop.support.Contract;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a response ends depends on what was asked, on its status, its fields, and at last the connection. */
@Timeout(60)
class ResponseParserTest {
    private static final String CHUNKED = "Transfer-Encoding: chunked\r\n\r\n";

    private final List<String> events = new ArrayList<>();
    private ResponseParser parser = new ResponseParser(HttpLimits.DEFAULT);

    /** All events of one piece; pieces of content that follow each other are one. */
    private void feed(String piece) throws HttpParseException {
        ByteBuffer in = ByteBuffer.wrap(piece.getBytes(StandardCharsets.ISO_8859_1));
        while (true) {
            HttpEvent event = parser.next(in);
            switch (event) {
                case NEED_MORE -> {
                    assertThat(in.hasRemaining()).isFalse();
                    return;
                }
                case HEAD -> events.add(parser.status() + " " + parser.reason() + " 1."
                        + parser.minorVersion() + " " + parser.contentLength()
                        + (parser.keepsAlive() ? " keep" : " close"));
                case CONTENT -> content(StandardCharsets.ISO_8859_1.decode(parser.content()).toString());
                case END -> events.add("end" + (parser.trailers().size() == 0 ? ""
                        : " "
                                + parser.trailers().toString().strip()));
            }
        }
    }

    private void content(String piece) {
        int last = events.size() - 1;
        if (events.get(last).startsWith("\"")) {
            events.set(last, events.get(last) + piece);
        } else {
            events.add("\"" + piece);
        }
    }

    /** The same whole and byte by byte. */
    private List<String> events(String method, String input) throws HttpParseException {
        parser.requestMethod(method);
        feed(input);
        List<String> whole = List.copyOf(events);
        events.clear();
        parser = new ResponseParser(HttpLimits.DEFAULT);
        parser.requestMethod(method);
        for (char c : input.toCharArray()) {
            feed(String.valueOf(c));
        }
        assertThat(events).as("byte by byte").isEqualTo(whole);
        return whole;
    }

    private HttpParseException refusal(HttpLimits limits, String input) {
        parser = new ResponseParser(limits);
        HttpParseException whole = catchThrowableOfType(HttpParseException.class, () -> feed(input));
        assertThat(whole).as(input).isNotNull();
        assertThat(whole.status()).isEqualTo(502);
        assertThatThrownBy(() -> feed("HTTP/1.1 200 OK\r\n\r\n")).as("again").isSameAs(whole);
        assertThatThrownBy(() -> parser.end()).as("also at the end").isSameAs(whole);
        return whole;
    }

    @Test
    void responseWithALengthEndsThere() throws HttpParseException {
        assertThat(events("GET", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
                + "HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
                .containsExactly("200 OK 1.1 3 keep", "\"abc", "end", "404 Not Found 1.0 0 close", "end");
        assertThat(parser.end()).isEqualTo(HttpEvent.NEED_MORE);
    }

    @ParameterizedTest
    @CsvSource({"HEAD, 200", "HEAD, 404", "GET, 204", "GET, 304", "GET, 100", "GET, 103", "CONNECT, 200",
        "CONNECT, 299"})
    @Contract(section = HTTP,
            value = "A response to HEAD, and one with 1xx, 204 or 304, has no body whatever its fields say")
    void someResponsesHaveNoBody(String method, int status) throws HttpParseException {
        String head = "HTTP/1.1 " + status + " x\r\n";
        assertThat(events(method, head + "Content-Length: 5\r\n\r\n" + head + CHUNKED + head + "\r\n"))
                .filteredOn(event -> !event.equals("end")).hasSize(3)
                .containsOnly(status + " x 1.1 0 keep");
    }

    @Test
    void refusedConnectHasABody() throws HttpParseException {
        assertThat(events("CONNECT", "HTTP/1.1 407 no\r\nContent-Length: 2\r\n\r\nab"))
                .containsExactly("407 no 1.1 2 keep", "\"ab", "end");
    }

    @Test
    void informationalResponsesComeBeforeTheFinalOne() throws HttpParseException {
        assertThat(events("GET", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"))
                .containsExactly("100 Continue 1.1 0 keep", "end", "103 Early Hints 1.1 0 keep", "end",
                        "200 OK 1.1 1 keep", "\"a", "end");
    }

    @Test
    void chunksAndTrailersAreRead() throws HttpParseException {
        assertThat(events("GET", "HTTP/1.1 200 OK\r\n" + CHUNKED + "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n"
                + "A: b\r\n\r\nHTTP/1.1 200 OK\r\n" + CHUNKED + "0\r\n\r\n"))
                .containsExactly("200 OK 1.1 -1 keep", "\"abcde", "end A: b", "200 OK 1.1 -1 keep", "end");
    }

    /** Those of one response are not those of the next. */
    @Test
    void thereAreNoTrailersBeforeTheEnd() throws HttpParseException {
        feed("HTTP/1.1 200 OK\r\n" + CHUNKED + "1\r\na\r\n");
        assertThat(parser.trailers().size()).isZero();
        feed("0\r\nA: b\r\n\r\n");
        assertThat(parser.trailers().get("a")).isEqualTo("b");
        feed("HTTP/1.1 200 OK\r\n" + CHUNKED);
        assertThat(parser.trailers().size()).isZero();
    }

    @Test
    @Contract(section = HTTP,
            value = "A response without a length ends with its connection; with one, that is an error")
    void withoutALengthTheConnectionIsTheEnd() throws HttpParseException {
        assertThat(events("GET", "HTTP/1.1 200 OK\r\n\r\nabc\r\n"))
                .containsExactly("200 OK 1.1 -3 close", "\"abc\r\n");
        assertThat(parser.end()).isEqualTo(HttpEvent.END);
        assertThat(parser.end()).as("only once").isEqualTo(HttpEvent.NEED_MORE);
        assertThat(parser.next(ByteBuffer.allocate(0))).isEqualTo(HttpEvent.NEED_MORE);
        assertThatThrownBy(() -> feed("x")).isInstanceOf(HttpParseException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"H", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na",
        "HTTP/1.1 200 OK\r\n" + CHUNKED, "HTTP/1.1 200 OK\r\n" + CHUNKED + "1\r\na",
        "HTTP/1.1 200 OK\r\n" + CHUNKED + "1\r\na\r\n", "HTTP/1.1 200 OK\r\n" + CHUNKED + "0\r\n",
        "HTTP/1.1 200 OK\r\n" + CHUNKED + "0\r\nA: b\r\n"})
    void anEndInTheMiddleIsAFailure(String input) throws HttpParseException {
        feed(input);
        assertThat(parser.isIdle()).isFalse();
        assertThatThrownBy(() -> parser.end()).isInstanceOf(HttpParseException.class)
                .hasMessageContaining("ended within a response");
        assertThatThrownBy(() -> feed("x")).as("for good").isInstanceOf(HttpParseException.class);
    }

    @Test
    void anEndBetweenTwoResponsesIsNone() throws HttpParseException {
        assertThat(parser.isIdle()).isTrue();
        assertThat(parser.end()).isEqualTo(HttpEvent.NEED_MORE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.0 999 x", "HTTP/1.1 100 a b\tc\u00e9",
        "HTTP/1.9 200 OK"})
    void statusLinesMayBeUnusual(String line) throws HttpParseException {
        assertThat(events("HEAD", line + "\r\n\r\n")).hasSize(2);
        assertThat(parser.toString()).startsWith("ResponseParser[");
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/2.0 200 OK", "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 099 OK",
        "HTTP/1.1  200 OK", "HTTP/1.1\t200 OK", "HTTP/1.1 200\tOK", "HTTP/1.1 2x0 OK", "HTTP/1.1 -20 OK",
        "http/1.1 200 OK", "HTTP/1.1 200 O\u0000K", "HTTP/1.1 200 O\rK", "HTTP/1.1", "GET / HTTP/1.1", "",
        " HTTP/1.1 200 OK", "ICY 200 OK", "HTTP/1.1200 OK", "HTTP/1.1 200OK"})
    void otherStatusLinesAreRefused(String line) {
        refusal(HttpLimits.DEFAULT, line + "\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 3\r\nContent-Length: 3\r\n", "Content-Length: x\r\n", "Content-Length: -1\r\n",
        "Content-Length: 99999999999999999999\r\n", "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, chunked\r\n", "A : b\r\n",
        " A: b\r\n", "A: b\r\n c\r\n", "A: \u0000\r\n", "A: b\n", "no colon\r\n"})
    void fieldsThatAreAmbiguousAreRefused(String fields) {
        refusal(HttpLimits.DEFAULT, "HTTP/1.1 200 OK\r\n" + fields + "\r\n");
    }

    @Test
    void chunksInHttp10AreRefused() {
        refusal(HttpLimits.DEFAULT, "HTTP/1.0 200 OK\r\n" + CHUNKED);
    }

    @Test
    void limitsAreThoseOfRequests() {
        String ok = "HTTP/1.1 200 OK\r\n";
        refusal(HttpLimits.DEFAULT.withRequestLineBytes(16), "HTTP/1.1 200 abcde\r\n");
        refusal(HttpLimits.DEFAULT.withHeaders(1, 100), ok + "A: b\r\nC: d\r\n\r\n");
        refusal(HttpLimits.DEFAULT.withHeaders(9, 5), ok + "A: bcd\r\n\r\n");
        refusal(HttpLimits.DEFAULT.withTrailerCount(0), ok + CHUNKED + "0\r\nA: b\r\n\r\n");
        refusal(HttpLimits.DEFAULT.withChunkExtensionBytes(1), ok + CHUNKED + "1;a\r\nb\r\n");
        HttpLimits five = HttpLimits.DEFAULT.withBodyBytes(5);
        refusal(five, ok + "Content-Length: 6\r\n\r\n");
        refusal(five, ok + CHUNKED + "6\r\n");
        assertThat(refusal(five, ok + "\r\nabcdef")).hasMessageContaining("more than 5 bytes");
    }

    @Test
    void aBodyUntilTheEndMayFillTheLimit() throws HttpParseException {
        parser = new ResponseParser(HttpLimits.DEFAULT.withBodyBytes(5));
        feed("HTTP/1.1 200 OK\r\n\r\nabc");
        feed("de");
        assertThat(parser.end()).isEqualTo(HttpEvent.END);
    }

    @Test
    void keepingTheConnectionIsUpToBothVersionAndFields() throws HttpParseException {
        String length = "Content-Length: 0\r\n";
        assertThat(events("GET", "HTTP/1.1 200 a\r\n" + length + "Connection: Close\r\n\r\n"
                + "HTTP/1.0 200 b\r\n" + length + "Connection: keep-alive\r\n\r\n"))
                .containsExactly("200 a 1.1 0 close", "end", "200 b 1.0 0 keep", "end");
    }

    @Test
    void headersBelongToTheCaller() throws HttpParseException {
        feed("HTTP/1.1 204 x\r\nserver: a\r\n\r\n");
        Headers first = parser.headers();
        feed("HTTP/1.1 204 x\r\nserver: b\r\n\r\n");
        assertThat(first.get("Server")).isEqualTo("a");
        assertThat(parser.headers().get("Server")).isEqualTo("b");
    }

    @Test
    void argumentsMustBeThere() {
        assertThatThrownBy(() -> new ResponseParser(null)).isInstanceOf(NullPointerException.class)
                .hasMessage("limits");
        assertThatThrownBy(() -> new ResponseParser(HttpLimits.DEFAULT, null)).hasMessage("strings");
        assertThatThrownBy(() -> parser.requestMethod(null)).hasMessage("method");
        assertThatThrownBy(() -> new RequestParser(null)).hasMessage("limits");
        assertThatThrownBy(() -> new RequestParser(HttpLimits.DEFAULT, null)).hasMessage("strings");
    }
}
