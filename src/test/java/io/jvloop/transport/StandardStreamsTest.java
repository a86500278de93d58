package io.jvloop.transport;

import static io.jvloop.support.Section.BETTER;
import static io.jvloop.support.Section.TRANSPORT;
import static org.assertj.core.api.Assertions.assertThat;

import io.jvloop.support.Await;
import io.jvloop.support.Contract;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Standard input and output of a JVM of its own, which a shell connects to pipes, files and nothing. */
@Timeout(120)
class StandardStreamsTest {
    @TempDir
    private Path folder;

    @BeforeAll
    static void requireShell() {
        Programs.require("sh");
    }

    private record Result(int exit, String out, String err) {
    }

    /** Runs a line of the shell in which {@code $run} is {@link StandardProgram}. */
    private Result shell(String line) throws IOException, InterruptedException {
        File out = folder.resolve("out").toFile();
        File err = folder.resolve("err").toFile();
        Process shell = program(line).redirectOutput(out).redirectError(err).start();
        shell.getOutputStream().close();
        try {
            assertThat(shell.waitFor(Await.PATIENCE_SECONDS, TimeUnit.SECONDS)).as("an end of " + line)
                    .isTrue();
        } finally {
            shell.descendants().forEach(ProcessHandle::destroyForcibly);
            shell.destroyForcibly();
        }
        return new Result(shell.exitValue(), Files.readString(out.toPath()), Files.readString(err.toPath()));
    }

    private ProcessBuilder program(String line) {
        ProcessBuilder builder = new ProcessBuilder("sh", "-c", line).directory(folder.toFile());
        builder.environment().keySet()
                .removeIf(name -> name.contains("JAVA_TOOL_OPTIONS") || name.endsWith("JAVA_OPTIONS"));
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        builder.environment().put("run", Path.of(System.getProperty("java.home"), "bin", "java")
                + " -XX:TieredStopAtLevel=1 " + StandardProgram.class.getName());
        return builder;
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "Standard input and output are transports: pipes, files and devices, with back-pressure")
    void pipesAreCopiedToTheByte() throws IOException, InterruptedException {
        byte[] data = Bytes.noise(5_000_000);
        Files.write(folder.resolve("data"), data);
        Result result = shell("cat data | $run copy | cat > copy");
        assertThat(result.err()).isEqualTo("in: null\nout: null\n");
        assertThat(Files.readAllBytes(folder.resolve("copy"))).isEqualTo(data);
    }

    @Test
    void filesAreCopiedToTheByte() throws IOException, InterruptedException {
        byte[] data = Bytes.noise(1_000_000);
        Files.write(folder.resolve("data"), data);
        Files.write(folder.resolve("copy"), "before".getBytes());
        Result result = shell("$run copy < data >> copy");
        assertThat(result.err()).isEqualTo("in: null\nout: null\n");
        assertThat(Files.readAllBytes(folder.resolve("copy"))).hasSize(data.length + 6)
                .startsWith("before".getBytes()).endsWith(data);
    }

    @Test
    void deviceThatIsEmptyEndsAtOnce() throws IOException, InterruptedException {
        Result result = shell("$run copy < /dev/null > /dev/null");
        assertThat(result).isEqualTo(new Result(0, "", "in: null\nout: null\n"));
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "A standard input that was closed from the beginning is refused")
    void closedInputIsRefused() throws IOException, InterruptedException {
        Result result = shell("$run count <&-");
        assertThat(result.err() + result.out()).containsAnyOf("failed: standard input was closed",
                "0 bytes, IOException"); // as the descriptor was taken by the JVM or not
    }

    @Test
    void inputThatCannotBeReadIsAFailure() throws IOException, InterruptedException {
        Result result = shell("$run count < .");
        assertThat(result).isEqualTo(new Result(0, "0 bytes, IOException\n", ""));
    }

    @Test
    void closedOutputIsAFailure() throws IOException, InterruptedException {
        Result result = shell("$run flood 10 >&-");
        assertThat(result.err()).isEqualTo("lost: IOException\n");
        assertThat(result.exit()).isZero();
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "Nothing written to standard output is lost: connectionLost comes when the system has it")
    void everythingIsHandedOverBeforeConnectionLost() throws IOException, InterruptedException {
        Result result = shell("$run flood 1000000 | cat | wc -c");
        assertThat(result.out().trim()).isEqualTo("1000000");
        assertThat(result.err()).isEqualTo("lost: null\n");
    }

    @Test
    void programWhoseOutputHasEndedCanReturnFromMain() throws IOException, InterruptedException {
        Result result = shell("$run streams > out2 2> err2; echo $?; cat out2 err2");
        assertThat(result.out()).isEqualTo("0\nto out\nstill out\nto err\nstill err\n");
    }

    @Test
    void whatThePipeHasTakenArrivesAlsoIfOnlyTheLoopIsClosed() throws IOException, InterruptedException {
        Result result = shell("$run close-loop | cat");
        assertThat(result.out()).isEqualTo("not lost");
    }

