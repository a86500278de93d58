package io.jvloop.http.codec;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.random.RandomGenerator;

/** Good and bad requests to begin with, and what may become of them. */
final class RequestSeeds {
    private static final String HEAD = "POST / HTTP/1.1\r\nHost: h\r\n";
    private static final String CHUNKED = HEAD + "Transfer-Encoding: chunked\r\n\r\n";

    static final List<String> GOOD = List.of("GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /p?q=%20 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
            "GET http://u.example:81/x?y HTTP/1.1\r\nHost: other\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS HTTPS://a HTTP/1.1\r\nHost:\r\n\r\n",
            "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n",
            "CONNECT [::1]:80 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
            "\r\n\r\nBREW /tea HTTP/1.1\r\nhOST:\t%61-_~:80 \t\r\nX-Empty:\r\nX:  a \u00E9\tb  \r\n\r\n",
            HEAD + "Content-Length: 5\r\n\r\nhello",
            HEAD + "content-length:0\r\nExpect: 100-Continue\r\n\r\n",
            HEAD + "Content-Length: 3\r\nConnection: close, x;y=z\r\n\r\nabcGET / HTTP/1.1\r\nHost:b\r\n\r\n",
            CHUNKED + "5\r\nhello\r\n0\r\n\r\n",
            CHUNKED + "00A;x;y=z ; q = \"a\\\"b\"\r\n0123456789\r\n0\r\nX-Sum:1\r\nContent-Length: 7\r\n\r\n",
            CHUNKED + "1\r\na\r\n2;e\r\nbc\r\n0;e=f\r\n\r\nPUT /2 HTTP/1.9\r\nHost: c\r\n\r\n",
            "GET /" + "long".repeat(40) + " HTTP/1.1\r\nHost:a\r\nCookie: " + "c=d; ".repeat(30)
                    + "\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n" + "A: b\r\n".repeat(12) + "\r\n");

    static final List<String> BAD = List.of("GET / HTTP/1.1\r\n\r\n", "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\nHost: a\n\n", "GET /\r\n\r\n", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
            "CONNECT [::1] HTTP/1.1\r\nHost: a\r\n\r\n", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
            HEAD + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
            HEAD + "Content-Length: +5\r\n\r\nhello", HEAD + "Content-Length: 99999999999999999999\r\n\r\n",
            HEAD + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            HEAD + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
            HEAD + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            HEAD + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
            HEAD + "Transfer-Encoding:\u000Bchunked\r\n\r\n0\r\n\r\n",
            "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            HEAD + " folded\r\n\r\n", HEAD + "X: a\rb\r\n\r\n", HEAD + "X: a\u0000b\r\n\r\n",
            HEAD + "Expect: 200-ok\r\n\r\n", CHUNKED + "5 \r\nhello\r\n0\r\n\r\n",
            CHUNKED + "0x5\r\nhello\r\n0\r\n\r\n", CHUNKED + "5;a=\"b\r\nhello\r\n0\r\n\r\n",
            CHUNKED + "5\r\nhelloX\r\n0\r\n\r\n", CHUNKED + "FFFFFFFFFFFFFFFF\r\nx",
            CHUNKED + "0\r\nBad Name: x\r\n\r\n", "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n");

    private static final List<String> PIECES =
            List.of("\r\n", "\n", "\r", " ", "\t", ":", ",", ";", "\"", "\\",
                    "\0", "\u0080", "%", "[", "]", "0\r\n\r\n", "Host: x\r\n", "Content-Length: 1\r\n",
                    "Transfer-Encoding: chunked\r\n", "GET / HTTP/1.1\r\n", "chunked", "7FFFFFFFFFFFFFFF",
                    "9223372036854775807", "HTTP/1.0", "Connection: close\r\n", "Expect: 100-continue\r\n");

    private final RandomGenerator random;

    RequestSeeds(RandomGenerator random) {
        this.random = random;
    }

    /** A request or two of these, changed in some places, with choices before them. */
    byte[] mutant() {
        StringBuilder text = new StringBuilder(any(random.nextBoolean() ? GOOD : BAD));
        if (random.nextInt(3) == 0) {
            text.insert(0, any(GOOD));
        }
        for (int left = random.nextInt(4); left > 0; left--) {
            mutate(text);
        }
        byte[] choices = new byte[RequestFuzzTarget.CHOICES];
        random.nextBytes(choices);
        if (random.nextBoolean()) {
            choices[1] = (byte) random.nextInt(4);
            choices[2] = (byte) random.nextInt(4);
        }
        return input(choices, text.toString());
    }

    static byte[] input(byte[] choices, String text) {
        byte[] data = java.util.Arrays.copyOf(choices, choices.length + text.length());
        System.arraycopy(text.getBytes(StandardCharsets.ISO_8859_1), 0, data, choices.length, text.length());
        return data;
    }

    private void mutate(StringBuilder text) {
        int at = random.nextInt(text.length() + 1);
        int end = Math.min(text.length(), at + 1 + random.nextInt(8));
        switch (random.nextInt(5)) {
            case 0 -> text.insert(at, any(PIECES));
            case 1 -> text.replace(at, end, any(PIECES));
            case 2 -> text.delete(at, end);
            case 3 -> text.insert(at, text.substring(at, end).repeat(1 + random.nextInt(20)));
            default -> text.replace(at, Math.min(text.length(), at + 1), "" + (char) random.nextInt(256));
        }
    }

    private String any(List<String> texts) {
        return texts.get(random.nextInt(texts.size()));
    }
}
