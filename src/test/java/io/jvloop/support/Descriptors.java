package io.jvloop.support;

import io.jvloop.transport.DescriptorNumber;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.SelectableChannel;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Counts the descriptors that belong to channels and selectors, to find those that were forgotten. It needs
 * /proc; elsewhere the count is always 0 and finds nothing.
 */
public final class Descriptors {
    private static final Path FOLDER = Path.of("/proc/self/fd");
    private static final List<String> KINDS =
            List.of("socket:", "pipe:", "anon_inode:[eventpoll]", "anon_inode:[eventfd]");

    static {
        warmUp();
    }

    private Descriptors() {
    }

    /** Sockets, pipes, epoll and event descriptors of this process that are open now. */
    public static int open() {
        if (!Files.isDirectory(FOLDER)) {
            return 0;
        }
        int count = 0;
        try (DirectoryStream<Path> links = Files.newDirectoryStream(FOLDER)) {
            for (Path link : links) {
                count += isChannel(link) ? 1 : 0;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return count;
    }

    private static boolean isChannel(Path link) {
        try {
            String target = Files.readSymbolicLink(link).toString();
            return KINDS.stream().anyMatch(target::startsWith);
        } catch (IOException closedMeanwhile) {
            return false;
        }
    }

    private static void keepProber(SelectableChannel channel) {
        try {
            DescriptorNumber.of(channel);
        } catch (IOException notHere) {
            // another system
        }
    }

    /**
     * The JDK opens some descriptors at the first use of a kind of channel and keeps them; so use each kind
     * once.
     */
    private static void warmUp() {
        try (Selector selector = Selector.open();
                ServerSocketChannel server = ServerSocketChannel.open();
                SocketChannel client = SocketChannel.open();
                DatagramChannel datagrams = DatagramChannel.open()) {
            server.bind(null);
            client.connect(server.getLocalAddress());
            server.accept().close();
            client.configureBlocking(false).register(selector, 0);
            datagrams.bind(null);
            selector.selectNow();
            Pipe pipe = Pipe.open();
            pipe.source().configureBlocking(false);
            keepProber(pipe.source());
            pipe.source().close();
            pipe.sink().close();
            SocketChannel.open(StandardProtocolFamily.UNIX).close();
        } catch (IOException | UnsupportedOperationException notThisKind) {
            // then a test that uses it says so itself
        }
    }
}
