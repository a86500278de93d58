package io.jvloop.http.codec;

import static io.jvloop.support.Section.HTTP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Contract;
import java.io.ByteArrayOutputStream;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is written is what a parser reads. */
@Timeout(60)
class MessageWriterTest {
    private static final String NAME_MARKS = "!#$%&'*+-.^_`|~aZ0";

    private final MessageWriter writer = new MessageWriter();

    private static void append(MessageWriter writer, ByteArrayOutputStream all) {
        ByteBuffer out = ByteBuffer.allocateDirect(writer.size());
        writer.writeTo(out);
        assertThat(out.hasRemaining()).isFalse();
        byte[] bytes = new byte[out.flip().remaining()];
        out.get(bytes);
        all.writeBytes(bytes);
    }

    private static String word(Random random, String of, int most) {
        StringBuilder word = new StringBuilder();
        int length = 1 + random.nextInt(most);
        for (int i = 0; i < length; i++) {
            word.append(of.charAt(random.nextInt(of.length())));
        }
        return word.toString();
    }

    private static Headers randomFields(Random random) {
        Headers headers = new Headers();
        int count = random.nextInt(10);
        for (int i = 0; i < count; i++) {
            String value = word(random, "a \t~\u00ff\u0080!", random.nextInt(20) == 0 ? 3_000 : 20);
            headers.add("X" + word(random, NAME_MARKS, 12), random.nextInt(5) == 0 ? "" : value);
        }
        return headers;
    }

    @RepeatedTest(300)
    void requestsAreReadAsTheyWereWritten(RepetitionInfo repetition) throws HttpParseException {
        Random random = new Random(repetition.getCurrentRepetition());
        String method = word(random, NAME_MARKS, 8);
        String target = "/" + word(random, "abc/?%\"<>\\^`{|}=&", 40);
        Headers headers = randomFields(random).add("Host", "h");
        byte[] body = new byte[random.nextInt(500)];
        random.nextBytes(body);
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        append(writer.request(method, target).fields(headers).contentLength(body.length).endHead(), all);
        all.writeBytes(body);

        RequestParser parser = new RequestParser(HttpLimits.DEFAULT);
        ByteBuffer in = ByteBuffer.wrap(all.toByteArray());
        assertThat(parser.next(in)).isEqualTo(HttpEvent.HEAD);
        assertThat(parser.method()).isEqualTo(method);
        assertThat(parser.target()).isEqualTo(target);
        assertThat(parser.headers()).isEqualTo(headers.add("Content-Length", "" + body.length));
        if (body.length > 0) {
            assertThat(parser.next(in)).isEqualTo(HttpEvent.CONTENT);
            assertThat(parser.content()).isEqualTo(ByteBuffer.wrap(body));
        }
        assertThat(parser.next(in)).isEqualTo(HttpEvent.END);
        assertThat(in.hasRemaining()).isFalse();
    }

    @RepeatedTest(300)
    void responsesInChunksAreReadAsTheyWereWritten(RepetitionInfo repetition) throws HttpParseException {
        Random random = new Random(repetition.getCurrentRepetition());
        int status = 200 + random.nextInt(800);
        Headers headers = randomFields(random).add("Transfer-Encoding", "chunked");
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        append(writer.status(status).fields(headers).endHead(), all);
        int chunks = random.nextInt(5);
        for (int i = 0; i < chunks; i++) {
            byte[] chunk = new byte[1 + random.nextInt(random.nextBoolean() ? 20 : 5_000)];
            random.nextBytes(chunk);
            append(writer.chunk(chunk.length), all);
            all.writeBytes(chunk);
            append(writer.endChunk(), all);
            content.writeBytes(chunk);
        }
        Headers trailers = random.nextBoolean() ? null : randomFields(random);
        append(writer.lastChunk(trailers), all);

        ResponseParser parser = new ResponseParser(HttpLimits.DEFAULT);
        ByteBuffer in = ByteBuffer.wrap(all.toByteArray());
        assertThat(parser.next(in)).isEqualTo(HttpEvent.HEAD);
        assertThat(parser.status()).isEqualTo(status);
        assertThat(parser.reason()).isEqualTo(HttpStatus.reason(status));
        assertThat(parser.headers()).isEqualTo(headers);
        if (status != 204 && status != 304) {
            assertThat(contentOf(parser, in)).isEqualTo(content.toByteArray());
            assertThat(parser.trailers()).isEqualTo(trailers == null ? new Headers() : trailers);
            assertThat(in.hasRemaining()).isFalse();
        }
    }

