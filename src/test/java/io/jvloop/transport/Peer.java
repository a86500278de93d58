package io.jvloop.transport;

import io.jvloop.support.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The other end of a connection under test: a plain blocking socket, independent of the code under test. */
public final class Peer implements AutoCloseable {
    private static final int PATIENCE_MILLIS = (int) TimeUnit.SECONDS.toMillis(Await.PATIENCE_SECONDS);

    private final Socket socket;

    public Peer(Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
    }

    /** A blocking step of a peer; its failure is a failure of the test. */
    private interface Step<T> {
        T run() throws IOException;
    }

    private static <T> T now(Step<T> step) {
        try {
            return step.run();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Connects to a server under test. */
    public static Peer connect(SocketAddress address) {
        return now(() -> {
            Socket socket = new Socket();
            socket.connect(address, PATIENCE_MILLIS);
            return new Peer(socket);
        });
    }

    /** Listens on a free port of the loopback interface. */
    public static ServerSocket listen() {
        return now(() -> new ServerSocket(0, 1024, InetAddress.getLoopbackAddress()));
    }

    /** An address of the loopback interface on which nobody listens. */
    public static InetSocketAddress refusing() {
        return now(() -> {
            try (ServerSocket server = listen()) {
                return (InetSocketAddress) server.getLocalSocketAddress();
            }
        });
    }

    public static Peer accept(ServerSocket server) {
        return now(() -> {
            server.setSoTimeout(PATIENCE_MILLIS);
            return new Peer(server.accept());
        });
    }

    /** Runs a blocking task in a thread of its own. */
    public static <T> CompletableFuture<T> background(Callable<T> task) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                result.complete(task.call());
            } catch (Throwable t) { // for whoever waits
                result.completeExceptionally(t);
            }
        }, "peer");
        thread.setDaemon(true);
        thread.start();
        return result;
    }

    public Peer send(String text) {
        return send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    public Peer send(byte[] bytes) {
        return now(() -> {
            socket.getOutputStream().write(bytes);
            return this;
        });
    }

    /** Exactly so many bytes; an earlier end is a failure. */
    public byte[] read(int count) {
        return now(() -> {
            byte[] bytes = socket.getInputStream().readNBytes(count);
            if (bytes.length < count) {
                throw new IOException("the end came after " + bytes.length + " of " + count + " bytes");
            }
            return bytes;
        });
    }

    public String readText(int count) {
        return new String(read(count), StandardCharsets.ISO_8859_1);
    }

    /** What there is at the moment, at most {@code most}; waits for the first byte; nothing at the end. */
    public int readSome(byte[] target, int most) {
        return now(() -> socket.getInputStream().read(target, 0, most));
    }

    /** Everything to the end. */
    public byte[] readAll() {
        return now(() -> socket.getInputStream().readAllBytes());
    }

    public String readAllText() {
        return new String(readAll(), StandardCharsets.ISO_8859_1);
    }

    /** Waits for the end, in order or by a reset, whatever comes before. */
    public void drain() {
        try {
            socket.getInputStream().skip(Long.MAX_VALUE);
            while (socket.getInputStream().read() >= 0) {
                socket.getInputStream().skip(Long.MAX_VALUE);
            }
        } catch (IOException reset) {
            if (reset instanceof java.net.SocketTimeoutException) {
                throw new UncheckedIOException(reset);
            }
        }
    }

    /** Ends its own direction only. */
    public Peer end() {
        return now(() -> {
            socket.shutdownOutput();
            return this;
        });
    }

    /** Ends the connection with a reset. */
    public void reset() {
        now(() -> {
            socket.setSoLinger(true, 0);
            socket.close();
            return null;
        });
    }

    public Socket socket() {
        return socket;
    }

    @Override
    public void close() {
        now(() -> {
            socket.close();
            return null;
        });
    }
}
