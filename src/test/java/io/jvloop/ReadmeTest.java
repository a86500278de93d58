package io.jvloop;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.loop.ExceptionContext;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Compiles and runs every Java block of the README. The one with imports is a program; the others are bodies
 * of a method with a parameter {@code loop}, and must print what their heading's line below says.
 */
class ReadmeTest {
    private static final Map<String, String> PRINTS = Map.ofEntries(
            Map.entry("Schedule", "in the next turn"),
            Map.entry("Call the loop from other threads", "on the loop"),
            Map.entry("Do blocking work", "back on the loop"),
            Map.entry("Wait for a result", "hello"),
            Map.entry("Connect", "bye"),
            Map.entry("Serve on several addresses, share a port, stop in order", "all gone"),
            Map.entry("Serve UNIX sockets", "connected to /"),
            Map.entry("Use all cores, end in order", "ended in order: true"),
            Map.entry("Speak TLS", "hello\n"),
            Map.entry("Use certificates from PEM files", "trusted: CN=localhost"),
            Map.entry("Begin TLS on a connection in use (STARTTLS)", "a secret on TlsTransport"),
            Map.entry("Mind the slow reader", ""),
            Map.entry("Receive into your own buffer", ""),
            Map.entry("Send a file", " bytes sent"),
            Map.entry("Give up in time", "SocketTimeoutException: idle for PT0.02S"),
            Map.entry("Exchange datagrams", "anybody there? came back"),
            Map.entry("Serve HTTP", "200 {\"sum\": 42}"),
            Map.entry("Stream bodies of HTTP", "there and back"),
            Map.entry("Parse HTTP yourself", "GET /index.html of example.org"),
            Map.entry("Read and write pipes, standard input and output", "IS ANYBODY THERE?"),
            Map.entry("Read and write streams", "you said: hello"),
            Map.entry("Make a stream of anything", "one-- is a part"),
            Map.entry("Write straight-line code on virtual threads (JDK 21)", "hello, Ada"),
            Map.entry("Wait, but not for ever", "TimeoutException: not done within PT0.01S"),
            Map.entry("Run a command", "ended with 143"),
            Map.entry("End in order on Ctrl-C and TERM", "would end it in order"),
            Map.entry("Handle signals", "TERM: SHUTDOWN, USR1: NONE"),
            Map.entry("Run a whole program", "the answer is 42"),
            Map.entry("Work on a channel yourself", "raw bytes came through"),
            Map.entry("Look up names", ":80"),
            Map.entry("Find mistakes", "LoopStats"));

    private static final String IMPORTS = Stream
            .of("io.jvloop.dns", "io.jvloop.http", "io.jvloop.http.codec", "io.jvloop.loop",
                    "io.jvloop.process", "io.jvloop.stream", "io.jvloop.tls",
                    "io.jvloop.transport",
                    "java.io",
                    "java.net", "java.nio",
                    "java.nio.channels", "java.nio.charset",
                    "java.nio.file", "java.time", "java.util", "java.util.concurrent", "javax.net.ssl")
            .map(name -> "import " + name + ".*;\n").reduce("", String::concat);

    private static final Pattern BLOCK = Pattern.compile("(?m)^#+ (.+)$|^```java\\n([\\s\\S]*?)^```$");

    @TempDir
    private Path classes;

