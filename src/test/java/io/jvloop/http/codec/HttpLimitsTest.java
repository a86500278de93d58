package io.jvloop.http.codec;

import static io.jvloop.support.Section.HTTP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jvloop.support.Contract;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** How much is taken; what happens at each bound is in request-vectors.txt. */
class HttpLimitsTest {
    private static final int MOST = Integer.MAX_VALUE;

    @Test
    @Contract(section = HTTP,
            value = "Unless set, a request line may have 8 KiB, and 100 header fields together 32 KiB")
    void defaultsAreThoseOfCommonServers() {
        assertThat(HttpLimits.DEFAULT)
                .isEqualTo(new HttpLimits(8_192, 100, 32_768, 16_384, 32, Long.MAX_VALUE));
    }

    @Test
    void oneLimitChangesAtATime() {
        HttpLimits limits = new HttpLimits(20, 2, 3, 4, 5, 6);
        assertThat(limits.withRequestLineBytes(99)).isEqualTo(new HttpLimits(99, 2, 3, 4, 5, 6));
        assertThat(limits.withHeaders(98, 99)).isEqualTo(new HttpLimits(20, 98, 99, 4, 5, 6));
        assertThat(limits.withChunkExtensionBytes(99)).isEqualTo(new HttpLimits(20, 2, 3, 99, 5, 6));
        assertThat(limits.withTrailerCount(99)).isEqualTo(new HttpLimits(20, 2, 3, 4, 99, 6));
        assertThat(limits.withBodyBytes(99)).isEqualTo(new HttpLimits(20, 2, 3, 4, 5, 99));
    }

    @Test
    void theSmallestLimitsAreAllowed() {
        assertThat(new HttpLimits(16, 1, 1, 0, 0, 0).bodyBytes()).isZero();
    }

    @Test
    void limitsThatLetNothingPassAreRefused() {
        HttpLimits limits = HttpLimits.DEFAULT;
        assertThatThrownBy(() -> limits.withRequestLineBytes(15))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("not 15");
        assertThatThrownBy(() -> limits.withHeaders(0, 100)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0 in 100 bytes");
        assertThatThrownBy(() -> limits.withHeaders(1, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> limits.withChunkExtensionBytes(-1))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("not -1, 32");
        assertThatThrownBy(() -> limits.withTrailerCount(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> limits.withBodyBytes(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    /** Who wants no limit takes the largest number: a sum with it must not become negative. */
    @Test
    void theLargestLimitsTakeEverything() {
        HttpLimits unlimited = new HttpLimits(MOST, MOST, MOST, MOST, MOST, Long.MAX_VALUE);
        byte[] request = ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "1;a\r\nb\r\n0\r\nX: y\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        Outcome whole = new Outcome(unlimited);
        whole.feed(ByteBuffer.wrap(request));
        Outcome byteByByte = new Outcome(unlimited);
        for (byte b : request) {
            byteByByte.feed(ByteBuffer.wrap(new byte[] {b}));
        }
        assertThat(whole).hasToString("POST / @h 1.1 keep \"b\" {X=y}");
        assertThat(byteByByte).hasToString(whole.toString());
    }
}
