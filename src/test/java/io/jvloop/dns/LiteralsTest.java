package io.jvloop.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullAndEmptySource;
import org.junit.jupiter.params.provider.ValueSource;

class LiteralsTest {
    private static final long SEED = 20240817;

    /** What addresses are made of, and what is easily taken for it. */
    private static final String ALPHABET =
            "0123456789abcdefABCDEF::::....%[]gxX -_/\0\n\u0661\uff11\uff0e\u3002\ud800";

    @ParameterizedTest
    @CsvSource({"0.0.0.0, 00000000", "127.0.0.1, 7f000001", "255.255.255.255, ffffffff",
        "1.2.3.4, 01020304", "10.20.30.40, 0a141e28", "192.168.100.200, c0a864c8"})
    void dottedQuadIsAnIpv4Address(String text, String bytes) {
        assertThat(Resolver.literal(text)).isInstanceOf(Inet4Address.class);
        assertThat(hex(Resolver.literal(text))).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({"::, 00000000000000000000000000000000", "::1, 00000000000000000000000000000001",
        "[::1], 00000000000000000000000000000001", "1::, 00010000000000000000000000000000",
        "2001:db8::ff00:42:8329, 20010db8000000000000ff0000428329",
        "2001:DB8:0:0:0:FF00:42:8329, 20010db8000000000000ff0000428329",
        "[1:2:3:4:5:6:7:8], 00010002000300040005000600070008",
        "::1.2.3.4, 00000000000000000000000001020304",
        "64:ff9b::192.0.2.33, 0064ff9b0000000000000000c0000221",
        "1:2:3:4:5:6:7.8.9.10, 0001000200030004000500060708090a",
        "fe80::1%1, fe800000000000000000000000000001", "[fe80::1%1], fe800000000000000000000000000001"})
    void colonsMakeAnIpv6Address(String text, String bytes) {
        assertThat(Resolver.literal(text)).isInstanceOf(Inet6Address.class);
        assertThat(hex(Resolver.literal(text))).isEqualTo(bytes);
    }

    @Test
    void ipv4MappedAddressIsAnIpv4AddressAsEverywhereInTheJdk() {
        assertThat(Resolver.literal("::ffff:1.2.3.4")).isInstanceOf(Inet4Address.class);
        assertThat(hex(Resolver.literal("[::ffff:102:304]"))).isEqualTo("01020304");
    }

    @Test
    void numericScopeIsKept() {
        assertThat(((Inet6Address) Resolver.literal("fe80::1%7")).getScopeId()).isEqualTo(7);
    }

    @Test
    void scopeMayNameAnInterfaceOfThisMachine() throws Exception {
        NetworkInterface own = NetworkInterface.networkInterfaces()
                .filter(each -> each.inetAddresses().anyMatch(LiteralsTest::isLinkLocal)).findFirst()
                .orElse(null);
        if (own != null) { // without IPv6 there is none
            Inet6Address address = (Inet6Address) Resolver.literal("fe80::1%" + own.getName());
            assertThat(address.getScopeId()).isEqualTo(own.getIndex());
        }
    }

    @ParameterizedTest
    @NullAndEmptySource
    @ValueSource(strings = {"localhost", "example.com", "a", ".", "...", "1", "1.2", "1.2.3", "127.1",
        "1.2.3.4.", ".1.2.3.4", "1..2.3", "1.2.3.4.5", "256.1.1.1", "1.1.1.256", "1.1.1.1000", "01.2.3.4",
        "010.0.0.1", "1.2.3.00", "0x7f.1", "0x7f.0.0.1", "0x7f000001", "2130706433", "1.2.3.-4", "+1.2.3.4",
        "1.2.3.4 ", " 1.2.3.4", "1.2.3.4\n", "1.2.3.4\0", "127.0.0.1\0.example.com", "1,2,3,4", "1.2.3.a",
        "[1.2.3.4]", "[", "]", "[]", "1.2.3.4%1", "1.2.3.4:80", "\u0661.2.3.4", "\uff11.2.3.4",
        "127\u30020\u30020\u30021", "<broadcast>"})
    void anythingElseWithoutColonIsNoLiteral(String text) {
        assertThat(Resolver.literal(text)).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {":", ":::", ":1", "1:", "1:2", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
        "::10000", "::00001", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7:8", "::g", "g::", ".:1", "::1.2.3",
        "::1.2.3.4.5", "::1.2.3.256", "::010.0.0.1", "::1.2.3.4:1", "1.2.3.4::", "[::1", "::1]", "[[::1]]",
        "[]::1", "::1 ", " ::1", "::1\0", "\uff11::", "::\u0661", "-1::", "::%", "%::", "::1%",
        "fe80::1%no-such-interface", "::1%1%2", "::1%1]x", "::1%lo\0x", "::1%99999999999", "http://[::1]",
        "[::1]:80", "dead:beef", "::ffff:1.2.3.4%1"})
    void malformedIpv6IsNoLiteral(String text) {
        assertThat(Resolver.literal(text)).isNull();
    }

    @Test
    void zerosDoNotMakeALongTextAnAddress() {
        for (int zeros = 4; zeros < 400; zeros++) {
            assertThat(Resolver.literal("::" + "0".repeat(zeros) + "1")).isNull();
            assertThat(Resolver.literal("0x" + "0".repeat(zeros) + "7f000001")).isNull();
            assertThat(Resolver.literal("127.0.0." + "0".repeat(zeros) + "1")).isNull();
        }
        assertThat(Resolver.literal("fe80::1%" + "0".repeat(300) + "1")).isNull();
        assertThat(Resolver.literal("fe80::1%" + "1".repeat(1_000_000))).isNull();
    }

    @Test
    void everyAddressIsReadBack() throws Exception {
        Random random = new Random(SEED);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
            random.nextBytes(bytes);
            InetAddress address = InetAddress.getByAddress(bytes);
            assertThat(Resolver.literal(address.getHostAddress())).isEqualTo(address);
        }
    }

