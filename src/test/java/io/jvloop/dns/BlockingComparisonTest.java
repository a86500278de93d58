package io.jvloop.dns;

import static io.jvloop.support.Section.DNS;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.ChildJvm;
import io.jvloop.support.Contract;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The JDK's own resolver, which reads the names from a file here instead of asking a network: {@code
 * jdk.net.hosts.file}.
 */
@Timeout(120)
class BlockingComparisonTest {
    private static final String NAMES = """
            192.0.2.1 example.com www.example.com
            2001:db8::1 example.com
            192.0.2.4 four.example
            2001:db8::6 six.example
            127.0.0.1 localhost
            ::1 localhost
            """;

    private static final List<String> HOSTS = List.of("example.com", "www.example.com", "four.example",
            "six.example", "localhost",
            "nowhere.example", "a" + "1".repeat(50) + ".wat", "EXAMPLE.example.", "a b", "-", "%", "1",
            "1.2.3",
            "127.1", "0x7f.1", "0x7f000001", "256.1.1.1", "1.2.3.4.5", "http://localhost",
            "127.0.0.1", "192.0.2.1", "192.0.2.99", "0.0.0.0", "255.255.255.255",
            "::1", "[::1]", "::", "2001:db8::1", "2001:db8::99", "::ffff:192.0.2.1", "::192.0.2.1",
            "1:2:bad", "1::2::3", "[nonsense", "[127.0.0.1]", "[]", "::1%no-such-interface");

    @ParameterizedTest
    @ValueSource(strings = {"java.net.preferIPv4Stack=false", "java.net.preferIPv4Stack=true",
        "java.net.preferIPv6Addresses=true", "java.net.preferIPv6Addresses=system"})
    @Contract(section = DNS,
            value = "Looking up a name or an address gives what the JDK's blocking call gives: the same "
                    + "addresses in the same order, or the same exception")
    void resultsAreThoseOfTheBlockingCalls(String preference, @TempDir Path folder) throws Exception {
        Path names = Files.writeString(folder.resolve("names"), NAMES);
        List<String> command = new ArrayList<>(List.of("-D" + preference, "-Djdk.net.hosts.file=" + names,
                "-cp", System.getProperty("java.class.path"), BlockingComparison.class.getName()));
        command.addAll(HOSTS);
        ChildJvm.Result result = ChildJvm.run(command);

        assertThat(result.err()).isEmpty();
        assertThat(result.out().lines()).containsExactly("compared " + 4 * HOSTS.size());
    }
}
