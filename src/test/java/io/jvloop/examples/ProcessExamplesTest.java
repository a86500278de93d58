package io.jvloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.transport.Programs;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The examples with children, streams and an end in order, as processes of their own. */
@Timeout(120)
class ProcessExamplesTest {
    private static void say(Socket client, String text) throws IOException {
        client.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String readAll(Socket client) throws IOException {
        return new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void execRunsItsCommandForEachClient() throws IOException {
        Programs.require("sort");
        try (Example exec = Example.start("exec tcp:0 sort");
                Socket one = exec.connect();
                Socket two = exec.connect()) {
            say(one, "b\na\n");
            say(two, "2\n1\n");
            one.shutdownOutput();
            assertThat(readAll(one)).isEqualTo("a\nb\n");
            two.shutdownOutput();
            assertThat(readAll(two)).isEqualTo("1\n2\n");
        }
        try (Example exec = Example.start("exec tcp:0 no-such-program"); Socket client = exec.connect()) {
            assertThat(readAll(client)).contains("no-such-program");
        }
    }

    @Test
    void laterAnswersWhatWasAskedBeforeItEnds() throws Exception {
        try (Example later = Example.start("later tcp:0"); Socket client = later.connect()) {
            say(client, "soon\n");
            byte[] refusal = client.getInputStream().readNBytes(6);
            assertThat(new String(refusal, StandardCharsets.UTF_8)).isEqualTo("'soon'");
            say(client, "300\n");
            later.process().toHandle().destroy(); // TERM, and its streams stay open
            assertThat(later.nextLine()).isEqualTo("TERM: answering what was asked");
            assertThat(readAll(client)).endsWith("here you are, 300 ms later\n");
            assertThat(later.process().waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(later.process().exitValue()).isZero();
        }
    }

    @Test
    void echoOnStreamsSendsBackWhatComes() throws IOException {
        try (Example echo = Example.start("echo --streams tcp:0"); Socket client = echo.connect()) {
            say(client, "as it was");
            client.shutdownOutput();
            assertThat(readAll(client)).isEqualTo("as it was");
        }
    }
}
