package io.jvloop.bench;

import io.jvloop.loop.EventLoop;
import io.jvloop.transport.Net;
import io.jvloop.transport.Protocol;
import io.jvloop.transport.Server;
import io.jvloop.transport.Transport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;

/**
 * What it costs the loop's thread to send a file of 1 GiB: with {@code sendFile}, and by reading it into a
 * buffer and writing that. The receiver is a thread that throws away what it reads.
 */
public final class SendFileComparison {
    private static final long FILE_BYTES = 1L << 30;
    private static final int BLOCK_BYTES = 64 * 1024;
    private static final int ROUNDS = 5;

    private SendFileComparison() {
    }

    /**
     * Prints the CPU seconds of both ways, round by round, and the ratio of the medians.
     *
     * @param arguments none
     * @throws IOException if the file cannot be made, or a socket fails
     */
    public static void main(String... arguments) throws IOException {
        Path path = Files.createTempFile("jvloop", ".bin");
        try (FileChannel file =
                FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            System.out.println("writing " + FILE_BYTES + " bytes to " + path);
            fill(file);
            double[] kernel = new double[ROUNDS];
            double[] copied = new double[ROUNDS];
            for (int i = 0; i < ROUNDS; i++) {
                kernel[i] = seconds(done -> new BySendFile(file, done));
                copied[i] = seconds(done -> new ByCopies(file, done));
                System.out.printf(Locale.ROOT, "round %d: sendFile %.3f s CPU, through buffers %.3f s CPU%n",
                        i + 1,
                        kernel[i], copied[i]);
            }
            double ratio = median(kernel) / median(copied);
            System.out.printf(Locale.ROOT, "medians: %.3f and %.3f s CPU per GiB, ratio %.2f%n",
                    median(kernel),
                    median(copied), ratio);
        } finally {
            Files.delete(path);
        }
    }

    private static void fill(FileChannel file) throws IOException {
        ByteBuffer block = ByteBuffer.allocateDirect(1 << 20);
        for (int i = 0; i < block.capacity(); i++) {
            block.put(i, (byte) (i * 31));
        }
        for (long written = 0; written < FILE_BYTES;) {
            written += file.write(block.clear(), written);
        }
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /** One connection over which the file goes once; CPU seconds of the loop's thread. */
    private static double seconds(Function<Runnable, Protocol> sender) throws IOException {
        try (EventLoop loop = EventLoop.create()) {
            Server server = Net.listen(loop, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                    () -> sender.apply(loop::stop));
            CompletableFuture<Long> received =
                    CompletableFuture.supplyAsync(() -> discard(server.addresses().get(0)));
            long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
            loop.runForever();
            long nanos = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before;
            server.close();
            if (received.join() != FILE_BYTES) {
                throw new IllegalStateException("received " + received.join() + " bytes");
            }
            return nanos / 1e9;
        }
    }

    private static long discard(SocketAddress address) {
        try (Socket socket = new Socket()) {
            socket.connect(address);
            byte[] buffer = new byte[1 << 20];
            long count = 0;
            for (int read; (read = socket.getInputStream().read(buffer)) >= 0;) {
                count += read;
            }
            return count;
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }

    private static final class BySendFile implements Protocol {
        private final FileChannel file;
        private final Runnable done;

        BySendFile(FileChannel file, Runnable done) {
            this.file = file;
            this.done = done;
        }

        @Override
        public void connectionMade(Transport transport) {
            transport.sendFile(file);
            transport.close();
        }

        @Override
        public void connectionLost(Throwable cause) {
            done.run();
        }
    }

    /** Reads and writes as long as it is not paused; then waits to be resumed. */
    private static final class ByCopies implements Protocol {
        private final FileChannel file;
        private final Runnable done;
        private final ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES);
        private Transport transport;
        private long position;
        private boolean paused;

        ByCopies(FileChannel file, Runnable done) {
            this.file = file;
            this.done = done;
        }

        @Override
        public void connectionMade(Transport made) {
            transport = made;
            pump();
        }

        private void pump() {
            try {
                while (!paused && !transport.isClosing()) {
                    int count = file.read(block.clear(), position);
                    if (count < 0) {
                        transport.close();
                        return;
                    }
                    position += count;
                    transport.write(block.flip());
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void pauseWriting() {
            paused = true;
        }

        @Override
        public void resumeWriting() {
            paused = false;
            pump();
        }

        @Override
        public void connectionLost(Throwable cause) {
            done.run();
        }
    }
}
