package io.jvloop.transport;

import static io.jvloop.support.Section.BETTER;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.loop.EventLoop;
import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.jctools.queues.atomic.MpscUnboundedAtomicArrayQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** More clients than descriptors, in a JVM of their own. */
@Timeout(120)
class TooManyClientsTest {
    private static final int DESCRIPTORS = 64;

    @TempDir
    private Path folder;

    private final List<String> lines = new CopyOnWriteArrayList<>();

    private List<String> reports() {
        return lines.stream().filter(line -> line.contains("Cannot accept") || line.contains("report: "))
                .toList();
    }

    @Test
    @Contract(section = BETTER, value = "A server out of descriptors reports it once, keeps serving those it "
            + "has, and goes on by itself when descriptors are free again (libuv turns the clients away)")
    void serverOutOfDescriptorsReportsOnceAndGoesOnByItself() throws Exception {
        serve(address -> {
            try (Peer first = Peer.connect(address)) {
                assertThat(first.readText(1)).isEqualTo("!");
            }
            serveCrowd(address, 200);
            assertThat(reports()).hasSize(1).allMatch(line -> line.contains("Too many open files"))
                    .allMatch(line -> line.contains(String.valueOf(address.getPort())));
            serveCrowd(address, 100); // the backlog was emptied in between
            assertThat(reports()).hasSize(2);
        });
    }

    /** The JDK's socket classes open descriptors when first used; if that fails they are broken for good. */
    @Test
    @Contract(section = BETTER, value = "A server recovers also if it is out of descriptors before it has "
            + "served anybody")
    void crowdMayComeBeforeAnythingElse() throws Exception {
        serve(address -> {
            serveCrowd(address, 80);
            assertThat(reports()).hasSize(1);
        });
    }

    @Test
    void reportMayGoToTheLog() throws Exception {
        serve(address -> {
            serveCrowd(address, 80);
            assertThat(reports()).hasSize(1);
            assertThat(lines).anyMatch(line -> line.contains("Too many open files"));
        }, "log");
    }

    private void serve(Consumer<InetSocketAddress> clients, String... arguments) throws Exception {
        Programs.require("prlimit");
        Process child = start(arguments);
        CompletableFuture<Void> output = Peer.background(() -> {
            try (BufferedReader reader =
                    new BufferedReader(new InputStreamReader(child.getInputStream()))) {
                reader.lines().forEach(lines::add);
            }
            return null;
        });
        try {
            Await.until("the port", () -> !lines.isEmpty() || !child.isAlive());
            int port = Integer.parseInt(lines.get(0).replace("port: ", ""));
            clients.accept(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            child.getOutputStream().close();
            Await.result(output);
            assertThat(lines).endsWith("left: 0 channels, 0 timers, 0 buffers");
            assertThat(child.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(child.exitValue()).isZero();
        } catch (RuntimeException | AssertionError e) {
            e.addSuppressed(new Throwable("the server printed " + lines.stream().limit(10).toList()));
            throw e;
        } finally {
            child.destroyForcibly();
        }
    }

    private void serveCrowd(InetSocketAddress address, int count) {
        int reportsBefore = reports().size();
        List<Peer> crowd = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            crowd.add(Peer.connect(address)); // the kernel lets them wait in the backlog
        }
        Await.until("a report", () -> reports().size() > reportsBefore);
        Peer lucky = crowd.get(0);
        assertThat(lucky.readText(1)).isEqualTo("!");
        lucky.send("still served?");
        assertThat(lucky.readText(13)).isEqualTo("still served?");
        lucky.close();
        for (Peer peer : crowd.subList(1, count)) {
            assertThat(peer.readText(1)).isEqualTo("!");
            peer.close(); // frees one descriptor of the server
        }
    }

    private Process start(String... arguments) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classPath = String.join(File.pathSeparator, jar("main.jar", EventLoop.class),
                jar("test.jar", CrowdedServer.class),
                jar("jctools.jar", MpscUnboundedAtomicArrayQueue.class));
        List<String> command = new ArrayList<>(List.of("prlimit", "--nofile=" + DESCRIPTORS, java, "-cp",
                classPath, CrowdedServer.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    /** A JVM without descriptors cannot load a class from a folder; a JAR is open already. */
    private String jar(String name, Class<?> inside) throws IOException {
        CodeSource source = inside.getProtectionDomain().getCodeSource();
        Path classes = Path.of(URI.create(source.getLocation().toString()));
        if (!Files.isDirectory(classes)) {
            return classes.toString();
        }
        Path jar = folder.resolve(name);
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file);
                Stream<Path> all = Files.walk(classes)) {
            all.filter(path -> path.toString().endsWith(".class"))
                    .forEach(path -> add(out, classes.relativize(path).toString(), path));
        }
        return jar.toString();
    }

    private static void add(JarOutputStream out, String name, Path path) {
        try {
            out.putNextEntry(new ZipEntry(name.replace(File.separatorChar, '/')));
            Files.copy(path, out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
