package io.jvloop.examples;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An example that runs in a process of its own.
 *
 * @param process killed on close
 * @param out what it prints, on either stream
 * @param firstLine printed when it is ready
 */
record Example(Process process, BufferedReader out, String firstLine) implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 30_000;
    private static final Pattern PORT = Pattern.compile(":(\\d+)");

    static Example start(String arguments) throws IOException {
        List<String> command =
                new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString()));
        command.addAll(ExamplesTest.command(arguments.split(" ")));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        return new Example(process, out, out.readLine());
    }

    int port() {
        Matcher port = PORT.matcher(firstLine);
        if (!port.find()) {
            throw new AssertionError("no port in: " + firstLine);
        }
        return Integer.parseInt(port.group(1));
    }

    Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port());
        socket.setSoTimeout(PATIENCE_MILLIS);
        return socket;
    }

    String nextLine() throws IOException {
        return out.readLine();
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly().onExit().join();
        out.close();
    }
}
