package io.jvloop.http.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What comes again is the same object, and always the right one. */
class StringCacheTest {
    private final StringCache cache = new StringCache();

    private String get(String text) {
        byte[] bytes = ("<" + text + ">").getBytes(StandardCharsets.ISO_8859_1);
        return cache.get(ByteBuffer.wrap(bytes), 1, bytes.length - 1);
    }

    @Test
    void whatComesAgainIsNotMadeAgain() {
        for (String text : new String[] {"a", "ab", "abc", "abcd", "abcde", "x".repeat(128),
            "\u00ff\u0000"}) {
            String first = get(text);
            assertThat(first).isEqualTo(text);
            assertThat(get(text)).as(text).isSameAs(first);
        }
        assertThat(get("")).isSameAs("");
    }

    /** Memory is bounded by that. */
    @Test
    void longStringsAreNotKept() {
        String text = "x".repeat(129);
        assertThat(get(text)).isEqualTo(text).isNotSameAs(get(text));
    }

    @Test
    void theKindOfBufferDoesNotMatter() {
        ByteBuffer direct =
                ByteBuffer.allocateDirect(10).put("abcdefghij".getBytes(StandardCharsets.US_ASCII));
        String fromHeap = get("cdefghi");
        assertThat(cache.get(direct, 2, 9)).isSameAs(fromHeap);
        assertThat(direct.position()).isEqualTo(10);
        assertThat(cache.get(direct.asReadOnlyBuffer(), 2, 9)).isEqualTo(fromHeap);
        assertThat(cache.get(direct.order(ByteOrder.LITTLE_ENDIAN), 2, 9)).isEqualTo(fromHeap);
    }

    /** The hash looks at both ends and the middle; these differ elsewhere, and push each other out. */
    @Test
    void stringsOfOnePlaceAreNotMixedUp() {
        String one = "abcd" + "1".repeat(20) + "mmmm" + "1".repeat(20) + "wxyz";
        String other = one.replace('1', '2');
        for (int i = 0; i < 10; i++) {
            assertThat(get(one)).isEqualTo(one);
            assertThat(get(other)).isEqualTo(other);
        }
    }

    /** Far more than there are places. */
    @Test
    void everyStringIsTheRightOne() {
        Random random = new Random(1);
        for (int i = 0; i < 50_000; i++) {
            byte[] bytes = new byte[random.nextInt(8)];
            random.nextBytes(bytes);
            String text = new String(bytes, StandardCharsets.ISO_8859_1);
            assertThat(get(text).equals(text)).isTrue();
        }
    }

    @Test
    void fieldsThatComeAgainAreTheSameObjectAndOthersAreNot() throws HttpParseException {
        RequestParser parser = new RequestParser(HttpLimits.DEFAULT, cache);
        Headers first = fieldsOf(parser, "A: 1", "B: 2");
        assertThat(fieldsOf(parser, "A: 1", "B: 2")).isSameAs(first);
        for (String[] others : new String[][] {{"A: 1"}, {"B: 2", "A: 1"}, {"A: 1", "B: 3"}, {"A: 1", "C: 2"},
            {"A: 1", "B: 2", "B: 2"}, {"A: 1", "Cookie: 2"}}) {
            Headers fields = fieldsOf(parser, others);
            assertThat(fields).isNotEqualTo(first);
            assertThat(fields.toString().split("\n")).startsWith("Host: h").endsWith(others);
        }
        assertThat(first).hasToString("Host: h\nA: 1\nB: 2\n");
    }

    private static Headers fieldsOf(RequestParser parser, String... fields) throws HttpParseException {
        String request = "GET / HTTP/1.1\r\nHost: h\r\n" + String.join("\r\n", fields) + "\r\n\r\n";
        ByteBuffer in = ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII));
        assertThat(parser.next(in)).isEqualTo(HttpEvent.HEAD);
        Headers read = parser.headers();
        assertThat(parser.next(in)).isEqualTo(HttpEvent.END);
        return read;
    }

    @Test
    void secretsAreNotKept() throws HttpParseException {
        RequestParser parser = new RequestParser(HttpLimits.DEFAULT, cache);
        byte[] request = ("GET / HTTP/1.1\r\nHost: h\r\nCookie: secret1\r\nAuthorization: secret2\r\n"
                + "X: public\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        parser.next(ByteBuffer.wrap(request));
        assertThat(parser.headers().get("X")).isSameAs(get("public"));
        assertThat(parser.headers().get("Cookie")).isEqualTo("secret1").isNotSameAs(get("secret1"));
        assertThat(parser.headers().get("Authorization")).isEqualTo("secret2").isNotSameAs(get("secret2"));
    }
}
