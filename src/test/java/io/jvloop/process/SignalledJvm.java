package io.jvloop.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.Await;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;

/** A {@link SignalProgram} in a JVM of its own. */
final class SignalledJvm implements AutoCloseable {
    private final Process process;
    private final BufferedReader out;
    private final Path errors;

    private SignalledJvm(Process process, Path errors) {
        this.process = process;
        this.errors = errors;
        this.out = new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** How the JVM is given access to all signals, if it is. */
    enum Access {
        NONE, FLAG, JAVAAGENT, MANIFEST, MODULE
    }

    static SignalledJvm start(Access access, Path folder, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
        command.addAll(options(access, folder));
        command.addAll(List.of(arguments));
        Path errors = Files.createTempFile(folder, "errors", ".txt");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
        builder.environment().keySet()
                .removeAll(List.of("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS"));
        return new SignalledJvm(builder.start(), errors);
    }

    private static List<String> options(Access access, Path folder) throws IOException {
        String classPath = System.getProperty("java.class.path");
        String program = SignalProgram.class.getName();
        return switch (access) {
            case NONE -> List.of("-cp", classPath, program);
            case FLAG -> List.of("--add-exports", "java.base/jdk.internal.misc=ALL-UNNAMED", "-cp", classPath,
                    program);
            case JAVAAGENT -> List.of("-javaagent:" + jar(folder), "-cp", classPath, program);
            case MANIFEST -> List.of("-jar", jar(folder).toString());
            case MODULE -> List.of("-p", modules(classPath), "--add-modules", "io.jvloop", "--patch-module",
                    "io.jvloop=" + withSuffix(classPath, "test-classes"), "-javaagent:" + jar(folder), "-m",
                    "io.jvloop/" + program);
        };
    }

    private static String modules(String classPath) {
        return Arrays.stream(classPath.split(File.pathSeparator))
                .filter(entry -> entry.endsWith("target/classes") || entry.contains("jctools-core"))
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static String withSuffix(String classPath, String suffix) {
        return Arrays.stream(classPath.split(File.pathSeparator)).filter(entry -> entry.endsWith(suffix))
                .findFirst().orElseThrow();
    }

    /** What an application would have: its manifest, and jvloop on the class path. */
    private static Path jar(Path folder) throws IOException {
        Path jar = folder.resolve("application.jar");
        Manifest manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.put(Attributes.Name.MAIN_CLASS, SignalProgram.class.getName());
        attributes.put(Attributes.Name.CLASS_PATH,
                Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                        .map(entry -> Path.of(entry).toUri()).map(URI::toString)
                        .collect(Collectors.joining(" ")));
        attributes.putValue("Launcher-Agent-Class", SignalAgent.class.getName());
        attributes.putValue("Premain-Class", SignalAgent.class.getName());
        new JarOutputStream(Files.newOutputStream(jar), manifest).close();
        return jar;
    }

    String line() throws IOException {
        return out.readLine();
    }

    void expect(String... lines) throws IOException {
        for (String line : lines) {
            assertThat(line()).as("standard error: %s", Files.readString(errors)).isEqualTo(line);
        }
    }

    long pid() {
        return process.pid();
    }

    /** To the number at the end of a line. */
    static Socket connect(String line) throws IOException {
        int port = Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
        return new Socket(InetAddress.getLoopbackAddress(), port);
    }

    void send(Signal signal) throws IOException, InterruptedException {
        send(pid(), signal);
    }

    static void send(long pid, Signal signal) throws IOException, InterruptedException {
        int code = new ProcessBuilder("kill", "-s", signal.name(), Long.toString(pid)).start().waitFor();
        assertThat(code).as("kill -s %s", signal).isZero();
    }

    /** It ends so, and has had nothing to complain about. */
    void expectEnd(int exitCode) throws IOException, InterruptedException {
        expectEndInDisorder(exitCode);
        assertThat(Files.readString(errors)).isEmpty();
    }

    void expectEndInDisorder(int exitCode) throws IOException, InterruptedException {
        assertThat(process.waitFor(Await.PATIENCE_SECONDS, TimeUnit.SECONDS)).as("its end").isTrue();
        assertThat(process.exitValue()).isEqualTo(exitCode);
        assertThat(out.readLine()).isNull();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        out.close();
    }
}