    private static byte[] contentOf(ResponseParser parser, ByteBuffer in) throws HttpParseException {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        HttpEvent event = parser.next(in);
        while (event == HttpEvent.CONTENT) {
            byte[] piece = new byte[parser.content().remaining()];
            parser.content().get(piece);
            content.writeBytes(piece);
            event = parser.next(in);
        }
        assertThat(event).isEqualTo(HttpEvent.END);
        return content.toByteArray();
    }

    @Test
    void aHeadLooksAsInTheRfc() {
        assertThat(writer.status(404).field("A", "\u00e9").field("B", "").contentLength(0).endHead())
                .hasToString("HTTP/1.1 404 Not Found\r\nA: \u00e9\r\nB: \r\nContent-Length: 0\r\n\r\n");
        assertThat(writer.request("GET", "/x?y").raw("A: b\r\n".getBytes(StandardCharsets.US_ASCII)))
                .hasToString("GET /x?y HTTP/1.1\r\nA: b\r\n");
        assertThat(writer.chunk(255)).hasToString("ff\r\n");
        assertThat(writer.endChunk()).hasToString("\r\n");
        assertThat(writer.lastChunk(new Headers().add("A", "b"))).hasToString("0\r\nA: b\r\n\r\n");
        assertThat(writer.lastChunk(null).size()).isEqualTo(5);
    }

    @Test
    void theSpaceBehindAStatusWithoutAReasonIsWritten() {
        assertThat(writer.status(299)).hasToString("HTTP/1.1 299 \r\n");
        assertThat(writer.status(999)).hasToString("HTTP/1.1 999 \r\n");
        assertThat(writer.status(100)).hasToString("HTTP/1.1 100 Continue\r\n");
    }

    @Test
    void everyLengthIsWrittenInDecimal() {
        for (long length : new long[] {0, 1, 9, 10, 99, 100, 12_345, Long.MAX_VALUE}) {
            assertThat(writer.status(200).contentLength(length))
                    .hasToString("HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, -3, -10, Long.MIN_VALUE})
    @Contract(section = HTTP,
            value = "Arguments that would make a message unreadable are refused with a reason")
    void aNegativeLengthIsRefused(long length) {
        assertThatThrownBy(() -> writer.status(200).contentLength(length))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("not " + length);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 99, 1000, Integer.MIN_VALUE})
    void aStatusHasThreeDigits(int status) {
        assertThatThrownBy(() -> writer.status(status)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("three digits, not " + status);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "/a b", "/a\r\nX: y", "/\u0000", "/\u00e9", "/#a", "/\u0100", "/\t"})
    void aTargetHasToBeEncoded(String target) {
        assertThatThrownBy(() -> writer.request("GET", target)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("encode the target");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "G T", "GET\r\n", "G\u00c9T", "GET:", "G\u0147T"})
    void aMethodIsAToken(String method) {
        assertThatThrownBy(() -> writer.request(method, "/")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not a method");
    }

    /** The size 0 is the end of a body: whoever has nothing to send must not say so. */
    @Test
    void aChunkIsNotEmpty() {
        assertThatThrownBy(() -> writer.chunk(0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not 0");
        assertThatThrownBy(() -> writer.chunk(-1)).hasMessageContaining("not -1");
    }

    @Test
    void aBufferThatIsTooSmallGetsNothing() {
        writer.status(200);
        ByteBuffer small = ByteBuffer.allocate(writer.size() - 1);
        assertThatThrownBy(() -> writer.writeTo(small)).isInstanceOf(BufferOverflowException.class);
        assertThat(small.position()).isZero();
    }
}