    @Test
    @Contract(section = TRANSPORT,
            value = "If nobody reads standard output any more, connectionLost gets the failure and the "
                    + "program can end")
    void readerOfTheOutputMayGoAway() throws IOException, InterruptedException {
        Result result = shell("$run flood 10000000 | head -c 1");
        assertThat(result.out()).hasSize(1);
        assertThat(result.err()).isEqualTo("lost: IOException\n");
    }

    @Test
    @Contract(section = BETTER, value = "A reader of standard output that does not read blocks neither the "
            + "loop nor an abort")
    void stuckOutputIsAborted() throws IOException, InterruptedException {
        Programs.require("mkfifo");
        shell("mkfifo full");
        for (String bytes : new String[] {"100000", "10000000"}) { // few and many are queued
            Result result = shell("exec 9<>full; $run stuck " + bytes + " > full");
            assertThat(result).isEqualTo(new Result(0, "", "lost: false, true\nlost: null\n"));
        }
    }

    @Test
    void closingTheLoopEndsTheWaitForAStuckOutput() throws IOException, InterruptedException {
        Programs.require("mkfifo");
        shell("mkfifo full");
        Result result = shell("exec 9<>full; $run stuck-close-loop 100000 > full");
        assertThat(result.err()).contains("1 open channel").endsWith("lost: true\n");
    }

    @Test
    void bothOutputsGoTheirWayAndLeaveThePrintersAlone() throws IOException, InterruptedException {
        Result result = shell("$run streams | cat");
        assertThat(result.out()).isEqualTo("to out\nstill out\n");
        assertThat(result.err()).isEqualTo("to err\nstill err\n");
    }

    @Test
    @Contract(section = BETTER,
            value = "A transport of standard input that is closed takes no further byte from whoever reads "
                    + "next")
    void whatComesAfterTheCloseIsForOthers() throws IOException, InterruptedException {
        Process program = program("exec $run first-line").redirectErrorStream(true).start();
        OutputStream in = program.getOutputStream();
        try (BufferedReader out = new BufferedReader(
                new InputStreamReader(program.getInputStream(), StandardCharsets.US_ASCII))) {
            CompletableFuture<String> closed = Peer.background(out::readLine);
            in.write("one\n".getBytes());
            in.flush();
            assertThat(Await.result(closed)).isEqualTo("closed");
            in.write("two".getBytes());
            in.close();
            assertThat(Await.result(Peer.background(out::readLine))).isEqualTo("two");
            assertThat(program.waitFor()).isZero();
        } finally {
            program.destroyForcibly();
        }
    }

    @Test
    @Contract(section = TRANSPORT, value = "While standard input is paused no more than some 200 KiB are "
            + "read ahead")
    void pausedInputIsLeftWhereItIs() throws IOException, InterruptedException {
        Files.write(folder.resolve("data"), new byte[10_000_000]);
        Result result = shell("{ $run paused; wc -c; } < data"); // the two share one position in the file
        String[] lines = result.out().split("\n");
        assertThat(lines[0]).isEqualTo("0 null");
        assertThat(Integer.parseInt(lines[1].trim())).isBetween(9_800_000, 9_999_999);
    }

    @Test
    @Contract(section = TRANSPORT, value = "Standard input has one transport at a time")
    void inputIsReadByOneTransportAtATime() throws IOException, InterruptedException {
        Result result = shell("$run twice < /dev/null");
        assertThat(result.out()).startsWith("refused: standard input is being read by another transport")
                .endsWith("0 bytes, null\n");
    }

    @Test
    void inputMayBeASocket() throws IOException, InterruptedException {
        Programs.require("python3");
        Files.writeString(folder.resolve("starter"), """
                import socket, subprocess, sys
                near, far = socket.socketpair()
                child = subprocess.Popen(sys.argv[1:], stdin=near)
                far.sendall(bytes(100))
                far.close()
                sys.exit(child.wait())
                """);
        assertThat(shell("python3 starter $run count")).isEqualTo(new Result(0, "100 bytes, null\n", ""));
    }

    @Test
    void inputThatAnotherProcessMadeNonBlockingIsReadAllTheSame() throws IOException, InterruptedException {
        Programs.require("python3");
        Files.writeString(folder.resolve("starter"), """
                import os, subprocess, sys, time
                reading, writing = os.pipe()
                os.set_blocking(reading, False)
                child = subprocess.Popen(sys.argv[1:], stdin=reading)
                os.close(reading)
                for _ in range(10):
                    os.write(writing, b"0123456789")
                    time.sleep(0.1) # so that it finds nothing at times
                os.close(writing)
                sys.exit(child.wait())
                """);
        Result result = shell("python3 starter $run count");
        assertThat(result).isEqualTo(new Result(0, "100 bytes, null\n", ""));
    }
}