    @Test
    void theEchoServerOfTheReadmeEchoes() throws Exception {
        String program =
                blocks().stream().map(Block::code).filter(code -> code.startsWith("import ")).findFirst()
                        .orElseThrow();
        compile("EchoServer", 17, program);
        String classPath =
                classes + System.getProperty("path.separator") + System.getProperty("java.class.path");
        Process server =
                new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                        classPath, "EchoServer").redirectErrorStream(true).start();
        try (BufferedReader out = new BufferedReader(new InputStreamReader(server.getInputStream()))) {
            String line = out.readLine();
            assertThat(line).startsWith("listening on [/127.0.0.1:");
            int port = Integer.parseInt(line.replaceAll("\\D+(?=\\d+\\D*$)|.*:|\\D+$", ""));
            try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
                byte[] message = "as it was\n".getBytes(StandardCharsets.UTF_8);
                client.getOutputStream().write(message);
                assertThat(client.getInputStream().readNBytes(message.length)).isEqualTo(message);
            }
        } finally {
            server.destroyForcibly().waitFor();
        }
    }

    @TestFactory
    Stream<DynamicTest> everySnippetCompilesRunsAndPrintsWhatItShould() throws Exception {
        List<Block> snippets =
                blocks().stream().filter(block -> !block.code().startsWith("import ")).toList();
        assertThat(snippets).extracting(Block::heading).containsExactlyInAnyOrderElementsOf(PRINTS.keySet());
        return snippets.stream()
                .map(snippet -> DynamicTest.dynamicTest(snippet.heading(), () -> run(snippet)));
    }

    private void run(Block snippet) throws Exception {
        Assumptions.assumeTrue(Runtime.version().feature() >= snippet.release(),
                "needs JDK " + snippet.release());
        String echo =
                blocks().get(0).code().replaceAll("(?m)^import .*\\n", "").replace("EchoServer", "Echo");
        compile("Snippet", snippet.release(),
                IMPORTS + "class Snippet { public static void run(EventLoop loop) throws Exception {\n"
                        + snippet.code() + "}}\n" + echo);
        try (URLClassLoader loader = new URLClassLoader(new URL[] {classes.toUri().toURL()})) {
            Class<?> type = loader.loadClass("Snippet");
            Method method = type.getDeclaredMethod("run", EventLoop.class);
            method.setAccessible(true);
            runUntilPrinted(method, PRINTS.get(snippet.heading()));
        }
    }

    private static void runUntilPrinted(Method snippet, String expected) throws Exception {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream console = System.out;
        List<ExceptionContext> failures = new ArrayList<>();
        try (EventLoop loop = EventLoop.create()) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            loop.setExceptionHandler((where, context) -> failures.add(context));
            snippet.invoke(null, loop);
            loop.callLater(Duration.ofSeconds(30), loop::stop);
            stopWhenPrinted(loop, printed, expected);
            loop.runForever();
        } catch (InvocationTargetException e) {
            throw new AssertionError("the snippet threw", e.getCause());
        } finally {
            System.setOut(console);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8)).contains(expected);
        assertThat(failures).isEmpty();
    }

    private static void stopWhenPrinted(EventLoop loop, ByteArrayOutputStream printed, String expected) {
        if (printed.toString(StandardCharsets.UTF_8).contains(expected)) {
            loop.stop();
        } else {
            loop.callLater(Duration.ofMillis(1), () -> stopWhenPrinted(loop, printed, expected));
        }
    }

    private void compile(String name, int release, String source) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        List<String> options = List.of("-d", classes.toString(), "-cp", System.getProperty("java.class.path"),
                "-Xlint:all,-processing", "-Werror", "--release", String.valueOf(release));
        boolean compiled =
                compiler.getTask(messages, null, null, options, null, List.of(new Source(name, source)))
                        .call();
        assertThat(compiled).as("%s%n%s", messages, source).isTrue();
    }

    private static List<Block> blocks() {
        List<Block> blocks = new ArrayList<>();
        String heading = "";
        Matcher matcher = BLOCK.matcher(readme());
        while (matcher.find()) {
            if (matcher.group(1) != null) {
                heading = matcher.group(1);
            } else {
                blocks.add(new Block(heading, matcher.group(2)));
            }
        }
        return blocks;
    }

    private static String readme() {
        try {
            return Files.readString(Path.of("README.md"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private record Block(String heading, String code) {
        private static final Pattern RELEASE = Pattern.compile("\\(JDK (\\d+)\\)");

        int release() {
            Matcher matcher = RELEASE.matcher(heading);
            return matcher.find() ? Integer.parseInt(matcher.group(1)) : 17;
        }
    }

    private static final class Source extends SimpleJavaFileObject {
        private final String code;

        Source(String name, String code) {
            super(URI.create("string:///" + name + ".java"), Kind.SOURCE);
            this.code = code;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return code;
        }
    }
}
