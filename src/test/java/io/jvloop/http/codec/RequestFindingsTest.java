package io.jvloop.http.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What has been found by trying. */
@Timeout(120)
class RequestFindingsTest {
    private static final HttpLimits MOST = new HttpLimits(Integer.MAX_VALUE, Integer.MAX_VALUE,
            Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE, Long.MAX_VALUE);

    private static ParsedRequests parsed(HttpLimits limits, String... pieces) {
        ParsedRequests parsed = new ParsedRequests(limits);
        for (String piece : pieces) {
            parsed.take(ByteBuffer.wrap(piece.getBytes(StandardCharsets.ISO_8859_1)));
        }
        return parsed;
    }

    @Test
    void highestLimitsRefuseNothing() {
        ParsedRequests parsed =
                parsed(MOST, "POST / HT", "TP/1.1\r\nHo", "st:a\r\nTransfer-Encoding: chunked\r\n\r",
                        "\n1;x=", "y\r\na\r\n0\r\n", "\r\n");
        assertThat(parsed.complete()).hasSize(1);
        assertThat(parsed.hasFailed()).as(parsed.toString()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"[::1]", "[::1]:", "a", "a:", ":1", "[::1", "[::]x:1"})
    void connectWithoutPortIsRefused(String target) {
        assertThat(
                parsed(HttpLimits.DEFAULT, "CONNECT " + target + " HTTP/1.1\r\nHost: a\r\n\r\n").hasFailed())
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"[::1]:1", "a:65535", "1.2.3.4:80"})
    void connectWithPortIsTaken(String target) {
        assertThat(
                parsed(HttpLimits.DEFAULT, "CONNECT " + target + " HTTP/1.1\r\nHost: a\r\n\r\n").complete())
                .hasSize(1);
    }

    @Test
    void listOfManyElementsTakesTimeInProportion() {
        String list = ",".repeat(1_000_000);
        Assertions.assertTimeout(Duration.ofSeconds(5),
                () -> assertThat(ListElements.contains(list, "close")).isFalse());
    }

    @Test
    void parametersOfAnElementAreNotCompared() {
        assertThat(ListElements.contains("a;b, close ;x=y", "close")).isTrue();
        assertThat(ListElements.contains("a;close, b", "close")).isFalse();
    }
}
