package io.jvloop.transport;

import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The number of a channel's descriptor, which {@code java.nio} keeps to itself, by the way Linux shows it:
 * register the channel with a selector of our own, and look which number has come to its epoll set.
 * (Rejected: the number that is new in /proc/self/fd after opening a channel, since other threads open files
 * too; and reflection, which the JDK forbids.)
 *
 * <p>It takes some hundred microseconds, and leaves nothing behind.
 */
final class DescriptorNumber {
    private static final Path NUMBERS = Path.of("/proc/self/fd");
    private static final Path DETAILS = Path.of("/proc/self/fdinfo");
    private static final Pattern WATCHED = Pattern.compile("(?m)^tfd:\\s*(\\d+)");

    /** Another thread that opens a selector at the same moment confuses the search; then it is repeated. */
    private static final int ATTEMPTS = 5;

    private DescriptorNumber() {
    }

    /**
     * Looks it up. The channel must be non-blocking, and may be registered with another selector.
     *
     * @throws IOException if it cannot be found: another system than Linux, or no /proc
     */
    static int of(SelectableChannel channel) throws IOException {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Set<String> before = epolls();
            try (Selector selector = Selector.open()) {
                Set<String> opened = epolls();
                opened.removeAll(before);
                Optional<Integer> number =
                        opened.size() == 1 ? gain(selector, opened.iterator().next(), channel)
                                : Optional.empty();
                if (number.isPresent()) {
                    return number.get();
                }
            }
        }
        throw new IOException("cannot find the descriptor of " + channel);
    }

    /** The number that comes when the channel is registered and goes when it no longer waits. */
    private static Optional<Integer> gain(Selector selector, String epoll, SelectableChannel channel)
            throws IOException {
        Set<Integer> before = watched(epoll);
        SelectionKey key = channel.register(selector, channel.validOps());
        selector.selectNow();
        Set<Integer> gained = watched(epoll);
        key.interestOps(0);
        selector.selectNow();
        gained.removeAll(before);
        gained.removeAll(watched(epoll));
        return gained.size() == 1 ? Optional.of(gained.iterator().next()) : Optional.empty();
    }

    private static Set<String> epolls() throws IOException {
        Set<String> found = new HashSet<>();
        try (DirectoryStream<Path> links = Files.newDirectoryStream(NUMBERS)) {
            for (Path link : links) {
                if (target(link).equals("anon_inode:[eventpoll]")) {
                    found.add(link.getFileName().toString());
                }
            }
        }
        return found;
    }

    private static String target(Path link) throws IOException {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (NoSuchFileException closedMeanwhile) {
            return "";
        }
    }

    private static Set<Integer> watched(String epoll) throws IOException {
        Set<Integer> numbers = new HashSet<>();
        Matcher matcher = WATCHED.matcher(Files.readString(DETAILS.resolve(epoll)));
        while (matcher.find()) {
            numbers.add(Integer.valueOf(matcher.group(1)));
        }
        return numbers;
    }
}