    @Test
    void noTextMakesItThrow() {
        Random random = new Random(SEED);
        for (int i = 0; i < 50_000; i++) {
            String text = randomText(random);
            InetAddress address = Resolver.literal(text);
            if (address != null) { // then the JDK, which is more lenient, sees the same
                assertThat(catchThrowable(() -> InetAddress.getByName(text))).as(text).isNull();
            }
        }
    }

    /** The two forms the JDK reads without a look-up, the second by the next test. */
    @Test
    void onlyLiteralFormsReachTheJdk() {
        String octet = "(0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])";
        String quad = octet + "(\\." + octet + "){3}";
        String colons = "(?s)(?=[^%]*:)[0-9a-fA-F:]*(" + quad + ")?(%.*)?";
        Random random = new Random(SEED);
        for (int i = 0; i < 50_000; i++) {
            String text = i % 2 == 0 ? randomText(random) : randomQuad(random);
            assertThat(Literals.isIpv4(text)).as(text).isEqualTo(text.matches(quad));
            assertThat(!Literals.isIpv6(text) || text.matches(colons)).as(text).isTrue();
        }
        for (String text : List.of(".:1", "g:1", ":g", "\uff11::", "::\u0661", "::1.256.1.1", "a", "",
                "%::")) {
            assertThat(Literals.isIpv6(text)).as(text).isFalse();
        }
    }

    /**
     * {@code Literals} relies on it: of text like this the JDK says itself what is wrong. Had it asked the
     * system, the message would be the system's ("Name or service not known").
     */
    @Test
    void malformedTextWithColonIsRefusedByTheJdkWithoutALookUp() {
        Random random = new Random(SEED);
        for (int i = 0; i < 20_000; i++) {
            String text = randomPlausibleText(random);
            Throwable thrown = catchThrowable(() -> InetAddress.getByName(text));
            if (thrown != null) {
                assertThat(thrown).as(text).isInstanceOf(UnknownHostException.class)
                        .hasMessageMatching("(?s).*(invalid IPv|no such interface|no scope_id).*");
            }
        }
    }

    private static String randomText(Random random) {
        StringBuilder text = new StringBuilder();
        for (int length = random.nextInt(24); length > 0; length--) {
            text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return text.toString();
    }

    private static String randomQuad(Random random) {
        return IntStream.range(0, 4).mapToObj(i -> String.valueOf(random.nextInt(300)))
                .collect(Collectors.joining("."));
    }

    private static String randomPlausibleText(Random random) {
        StringBuilder text = new StringBuilder(random.nextBoolean() ? ":" : "a");
        for (int length = random.nextInt(24); length > 0; length--) {
            text.append(":::01fA".charAt(random.nextInt(7)));
        }
        text.append(':').append(new String[] {"", "1", "ffff", "1.2.3.4", "0.0.0.0"}[random.nextInt(5)]);
        return text.append(new String[] {"", "%0", "%x", "%lo.x"}[random.nextInt(4)]).toString();
    }

    private static boolean isLinkLocal(InetAddress address) {
        return address instanceof Inet6Address && address.isLinkLocalAddress();
    }

    private static String hex(InetAddress address) {
        return HexFormat.of().formatHex(address.getAddress());
    }
}
