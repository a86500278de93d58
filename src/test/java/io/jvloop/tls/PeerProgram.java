package io.jvloop.tls;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.jvloop.support.Await;
import io.jvloop.transport.Peer;
import io.jvloop.transport.Programs;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Somebody else's program as the other end: what it prints can be awaited, and something typed in answer.
 * Closing it kills it if it still runs.
 */
final class PeerProgram implements AutoCloseable {
    /** The interpreter itself: what the path has may be a script that takes a while to find it. */
    private static volatile String python;

    private final String command;
    private final Process process;
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
    private final CompletableFuture<Void> outputRead;
    private final CompletableFuture<Void> errorsRead;

    private PeerProgram(String... command) throws IOException {
        this.command = String.join(" ", command);
        process = new ProcessBuilder(command).start();
        outputRead = Peer.background(() -> keep(process.getInputStream(), output));
        errorsRead = Peer.background(() -> keep(process.getErrorStream(), errors));
    }

    /** Skips the test unless this is an OpenSSL whose options the tests use. */
    static void requireOpenSsl() {
        assumeTrue(answer("openssl", "version").startsWith("OpenSSL 3"), "no OpenSSL 3 is installed");
    }

    /** Skips the test unless there is a Python with TLS 1.3. */
    static void requirePython() {
        if (python == null) {
            String answer =
                    answer("python3", "-c", "import ssl, sys; print(ssl.HAS_TLSv1_3, sys.executable)");
            assumeTrue(answer.startsWith("True "), "no python3 with TLS 1.3 is installed");
            python = answer.substring("True ".length()).strip();
        }
    }

    private static String answer(String... command) {
        Programs.require(command[0]);
        try (PeerProgram program = start(command)) {
            program.awaitEnd();
            return program.text();
        }
    }

    static PeerProgram start(String... command) {
        try {
            return new PeerProgram(command);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** An openssl command with options. */
    static PeerProgram openssl(String command, List<String> options, String... more) {
        List<String> words = new ArrayList<>(List.of("openssl", command));
        words.addAll(options);
        words.addAll(List.of(more));
        return start(words.toArray(String[]::new));
    }

    /** A Python script with these replaced: {@code $CA} and {@code $PEM}, files; {@code $PORT}. */
    static PeerProgram python(String script, PeerScene scene, int port) {
        return start(python, "-c", filledIn(script, scene, port));
    }

    /** The same with Node. */
    static PeerProgram node(String script, PeerScene scene, int port) {
        return start("node", "-e", filledIn(script, scene, port));
    }

    private static String filledIn(String script, PeerScene scene, int port) {
        return script.replace("$CA", scene.authority(PeerScene.OURS))
                .replace("$PEM", scene.pem(PeerScene.OURS)).replace("$PORT", String.valueOf(port));
    }

    private static Void keep(InputStream from, ByteArrayOutputStream to) throws IOException {
        from.transferTo(to);
        return null;
    }

    /** Sends to its standard input. */
    PeerProgram type(String text) {
        try {
            OutputStream input = process.getOutputStream();
            input.write(text.getBytes(StandardCharsets.ISO_8859_1));
            input.flush();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException("it said: " + text(), e);
        }
    }

    /** Sends much to its standard input, in the background. */
    PeerProgram feed(byte[] bytes) {
        Peer.background(() -> {
            OutputStream input = process.getOutputStream();
            input.write(bytes);
            input.flush();
            return null;
        });
        return this;
    }

    /** Waits for a text in its output. */
    PeerProgram awaitText(String text) {
        return awaitMatch(Pattern.quote(text), 1);
    }

    /** Waits until a pattern has come so many times. */
    PeerProgram awaitMatch(String pattern, int times) {
        boolean inTime = Await.within(TimeUnit.SECONDS.toNanos(Await.PATIENCE_SECONDS), () -> {
            boolean over = outputRead.isDone() && errorsRead.isDone();
            return count(pattern) >= times || over;
        });
        if (count(pattern) < times) {
            throw new AssertionError(command + (inTime ? " ended, and" : "") + " did not say '" + pattern
                    + "' " + times + " times, but: " + text());
        }
        return this;
    }

    /** How often a pattern has come so far. */
    int count(String pattern) {
        return (int) Pattern.compile(pattern).matcher(text()).results().count();
    }

    /** The first group of a pattern in its output, once it is there. */
    String await(String pattern) {
        awaitMatch(pattern, 1);
        Matcher matcher = Pattern.compile(pattern).matcher(text());
        return matcher.find() ? matcher.group(1) : "";
    }

    /** Everything printed so far, errors last. */
    String text() {
        return output.toString(StandardCharsets.ISO_8859_1) + errors.toString(StandardCharsets.ISO_8859_1);
    }

    String errors() {
        return errors.toString(StandardCharsets.ISO_8859_1);
    }

    /** What came on its standard output so far. */
    byte[] output() {
        return output.toByteArray();
    }

    /** Waits for its end; the exit code. */
    int awaitEnd() {
        Await.result(outputRead);
        Await.result(errorsRead);
        Await.until("the end of " + command, () -> !process.isAlive());
        return process.exitValue();
    }

    /** Ends it at once, without giving it a chance to say something. */
    void kill() {
        process.toHandle().destroyForcibly(); // Process.destroyForcibly closes what is still read
        awaitEnd();
    }

    @Override
    public void close() {
        kill();
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            // nobody reads any more, and something was typed
        }
        try {
            process.getInputStream().close();
            process.getErrorStream().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
