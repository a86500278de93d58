package io.jvloop.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArgumentsTest {
    private static final String USAGE = "example ADDRESS";

    @ParameterizedTest
    @CsvSource({"tcp:80, 127.0.0.1, 80", "tcp:0, 127.0.0.1, 0", "tcp:192.0.2.1:65535, 192.0.2.1, 65535",
        "tcp:[::1]:80, ::1, 80", "tcp:::1:80, ::1, 80", "tcp:0.0.0.0:1, 0.0.0.0, 1",
        "tcp:[2001:db8::1]:443, 2001:db8::1, 443"})
    void streamsMayBeTcp(String text, String host, int port) throws Exception {
        assertThat(Arguments.stream(text, USAGE))
                .isEqualTo(new InetSocketAddress(InetAddress.getByName(host), port));
    }

    @ParameterizedTest
    @ValueSource(strings = {"unix:/tmp/a", "unix:a", "unix:a:b", "unix:unix:"})
    void streamsMayBeUnixAndThePathMayContainColons(String text) {
        assertThat(Arguments.stream(text, USAGE)).isEqualTo(UnixDomainSocketAddress.of(text.substring(5)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "80", ":80", "tcp", "tcp:", "tcp::", "tcp:x:", "tcp:-1", "tcp:65536",
        "tcp:99999999999", "tcp:0x50", "tcp: 80", "tcp:[::1]", "tcp:[::1:80", "TCP:80", "unix:", "udp:80"})
    void anythingElseIsNoStreamAndTheUsageOrTheHostIsNamed(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> Arguments.stream(text, USAGE))
                .matches(failure -> failure.getMessage().contains(USAGE)
                        || failure.getMessage().contains("unknown host"));
    }

    @Test
    void datagramsAreUdp() throws Exception {
        assertThat(Arguments.datagram("udp:[::1]:53", USAGE))
                .isEqualTo(new InetSocketAddress(InetAddress.getByName("::1"), 53));
        assertThatIllegalArgumentException().isThrownBy(() -> Arguments.datagram("tcp:53", USAGE));
        assertThatIllegalArgumentException().isThrownBy(() -> Arguments.datagram("unix:53", USAGE));
    }

    @Test
    void exactlyOneArgumentIsExpected() {
        assertThat(Arguments.only(new String[] {"tcp:1"}, USAGE)).isEqualTo("tcp:1");
        assertThatIllegalArgumentException().isThrownBy(() -> Arguments.only(new String[0], USAGE))
                .withMessageContaining(USAGE);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Arguments.only(new String[] {"tcp:1", "tcp:2"}, USAGE));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"--loops", "--loops 2", "--loops 2 udp:0", "--loops 0 tcp:0", "--loops 1025 tcp:0",
                "--loops two tcp:0", "tcp:0 --loops 2"})
    void echoNamesItsUsageBeforeItStartsAnything(String arguments) {
        assertThatIllegalArgumentException().isThrownBy(() -> EchoCommand.main(arguments.split(" ")))
                .withMessageContaining(EchoCommand.USAGE);
    }
}
