package io.jvloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.ChildJvm;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples as a person meets them: started as a process of their own. */
class ExamplesTest {
    private static final int BAD_USAGE = 2;

    @Test
    void withoutArgumentsTheExamplesAreListed() throws Exception {
        ChildJvm.Result result = ChildJvm.run(command());

        assertThat(result.exitValue()).isZero();
        assertThat(result.out()).contains("usage: ").contains("echo tcp:[HOST:]PORT");
        assertThat(result.err()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ecko", "echo", "echo tcp", "echo tcp:", "echo tcp:notaport", "echo tcp:65536",
        "echo tcp:-1", "echo udp:1", "echo tcp:1 tcp:2", "echo tcp:no.such.host.invalid:1",
        "echo tcp:192.0.2.1:1"})
    void badArgumentsGiveOneLineAndExitStatusTwo(String arguments) throws Exception {
        ChildJvm.Result result = ChildJvm.run(command(arguments.split(" ")));

        assertThat(result.exitValue()).isEqualTo(BAD_USAGE);
        assertThat(result.out()).isEmpty();
        assertThat(result.err().strip()).isNotEmpty().doesNotContain("\n", "Exception");
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp:0", "tcp:127.0.0.1:0", "tcp:localhost:0"})
    void echoSaysWhereItListensAndEchoes(String address) throws Exception {
        List<String> command =
                new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString()));
        command.addAll(command("echo", address));
        Process echo = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (BufferedReader out = new BufferedReader(new InputStreamReader(echo.getInputStream()))) {
            String line = out.readLine();
            assertThat(line).matches("listening on \\[.*:\\d+]");
            int port = Integer.parseInt(line.substring(line.lastIndexOf(':') + 1, line.length() - 1));
            try (Socket client = new Socket()) {
                client.connect(new InetSocketAddress("127.0.0.1", port));
                client.getOutputStream().write("hello".getBytes());
                assertThat(client.getInputStream().readNBytes("hello".length()))
                        .isEqualTo("hello".getBytes());
            }
        } finally {
            echo.destroyForcibly().waitFor();
        }
    }

    @Test
    void theEchoExampleIsShort() throws Exception {
        assertThat(Files.readAllLines(Path.of("src/main/java/io/jvloop/examples/Echo.java")))
                .hasSizeLessThan(40);
    }

    private static List<String> command(String... arguments) {
        List<String> command = new ArrayList<>(
                List.of("-cp", System.getProperty("java.class.path"), "io.jvloop.examples.Main"));
        command.addAll(List.of(arguments));
        return command;
    }
}
